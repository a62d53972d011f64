import PixelKernels
import PixelModels

/// One fit of local least squares over a tile, and its predictions for a step. In every step: ``begin(_:)``,
/// ``predict(_:_:_:)`` of all channels in turn, ``learn(_:_:)``.
final class SquaresFit {
  private var state: prnn_squares
  private let kernels: Kernels
  private let channels: Int
  private let memory: UnsafeMutableRawPointer
  /// (batch, channels): in 1/16.
  let predictions: UnsafeMutablePointer<Int16>
  /// (batch, channels)
  let energies: UnsafeMutablePointer<UInt8>

  /// - Parameters:
  ///   - block: columns that share their weights: 4 or 1.
  ///   - stride: samples from a row of the tile to the next.
  ///   - batch: pixels of a step, at most.
  init(
    _ window: SquaresWindow, block: Int = 4, _ architecture: Architecture, _ kernels: Kernels, width: Int, stride: Int,
    batch: Int
  ) {
    self.kernels = kernels
    channels = architecture.channels
    state = prnn_squares(window, block: block, architecture, width: width, ring: batch)
    memory = .allocate(byteCount: prnn_squares_bytes(&state), alignment: 64)
    prnn_squares_start(&state, stride, memory)
    predictions = .allocate(capacity: batch * channels)
    energies = .allocate(capacity: batch * channels)
    energies.initialize(repeating: 0, count: batch * channels)
  }

  deinit {
    memory.deallocate()
    predictions.deallocate()
    energies.deallocate()
  }

  /// Bytes for a tile, about.
  static func bytesNeeded(
    _ window: SquaresWindow, block: Int = 4, _ architecture: Architecture, width: Int, batch: Int
  ) -> Int {
    var state = prnn_squares(window, block: block, architecture, width: width, ring: batch)
    return Int(clamping: prnn_squares_bytes(&state))
  }

  func begin(_ step: prnn_squares_step) {
    if step.column % state.block == 0 { kernels.table.squares_begin(&state, step) }
  }

  /// The predictions of a channel, whose channels before are in place; with channel 0 all energies.
  func predict(
    _ step: prnn_squares_step, _ channel: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>
  ) {
    kernels.table.squares_predict(
      &state, step, Int32(channel), SquaresFit.optional(pixels), predictions, energies, channels)
  }

  /// Ends a step, whose samples are all in place.
  func learn(_ step: prnn_squares_step, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>) {
    kernels.table.squares_learn(&state, step, SquaresFit.optional(pixels), predictions, channels)
  }

  private static func optional(
    _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>
  ) -> UnsafePointer<UnsafeMutablePointer<UInt8>?> {
    UnsafeRawPointer(pixels).assumingMemoryBound(to: UnsafeMutablePointer<UInt8>?.self)
  }
}

extension prnn_squares {
  /// Before its state.
  fileprivate init(_ window: SquaresWindow, block: Int, _ architecture: Architecture, width: Int, ring: Int) {
    self.init()
    channels = Int32(architecture.channels)
    counts.0 = Int32(window.counts[0])
    if window.counts.count == 3 {
      counts.1 = Int32(window.counts[1])
      counts.2 = Int32(window.counts[2])
    }
    vertical = Int32(window.vertical)
    horizontal = Int32(window.horizontal)
    self.block = Int32(block)
    self.width = Int32(width)
    lag = Int32(architecture.lag)
    self.ring = Int32(ring)
  }
}
