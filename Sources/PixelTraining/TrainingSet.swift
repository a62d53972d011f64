import ByteCoding

/// What a network is trained on.
public protocol TrainingSet: Sendable {
  /// Pictures, or pixels: what a step takes some of.
  var count: Int { get }
  /// Samples of one of them that are coded.
  var dims: Int { get }
  /// CRC-32 of all samples.
  var checksum: UInt32 { get }
  /// Whether a step draws them at random; else every one comes once in an epoch.
  var isDrawn: Bool { get }
  func batch(_ items: [(index: Int, isFlipped: Bool)], conditional: Bool) -> Batch
}

extension TrainingData: TrainingSet {
  public var checksum: UInt32 { crc32(samples) }
  public var isDrawn: Bool { false }

  public func batch(_ items: [(index: Int, isFlipped: Bool)], conditional: Bool) -> Batch {
    Batch(of: self, pictures: items, conditional: conditional)
  }
}
