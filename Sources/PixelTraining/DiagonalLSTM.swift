import PixelKernels
import PixelModels

/// One direction of a ``DiagonalBiLSTM``: a cell sees the states before it in its row and above it.
final class DiagonalLSTM {
  enum Side {
    case left
    case right
  }

  let initial: InitialStates
  /// h, with the learned initial state around it
  let states: Map
  private let input: MaskedConvolution
  private let state: MaskedConvolution
  private let condition: MaskedConvolution?
  private let width: Int
  /// From a cell to the one before it.
  private let before: Int
  /// o, f, i, g
  private let gates: Map
  private let cells: Map
  /// Gradients of the last rows: of the gates' sums, of a cell's h and c.
  private let dSums: Map
  private let dState: Buffer
  private let dCell: Buffer
  /// Σ of the gates' gradients where a tap of `state` sees the initial state: (taps, 4h)
  private let outside: Buffer

  init(
    _ network: PixelRNN, _ index: Int, _ side: Side, _ layout: ParameterLayout, width: Int, height: Int, batch: Int
  ) {
    let prefix = "block.\(index).\(side)."
    let convolutions = network.block(index).filter { $0.name.hasPrefix(prefix) }.map { MaskedConvolution($0, layout) }
    let h = network.features
    input = convolutions[0]
    state = convolutions[1]
    condition = network.condition > 0 ? convolutions[2] : nil
    initial = InitialStates(prefix, layout, features: h)
    self.width = width
    before = side == .left ? -1 : 1
    func map(_ features: Int, _ border: Map.Border) -> Map {
      Map(width: width, height: height, batch: batch, features: features, border: border)
    }
    gates = map(4 * h, .init())
    cells = map(h, .init(left: 1, right: 1))
    states = map(h, .init(top: 1, left: 1, right: 1))
    dSums = Map(width: width, lastRowsOf: batch, features: 4 * h)
    dState = Buffer(batch * h)
    dCell = Buffer(batch * h)
    outside = Buffer(2 * 4 * h)
  }

  func prepare(_ weights: UnsafePointer<Float>) {
    input.transpose(weights)
    state.transpose(weights)
    condition?.transpose(weights)
  }

  /// The column of the i-th cell of a row.
  private func column(_ i: Int) -> Int { before < 0 ? i : width - 1 - i }

  func fillBorders(_ pass: Pass) {
    let outside = column(0) + before
    initial.fill(pass, initial.state, states, rows: -1..<0, columns: 0..<width)
    initial.fill(pass, initial.state, states, rows: 0..<pass.height, columns: outside..<outside + 1)
    initial.fill(pass, initial.cell, cells, rows: 0..<pass.height, columns: outside..<outside + 1)
  }

  func forward(_ pass: Pass, _ x: Map, condition map: Map?, row: Int) {
    let h = states.features
    let bias = input.bias(pass)
    for i in 0..<width {
      let column = self.column(i)
      input.addProducts(pass, of: x, row: row, column: column)
      state.addProducts(pass, of: states, row: row, column: column)
      if let condition, let map { condition.addProducts(pass, of: map, row: row, column: column) }
      let sums = gates.at(row, column)
      pass.products.run(to: prnn_result(sums, stride: 4 * h, bias: bias), rows: pass.batch, columns: 4 * h)
      pass.kernels.lstm(
        sums, cells.at(row, column + before), cells.at(row, column), states.at(row, column), pass.batch, h)
    }
  }

  func startBackward() {
    dSums.buffer.clear()
    outside.clear()
  }

  /// The gradients of a row's sums from those of its states, and the gradients of the weights.
  func backward(
    _ pass: Pass, _ dStates: UnsafePointer<Float>, _ x: Map, condition map: Map?, row: Int,
    gradient: UnsafeMutablePointer<Float>
  ) {
    let h = states.features
    dCell.clear()
    for i in (0..<width).reversed() {
      let column = self.column(i)
      state.addBackwardProducts(pass, of: dSums, row: row, column: column)
      pass.products.run(
        to: prnn_result(dState.start, stride: h).adding(dStates + column * states.columnStride, stride: h),
        rows: pass.batch, columns: h)
      pass.kernels.lstm_backward(
        gates.at(row, column), cells.at(row, column + before), cells.at(row, column), dState.start, dCell.start,
        dSums.at(row, column), pass.batch, h)
    }
    let d = dSums.at(row)
    input.addGradient(pass, to: gradient, of: x, row: row, d: d, rows: pass.rows)
    state.addGradient(pass, to: gradient, of: states, row: row, d: d, rows: pass.rows)
    pass.kernels.sums(dCell.start, h, pass.batch, h, gradient + initial.cell)
    pass.kernels.sums(dSums.at(row, column(0)), 4 * h, pass.batch, 4 * h, outside.start)
    if row == 0 { pass.kernels.sums(d, 4 * h, pass.rows, 4 * h, outside.start + 4 * h) }
  }

  /// Adds to the pass's products what leads to a row of x_l.
  func addBackwardProducts(_ pass: Pass, row: Int) { input.addBackwardProducts(pass, of: dSums, row: row) }

  func addConditionGradient(
    _ pass: Pass, _ map: Map, _ mapGradient: Map, row: Int, gradient: UnsafeMutablePointer<Float>
  ) {
    guard let condition else { return }
    condition.addGradient(pass, to: gradient, of: map, row: row, d: dSums.at(row), rows: pass.rows)
    mapGradient.addProducts(pass, condition, d: dSums, row: row)
  }

  func endBackward(_ pass: Pass, gradient: UnsafeMutablePointer<Float>) {
    initial.addGradient(pass, to: gradient, through: state, outside: outside)
  }
}
