import PixelKernels
import PixelModels

/// The learned states that an LSTM sees outside the picture: where their h numbers lie among the weights.
struct InitialStates {
  /// Of the hidden state.
  let state: Int
  let cell: Int
  private let features: Int

  /// - Parameter prefix: of the tensors' names, with its point.
  init(_ prefix: String, _ layout: ParameterLayout, features: Int) {
    state = layout.range(prefix + "initial.h").lowerBound
    cell = layout.range(prefix + "initial.c").lowerBound
    self.features = features
  }

  /// Fills pixels of a map with the numbers at `offset`.
  func fill(_ pass: Pass, _ offset: Int, _ map: Map, rows: Range<Int>, columns: Range<Int>) {
    for row in rows {
      for column in columns {
        for i in 0..<pass.batch {
          (map.at(row, column) + i * features).update(from: pass.weights + offset, count: features)
        }
      }
    }
  }

  /// Adds the gradient of the hidden state, seen by the taps of `convolution` from pixels outside; `outside` holds for
  /// each tap the sum of the gradients of those outputs that saw it.
  func addGradient(
    _ pass: Pass, to gradient: UnsafeMutablePointer<Float>, through convolution: MaskedConvolution, outside: Buffer
  ) {
    let sums = convolution.outputs
    for tap in convolution.shape.taps.indices {
      pass.products.add(
        outside.start + tap * sums, stride: sums, times: convolution.transposed(tap: tap), stride: features, k: sums)
    }
    let to = gradient + state
    pass.products.run(
      to: prnn_result(to, stride: features).adding(to, stride: features), rows: 1, columns: features)
  }
}
