/// Pictures of one size to train on.
public struct TrainingData: Equatable, Sendable {
  public let width: Int
  public let height: Int
  public let channels: Int
  /// (count, height, width, channels)
  public private(set) var samples: [UInt8]

  /// Samples of a picture.
  public var dims: Int { width * height * channels }
  public var count: Int { samples.count / dims }

  /// - Precondition: sides and channels are above 0, and the samples are those of whole pictures.
  public init(width: Int, height: Int, channels: Int, samples: [UInt8]) {
    precondition(width > 0 && height > 0 && channels > 0)
    precondition(samples.count % (width * height * channels) == 0)
    self.width = width
    self.height = height
    self.channels = channels
    self.samples = samples
  }

  /// Pictures `range`.
  public subscript(range: Range<Int>) -> TrainingData {
    TrainingData(
      width: width, height: height, channels: channels,
      samples: Array(samples[range.lowerBound * dims..<range.upperBound * dims]))
  }

  public mutating func append(_ other: TrainingData) {
    precondition(other.width == width && other.height == height && other.channels == channels)
    samples += other.samples
  }

  /// Every second row and column of all pictures, from the top left: sides are halved and rounded up.
  public func subsampled() -> TrainingData {
    let small = Size(width: width, height: height).halved
    var result = [UInt8](repeating: 0, count: count * small.width * small.height * channels)
    samples.withUnsafeBufferPointer { from in
      result.withUnsafeMutableBufferPointer { to in
        guard let from = from.baseAddress, let to = to.baseAddress else { return }
        subsample(from, width: width, height: height, channels: channels, count: count, into: to)
      }
    }
    return TrainingData(width: small.width, height: small.height, channels: channels, samples: result)
  }

  /// The pictures of a level of a multi-scale stack, of which level `levels` - 1 has the pictures themselves.
  public func level(_ level: Int, of levels: Int) -> TrainingData {
    (level + 1..<levels).reduce(self) { data, _ in data.subsampled() }
  }
}

/// Sides of a picture, as in 28x28.
public struct Size: Equatable, Hashable, Sendable, Codable, CustomStringConvertible {
  public var width: Int
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// From its text, as 28x28; nil when it is none, or a side is not above 0.
  public init?(_ text: some StringProtocol) {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard sides.count == 2, let width = sides[0], let height = sides[1] else { return nil }
    guard (1...1 << 20).contains(width), (1...1 << 20).contains(height) else { return nil }
    self.init(width: width, height: height)
  }

  public var description: String { "\(width)x\(height)" }

  public var halved: Size { Size(width: (width + 1) / 2, height: (height + 1) / 2) }
}

/// Copies every second row and column of `count` pictures, from the top left.
///
/// - Parameters:
///   - from: (count, height, width, channels)
///   - to: (count, ⌈height / 2⌉, ⌈width / 2⌉, channels)
func subsample(
  _ from: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int, count: Int, into to: UnsafeMutablePointer<UInt8>
) {
  var at = 0
  for picture in 0..<count {
    for row in stride(from: 0, to: height, by: 2) {
      for column in stride(from: 0, to: width, by: 2) {
        let pixel = ((picture * height + row) * width + column) * channels
        for channel in 0..<channels { to[at + channel] = from[pixel + channel] }
        at += channels
      }
    }
  }
}
