import PixelKernels
import PixelModels

/// A convolution at work: where its numbers lie, and its products for rows of pixels.
///
/// Masked weights are 0, so the mask needs no arithmetic of its own; their gradient is cleared at the end.
struct MaskedConvolution {
  let shape: PixelRNN.Convolution
  private let weight: Int
  private let biasOffset: Int?
  /// (taps, outputs, inputs)
  private let transposed: Buffer

  var inputs: Int { shape.inputs }
  var outputs: Int { shape.outputs }

  init(_ shape: PixelRNN.Convolution, _ layout: ParameterLayout) {
    self.shape = shape
    weight = layout.range(shape.name + ".weight").lowerBound
    biasOffset = shape.hasBias ? layout.range(shape.name + ".bias").lowerBound : nil
    transposed = Buffer(shape.taps.count * shape.inputs * shape.outputs)
  }

  /// Has to come before the backward of every pass.
  func transpose(_ weights: UnsafePointer<Float>) {
    for tap in shape.taps.indices {
      let from = weights + weight + tap * inputs * outputs
      let to = transposed.start + tap * inputs * outputs
      for i in 0..<inputs { for o in 0..<outputs { to[o * inputs + i] = from[i * outputs + o] } }
    }
  }

  func bias(_ pass: Pass) -> UnsafePointer<Float>? { biasOffset.map { pass.weights + $0 } }

  /// (inputs, outputs)
  func weights(_ pass: Pass, tap: Int = 0) -> UnsafePointer<Float> { pass.weights + weight + tap * inputs * outputs }

  /// (outputs, inputs)
  func transposed(tap: Int = 0) -> UnsafePointer<Float> { UnsafePointer(transposed.start) + tap * inputs * outputs }

  /// Adds to the pass's products what the taps see in `x` from a pixel on.
  func addProducts(_ pass: Pass, of x: Map, row: Int, column: Int = 0) {
    for (index, tap) in shape.taps.enumerated() {
      pass.products.add(
        x.at(row + tap.row, column + tap.column), stride: x.features, times: weights(pass, tap: index),
        stride: outputs, k: inputs)
    }
  }

  /// Adds to the pass's products what the gradients `d` of the outputs say of the inputs from a pixel on: that pixel is
  /// seen by a tap from the other side.
  func addBackwardProducts(_ pass: Pass, of d: Map, row: Int, column: Int = 0) {
    for (index, tap) in shape.taps.enumerated() {
      pass.products.add(
        d.at(row - tap.row, column - tap.column), stride: d.features, times: transposed(tap: index), stride: inputs,
        k: outputs)
    }
  }

  /// Adds the gradient of the weights and the bias from `rows` gradients `d` of the outputs at a pixel and those after it.
  func addGradient(
    _ pass: Pass, to gradient: UnsafeMutablePointer<Float>, of x: Map, row: Int, column: Int = 0,
    d: UnsafePointer<Float>, rows: Int
  ) {
    for (index, tap) in shape.taps.enumerated() {
      pass.kernels.gradient(
        x.at(row + tap.row, column + tap.column), x.features, d, outputs, rows, inputs, outputs,
        gradient + weight + index * inputs * outputs, outputs)
    }
    if let biasOffset { pass.kernels.sums(d, outputs, rows, outputs, gradient + biasOffset) }
  }
}
