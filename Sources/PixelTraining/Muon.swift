import Glibc
import PixelKernels
import PixelModels

/// Which weights of a network the optimiser takes as what, when it is not the same for all.
///
/// *Matrices* between features go by Muon (Jordan and others 2024): the step for a matrix (taps · inputs, outputs) is the nearest
/// orthogonal one to its momentum, so that all of its directions are learned equally fast; as large as Adam's at the same rate
/// (Liu and others 2025). The layer before a 256-way softmax goes by Adam on sums of cosines over the values, of which the low
/// frequencies move faster: what is learned of a value then holds for its neighbours. All else goes by Adam.
public struct MuonPlan: Equatable, Sendable {
  struct Matrix: Equatable, Sendable {
    let range: Range<Int>
    let rows: Int
    let columns: Int
  }

  let matrices: [Matrix]
  /// Rows of 256 weights of values.
  let valueRows: [Range<Int>]
  /// Masked weights: 0 whatever the step.
  let masked: [Int]

  public init(_ network: PixelRNN) {
    let layout = ParameterLayout(network)
    matrices = network.convolutions.filter { $0.name != "first" && $0.name != "output" }.map {
      Matrix(range: layout.range($0.name + ".weight"), rows: $0.taps.count * $0.inputs, columns: $0.outputs)
    }
    valueRows = network.output == .bernoulli ? [] : [layout.range("output.weight"), layout.range("output.bias")]
    masked = layout.mask().enumerated().filter { !$0.element }.map(\.offset)
  }
}

/// The arithmetic of Muon.
enum Muon {
  static let momentum: Float = 0.95

  /// The step of a matrix from its gradient.
  ///
  /// - Parameter momentum: (rows, columns), moved towards the gradient.
  static func step(_ matrix: MuonPlan.Matrix, gradient: ArraySlice<Float>, momentum: inout ArraySlice<Float>) -> [Float]
  {
    let keep = Muon.momentum
    var mixed = [Float](repeating: 0, count: matrix.range.count)
    for (i, at) in matrix.range.enumerated() {
      momentum[at] += (1 - keep) * (gradient[at] - momentum[at])
      mixed[i] = gradient[at] + keep * (momentum[at] - gradient[at])
    }
    let size = 0.2 * Float(max(matrix.rows, matrix.columns)).squareRoot()
    return orthogonal(mixed, rows: matrix.rows, columns: matrix.columns).map { $0 * size }
  }

  /// A matrix with its singular values moved near 1, by five steps of Newton and Schulz.
  static func orthogonal(_ g: [Float], rows: Int, columns: Int) -> [Float] {
    guard rows <= columns else {
      let turned = orthogonal(transposed(g, rows: rows, columns: columns), rows: columns, columns: rows)
      return transposed(turned, rows: columns, columns: rows)
    }
    let (a, b, c): (Float, Float, Float) = (3.4445, -4.7750, 2.0315)
    let length = Float(norm(g)) + 1e-7
    var x = g.map { $0 / length }
    for _ in 0..<5 {
      let s = product(x, transposed(x, rows: rows, columns: columns), rows, columns, rows)
      let square = product(s, s, rows, rows, rows)
      let p = zip(s, square).map { b * $0 + c * $1 }
      x = zip(x, product(p, x, rows, rows, columns)).map { a * $0 + $1 }
    }
    return x
  }

  /// (rows, k) times (k, columns)
  static func product(_ a: [Float], _ b: [Float], _ rows: Int, _ k: Int, _ columns: Int) -> [Float] {
    var y = [Float](repeating: 0, count: rows * columns)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        y.withUnsafeMutableBufferPointer { y in
          var term = prnn_term(
            a: a.baseAddress, a_stride: k, b: b.baseAddress, b_stride: columns, k: k, spans: nil)
          var result = prnn_result()
          result.y = y.baseAddress
          result.y_stride = columns
          prnn_float_kernels_fastest().pointee.products(&term, 1, &result, rows, columns)
        }
      }
    }
    return y
  }

  private static func transposed(_ x: [Float], rows: Int, columns: Int) -> [Float] {
    var y = [Float](repeating: 0, count: x.count)
    for r in 0..<rows { for c in 0..<columns { y[c * rows + r] = x[r * columns + c] } }
    return y
  }
}

/// Weights of the 256 values as sums of cosines.
struct ValueCosines: Sendable {
  /// (frequency, value)
  private let basis: [Float]
  /// (value, frequency)
  private let turned: [Float]

  static let shared = ValueCosines()

  init() {
    var basis = [Float](repeating: 0, count: 256 * 256)
    var turned = basis
    for frequency in 0..<256 {
      for value in 0..<256 {
        let angle = Double.pi * Double(frequency) * (Double(value) + 0.5) / 256
        let size = 8 / (1 + Double(frequency) / 8)
        basis[frequency * 256 + value] = Float(cos(angle) * size)
        turned[value * 256 + frequency] = basis[frequency * 256 + value]
      }
    }
    (self.basis, self.turned) = (basis, turned)
  }

  /// The gradient of the coefficients from that of the weights, (n, 256) each. That of the constant is 0: a softmax does not
  /// see it, and what rounding makes of it Adam would turn into a walk.
  func analysed(_ rows: [Float]) -> [Float] {
    var result = Muon.product(rows, turned, rows.count / 256, 256, 256)
    for i in stride(from: 0, to: result.count, by: 256) { result[i] = 0 }
    return result
  }

  /// The weights of coefficients.
  func synthesised(_ rows: [Float]) -> [Float] { Muon.product(rows, basis, rows.count / 256, 256, 256) }
}
