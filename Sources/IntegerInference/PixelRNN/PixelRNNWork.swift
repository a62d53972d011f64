/// The pixels of a step, and features that only the step needs, (items, width) each.
final class PixelRNNWork {
  struct Item {
    var row: Int
    var column: Int
    var image: Int
  }

  var items: [Item] = []
  /// (blocks + 1): the stream before each block, and after the last one. Each has its own, since the groups of later channels
  /// read those of earlier ones in every block.
  let stream: [FeatureBuffer]
  let skip: FeatureBuffer
  /// (blocks): what each block's `expand` reads.
  let inner: [FeatureBuffer]
  let head0: FeatureBuffer
  let head1: FeatureBuffer
  /// u, of a conditional network.
  let condition: FeatureBuffer
  /// Inputs of a layer.
  let gathered: FeatureBuffer
  /// Outputs of a layer.
  let outputs: FeatureBuffer

  init(_ weights: PixelRNNWeights, items: Int) {
    let a = weights.architecture
    stream = (0...a.layers).map { _ in FeatureBuffer(rows: items, width: weights.stream.width) }
    skip = FeatureBuffer(rows: items, width: weights.stream.width)
    inner = (0..<a.layers).map { _ in FeatureBuffer(rows: items, width: weights.inner.width) }
    head0 = FeatureBuffer(rows: items, width: weights.head.width)
    head1 = FeatureBuffer(rows: items, width: weights.head.width)
    condition = FeatureBuffer(rows: items, width: (a.condition + 15) / 16 * 16)
    gathered = FeatureBuffer(rows: items, width: weights.widestInput)
    outputs = FeatureBuffer(rows: items, width: weights.widestOutput)
    self.items.reserveCapacity(items)
  }
}
