import PixelKernels
import PixelModels

/// One layer with its weights in the order of the kernels. Owns its memory, so that every tile can own its weights.
package final class IntegerLayer {
  private let weights: UnsafeMutablePointer<Int8>
  private let bias: UnsafeMutablePointer<Int32>
  private let shift: UnsafeMutablePointer<Int32>
  /// Inputs, rounded up to the kernels' 4; the weights of those added are 0.
  package let inputs: Int
  package let outputs: Int

  package init(_ layer: Model.Layer) {
    inputs = (layer.inputs + 3) / 4 * 4
    outputs = layer.outputs
    weights = .allocate(capacity: inputs * outputs)
    weights.initialize(repeating: 0, count: inputs * outputs)
    // (outputs / 16, inputs / 4, 16, 4)
    for o in 0..<outputs {
      for i in 0..<layer.inputs {
        weights[((o / 16 * (inputs / 4) + i / 4) * 16 + o % 16) * 4 + i % 4] = layer.weights[o * layer.inputs + i]
      }
    }
    bias = .allocate(capacity: outputs)
    bias.initialize(from: layer.bias, count: outputs)
    shift = .allocate(capacity: outputs)
    shift.initialize(from: layer.shift.map(Int32.init), count: outputs)
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
