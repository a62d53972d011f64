import ByteCoding
import PixelModels

/// Start weights of a network, the same for the same seed.
///
/// Weights are uniform with variance 2 / n before a ReLU and 1 / n elsewhere, n the inputs that the masks leave an
/// output. `expand` is smaller by √layers, so that a deep residual network starts near its first convolution; `skip`
/// likewise, and the output by 10, so that it starts near equal probabilities. Biases and initial states are 0; those of
/// forget gates 1.
public func initialWeights(_ network: PixelRNN, seed: UInt64) -> [Float] {
  let layout = ParameterLayout(network)
  let mask = layout.mask()
  var weights = [Float](repeating: 0, count: layout.count)
  var random = SplitMix64(state: seed)
  for convolution in network.convolutions {
    let range = layout.range(convolution.name + ".weight")
    let fan = convolution.taps.count * convolution.inputs
    // Masks leave the outputs of different groups different numbers of inputs: the mean of them counts.
    let left = range.reduce(0) { mask[$1] ? $0 + 1 : $0 }
    let inputs = max(1, Float(left) / Float(range.count) * Float(fan))
    let bound = convolution.gain(in: network) * (3 / inputs).squareRoot()
    for index in range {
      let value = random.uniform() * bound
      if mask[index] { weights[index] = value }
    }
    guard convolution.gates == 4, convolution.hasBias else { continue }
    let bias = layout.range(convolution.name + ".bias")
    let h = convolution.outputs / 4
    for index in bias.lowerBound + h..<bias.lowerBound + 2 * h { weights[index] = 1 }
  }
  return weights
}

extension PixelRNN.Convolution {
  /// The standard deviation of the output's numbers for inputs of variance 1.
  fileprivate func gain(in network: PixelRNN) -> Float {
    let part = name.split(separator: ".").last!
    switch part {
    case "reduce", "middle": return Float(2).squareRoot()
    case "expand": return network.residual ? 1 / Float(network.layers).squareRoot() : 1
    case "skip": return 1 / Float(network.layers).squareRoot()
    case "output": return 0.1
    default: return name.hasPrefix("head.") || name.hasPrefix("upsample.") ? Float(2).squareRoot() : 1
    }
  }
}

extension SplitMix64 {
  /// -1 ..< 1
  mutating func uniform() -> Float { Float(Int64(bitPattern: next()) >> 40) / Float(1 << 23) }
}
