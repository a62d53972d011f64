import PixelKernels
import PixelModels

/// The layers of a local network in the order of the kernels.
struct LayerStack {
  let first: IntegerLayer
  let residual: [IntegerLayer]
  /// By channel.
  let heads: [IntegerLayer]
  let logits: [IntegerLayer]

  /// - Parameter layers: in the order of `Architecture.shapes`.
  init(_ layers: [IntegerLayer], _ architecture: Architecture) {
    first = layers[0]
    residual = Array(layers[1..<1 + architecture.layers])
    let tail = layers[(1 + architecture.layers)...]
    heads = stride(from: tail.startIndex, to: tail.endIndex, by: 2).map { tail[$0] }
    logits = stride(from: tail.startIndex + 1, to: tail.endIndex, by: 2).map { tail[$0] }
  }
}

/// What the layers of one network make of the pixels of a step; `batch` pixels each.
final class Activations {
  /// (batch, featureStride) each: features of the first layer, then of each residual one; two that take turns, unless they
  /// are all kept.
  let trunk: [UnsafeMutablePointer<UInt8>]
  /// The last of them; the other inputs of the heads follow each pixel's features.
  let features: UnsafeMutablePointer<UInt8>
  let featureStride: Int
  /// (batch, narrowStride): outputs of a head.
  let narrow: UnsafeMutablePointer<UInt8>
  let narrowStride: Int
  /// (logitRows, 256)
  let logits: UnsafeMutablePointer<Int16>

  /// Whose features these are, when they are those of another network.
  private let owner: Activations?

  var sharesFeatures: Bool { owner != nil }

  /// - Parameters:
  ///   - keepsAll: whether the features of all layers stay.
  ///   - owner: has the features of a network whose layers below the heads are the same.
  init(_ a: Architecture, batch: Int, keepsAll: Bool, sharing owner: Activations? = nil) {
    self.owner = owner
    featureStride = Workspace.lines(a.headInputs(channel: a.channels - 1) + 16)
    let size = batch * featureStride
    trunk =
      owner?.trunk ?? (0..<(keepsAll ? a.layers + 1 : min(2, a.layers + 1))).map { _ in Workspace.bytes(size) }
    features = trunk[a.layers % trunk.count]
    narrowStride = Workspace.lines(a.bottleneck)
    narrow = Workspace.bytes(batch * narrowStride)
    logits = UnsafeMutableRawPointer.allocate(byteCount: Workspace.logitRows * 512, alignment: 64)
      .assumingMemoryBound(to: Int16.self)
  }

  deinit {
    narrow.deallocate()
    if owner == nil { for buffer in trunk { buffer.deallocate() } }
    logits.deallocate()
  }
}

/// A network that takes part in coding a tile, alone or with others, and learns or not.
struct Expert {
  let layers: LayerStack
  let activations: Activations
  let learner: Learner?

  /// Runs the layers below the heads.
  ///
  /// - Parameter inputs: (count, stride)
  func features(_ kernels: Kernels, _ inputs: UnsafePointer<UInt8>, stride: Int, count: Int) {
    let a = activations
    if a.sharesFeatures { return }
    layers.first.run(
      kernels, inputs, stride: stride, to: a.trunk[0], outputStride: a.featureStride, count: count,
      as: PRNN_RELU)
    for i in layers.residual.indices {
      layers.residual[i].run(
        kernels, a.trunk[i % a.trunk.count], stride: a.featureStride, to: a.trunk[(i + 1) % a.trunk.count],
        outputStride: a.featureStride, count: count, as: PRNN_RESIDUAL)
    }
  }

  /// Runs the head of a channel, whose other inputs are in place.
  func head(_ channel: Int, _ kernels: Kernels, count: Int) {
    let a = activations
    layers.heads[channel].run(
      kernels, a.features, stride: a.featureStride, to: a.narrow, outputStride: a.narrowStride, count: count,
      as: PRNN_RELU)
  }

  /// Runs the logits of some pixels of the step.
  func logits(_ channel: Int, _ kernels: Kernels, pixels: Range<Int>) {
    let a = activations
    layers.logits[channel].run(
      kernels, a.narrow + pixels.lowerBound * a.narrowStride, stride: a.narrowStride, to: a.logits,
      outputStride: 256, count: pixels.count, as: PRNN_LOGITS)
  }
}
