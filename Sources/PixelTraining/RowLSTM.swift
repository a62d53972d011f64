import PixelKernels
import PixelModels

/// Section 3.1 of the paper: an LSTM that goes down the picture, a row at a time.
final class RowLSTM: Block {
  private let index: Int
  private let input: MaskedConvolution
  private let state: MaskedConvolution
  private let condition: MaskedConvolution?
  private let end: BlockEnd
  private let initial: InitialStates
  /// o, f, i, g
  private let gates: Map
  /// c and h, with the learned initial states around them
  private let cells: Map
  private let states: Map
  /// Gradients of the last rows: of the gates' sums, of h and of c.
  private let dSums: Map
  private let dStates: Buffer
  private let dCells: Buffer
  /// Σ of the gates' gradients where a tap of `state` sees the initial state: (taps, 4h)
  private let outside: Buffer

  init(_ network: PixelRNN, _ index: Int, _ layout: ParameterLayout, width: Int, height: Int, batch: Int) {
    let convolutions = network.block(index).map { MaskedConvolution($0, layout) }
    self.index = index
    input = convolutions[0]
    state = convolutions[1]
    condition = network.condition > 0 ? convolutions[2] : nil
    end = BlockEnd(network, index, layout)
    let h = network.features
    initial = InitialStates("block.\(index).", layout, features: h)
    gates = Map(width: width, height: height, batch: batch, features: 4 * h)
    cells = Map(width: width, height: height, batch: batch, features: h, border: .init(top: 1))
    states = Map(width: width, height: height, batch: batch, features: h, border: .init(top: 1, left: 1, right: 1))
    dSums = Map(width: width, lastRowsOf: batch, features: 4 * h)
    dStates = Buffer(width * batch * h)
    dCells = Buffer(width * batch * h)
    outside = Buffer(3 * 4 * h)
  }

  func prepare(_ weights: UnsafePointer<Float>) {
    input.transpose(weights)
    state.transpose(weights)
    condition?.transpose(weights)
    end.prepare(weights)
  }

  func forward(_ pass: Pass, _ stream: Stream, condition map: Map?) {
    let h = state.inputs
    initial.fill(pass, initial.cell, cells, rows: -1..<0, columns: 0..<pass.width)
    initial.fill(pass, initial.state, states, rows: -1..<0, columns: -1..<pass.width + 1)
    initial.fill(pass, initial.state, states, rows: 0..<pass.height, columns: -1..<0)
    initial.fill(pass, initial.state, states, rows: 0..<pass.height, columns: pass.width..<pass.width + 1)
    for row in 0..<pass.height {
      input.addProducts(pass, of: stream.inputs[index], row: row)
      state.addProducts(pass, of: states, row: row)
      if let condition, let map { condition.addProducts(pass, of: map, row: row) }
      pass.products.run(
        to: prnn_result(gates.at(row), stride: 4 * h, bias: input.bias(pass)), rows: pass.rows, columns: 4 * h)
      pass.kernels.lstm(gates.at(row), cells.at(row - 1), cells.at(row), states.at(row), pass.rows, h)
      end.forward(pass, stream, inner: states, row: row)
    }
  }

  func backward(
    _ pass: Pass, _ stream: Stream, condition map: Map?, conditionGradient: Map?,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let h = state.inputs
    dSums.buffer.clear()
    dCells.clear()
    outside.clear()
    for row in (0..<pass.height).reversed() {
      let d = dSums.at(row)
      end.backward(pass, stream, inner: states, row: row, gradient: gradient)
      state.addBackwardProducts(pass, of: dSums, row: row)
      pass.products.run(to: prnn_result(dStates.start, stride: h), rows: pass.rows, columns: h)
      pass.kernels.lstm_backward(
        gates.at(row), cells.at(row - 1), cells.at(row), dStates.start, dCells.start, d, pass.rows, h)
      input.addGradient(pass, to: gradient, of: stream.inputs[index], row: row, d: d, rows: pass.rows)
      state.addGradient(pass, to: gradient, of: states, row: row, d: d, rows: pass.rows)
      if let condition, let map, let conditionGradient {
        condition.addGradient(pass, to: gradient, of: map, row: row, d: d, rows: pass.rows)
        conditionGradient.addProducts(pass, condition, d: dSums, row: row)
      }
      input.addBackwardProducts(pass, of: dSums, row: row)
      pass.products.run(to: end.result(stream, row: row), rows: pass.rows, columns: input.inputs)
      if row > 0 {
        pass.kernels.sums(d, 4 * h, pass.batch, 4 * h, outside.start)
        pass.kernels.sums(dSums.at(row, pass.width - 1), 4 * h, pass.batch, 4 * h, outside.start + 8 * h)
      } else {
        for tap in 0..<3 { pass.kernels.sums(d, 4 * h, pass.rows, 4 * h, outside.start + 4 * h * tap) }
      }
    }
    initial.addGradient(pass, to: gradient, through: state, outside: outside)
    pass.kernels.sums(dCells.start, h, pass.rows, h, gradient + initial.cell)
  }

  func maxima(_ pass: Pass) -> [String: Float] { [:] }
}
