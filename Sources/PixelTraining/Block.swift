import PixelKernels
import PixelModels

/// A block of the network: from x_l to x_{l+1}, and of gradients from x_{l+1} to x_l.
protocol Block {
  func prepare(_ weights: UnsafePointer<Float>)
  /// All rows, from the top.
  func forward(_ pass: Pass, _ stream: Stream, condition: Map?)
  /// All rows, from the bottom; the stream's gradient is replaced. Adds to `gradient` and to the condition's gradient.
  func backward(
    _ pass: Pass, _ stream: Stream, condition: Map?, conditionGradient: Map?, gradient: UnsafeMutablePointer<Float>)
  /// The largest magnitudes in the last forward, by name.
  func maxima(_ pass: Pass) -> [String: Float]
}

/// What all blocks end with: the 1×1 convolution to 2h features, added to x_l when residual, and the skip connection.
struct BlockEnd {
  private let index: Int
  private let expand: MaskedConvolution
  private let skip: MaskedConvolution?
  let residual: Bool

  init(_ network: PixelRNN, _ index: Int, _ layout: ParameterLayout) {
    let convolutions = network.block(index)
    self.index = index
    expand = MaskedConvolution(convolutions.first { $0.name.hasSuffix(".expand") }!, layout)
    skip = convolutions.first { $0.name.hasSuffix(".skip") }.map { MaskedConvolution($0, layout) }
    residual = network.residual
  }

  func prepare(_ weights: UnsafePointer<Float>) {
    expand.transpose(weights)
    skip?.transpose(weights)
  }

  /// A row of x_{l+1} from one of inner_l.
  func forward(_ pass: Pass, _ stream: Stream, inner: Map, row: Int) {
    expand.addProducts(pass, of: inner, row: row)
    pass.products.run(
      to: stream.result(index + 1, row: row, bias: expand.bias(pass)), rows: pass.rows, columns: expand.outputs)
    guard let skip, let sum = stream.skip else { return }
    skip.addProducts(pass, of: inner, row: row)
    pass.products.run(
      to: prnn_result(sum.at(row), stride: sum.features).adding(sum.at(row), stride: sum.features), rows: pass.rows,
      columns: skip.outputs)
  }

  /// Adds the gradients of a row's weights, and to the pass's products those that lead to inner_l.
  func backward(
    _ pass: Pass, _ stream: Stream, inner: Map, row: Int, gradient: UnsafeMutablePointer<Float>
  ) {
    expand.addGradient(pass, to: gradient, of: inner, row: row, d: stream.gradient.at(row), rows: pass.rows)
    expand.addBackwardProducts(pass, of: stream.gradient, row: row)
    guard let skip, let d = stream.skipGradient else { return }
    skip.addGradient(pass, to: gradient, of: inner, row: row, d: d.at(row), rows: pass.rows)
    skip.addBackwardProducts(pass, of: d, row: row)
  }

  /// Where a row of the gradient of x_l goes: in place of that of x_{l+1}, to which it is added when residual.
  func result(_ stream: Stream, row: Int) -> prnn_result {
    let d = stream.gradient
    let result = prnn_result(d.at(row), stride: d.features)
    return residual ? result.adding(d.at(row), stride: d.features) : result
  }
}
