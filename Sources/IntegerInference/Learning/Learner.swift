import ByteCoding
import PixelKernels
import PixelModels

/// A local network that learns while it codes a lot. It has its layers, and takes slopes of the cost back through them.
final class Learner {
  let first: LearningLayer
  let residual: [LearningLayer]
  let heads: [LearningLayer]
  let logits: [LearningLayer]
  private let learning: Learning.Rule
  /// What the forward pass runs.
  let layers: LayerStack
  private let architecture: Architecture
  private let kernels: Kernels
  private let scratch: LearningScratch
  /// (batch, bottleneck) and (batch, hidden): 7-bit slopes, 64 added.
  private let narrow: Numbers<UInt8>
  private let features: Numbers<UInt8>
  /// (batch, hidden): slopes by the features, summed, and those of one layer.
  private let trunk: Numbers<Int16>
  private let passed: Numbers<Int16>
  private let zeros: Numbers<UInt8>
  /// Pixels since the last update, and updates.
  private var pending = 0
  private var updates = 0
  /// Pixels coded before the step at hand.
  private(set) var number: UInt32 = 0

  init(_ network: Model.LocalNetwork, _ learning: Learning.Rule, _ kernels: Kernels, batch: Int) {
    let a = network.architecture
    let rates = learning.rates
    architecture = a
    self.learning = learning
    self.kernels = kernels
    let models = network.layers
    let tail = models[(1 + a.layers)...]
    let headLayers = stride(from: tail.startIndex, to: tail.endIndex, by: 2).map { tail[$0] }
    let headScale = headLayers.map(LearningLayer.scale).min()!
    first = LearningLayer(models[0], rate: Int(rates.first), scale: 0, passing: 0, kernels)
    residual = models[1..<1 + a.layers].map {
      LearningLayer($0, rate: Int(rates.residual), scale: LearningLayer.scale(of: $0), passing: a.hidden, kernels)
    }
    heads = headLayers.map {
      LearningLayer($0, rate: Int(rates.head), scale: headScale, passing: a.hidden, kernels)
    }
    logits = stride(from: tail.startIndex + 1, to: tail.endIndex, by: 2).map {
      LearningLayer(
        tail[$0], rate: Int(rates.logits), scale: LearningLayer.scale(of: tail[$0]), passing: a.bottleneck, kernels)
    }
    let widest = models.map { max($0.inputs, $0.outputs) }.max()!
    layers = LayerStack(
      ([first] + residual + zip(heads, logits).flatMap { [$0, $1] }).map(\.layer), a)
    scratch = LearningScratch(features: (widest + 15) / 16 * 16)
    narrow = Numbers(batch * a.bottleneck)
    features = Numbers(batch * a.hidden)
    trunk = Numbers(batch * a.hidden)
    passed = Numbers(batch * max(a.hidden, a.bottleneck))
    zeros = Numbers(max(a.hidden, a.bottleneck))
  }

  /// Bytes for a lot, about: its weights, each with a sum, a momentum and a square, and what it keeps of the pixels of a step.
  static func bytesNeeded(_ architecture: Architecture, _ size: LotSize) -> Int {
    let batch = Wavefront(width: size.width, height: size.height, lag: architecture.lag).widest
    let pixel = (architecture.layers + 8) * architecture.hidden + 4 * architecture.bottleneck + 256
    return saturatedSum([18 * architecture.macsPerPixel, saturatedProduct(batch, pixel)])
  }

  var learnsTrunk: Bool { learning.rates.first > 0 || learning.rates.residual > 0 }
  private var learnsHeads: Bool { learnsTrunk || learning.rates.head > 0 }

  /// Takes the slopes of a channel back to the features, when all samples of the step are noted.
  ///
  /// - Parameters:
  ///   - slopes: (count, 256), those of the cost by the logits of the channel, 64 added.
  ///   - active: of every 16, whether any is not 0.
  func finishChannel(
    _ channel: Int, _ activations: Activations, _ slopes: UnsafePointer<UInt8>, active: UInt32, count: Int
  ) {
    let (head, output) = (heads[channel], logits[channel])
    let (bottleneck, hidden) = (architecture.bottleneck, architecture.hidden)
    output.collect(
      activations.narrow, stride: activations.narrowStride, slopes, slopeStride: 256, active: active, count: count,
      scratch)
    guard learnsHeads else { return }
    output.passing!.run(slopes, stride: 256, active: active, count: count, scratch, to: passed.base)
    for i in 0..<count {
      kernels.table.gate(
        passed.base + i * bottleneck, zeros.base, activations.narrow + i * activations.narrowStride,
        Int32(learning.headShift),
        bottleneck, narrow.base + i * bottleneck)
    }
    head.collect(
      activations.features, stride: activations.featureStride, narrow.base, slopeStride: bottleneck, count: count,
      scratch)
    guard learnsTrunk else { return }
    head.passing!.run(narrow.base, stride: bottleneck, active: .max, count: count, scratch, to: passed.base)
    if channel == 0 { trunk.base.update(repeating: 0, count: count * hidden) }
    kernels.table.join(passed.base, 0, count * hidden, trunk.base)
  }

  /// Takes the slopes of a step's features through the layers below, and updates the weights when it is time.
  ///
  /// - Parameter inputs: (count, stride), those of the first layer.
  func finishStep(_ inputs: UnsafePointer<UInt8>, stride: Int, _ activations: Activations, count: Int) {
    if learnsTrunk { backward(inputs, stride, activations, count) }
    number &+= UInt32(count)
    pending += count
    guard pending >= Int(learning.interval) else { return }
    for layer in [first] + residual + heads + logits { layer.update(learning, number: updates) }
    updates += 1
    pending = 0
  }

  private func backward(_ inputs: UnsafePointer<UInt8>, _ stride: Int, _ activations: Activations, _ count: Int) {
    let hidden = architecture.hidden
    let shift = Int32(learning.trunkShift)
    for number in residual.indices.reversed() {
      let (below, above) = (activations.trunk[number], activations.trunk[number + 1])
      for i in 0..<count {
        kernels.table.gate(
          trunk.base + i * hidden, below + i * activations.featureStride, above + i * activations.featureStride, shift,
          hidden,
          features.base + i * hidden)
      }
      residual[number].collect(
        below, stride: activations.featureStride, features.base, slopeStride: hidden, count: count, scratch)
      residual[number].passing!.run(
        features.base, stride: hidden, active: .max, count: count, scratch, to: passed.base)
      kernels.table.join(
        passed.base, max(-15, min(15, Int32(residual[number].scale) - shift)), count * hidden, trunk.base)
    }
    for i in 0..<count {
      kernels.table.gate(
        trunk.base + i * hidden, zeros.base, activations.trunk[0] + i * activations.featureStride, shift, hidden,
        features.base + i * hidden)
    }
    first.collect(
      inputs, stride: stride, features.base, slopeStride: hidden, count: count, scratch)
  }
}
