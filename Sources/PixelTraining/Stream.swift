import PixelKernels
import PixelModels

/// The 2h features that pass through the network: x_l before block l and x_L before the head, and their gradient.
///
/// A block's backward needs of x_l: of PixelCNN max(0, x_l), of the LSTMs x_l itself. Only that is kept for all blocks.
struct Stream {
  /// For each block what it works on: max(0, x_l) or x_l.
  let inputs: [Map]
  /// x_L; of PixelCNN every x_l in turn.
  let last: Map
  /// The sum of the skip connections.
  let skip: Map?
  /// The gradient with respect to x_l, in turn for every l.
  let gradient: Map
  /// The gradient with respect to the sum of the skip connections.
  let skipGradient: Map?
  private let residual: Bool
  let keepsPositive: Bool

  init(_ network: PixelRNN, width: Int, height: Int, batch: Int) {
    func map(_ border: Map.Border = .init()) -> Map {
      Map(width: width, height: height, batch: batch, features: 2 * network.features, border: border)
    }
    // The tap at the left of Row LSTM's input.
    let border = Map.Border(left: network.kind == .rowLSTM ? 1 : 0)
    inputs = (0..<network.layers).map { _ in map(border) }
    last = map()
    skip = network.skip ? map() : nil
    gradient = map()
    skipGradient = network.skip ? map() : nil
    residual = network.residual
    keepsPositive = network.kind == .pixelCNN
  }

  /// Where a row of x_l goes (0 from the first convolution, l + 1 from block l), with what is added to it.
  func result(_ l: Int, row: Int, bias: UnsafePointer<Float>?) -> prnn_result {
    let stride = last.features
    let target = (keepsPositive || l == inputs.count ? last : inputs[l]).at(row)
    var result = prnn_result(target, stride: stride, bias: bias)
    if residual && l > 0 {
      result = result.adding((keepsPositive ? last : inputs[l - 1]).at(row), stride: stride)
    }
    if keepsPositive && l < inputs.count { result = result.positive(to: inputs[l].at(row), stride: stride) }
    return result
  }
}
