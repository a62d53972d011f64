import PixelKernels
import PixelModels

/// A convolution at work: where its numbers lie, and its products for rows of pixels.
///
/// Masked weights are 0, so the mask needs no arithmetic of its own, and of the groups of features that it cuts off from
/// each other the products are left out (``Spans``). The gradient of masked weights is cleared at the end.
struct MaskedConvolution {
  let shape: PixelRNN.Convolution
  private let weight: Int
  private let biasOffset: Int?
  /// (taps, outputs, inputs)
  private let transposed: Buffer
  /// Of the last tap's weights, and of each gate's part of them transposed.
  private let spans: Spans?
  private let transposedSpans: [Spans]

  var inputs: Int { shape.inputs }
  var outputs: Int { shape.outputs }

  init(_ shape: PixelRNN.Convolution, _ layout: ParameterLayout) {
    let network = layout.network
    let isMasked = shape.mask != nil && network.channels > 1
    let outputs = shape.outputs / shape.gates
    self.shape = shape
    spans =
      isMasked
      ? Spans(rows: shape.inputs, columns: shape.outputs) { network.allows(shape, input: $0, output: $1) } : nil
    transposedSpans =
      isMasked
      ? (0..<shape.gates).map { gate in
        Spans(rows: outputs, columns: shape.inputs) {
          network.allows(shape, input: $1, output: gate * outputs + $0)
        }
      } : []
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

  private func spans(tap: Int) -> UnsafePointer<prnn_span>? { tap + 1 == shape.taps.count ? spans?.start : nil }

  /// Adds to the pass's products what the taps see in `x` from a pixel on.
  func addProducts(_ pass: Pass, of x: Map, row: Int, column: Int = 0) {
    for (index, tap) in shape.taps.enumerated() {
      pass.products.add(
        x.at(row + tap.row, column + tap.column), stride: x.features, times: weights(pass, tap: index),
        stride: outputs, k: inputs, spans: spans(tap: index))
    }
  }

  /// Adds to the pass's products what the gradients `d` of the outputs say of the inputs from a pixel on: that pixel is
  /// seen by a tap from the other side.
  func addBackwardProducts(_ pass: Pass, of d: Map, row: Int, column: Int = 0) {
    for (index, tap) in shape.taps.enumerated() {
      addBackwardProducts(pass, d.at(row - tap.row, column - tap.column), stride: d.features, tap: index)
    }
  }

  /// The same of one tap.
  func addBackwardProducts(_ pass: Pass, _ d: UnsafePointer<Float>, stride: Int, tap: Int) {
    if transposedSpans.isEmpty || tap + 1 < shape.taps.count {
      pass.products.add(d, stride: stride, times: transposed(tap: tap), stride: inputs, k: outputs)
    } else {
      let k = outputs / shape.gates
      for (gate, spans) in transposedSpans.enumerated() {
        pass.products.add(
          d + gate * k, stride: stride, times: transposed(tap: tap) + gate * k * inputs, stride: inputs, k: k,
          spans: spans.start)
      }
    }
  }

  /// Adds the gradient of the weights and the bias from `rows` gradients `d` of the outputs, at a pixel and after it.
  func addGradient(
    _ pass: Pass, to gradient: UnsafeMutablePointer<Float>, of x: Map, row: Int, column: Int = 0,
    d: UnsafePointer<Float>, rows: Int
  ) {
    for (index, tap) in shape.taps.enumerated() {
      pass.kernels.gradient(
        x.at(row + tap.row, column + tap.column), x.features, d, outputs, rows, inputs, outputs, spans(tap: index),
        gradient + weight + index * inputs * outputs, outputs)
    }
    if let biasOffset { pass.kernels.sums(d, outputs, rows, outputs, gradient + biasOffset) }
  }
}

/// Where a matrix that a mask has emptied in part has numbers: for some columns at a time, from which row to which.
final class Spans {
  let start: UnsafePointer<prnn_span>
  private let memory: UnsafeMutablePointer<prnn_span>

  init(rows: Int, columns: Int, has: (_ row: Int, _ column: Int) -> Bool) {
    let width = Int(PRNN_SPAN_COLUMNS)
    memory = .allocate(capacity: (columns + width - 1) / width)
    start = UnsafePointer(memory)
    for (index, first) in stride(from: 0, to: columns, by: width).enumerated() {
      let some = first..<min(first + width, columns)
      let filled = (0..<rows).filter { row in some.contains { has(row, $0) } }
      let span = prnn_span(begin: UInt32(filled.first ?? 0), end: UInt32((filled.last ?? -1) + 1))
      (memory + index).initialize(to: span)
    }
  }

  deinit { memory.deallocate() }
}
