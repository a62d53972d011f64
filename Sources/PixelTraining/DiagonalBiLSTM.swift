import PixelKernels
import PixelModels

/// Section 3.2 of the paper: two LSTMs from the upper corners, a cell at a time; the map of the one from the right is
/// moved down by a row before the two are added.
///
/// The paper skews the map to compute whole diagonals at once. Here a cell of all pictures of the batch is enough work
/// for the kernels, so cells go in the order of a row, and what comes from the row above is ready.
final class DiagonalBiLSTM: Block {
  private let left: DiagonalLSTM
  private let right: DiagonalLSTM
  private let end: BlockEnd
  private let input: Map
  /// A row of inner_l, and of the gradients of this and the row below.
  private let inner: Map
  private let dInner: Map
  private let index: Int

  init(_ network: PixelRNN, _ index: Int, _ layout: ParameterLayout, width: Int, height: Int, batch: Int, input: Map) {
    self.index = index
    self.input = input
    left = DiagonalLSTM(network, index, .left, layout, width: width, height: height, batch: batch)
    right = DiagonalLSTM(network, index, .right, layout, width: width, height: height, batch: batch)
    end = BlockEnd(network, index, layout)
    inner = Map(width: width, lastRowsOf: batch, features: network.features)
    dInner = Map(width: width, lastRowsOf: batch, features: network.features)
  }

  func prepare(_ weights: UnsafePointer<Float>) {
    left.prepare(weights)
    right.prepare(weights)
    end.prepare(weights)
  }

  private func add(_ pass: Pass, row: Int) {
    let count = pass.rows * inner.features
    inner.at(row).update(from: left.states.at(row), count: count)
    pass.kernels.add(right.states.at(row - 1), inner.at(row), count)
  }

  func forward(_ pass: Pass, _ stream: Stream, condition map: Map?) {
    left.fillBorders(pass)
    right.fillBorders(pass)
    for row in 0..<pass.height {
      left.forward(pass, input, condition: map, row: row)
      right.forward(pass, input, condition: map, row: row)
      add(pass, row: row)
      end.forward(pass, stream, inner: inner, row: row)
    }
  }

  func backward(
    _ pass: Pass, _ stream: Stream, condition map: Map?, conditionGradient: Map?,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let h = inner.features
    dInner.buffer.clear()
    left.startBackward()
    right.startBackward()
    for row in (0..<pass.height).reversed() {
      add(pass, row: row)
      end.backward(pass, stream, inner: inner, row: row, gradient: gradient)
      pass.products.run(to: prnn_result(dInner.at(row), stride: h), rows: pass.rows, columns: h)
      left.backward(pass, dInner.at(row), input, condition: map, row: row, gradient: gradient)
      right.backward(pass, dInner.at(row + 1), input, condition: map, row: row, gradient: gradient)
      if let map, let conditionGradient {
        left.addConditionGradient(pass, map, conditionGradient, row: row, gradient: gradient)
        right.addConditionGradient(pass, map, conditionGradient, row: row, gradient: gradient)
      }
      left.addBackwardProducts(pass, row: row)
      right.addBackwardProducts(pass, row: row)
      pass.products.run(to: end.result(stream, row: row), rows: pass.rows, columns: 2 * h)
    }
    left.endBackward(pass, gradient: gradient)
    right.endBackward(pass, gradient: gradient)
    // The first row sees the initial state of the right in place of the row above.
    pass.kernels.sums(dInner.at(0), h, pass.rows, h, gradient + right.initial.state)
  }

  func maxima(_ pass: Pass) -> [String: Float] { [:] }
}
