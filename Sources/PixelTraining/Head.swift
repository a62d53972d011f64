import PixelKernels
import PixelModels

/// The 1×1 convolutions after the blocks, and the loss: forward and backward at once, some pixels at a time, since no
/// pixel's head sees another pixel.
final class Head {
  private let network: PixelRNN
  private let convolutions: [MaskedConvolution]
  /// Of some pixels: max(0, x_L + skip), head.0 and head.1 after their ReLU, and the logits; then the gradients of the
  /// first three.
  private let activations: [Map]
  private let gradients: [Map]
  /// Pixels of a row that are done at once.
  private let columns: Int

  init(_ network: PixelRNN, _ layout: ParameterLayout, batch: Int) {
    self.network = network
    convolutions = network.head.map { MaskedConvolution($0, layout) }
    // So that the logits stay in the second cache.
    columns = max(1, 128 / batch)
    let widths = [2 * network.features] + network.head.map(\.outputs)
    activations = widths.map { [columns] in Map(width: columns, height: 1, batch: batch, features: $0) }
    gradients = widths.dropLast().map { [columns] in Map(width: columns, height: 1, batch: batch, features: $0) }
  }

  func prepare(_ weights: UnsafePointer<Float>) { for convolution in convolutions { convolution.transpose(weights) } }

  /// Runs of pixels of a row that are coded: of a conditional network those that the small picture does not have.
  private func runs(_ pass: Pass, row: Int) -> [Range<Int>] {
    if network.condition > 0 && row % 2 == 0 { return stride(from: 1, to: pass.width, by: 2).map { $0..<$0 + 1 } }
    return stride(from: 0, to: pass.width, by: columns).map { $0..<min($0 + columns, pass.width) }
  }

  /// The sum of nats; the stream's gradient when `gradient` is given, to which the weights' is added.
  ///
  /// - Parameter targets: (row, column, batch, channel)
  func run(
    _ pass: Pass, _ stream: Stream, targets: UnsafePointer<UInt8>, gradient: UnsafeMutablePointer<Float>?,
    maxima: inout [String: Float]
  ) -> Double {
    var nats = 0.0
    for row in 0..<pass.height {
      if gradient != nil { stream.gradient.at(row).update(repeating: 0, count: stream.gradient.rowStride) }
      for run in runs(pass, row: row) {
        forward(pass, stream, row, run)
        if gradient == nil { measure(pass, rows: run.count * pass.batch, &maxima) }
        let place = (row * pass.width + run.lowerBound) * pass.batch * network.channels
        nats += loss(pass, targets + place, rows: run.count * pass.batch)
        if let gradient { backward(pass, stream.gradient.at(row, run.lowerBound), run, gradient) }
      }
    }
    return nats
  }

  private func forward(_ pass: Pass, _ stream: Stream, _ row: Int, _ run: Range<Int>) {
    let count = run.count * stream.last.columnStride
    let input = activations[0].at(0)
    input.update(from: stream.last.at(row, run.lowerBound), count: count)
    if let skip = stream.skip { pass.kernels.add(skip.at(row, run.lowerBound), input, count) }
    pass.kernels.relu(input, input, count)
    for (i, convolution) in convolutions.enumerated() {
      let result = prnn_result(activations[i + 1].at(0), stride: convolution.outputs, bias: convolution.bias(pass))
      convolution.addProducts(pass, of: activations[i], row: 0)
      pass.products.run(
        to: i < 2 ? result.rectified : result, rows: run.count * pass.batch, columns: convolution.outputs)
    }
  }

  /// The logits become their gradients.
  private func loss(_ pass: Pass, _ targets: UnsafePointer<UInt8>, rows: Int) -> Double {
    let logits = activations[3].at(0)
    if network.output == .bernoulli { return pass.kernels.bernoulli_loss(logits, targets, rows) }
    return (0..<network.channels).reduce(0) {
      $0 + pass.kernels.softmax_loss(logits + 256 * $1, 256 * network.channels, targets + $1, network.channels, rows)
    }
  }

  private func backward(
    _ pass: Pass, _ to: UnsafeMutablePointer<Float>, _ run: Range<Int>, _ gradient: UnsafeMutablePointer<Float>
  ) {
    let rows = run.count * pass.batch
    for i in (0..<3).reversed() {
      let convolution = convolutions[i]
      let d = i == 2 ? activations[3] : gradients[i + 1]
      convolution.addGradient(pass, to: gradient, of: activations[i], row: 0, d: d.at(0), rows: rows)
      convolution.addBackwardProducts(pass, of: d, row: 0)
      let width = convolution.inputs
      pass.products.run(
        to: prnn_result(i == 0 ? to : gradients[i].at(0), stride: width)
          .gated(by: activations[i].at(0), stride: width), rows: rows, columns: width)
    }
  }

  private func measure(_ pass: Pass, rows: Int, _ maxima: inout [String: Float]) {
    for (i, name) in ["stream", "head.0", "head.1"].enumerated() {
      let largest = pass.kernels.magnitude(activations[i].at(0), rows * activations[i].features)
      maxima[name] = max(maxima[name] ?? 0, largest)
    }
  }
}
