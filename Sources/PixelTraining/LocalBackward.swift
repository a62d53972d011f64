import PixelKernels
import PixelModels

/// The way back through a local network, by the activations that a ``LocalGradient`` leaves.
final class LocalBackward {
  private let layout: LocalLayout
  private let architecture: Architecture
  private let buffers: LocalBuffers
  private let kernels: prnn_float_kernels
  private let products: Products
  /// Inputs of the layer at hand, in its unit.
  private let inputs: Memory<Float>
  /// Rounded weights of the layer at hand, (outputs, inputs); of the heads at hand one after the other.
  private let weights: Memory<Float>
  /// Gradients: of a head's outputs, of the features, of those before their activation.
  private let narrow: Memory<Float>
  private let features: Memory<Float>
  private let inner: Memory<Float>

  private static let top: UInt8 = 127

  init(_ layout: LocalLayout, _ a: Architecture, _ buffers: LocalBuffers) {
    self.layout = layout
    self.buffers = buffers
    architecture = a
    kernels = prnn_float_kernels_fastest().pointee
    products = Products(kernels)
    inputs = Memory(buffers.batch * layout.layers.map(\.inputs).max()!)
    weights = Memory(layout.layers.map { $0.inputs * $0.outputs }.max()!)
    narrow = Memory(buffers.batch * a.bottleneck)
    features = Memory(buffers.batch * a.hidden)
    inner = Memory(buffers.batch * a.hidden)
  }

  /// Back through a channel's logits and head; the gradient of the features is begun by channel 0, and added to by the
  /// others.
  func head(_ channel: Int, _ network: Model.LocalNetwork, to gradient: UnsafeMutablePointer<Float>) {
    let a = architecture
    let index = 1 + a.layers + 2 * channel
    let logits = layout.layers[index + 1]
    addGradient(
      logits, of: buffers.narrow.start, stride: buffers.narrowStride, d: buffers.logitGradient.start, to: gradient)
    setWeights(index + 1, network)
    products.add(buffers.logitGradient.start, stride: 256, times: weights.start, stride: a.bottleneck, k: 256)
    products.run(to: prnn_result(narrow.start, stride: a.bottleneck), rows: buffers.batch, columns: a.bottleneck)
    for i in 0..<buffers.batch {
      let output = buffers.narrow.start + i * buffers.narrowStride
      let d = narrow.start + i * a.bottleneck
      for o in 0..<a.bottleneck where output[o] == 0 || output[o] == LocalBackward.top { d[o] = 0 }
    }
    let head = layout.layers[index]
    addGradient(
      head, of: buffers.features[a.layers].start, stride: buffers.featureStride, d: narrow.start, to: gradient)
    setWeights(index, network)
    products.add(narrow.start, stride: a.bottleneck, times: weights.start, stride: head.inputs, k: a.bottleneck)
    let result = prnn_result(features.start, stride: a.hidden)
    products.run(
      to: channel == 0 ? result : result.adding(features.start, stride: a.hidden), rows: buffers.batch,
      columns: a.hidden)
  }

  /// Back through the residual layers and the first, from the gradient that the heads left.
  func features(_ network: Model.LocalNetwork, to gradient: UnsafeMutablePointer<Float>) {
    let a = architecture
    for l in stride(from: a.layers, through: 1, by: -1) {
      let (before, after) = (buffers.features[l - 1].start, buffers.features[l].start)
      for i in 0..<buffers.batch {
        let (t, y) = (before + i * buffers.featureStride, after + i * buffers.featureStride)
        let (d, dInner) = (features.start + i * a.hidden, inner.start + i * a.hidden)
        for o in 0..<a.hidden {
          // Where the sum is clamped nothing passes; where it is its addend, the layer was.
          let passed = y[o] == LocalBackward.top ? 0 : d[o]
          d[o] = passed
          dInner[o] = y[o] == t[o] ? 0 : passed
        }
      }
      addGradient(layout.layers[l], of: before, stride: buffers.featureStride, d: inner.start, to: gradient)
      setWeights(l, network)
      products.add(inner.start, stride: a.hidden, times: weights.start, stride: a.hidden, k: a.hidden)
      products.run(
        to: prnn_result(features.start, stride: a.hidden).adding(features.start, stride: a.hidden),
        rows: buffers.batch, columns: a.hidden)
    }
    for i in 0..<buffers.batch {
      let (y, d) = (buffers.features[0].start + i * buffers.featureStride, features.start + i * a.hidden)
      for o in 0..<a.hidden where y[o] == 0 || y[o] == LocalBackward.top { d[o] = 0 }
    }
    addGradient(
      layout.layers[0], of: buffers.inputs.start, stride: buffers.inputStride, d: features.start, to: gradient)
  }

  /// Takes away what would move weights further beyond what the integers can hold.
  func stopAtLimits(
    _ weights: UnsafePointer<Float>, _ network: Model.LocalNetwork, _ gradient: UnsafeMutablePointer<Float>
  ) {
    for (layer, integers) in zip(layout.layers, network.layers) {
      let limits = integers.shift.map { LocalLayout.weightLimit / layer.unit(shift: $0) }
      for i in 0..<layer.inputs {
        let row = layer.weights.lowerBound + i * layer.outputs
        for o in 0..<layer.outputs {
          let (w, g) = (weights[row + o], gradient[row + o])
          if (w >= limits[o] && g < 0) || (w <= -limits[o] && g > 0) { gradient[row + o] = 0 }
        }
      }
    }
  }

  /// Adds the gradient of a layer's weights and bias.
  ///
  /// - Parameters:
  ///   - activations: its inputs, (batch, stride).
  ///   - d: of its outputs, (batch, outputs).
  private func addGradient(
    _ layer: LocalLayout.Layer, of activations: UnsafePointer<UInt8>, stride: Int, d: UnsafePointer<Float>,
    to gradient: UnsafeMutablePointer<Float>
  ) {
    let unit = 1 / LocalLayout.steps
    for r in 0..<buffers.batch {
      let (from, to) = (activations + r * stride, inputs.start + r * layer.inputs)
      for i in 0..<layer.inputs { to[i] = Float(from[i]) * unit }
      for i in layer.centred..<layer.inputs { to[i] -= Float(LocalLayout.zero) * unit }
    }
    kernels.gradient(
      inputs.start, layer.inputs, d, layer.outputs, buffers.batch, layer.inputs, layer.outputs, nil,
      gradient + layer.weights.lowerBound, layer.outputs)
    kernels.sums(d, layer.outputs, buffers.batch, layer.outputs, gradient + layer.bias.lowerBound)
  }

  /// The rounded weights of a layer, in its unit.
  private func setWeights(_ index: Int, _ network: Model.LocalNetwork) {
    let (layer, integers) = (layout.layers[index], network.layers[index])
    integers.weights.withUnsafeBufferPointer { from in
      for o in 0..<layer.outputs {
        let unit = 1 / layer.unit(shift: integers.shift[o])
        let row = o * layer.inputs
        for i in row..<row + layer.inputs { weights.start[i] = Float(from[i]) * unit }
      }
    }
  }
}
