import PixelKernels
import PixelModels

/// One channel group's part of a fused layer, with its weights in the order of the kernels.
final class WideLayer {
  private let weights: FeatureBuffer
  private let bias: UnsafeMutablePointer<Int32>
  private let shift: UnsafeMutablePointer<Int32>
  /// Numbers of an input row, a multiple of 2.
  let inputs: Int
  /// A multiple of 16.
  let outputs: Int

  /// - Parameters:
  ///   - group: the channel whose outputs are computed.
  ///   - slots: for each input of the layer its place in the input row.
  init(
    _ layer: IntegerPixelRNN.WideLayer, _ fused: PixelRNN.FusedLayer, group: Int, layout: FeatureLayout,
    slots: [Int], inputs width: Int
  ) {
    let gates = fused.parts[0].gates
    let features = fused.outputs / gates
    inputs = (width + 1) / 2 * 2
    outputs = gates * layout.groupWidth
    weights = FeatureBuffer(rows: outputs, width: inputs)
    bias = .allocate(capacity: outputs)
    bias.initialize(repeating: 0, count: outputs)
    shift = .allocate(capacity: outputs)
    shift.initialize(repeating: 0, count: outputs)
    for feature in 0..<features where layout.group(feature) == group {
      for gate in 0..<gates {
        let from = gate * features + feature
        let to = gate * layout.groupWidth + feature - layout.start(group)
        bias[to] = layer.bias[from]
        shift[to] = Int32(layer.shift[from])
        // (outputs / 16, inputs / 2, 16, 2)
        for (i, slot) in slots.enumerated() {
          weights.base[((to / 16 * (inputs / 2) + slot / 2) * 16 + to % 16) * 2 + slot % 2] =
            layer.weights[from * fused.inputs + i]
        }
      }
    }
  }

  deinit {
    bias.deallocate()
    shift.deallocate()
  }

  /// `count` rows of `input` to as many of `output`; strides in elements.
  func run(
    _ kernels: Kernels, _ input: UnsafePointer<Int16>, stride: Int, to output: UnsafeMutablePointer<Int16>,
    outputStride: Int, count: Int, as kind: prnn_wide_output
  ) {
    var layer = prnn_wide_layer(
      inputs: Int32(inputs), outputs: Int32(outputs), weights: weights.base, bias: bias, shift: shift)
    kernels.table.wide(&layer, input, stride, output, outputStride, count, kind)
  }
}
