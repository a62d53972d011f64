import PixelModels

/// The samples of a tile, (height, width, channels) interleaved, with the samples that the network assumes outside it:
/// rows above are 128, the samples left of a row are the first pixel of the row above, the samples right of a row repeat
/// its last pixel. spec/arithmetic.md, "Outside".
final class TilePlanes {
  let width: Int
  let height: Int
  let channels: Int
  private let left: Int
  private let right: Int
  private let up: Int
  /// Samples from a row to the next.
  let stride: Int
  private let base: UnsafeMutablePointer<UInt8>
  private let origin: UnsafeMutablePointer<UInt8>

  /// - Parameter architectures: of the networks that see it.
  init(width: Int, height: Int, _ architectures: [Architecture]) {
    self.width = width
    self.height = height
    channels = architectures[0].channels
    left = architectures.map(\.left).max()!
    right = architectures.map(\.right).max()!
    up = architectures.map(\.up).max()!
    stride = (left + width + right) * channels
    // The kernels read up to 32 samples past a window.
    let count = stride * (up + height) + 64
    base = .allocate(capacity: count)
    base.initialize(repeating: 128, count: count)
    origin = base + up * stride + left * channels
  }

  deinit { base.deallocate() }

  func pixel(row: Int, column: Int) -> UnsafeMutablePointer<UInt8> { origin + row * stride + column * channels }

  /// Sets what the network assumes left of a row; before its first pixel is coded, after that of the row above.
  func startRow(_ row: Int) {
    fill(pixel(row: row, column: -left), count: left, from: pixel(row: row - 1, column: 0))
  }

  /// Sets what the network assumes right of a row, once its last pixel is known.
  func endRow(_ row: Int) {
    fill(pixel(row: row, column: width), count: right, from: pixel(row: row, column: width - 1))
  }

  private func fill(_ target: UnsafeMutablePointer<UInt8>, count: Int, from pixel: UnsafePointer<UInt8>) {
    for i in 0..<count { (target + i * channels).update(from: pixel, count: channels) }
  }
}
