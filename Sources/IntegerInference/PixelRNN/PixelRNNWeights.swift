import PixelModels

/// A network's weights in the order of the kernels: for each fused layer one ``WideLayer`` a channel group.
final class PixelRNNWeights {
  let architecture: PixelRNN
  let stream: FeatureLayout
  let inner: FeatureLayout
  let head: FeatureLayout
  let upsample: [WideLayer]
  let first: [WideLayer]
  /// (blocks, layers of a block, groups)
  let blocks: [[[WideLayer]]]
  /// (3, groups)
  let heads: [[WideLayer]]
  /// (blocks, states, inner width)
  let states: [[[Int16]]]

  init(_ network: IntegerPixelRNN) {
    let a = network.architecture
    architecture = a
    let stream = FeatureLayout(2 * a.features, channels: a.channels)
    let inner = FeatureLayout(a.features, channels: a.channels)
    let head = FeatureLayout(a.headWidth, channels: a.channels)
    (self.stream, self.inner, self.head) = (stream, inner, head)

    /// Where the inputs of a convolution's source lie in a pixel's row, and how wide that is.
    func source(_ c: PixelRNN.Convolution) -> (slots: [Int], width: Int) {
      if c.name.hasPrefix("first") || c.name.hasPrefix("upsample") { return (Array(0..<c.inputs), c.inputs) }
      if c.name.hasSuffix("condition") { return (Array(0..<c.inputs), (c.inputs + 15) / 16 * 16) }
      let layout = FeatureLayout(c.inputs, channels: a.channels)
      return ((0..<c.inputs).map(layout.slot), layout.width)
    }
    var index = 0
    func next(_ fused: PixelRNN.FusedLayer) -> [WideLayer] {
      defer { index += 1 }
      var slots: [Int] = []
      var width = 0
      for part in fused.parts {
        let (own, step) = source(part)
        for _ in part.taps {
          slots += own.map { $0 + width }
          width += step
        }
      }
      // The upsampling has no groups.
      let channels = fused.name.hasPrefix("upsample") ? 1 : a.channels
      let layout = FeatureLayout(fused.outputs / fused.parts[0].gates, channels: channels)
      return (0..<channels).map {
        WideLayer(network.layers[index], fused, group: $0, layout: layout, slots: slots, inputs: width)
      }
    }
    func single(_ c: PixelRNN.Convolution) -> [WideLayer] { next(.init(parts: [c])) }
    upsample = a.upsample.map { single($0)[0] }
    first = single(a.first)
    blocks = (0..<a.layers).map { a.fusedBlock($0).map(next) }
    heads = a.head.map(single)
    let perBlock = a.initialStates(0).count
    states = (0..<a.layers).map { block in
      (0..<perBlock).map { inner.spread(network.states[block * perBlock + $0]) }
    }
  }

  private var all: [WideLayer] { upsample + first + blocks.joined().joined() + heads.joined() }
  var widestInput: Int { all.map(\.inputs).max()! }
  var widestOutput: Int { all.map(\.outputs).max()! }
}
