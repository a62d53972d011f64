import ByteCoding
import PixelKernels
import PixelModels

/// Local least squares over a tile: predictions of every sample by weights fitted to the samples coded before it, what a
/// network is told of them, and the centres of its softmax. spec/arithmetic.md, "Local least squares".
///
/// In every step: ``begin(_:_:)``, ``setFirst(predictions:to:stride:)``, ``setHead(_:_:centres:to:stride:)`` of all channels in
/// turn, ``learn(_:)``.
final class LeastSquares {
  private let architecture: Architecture
  private let kernels: Kernels
  private let fits: [SquaresFit]
  private let errors: ErrorPlane
  /// (batch, channels): means of the fits' predictions.
  private let centres: UnsafeMutablePointer<UInt8>
  private var step = prnn_squares_step(first: 0, count: 0, column: 0)

  /// - Parameters:
  ///   - stride: samples from a row of the tile to the next.
  ///   - batch: pixels of a step, at most.
  init(_ architecture: Architecture, _ kernels: Kernels, width: Int, height: Int, stride: Int, batch: Int) {
    self.architecture = architecture
    self.kernels = kernels
    fits = architecture.squares.map {
      SquaresFit($0, architecture, kernels, width: width, stride: stride, batch: batch)
    }
    errors = ErrorPlane(width: width, height: height, channels: architecture.channels)
    centres = .allocate(capacity: batch * architecture.channels)
  }

  deinit { centres.deallocate() }

  /// Begins a step: predictions of channel 0.
  ///
  /// - Parameters:
  ///   - rows: of the step's pixels.
  ///   - column: of the first row's.
  func begin(rows: Range<Int>, column: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>) {
    step = prnn_squares_step(first: Int32(rows.lowerBound), count: Int32(rows.count), column: Int32(column))
    for fit in fits { fit.begin(step) }
    predict(0, pixels)
  }

  private func predict(_ channel: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>) {
    let channels = architecture.channels
    for fit in fits { fit.predict(step, channel, pixels) }
    let unit = 16 * fits.count
    for i in 0..<Int(step.count) {
      let sum = fits.reduce(unit / 2) { $0 + Int($1.predictions[i * channels + channel]) }
      centres[i * channels + channel] = UInt8(sum / unit)
    }
  }

  /// The inputs of the first layer beyond those of a network without fits.
  ///
  /// - Parameters:
  ///   - predictions: (count, channels): of the median edges.
  ///   - inputs: (count, stride), of which ``Architecture/squaresInputs`` are set.
  func setFirst(predictions: UnsafePointer<UInt8>, to inputs: UnsafeMutablePointer<UInt8>, stride: Int) {
    let channels = architecture.channels
    for i in 0..<Int(step.count) {
      var out = inputs + i * stride
      for fit in fits {
        let difference = Int(fit.predictions[i * channels]) - 16 * Int(predictions[i * channels])
        out[0] = middle(difference >> 2)
        out[1] = middle(difference >> 5)
        (out + 2).update(from: fit.energies + i * channels, count: channels)
        out += 2 + channels
      }
      errors.neighbours(row: Int(step.first) + i, column: column(i), to: out)
    }
  }

  /// Moves the centres of a channel, whose channels before are in place, to the fits; the inputs of its head beyond those of
  /// a network without fits.
  ///
  /// - Parameters:
  ///   - centres: (count): those that the median edges give.
  ///   - extra: (count, stride): the inputs of the head behind the features.
  func setHead(
    _ channel: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>, centres edges: UnsafeMutablePointer<UInt8>,
    to extra: UnsafeMutablePointer<UInt8>, stride: Int
  ) {
    if channel > 0 { predict(channel, pixels) }
    let channels = architecture.channels
    let own = Architecture.levelInputs + Architecture.errorInputs * channel
    for i in 0..<Int(step.count) {
      let at = i * channels
      let centre = centres[at + channel]
      setLevel(centre, extra + i * stride, stride: 1)
      var out = extra + i * stride + own
      let other = Int(edges[i]) - Int(centre)
      edges[i] = centre
      out[0] = fine(other)
      out[1] = coarse(other)
      out += 2
      for fit in fits {
        let difference = Int(fit.predictions[at + channel]) - 16 * Int(centre)
        out[0] = middle(difference)
        out[1] = middle(difference >> 3)
        out[2] = fit.energies[at + channel]
        out += 3
      }
      for before in 0..<channel {
        let error = Int(pixels[i][before]) - Int(centres[at + before])
        out[0] = fine(error)
        out[1] = middle(error)
        out += 2
      }
    }
  }

  /// Ends a step, whose samples are all in place.
  func learn(_ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>) {
    let channels = architecture.channels
    for fit in fits { fit.learn(step, pixels) }
    for i in 0..<Int(step.count) {
      let out = errors.pixel(row: Int(step.first) + i, column: column(i))
      for c in 0..<channels { out[c] = fine(Int(pixels[i][c]) - Int(centres[i * channels + c])) }
    }
  }

  private func column(_ i: Int) -> Int { Int(step.column) - architecture.lag * i }

  /// Bytes for a tile, about.
  static func bytesNeeded(_ architecture: Architecture, _ size: LotSize) -> Int {
    guard !architecture.squares.isEmpty else { return 0 }
    let batch = Wavefront(width: size.width, height: size.height, lag: architecture.lag).widest
    let fits = architecture.squares.map { SquaresFit.bytesNeeded($0, architecture, width: size.width, batch: batch) }
    return saturatedSum(fits + [saturatedProduct(size.width + 2, size.height + 1, architecture.channels)])
  }
}

/// The errors of the centres as activations, (height + 1, width + 2, channels); 64 outside the tile.
private final class ErrorPlane {
  private let channels: Int
  private let stride: Int
  private let base: UnsafeMutablePointer<UInt8>

  init(width: Int, height: Int, channels: Int) {
    self.channels = channels
    stride = (width + 2) * channels
    base = .allocate(capacity: stride * (height + 1))
    base.initialize(repeating: 64, count: stride * (height + 1))
  }

  deinit { base.deallocate() }

  func pixel(row: Int, column: Int) -> UnsafeMutablePointer<UInt8> {
    base + (row + 1) * stride + (column + 1) * channels
  }

  /// Those of W, N, NW and NE.
  func neighbours(row: Int, column: Int, to out: UnsafeMutablePointer<UInt8>) {
    let pixel = pixel(row: row, column: column)
    let north = pixel - stride
    for c in 0..<channels {
      out[c] = (pixel - channels)[c]
      out[channels + c] = north[c]
      out[2 * channels + c] = (north - channels)[c]
      out[3 * channels + c] = (north + channels)[c]
    }
  }
}
