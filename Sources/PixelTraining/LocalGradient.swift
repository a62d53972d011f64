import IntegerInference
import PixelKernels
import PixelModels

/// Loss and gradient of a local network on some pixels, each with its window. Owns its buffers; one thread at a time.
///
/// The forward pass is that of the integers: weights are rounded, the kernels of the codec run, and the loss is what the
/// range coder will spend. The gradient goes straight through the rounding, and stops where an activation is clamped
/// (Bengio, Léonard, Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013). Logits are taken not
/// to reach their clamp at 1024 bits.
public final class LocalGradient: GradientSource {
  private let start: Model.LocalNetwork
  private let layout: LocalLayout
  private let batch: Int
  private let kernels: Kernels
  private let inputs: LocalInputs
  private let buffers: LocalBuffers
  private let backward: LocalBackward

  private var architecture: Architecture { start.architecture }

  /// - Parameters:
  ///   - start: which has the architecture and the shifts.
  ///   - batch: pixels of a run.
  public init(_ start: Model.LocalNetwork, batch: Int) {
    self.start = start
    self.batch = batch
    layout = LocalLayout(start.architecture)
    kernels = .fastest
    inputs = LocalInputs(start.architecture, kernels)
    buffers = LocalBuffers(start.architecture, batch: batch)
    backward = LocalBackward(layout, start.architecture, buffers)
  }

  /// See ``GradientSource/run(weights:samples:small:gradient:)``.
  ///
  /// - Parameters:
  ///   - weights: see ``LocalLayout``.
  ///   - samples: for each pixel the rows from `up` above it to its own, of the columns from `left` to `right` of it:
  ///     (batch, up + 1, left + 1 + right, channels).
  public func run(
    weights: UnsafePointer<Float>, samples: UnsafePointer<UInt8>, small: UnsafePointer<UInt8>?,
    gradient: UnsafeMutablePointer<Float>?
  ) -> Double {
    let network = layout.network(weights, like: start)
    let layers = network.layers.map(IntegerLayer.init)
    features(layers, samples)
    let withGradient = gradient != nil
    let nats = (0..<architecture.channels).reduce(0.0) { sum, channel in
      let nats = head(channel, layers, withGradient: withGradient)
      if let gradient { backward.head(channel, network, to: gradient) }
      return sum + nats
    }
    if let gradient {
      backward.features(network, to: gradient)
      backward.stopAtLimits(weights, network, gradient)
    }
    return nats
  }

  private func features(_ layers: [IntegerLayer], _ samples: UnsafePointer<UInt8>) {
    let a = architecture
    let rowStride = (a.left + 1 + a.right) * a.channels
    let patch = (a.up + 1) * rowStride
    buffers.samples.start.update(from: samples, count: batch * patch)
    for i in 0..<batch {
      buffers.pixels[i] = buffers.samples.start + i * patch + a.up * rowStride + a.left * a.channels
    }
    inputs.setFirst(
      buffers.pixels, stride: rowStride, count: batch, predictions: buffers.predictions.start,
      to: buffers.inputs.start, inputStride: buffers.inputStride)
    for l in 0...a.layers {
      layers[l].run(
        kernels, l == 0 ? buffers.inputs.start : buffers.features[l - 1].start,
        stride: l == 0 ? buffers.inputStride : buffers.featureStride, to: buffers.features[l].start,
        outputStride: buffers.featureStride, count: batch, as: l == 0 ? PRNN_RELU : PRNN_RESIDUAL)
    }
  }

  /// The nats of a channel; the gradient of its logits, in bits, goes to the buffer for it.
  private func head(_ channel: Int, _ layers: [IntegerLayer], withGradient: Bool) -> Double {
    let a = architecture
    let top = buffers.features[a.layers].start
    inputs.setHead(
      channel, buffers.pixels, count: batch, predictions: buffers.predictions.start, centres: buffers.centres.start,
      to: top + a.hidden, stride: buffers.featureStride)
    let first = 1 + a.layers + 2 * channel
    layers[first].run(
      kernels, top, stride: buffers.featureStride, to: buffers.narrow.start, outputStride: buffers.narrowStride,
      count: batch, as: PRNN_RELU)
    layers[first + 1].run(
      kernels, buffers.narrow.start, stride: buffers.narrowStride, to: buffers.logits.start, outputStride: 256,
      count: batch, as: PRNN_LOGITS)
    var nats = 0.0
    for i in 0..<batch {
      let symbol = Int(buffers.pixels[i][channel] &- buffers.centres.start[i])
      nats += buffers.loss(pixel: i, symbol: symbol, kernels, withGradient: withGradient)
    }
    return nats
  }
}
