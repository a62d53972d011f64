import PixelModels

/// A local network as a flat array of floats, and back to integers.
///
/// The unit is that of spec/reference/model.py: activations are numbers from 0 to 127/16, differences of 0 are 0, logits
/// are bits. The shifts of the integers stay as they are, so that a weight w of the integers is w / 2^shift (of logits, half
/// of that), and weights of all layers can be trained with one rate.
public struct LocalLayout: Sendable {
  struct Layer: Sendable {
    let name: String
    let inputs: Int
    let outputs: Int
    /// Inputs from here on stand for 0 where they are 64.
    let centred: Int
    /// Steps of the output in its unit: 16, or of logits 32.
    let steps: Float
    /// (inputs, outputs)
    let weights: Range<Int>
    /// (outputs)
    let bias: Range<Int>
  }

  /// The activation that stands for a difference of 0.
  static let zero = 64
  /// Steps of an activation in its unit.
  static let steps: Float = 16
  /// The largest weight of the integers.
  static let weightLimit: Float = 127

  let layers: [Layer]
  /// Numbers in all.
  public let count: Int

  public init(_ a: Architecture) {
    let names =
      ["first"] + (0..<a.layers).map { "block.\($0)" } + (0..<a.channels).flatMap { ["head.\($0)", "logits.\($0)"] }
    var offset = 0
    var layers: [Layer] = []
    for (index, (name, shape)) in zip(names, a.shapes).enumerated() {
      let isLogits = name.hasPrefix("logits")
      let isHead = name.hasPrefix("head")
      let weights = offset..<offset + shape.inputs * shape.outputs
      offset = weights.upperBound + shape.outputs
      layers.append(
        Layer(
          name: name, inputs: shape.inputs, outputs: shape.outputs,
          centred: index == 0 ? 0 : isHead ? a.hidden : shape.inputs, steps: isLogits ? 32 : LocalLayout.steps,
          weights: weights, bias: weights.upperBound..<offset))
    }
    self.layers = layers
    count = offset
  }

  /// The tensors, in the order of the array.
  var parameters: [PixelRNN.Parameter] {
    layers.flatMap { layer in
      [
        PixelRNN.Parameter(name: layer.name + ".weight", shape: [layer.inputs, layer.outputs]),
        PixelRNN.Parameter(name: layer.name + ".bias", shape: [layer.outputs]),
      ]
    }
  }

  /// The numbers of a network in integers. ``network(_:like:)`` gives the same integers again, as long as no bias has
  /// more than 24 bits.
  ///
  /// - Precondition: the network is of this architecture.
  public func weights(of network: Model.LocalNetwork) -> [Float] {
    var flat = [Float](repeating: 0, count: count)
    for (layer, integers) in zip(layers, network.layers) {
      for o in 0..<layer.outputs {
        let unit = layer.unit(shift: integers.shift[o])
        var bias = Int(integers.bias[o])
        for i in 0..<layer.inputs {
          let weight = Int(integers.weights[o * layer.inputs + i])
          flat[layer.weights.lowerBound + i * layer.outputs + o] = Float(weight) / unit
          if i >= layer.centred { bias += weight * LocalLayout.zero }
        }
        flat[layer.bias.lowerBound + o] = Float(bias) / (unit * LocalLayout.steps)
      }
    }
    return flat
  }

  /// Rounds the numbers to a network in integers.
  ///
  /// - Parameters:
  ///   - weights: finite numbers.
  ///   - start: which has the shifts, and mates that stay as they are.
  public func network(_ weights: UnsafePointer<Float>, like start: Model.LocalNetwork) -> Model.LocalNetwork {
    Model.LocalNetwork(
      architecture: start.architecture,
      layers: zip(layers, start.layers).map { layer, before in
        var integers = [Int8](repeating: 0, count: layer.inputs * layer.outputs)
        var bias = [Int32](repeating: 0, count: layer.outputs)
        for o in 0..<layer.outputs {
          let unit = layer.unit(shift: before.shift[o])
          var offset = 0
          for i in 0..<layer.inputs {
            let real = weights[layer.weights.lowerBound + i * layer.outputs + o] * unit
            let limit = LocalLayout.weightLimit
            let weight = Int8(max(-limit, min(limit, real)).rounded())
            integers[o * layer.inputs + i] = weight
            if i >= layer.centred { offset += Int(weight) * LocalLayout.zero }
          }
          let real = Double(weights[layer.bias.lowerBound + o]) * Double(unit * LocalLayout.steps)
          bias[o] = Int32(clamping: Int(max(-0x1p32, min(0x1p32, real)).rounded()) - offset)
        }
        return Model.Layer(
          inputs: layer.inputs, outputs: layer.outputs, weights: integers, bias: bias, shift: before.shift)
      }, mates: start.mates)
  }
}

extension LocalLayout.Layer {
  /// What a weight is multiplied by to become that of the integers.
  func unit(shift: UInt8) -> Float {
    Float(sign: .plus, exponent: Int(shift), significand: steps / LocalLayout.steps)
  }
}
