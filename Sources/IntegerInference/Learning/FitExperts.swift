import ByteCoding
import PixelKernels
import PixelModels

/// Fits whose predictions code together with networks: each makes logits of a logistic distribution around its prediction, as wide
/// as its errors were where its energy was the same. spec/arithmetic.md, "Fits that code".
///
/// What is known of the errors goes on from image to image of a lot; the fits begin anew with ``begin(width:stride:batch:)``.
final class FitExperts {
  let count: Int
  private let windows: [SquaresWindow]
  private let architecture: Architecture
  private let kernels: Kernels
  private var fits: [SquaresFit] = []
  private var step = prnn_squares_step(first: 0, count: 0, column: 0)
  /// (fits, channels, classes): means of the errors in 1/4096, and how many there were.
  private let means: Numbers<Int32>
  private let counts: Numbers<Int32>
  /// (fits): where the errors of the sample at hand are counted.
  private let places: Numbers<Int32>
  /// (fits, 256): logits of the sample at hand, by symbol.
  private let buffer: Numbers<Int16>
  private let table = LogisticTable.shared

  /// Of energies, four to a class.
  private static let classes = 32

  init(_ learning: Learning.Fits, _ architecture: Architecture, _ kernels: Kernels) {
    count = learning.windows.count
    windows = learning.windows.map { $0.squares(channels: architecture.channels) }
    self.architecture = architecture
    self.kernels = kernels
    let size = count * architecture.channels * FitExperts.classes
    means = Numbers(size)
    counts = Numbers(size)
    places = Numbers(count)
    buffer = Numbers(count * 256)
    for i in 0..<size {
      // 2^(18 - quarters / 4): 64 samples in the last class.
      let quarters = UInt32(FitExperts.classes - 1 - i % FitExperts.classes)
      means[i] = Int32(prnn_power_below(8 * quarters) >> 4)
    }
  }

  /// Begins an image.
  func begin(width: Int, stride: Int, batch: Int) {
    fits = windows.map {
      SquaresFit($0, block: 1, architecture, kernels, width: width, stride: stride, batch: batch)
    }
  }

  /// Begins a step of some rows, the first of them in a column.
  func begin(rows: Range<Int>, column: Int) {
    step = prnn_squares_step(first: Int32(rows.lowerBound), count: Int32(rows.count), column: Int32(column))
    for fit in fits { fit.begin(step) }
  }

  /// Predicts a channel, whose channels before are in place.
  func predict(_ channel: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>) {
    for fit in fits { fit.predict(step, channel, pixels) }
  }

  /// Ends a step, whose samples are all in place.
  func learn(_ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>) {
    for fit in fits { fit.learn(step, pixels) }
  }

  /// The logits of a fit by symbol, in 1/32 bit.
  func logits(_ fit: Int, _ channel: Int, pixel: Int, centre: UInt8) -> UnsafePointer<Int16> {
    let at = pixel * architecture.channels + channel
    let group = Int(fits[fit].energies[at]) / (128 / FitExperts.classes)
    let place = (fit * architecture.channels + channel) * FitExperts.classes + group
    places[fit] = Int32(place)
    let out = buffer.base + 256 * fit
    let row = table.logits(around: fits[fit].predictions[at], mean: means[place])
    // Sample s + centre has symbol s, modulo 256.
    rotate(row, by: Int(centre), to: out)
    return UnsafePointer(out)
  }

  /// Counts the errors of the sample whose logits were asked for last.
  func learn(_ sample: UInt8, _ channel: Int, pixel: Int) {
    let at = pixel * architecture.channels + channel
    for (fit, squares) in fits.enumerated() {
      let place = Int(places[fit])
      let error = abs(16 * Int32(sample) - Int32(squares.predictions[at])) << 8
      counts[place] = min(counts[place] + 1, 255)
      let shift = Int32(31 - (counts[place] + 1).leadingZeroBitCount)
      means[place] += (error - means[place]) >> shift
    }
  }

  /// Bytes for a tile, about.
  static func bytesNeeded(_ learning: Learning.Fits, _ architecture: Architecture, _ size: LotSize) -> Int {
    let batch = Wavefront(width: size.width, height: size.height, lag: architecture.lag).widest
    let fits = learning.windows.map {
      SquaresFit.bytesNeeded(
        $0.squares(channels: architecture.channels), block: 1, architecture, width: size.width, batch: batch)
    }
    return saturatedSum(fits + [1 << 16])
  }
}

/// Logits of logistic distributions around every eighth of a sample, of widths a quarter of an octave apart.
private final class LogisticTable: Sendable {
  static let shared = LogisticTable()

  private static let (widths, phases, length) = (48, 8, 511)
  /// (widths, phases, samples less that of the prediction: -255 ... 255)
  nonisolated(unsafe) private let logits = Numbers<Int16>(widths * phases * length)

  private init() {
    var at = 0
    for width in 0..<LogisticTable.widths {
      // By the error in eighths.
      let costs = (0...8 * 256).map { error in
        let exponent = (UInt64(2 * error) * UInt64(prnn_power_below(8 * UInt32(width % 4)))) >> UInt64(16 + width / 4)
        let tail = fixedLog2(UInt64(1 << 22 + prnn_power_below(UInt32(exponent)))) - 22 * 256
        return Int16(max(-1023, -Int(exponent) - 2 * (tail >> 3)))
      }
      for phase in 0..<LogisticTable.phases {
        for sample in -255...255 {
          logits[at] = costs[abs(8 * sample - phase)]
          at += 1
        }
      }
    }
  }

  /// Those of the samples 0 ... 255 for a prediction in 1/16 and a mean error in 1/4096.
  func logits(around prediction: Int16, mean: Int32) -> UnsafePointer<Int16> {
    let eighths = (Int(prediction) + 1) >> 1
    let width = max(0, min(LogisticTable.widths - 1, (fixedLog2(UInt64(max(1, mean))) >> 6) - 32))
    let row = (width * LogisticTable.phases + eighths % 8) * LogisticTable.length
    return UnsafePointer(logits.base + row + 255 - eighths / 8)
  }
}
