import IntegerInference
import PixelKernels
import PixelModels

/// Loss and gradient of one network on equal pictures. Owns its buffers; one thread at a time.
///
///     let network = NetworkGradient(architecture, width: 28, height: 28, batch: 16)
///     let nats = network.run(weights: weights, samples: samples, small: nil, gradient: gradient)
///
/// Everything that the backward needs is kept; in memory a pixel costs a few hundred bytes for each block and feature.
public final class NetworkGradient {
  /// Largest magnitudes seen in runs without a gradient since init: "stream" (all x_l and the head's input), "skip",
  /// "head.0", "head.1", of PixelCNN "block.N.reduce" and "block.N.middle" (those after their ReLU), and "upsample".
  public private(set) var maxima: [String: Float] = [:]

  private let network: PixelRNN
  private let width: Int
  private let height: Int
  private let batch: Int
  private let kernels: prnn_float_kernels
  private let products: Products
  private let first: MaskedConvolution
  private let blocks: [any Block]
  private let head: Head
  private let upsampling: Upsampling?
  private let stream: Stream
  /// The samples as the first convolution sees them.
  private let input: Map
  /// The symbols, (row, column, batch, channel).
  private var targets: [UInt8]
  /// Indices of the weights that a mask takes away.
  private let masked: [Int]

  public convenience init(_ architecture: PixelRNN, width: Int, height: Int, batch: Int) {
    self.init(architecture, width: width, height: height, batch: batch, kernels: prnn_float_kernels_fastest().pointee)
  }

  init(_ network: PixelRNN, width: Int, height: Int, batch: Int, kernels: prnn_float_kernels) {
    let layout = ParameterLayout(network)
    self.network = network
    self.width = width
    self.height = height
    self.batch = batch
    self.kernels = kernels
    let stream = Stream(network, width: width, height: height, batch: batch)
    products = Products(kernels)
    first = MaskedConvolution(network.first, layout)
    blocks = (0..<network.layers).map { l in
      switch network.kind {
      case .pixelCNN: PixelCNNBlock(network, l, layout, width: width, height: height, batch: batch)
      case .rowLSTM: RowLSTM(network, l, layout, width: width, height: height, batch: batch)
      case .diagonalBiLSTM:
        DiagonalBiLSTM(network, l, layout, width: width, height: height, batch: batch, input: stream.inputs[l])
      }
    }
    head = Head(network, layout, batch: batch)
    upsampling =
      network.condition > 0 ? Upsampling(network, layout, width: width, height: height, batch: batch) : nil
    self.stream = stream
    input = Map(
      width: width, height: height, batch: batch, features: network.channels,
      border: .init(top: 3, left: 3, right: 3))
    targets = Array(repeating: 0, count: width * height * batch * network.channels)
    masked = layout.mask().indices.filter { [mask = layout.mask()] in !mask[$0] }
  }

  /// Runs the network on a batch.
  ///
  /// - Parameters:
  ///   - weights: in the order of ``ParameterLayout``; masked ones must be 0.
  ///   - samples: (batch, height, width, channels)
  ///   - small: of conditional networks the pictures of half the size, (batch, ⌈height / 2⌉, ⌈width / 2⌉, channels).
  ///   - gradient: to which the gradient of the sum of nats is added, 0 for masked weights; nil for the loss alone.
  /// - Returns: the sum of nats over the batch.
  public func run(
    weights: UnsafePointer<Float>, samples: UnsafePointer<UInt8>, small: UnsafePointer<UInt8>?,
    gradient: UnsafeMutablePointer<Float>?
  ) -> Double {
    precondition((small != nil) == (network.condition > 0))
    let pass = Pass(
      kernels: kernels, products: products, weights: weights, width: width, height: height, batch: batch)
    network.normalize(samples, to: input, width: width, height: height, batch: batch)
    setTargets(samples)
    if let upsampling, let small { upsampling.forward(pass, network, samples: small) }
    forward(pass, measuring: gradient == nil)
    if gradient != nil {
      head.prepare(weights)
      for block in blocks { block.prepare(weights) }
    }
    let nats = targets.withUnsafeBufferPointer {
      head.run(pass, stream, targets: $0.baseAddress!, gradient: gradient, maxima: &maxima)
    }
    if let gradient { backward(pass, gradient) }
    return nats
  }

  private func setTargets(_ samples: UnsafePointer<UInt8>) {
    let channels = network.channels
    for image in 0..<batch {
      for row in 0..<height {
        for column in 0..<width {
          let place = row * width + column
          let pixel = samples + (image * width * height + place) * channels
          for c in 0..<channels {
            let centre =
              network.output == .differences
              ? softmaxCentre(c, pixel, row: row, column: column, width: width, channels: channels) : 0
            targets[(place * batch + image) * channels + c] = pixel[c] &- centre
          }
        }
      }
    }
  }

  private func forward(_ pass: Pass, measuring: Bool) {
    stream.skip?.buffer.clear()
    for row in 0..<height {
      first.addProducts(pass, of: input, row: row)
      pass.products.run(
        to: stream.result(0, row: row, bias: first.bias(pass)), rows: pass.rows, columns: first.outputs)
    }
    if measuring { measure("stream", stream.keepsPositive ? stream.last : stream.inputs.first ?? stream.last) }
    for (l, block) in blocks.enumerated() {
      block.forward(pass, stream, condition: upsampling?.map)
      guard measuring else { continue }
      maxima.merge(block.maxima(pass), uniquingKeysWith: max)
      measure("stream", stream.keepsPositive || l + 1 == blocks.count ? stream.last : stream.inputs[l + 1])
    }
    guard measuring else { return }
    if let skip = stream.skip { measure("skip", skip) }
    if let upsampling { measure("upsample", upsampling.map) }
  }

  private func backward(_ pass: Pass, _ gradient: UnsafeMutablePointer<Float>) {
    let d = stream.gradient
    if let skip = stream.skipGradient { skip.buffer.start.update(from: d.buffer.start, count: d.buffer.count) }
    upsampling?.gradient.buffer.clear()
    for block in blocks.reversed() {
      block.backward(
        pass, stream, condition: upsampling?.map, conditionGradient: upsampling?.gradient, gradient: gradient)
    }
    for row in 0..<height { first.addGradient(pass, to: gradient, of: input, row: row, d: d.at(row), rows: pass.rows) }
    upsampling?.backward(pass, to: gradient)
    for index in masked { gradient[index] = 0 }
  }

  private func measure(_ name: String, _ map: Map) {
    maxima[name] = max(maxima[name] ?? 0, kernels.magnitude(map.buffer.start, map.buffer.count))
  }
}

extension PixelRNN {
  /// Samples (batch, height, width, channels) as a network sees them.
  func normalize(_ samples: UnsafePointer<UInt8>, to map: Map, width: Int, height: Int, batch: Int) {
    let scale: Float = output == .bernoulli ? 2 : 1 / 64
    let centre: Float = output == .bernoulli ? 0.5 : 128
    var next = samples
    for image in 0..<batch {
      for row in 0..<height {
        for column in 0..<width {
          let pixel = map.at(row, column) + image * channels
          for c in 0..<channels { pixel[c] = (Float(next[c]) - centre) * scale }
          next += channels
        }
      }
    }
  }
}
