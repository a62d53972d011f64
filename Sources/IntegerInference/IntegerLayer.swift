import PixelKernels
import PixelModels

/// One layer with its weights in the order of the kernels. Owns its memory, so that every tile can own its weights.
package final class IntegerLayer {
  /// (outputs / 16, inputs / 4, 16, 4)
  let weights: UnsafeMutablePointer<Int8>
  /// (outputs)
  let bias: UnsafeMutablePointer<Int32>
  private let shift: UnsafeMutablePointer<Int32>
  /// Inputs, rounded up to the kernels' 4, or to 16 where the layer learns; the weights of those added are 0.
  package let inputs: Int
  package let outputs: Int

  package convenience init(_ layer: Model.Layer) {
    self.init(inputs: (layer.inputs + 3) / 4 * 4, outputs: layer.outputs, shift: layer.shift)
    for o in 0..<outputs {
      for i in 0..<layer.inputs {
        weights[((o / 16 * (inputs / 4) + i / 4) * 16 + o % 16) * 4 + i % 4] = layer.weights[o * layer.inputs + i]
      }
    }
    bias.update(from: layer.bias, count: outputs)
  }

  /// A layer whose weights and biases are 0.
  ///
  /// - Parameter inputs: a multiple of 4.
  init(inputs: Int, outputs: Int, shift: [UInt8]) {
    self.inputs = inputs
    self.outputs = outputs
    weights = .allocate(capacity: inputs * outputs)
    weights.initialize(repeating: 0, count: inputs * outputs)
    bias = .allocate(capacity: outputs)
    bias.initialize(repeating: 0, count: outputs)
    self.shift = .allocate(capacity: outputs)
    self.shift.initialize(from: shift.map(Int32.init), count: outputs)
  }

  deinit {
    weights.deallocate()
    bias.deallocate()
    shift.deallocate()
  }

  /// `count` rows of `input` to as many rows of `output`; strides in elements.
  package func run(
    _ kernels: Kernels, _ input: UnsafePointer<UInt8>, stride: Int, to output: UnsafeMutableRawPointer,
    outputStride: Int, count: Int, as kind: prnn_dense_output
  ) {
    var layer = prnn_dense_layer(
      inputs: Int32(inputs), outputs: Int32(outputs), weights: weights, bias: bias, shift: shift)
    kernels.table.dense(&layer, input, stride, output, outputStride, count, kind)
  }
}
