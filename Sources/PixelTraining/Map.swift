/// Floats that stay at one place in memory, zero at first.
final class Buffer {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  init(_ count: Int) {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * 4, alignment: 64)
    start = memory.bindMemory(to: Float.self, capacity: count)
    start.initialize(repeating: 0, count: count)
    self.count = count
  }

  deinit { start.deallocate() }

  func clear() { start.update(repeating: 0, count: count) }
}

/// Features of all pixels of a batch: (row, column, batch, feature), with a border that convolutions may look at.
///
/// In this order a convolution's tap is an offset of a pointer: what it sees from a row of pixels is a matrix of
/// width · batch rows, without copying.
struct Map {
  struct Border {
    var top = 0
    var left = 0
    var right = 0
    var bottom = 0
  }

  let features: Int
  /// From a column to the next.
  let columnStride: Int
  /// From a row to the next.
  let rowStride: Int
  let buffer: Buffer
  private let origin: UnsafeMutablePointer<Float>
  /// What of a row's number counts: all bits, or the lowest of them for a map that keeps only the last rows.
  private let rowMask: Int

  init(width: Int, height: Int, batch: Int, features: Int, border: Border = .init()) {
    self.features = features
    columnStride = batch * features
    rowStride = (border.left + width + border.right) * columnStride
    buffer = Buffer((border.top + height + border.bottom) * rowStride)
    origin = buffer.start + border.top * rowStride + border.left * columnStride
    rowMask = -1
  }

  /// A map that keeps two rows, `r` and `r + 1`, for any r.
  init(width: Int, lastRowsOf batch: Int, features: Int) {
    self.features = features
    columnStride = batch * features
    rowStride = (width + 2) * columnStride
    buffer = Buffer(2 * rowStride)
    origin = buffer.start + columnStride
    rowMask = 1
  }

  func at(_ row: Int, _ column: Int = 0) -> UnsafeMutablePointer<Float> {
    origin + ((row & rowMask) * rowStride + column * columnStride)
  }
}
