import PixelModels

/// Where the tensors of a network lie in a flat array: in the order of `PixelRNN.parameters`, without gaps.
public struct ParameterLayout: Sendable {
  /// Numbers in all.
  public let count: Int
  private let ranges: [String: Range<Int>]
  let network: PixelRNN

  public init(_ network: PixelRNN) {
    var ranges: [String: Range<Int>] = [:]
    var offset = 0
    for parameter in network.parameters {
      ranges[parameter.name] = offset..<offset + parameter.count
      offset += parameter.count
    }
    self.ranges = ranges
    self.network = network
    count = offset
  }

  /// Where the tensor called `name` lies.
  ///
  /// - Precondition: the network has such a tensor.
  public func range(_ name: String) -> Range<Int> { ranges[name]! }

  /// For each number whether it is trained; false for the weights that a mask takes away.
  public func mask() -> [Bool] {
    var mask = [Bool](repeating: true, count: count)
    for convolution in network.convolutions where convolution.mask != nil {
      let range = self.range(convolution.name + ".weight")
      let last = range.upperBound - convolution.inputs * convolution.outputs
      for i in 0..<convolution.inputs {
        for o in 0..<convolution.outputs {
          mask[last + i * convolution.outputs + o] = network.allows(convolution, input: i, output: o)
        }
      }
    }
    return mask
  }
}
