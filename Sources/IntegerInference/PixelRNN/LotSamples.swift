/// The size of a lot: pictures of one size that are coded in lockstep.
public struct LotSize: Equatable, Sendable {
  public let width: Int
  public let height: Int
  public let count: Int

  public init(width: Int, height: Int, count: Int) {
    self.width = width
    self.height = height
    self.count = count
  }
}

/// The samples of a lot, and what the network sees of them: 0 outside the pictures.
final class LotSamples {
  let size: LotSize
  let channels: Int
  /// (count, height, width, channels)
  let samples: UnsafeMutablePointer<UInt8>
  private let isBernoulli: Bool
  /// (count, margin + height + margin, margin + width + margin, channels)
  private let inputs: FeatureBuffer
  private let stride: Int
  static let margin = 3

  init(_ size: LotSize, channels: Int, isBernoulli: Bool) {
    self.size = size
    self.channels = channels
    self.isBernoulli = isBernoulli
    samples = .allocate(capacity: size.count * size.height * size.width * channels)
    samples.initialize(repeating: 0, count: size.count * size.height * size.width * channels)
    stride = (size.width + 2 * LotSamples.margin) * channels
    inputs = FeatureBuffer(rows: size.count * (size.height + 2 * LotSamples.margin), width: stride)
  }

  deinit { samples.deallocate() }

  func pixel(_ image: Int, _ row: Int, _ column: Int) -> UnsafeMutablePointer<UInt8> {
    samples + ((image * size.height + row) * size.width + column) * channels
  }

  /// The network's view of a pixel, up to the margin outside the picture.
  func input(_ image: Int, _ row: Int, _ column: Int) -> UnsafeMutablePointer<Int16> {
    inputs.row(image * (size.height + 2 * LotSamples.margin) + LotSamples.margin + row)
      + (LotSamples.margin + column) * channels
  }

  /// Lets the network see a sample.
  func show(_ image: Int, _ row: Int, _ column: Int, _ channel: Int) {
    let v = Int16(pixel(image, row, column)[channel])
    input(image, row, column)[channel] = isBernoulli ? (v == 0 ? -8192 : 8192) : (v - 128) * 64
  }
}
