import PixelKernels
import PixelModels

/// Section 3.3 and figure 5 of the paper: a = relu(reduce(relu(x))), inner = relu(middle(a) + condition(u)).
final class PixelCNNBlock: Block {
  private let index: Int
  private let reduce: MaskedConvolution
  private let middle: MaskedConvolution
  private let condition: MaskedConvolution?
  private let end: BlockEnd
  /// a, with zeros around it
  private let reduced: Map
  private let inner: Map
  /// Gradients of the last rows: of middle's outputs, and of reduce's.
  private let dMiddle: Map
  private let dReduced: Map

  init(_ network: PixelRNN, _ index: Int, _ layout: ParameterLayout, width: Int, height: Int, batch: Int) {
    let convolutions = network.block(index).map { MaskedConvolution($0, layout) }
    self.index = index
    reduce = convolutions[0]
    middle = convolutions[1]
    condition = network.condition > 0 ? convolutions[2] : nil
    end = BlockEnd(network, index, layout)
    let h = network.features
    reduced = Map(
      width: width, height: height, batch: batch, features: h, border: .init(top: 1, left: 1, right: 1))
    inner = Map(width: width, height: height, batch: batch, features: h)
    dMiddle = Map(width: width, lastRowsOf: batch, features: h)
    dReduced = Map(width: width, height: 1, batch: batch, features: h)
  }

  func prepare(_ weights: UnsafePointer<Float>) {
    reduce.transpose(weights)
    middle.transpose(weights)
    condition?.transpose(weights)
    end.prepare(weights)
  }

  func forward(_ pass: Pass, _ stream: Stream, condition map: Map?) {
    let h = reduce.outputs
    for row in 0..<pass.height {
      reduce.addProducts(pass, of: stream.inputs[index], row: row)
      pass.products.run(
        to: prnn_result(reduced.at(row), stride: h, bias: reduce.bias(pass)).rectified, rows: pass.rows, columns: h)
      middle.addProducts(pass, of: reduced, row: row)
      if let condition, let map { condition.addProducts(pass, of: map, row: row) }
      pass.products.run(
        to: prnn_result(inner.at(row), stride: h, bias: middle.bias(pass)).rectified, rows: pass.rows, columns: h)
      end.forward(pass, stream, inner: inner, row: row)
    }
  }

  func backward(
    _ pass: Pass, _ stream: Stream, condition map: Map?, conditionGradient: Map?,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let h = reduce.outputs
    let x = stream.inputs[index]
    dMiddle.buffer.clear()
    for row in (0..<pass.height).reversed() {
      end.backward(pass, stream, inner: inner, row: row, gradient: gradient)
      pass.products.run(
        to: prnn_result(dMiddle.at(row), stride: h).gated(by: inner.at(row), stride: h), rows: pass.rows, columns: h)
      middle.addGradient(pass, to: gradient, of: reduced, row: row, d: dMiddle.at(row), rows: pass.rows)
      if let condition, let map, let conditionGradient {
        condition.addGradient(pass, to: gradient, of: map, row: row, d: dMiddle.at(row), rows: pass.rows)
        conditionGradient.addProducts(pass, condition, d: dMiddle, row: row)
      }
      middle.addBackwardProducts(pass, of: dMiddle, row: row)
      pass.products.run(
        to: prnn_result(dReduced.at(0), stride: h).gated(by: reduced.at(row), stride: h), rows: pass.rows, columns: h)
      reduce.addGradient(pass, to: gradient, of: x, row: row, d: dReduced.at(0), rows: pass.rows)
      reduce.addBackwardProducts(pass, of: dReduced, row: 0)
      pass.products.run(
        to: end.result(stream, row: row).gated(by: x.at(row), stride: x.features), rows: pass.rows,
        columns: x.features)
    }
  }

  func maxima(_ pass: Pass) -> [String: Float] {
    [
      "block.\(index).reduce": pass.kernels.magnitude(reduced.buffer.start, reduced.buffer.count),
      "block.\(index).middle": pass.kernels.magnitude(inner.buffer.start, inner.buffer.count),
    ]
  }
}

extension Map {
  /// Adds to a row of this gradient of a convolution's inputs what the gradient `d` of its outputs says of it.
  func addProducts(_ pass: Pass, _ convolution: MaskedConvolution, d: Map, row: Int) {
    convolution.addBackwardProducts(pass, of: d, row: row)
    pass.products.run(
      to: prnn_result(at(row), stride: features).adding(at(row), stride: features), rows: pass.rows, columns: features)
  }
}
