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

  /// Takes all rows; of a Bernoulli network any sample but 0 is 1.
  func fill(from source: Lot.Source) {
    for image in 0..<size.count {
      for y in 0..<size.height {
        let row = pixel(image, y, 0)
        source(image, y, row)
        if isBernoulli { for x in 0..<size.width { row[x] = row[x] == 0 ? 0 : 1 } }
      }
    }
  }

  /// Hands out all rows; of a Bernoulli network 0 and 255.
  func drain(to sink: Lot.Sink) {
    for image in 0..<size.count {
      for y in 0..<size.height {
        let row = pixel(image, y, 0)
        if isBernoulli { for x in 0..<size.width { row[x] = row[x] == 0 ? 0 : 255 } }
        sink(image, y, row)
      }
    }
  }

  /// Lets the network see all samples.
  func showAll() {
    for image in 0..<size.count {
      for row in 0..<size.height {
        for column in 0..<size.width { for channel in 0..<channels { show(image, row, column, channel) } }
      }
    }
  }

  /// Takes the pixels of even rows and columns from pictures of half the size.
  func spread(_ small: LotSamples) {
    for image in 0..<size.count {
      for row in 0..<small.size.height {
        for column in 0..<small.size.width {
          pixel(image, 2 * row, 2 * column).update(from: small.pixel(image, row, column), count: channels)
        }
      }
    }
  }
}
