import FoundationEssentials
import PixelModels

/// A network and its weights in floats.
public struct FloatNetwork: Equatable, Sendable {
  public let network: PixelRNN
  /// In the order of ``ParameterLayout``; masked ones are 0.
  public var weights: [Float]

  /// - Precondition: there are as many weights as the network has.
  public init(_ network: PixelRNN, weights: [Float]) {
    precondition(weights.count == ParameterLayout(network).count)
    self.network = network
    self.weights = weights
  }

  /// Reads the networks of a safetensors file: one, or those of a multi-scale stack, coarsest first.
  ///
  /// - Throws: `SafeTensorsError` or ``TrainingError``.
  public static func read(_ file: [UInt8]) throws -> [FloatNetwork] {
    let file = try SafeTensors(file: file)
    if let json = file.metadata["architectures"] {
      let networks: [PixelRNN] = try decoded(json)
      guard !networks.isEmpty else { throw TrainingError.noArchitecture }
      return try networks.enumerated().map { level, network in
        let weights = try file.numbers(of: network.parameters, prefix: "level.\(level).")
        return FloatNetwork(network, weights: masked(weights, network))
      }
    }
    guard let json = file.metadata["architecture"] else { throw TrainingError.noArchitecture }
    let network: PixelRNN = try decoded(json)
    return [FloatNetwork(network, weights: masked(try file.numbers(of: network.parameters, prefix: ""), network))]
  }

  /// The bytes of a safetensors file that ``read(_:)`` takes.
  public static func serialized(_ networks: [FloatNetwork]) -> [UInt8] {
    if networks.count == 1 {
      let only = networks[0]
      return SafeTensors(
        tensors: tensors(only.weights, of: only.network.parameters, prefix: ""),
        metadata: ["architecture": encoded(only.network)]
      ).serialized()
    }
    let all = networks.enumerated().flatMap { level, one in
      tensors(one.weights, of: one.network.parameters, prefix: "level.\(level).")
    }
    return SafeTensors(tensors: all, metadata: ["architectures": encoded(networks.map(\.network))]).serialized()
  }

  /// The network with a softmax of another kind, and weights of its last layer by a seed; nil where there is no such network.
  public func withOutput(_ output: PixelRNN.Output, seed: UInt64) -> FloatNetwork? {
    var other = network
    other.output = output
    guard network.output != .bernoulli, output != .bernoulli else { return nil }
    var moved = FloatNetwork(other, weights: weights)
    let (layout, fresh) = (ParameterLayout(other), initialWeights(other, seed: seed))
    for range in [layout.range("output.weight"), layout.range("output.bias")] {
      moved.weights.replaceSubrange(range, with: fresh[range])
    }
    return moved
  }

  /// Weights with 0 where a mask is.
  private static func masked(_ weights: [Float], _ network: PixelRNN) -> [Float] {
    zip(weights, ParameterLayout(network).mask()).map { $1 ? $0 : 0 }
  }

  private static func decoded<T: Decodable>(_ json: String) throws -> T {
    do { return try JSONDecoder().decode(T.self, from: Data(json.utf8)) } catch { throw TrainingError.noArchitecture }
  }
}

/// JSON with keys in order.
func encoded(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  // Finite numbers and strings only: encoding cannot fail.
  return String(decoding: try! encoder.encode(value), as: UTF8.self)
}

/// Tensors from a flat array, in which they lie without gaps.
func tensors(_ numbers: [Float], of parameters: [PixelRNN.Parameter], prefix: String) -> [SafeTensors.Tensor] {
  var rest = numbers[...]
  return parameters.map { parameter in
    let values = rest.prefix(parameter.count)
    rest = rest.dropFirst(parameter.count)
    return SafeTensors.Tensor(
      name: prefix + parameter.name, shape: parameter.shape, values: .float32(Array(values)))
  }
}

extension SafeTensors {
  /// Tensors as a flat array.
  ///
  /// - Throws: ``TrainingError/otherNetwork(_:)`` when one is missing or of another shape.
  func numbers(of parameters: [PixelRNN.Parameter], prefix: String) throws(TrainingError) -> [Float] {
    let byName = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    var numbers: [Float] = []
    for parameter in parameters {
      let name = prefix + parameter.name
      guard let tensor = byName[name], let values = tensor.floats else { throw .otherNetwork("it has no \(name)") }
      guard tensor.shape == parameter.shape else { throw .otherNetwork("\(name) has the shape \(tensor.shape)") }
      numbers += values
    }
    return numbers
  }
}
