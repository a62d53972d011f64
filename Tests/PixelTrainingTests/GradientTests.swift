import ByteCoding
import PixelModels
import Testing

@testable import PixelTraining

/// The gradient against differences of the loss.
@Suite struct GradientTests {
  /// Small networks of every kind of layer.
  static let networks: [(String, PixelRNN)] = {
    var all: [(String, PixelRNN)] = []
    for kind in PixelRNN.Kind.allCases {
      // Groups of 16 features: the kernels leave out what the masks cut off.
      let wide = PixelRNN(kind: kind, channels: 3, layers: 1, features: 48, headWidth: 48)
      all.append(("\(kind.name) wide", wide))
      func network(
        _ name: String, channels: Int, features: Int, residual: Bool = true, skip: Bool = false,
        output: PixelRNN.Output = .softmax, condition: Int = 0
      ) {
        all.append(
          (
            "\(kind.name) \(name)",
            PixelRNN(
              kind: kind, channels: channels, layers: 2, features: features, headWidth: 7, residual: residual,
              skip: skip, output: output, condition: condition)
          ))
      }
      network("gray", channels: 1, features: 3)
      network("colour, skip", channels: 3, features: 5, skip: true)
      network("black and white", channels: 1, features: 4, residual: false, skip: true, output: .bernoulli)
      network("conditional", channels: 3, features: 3, condition: 2)
    }
    return all
  }()

  static let sizes = [(3, 4), (4, 2), (1, 1)]

  @Test(arguments: networks.map(\.0))
  func differences(name: String) throws {
    let network = try #require(GradientTests.networks.first { $0.0 == name }).1
    for (width, height) in network.features > 16 ? [(2, 2)] : GradientTests.sizes {
      let example = Example(network, width: width, height: height, batch: 2, seed: 5)
      var gradient = [Float](repeating: 0, count: example.weights.count)
      let loss = example.run(&gradient)
      let expected = example.reference(example.weights.map(Double.init))
      #expect(abs(loss - expected) <= 1e-5 * expected, "\(width)×\(height)")
      #expect(example.run(nil) == loss)
      let layout = ParameterLayout(network)
      for parameter in network.parameters {
        let range = layout.range(parameter.name)
        // All numbers of a tensor at once, along its gradient, and the first alone.
        let length = range.reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) }.squareRoot()
        let along = example.slope { weights, step in
          for i in range { weights[i] += Double(gradient[i]) / length * step }
        }
        #expect(length == 0 || abs(along - length) < 1e-3 * length, "\(parameter.name) \(width)×\(height)")
        if let index = range.first(where: { example.mask[$0] }) {
          let slope = example.slope { $0[index] += $1 }
          let tolerance = 1e-3 * abs(slope) + 1e-5 * length + 1e-6
          #expect(abs(slope - Double(gradient[index])) < tolerance, "\(parameter.name) \(width)×\(height)")
        }
      }
      for index in gradient.indices where !example.mask[index] { #expect(gradient[index] == 0) }
    }
  }
}

/// A network with weights and pictures, all random.
final class Example {
  let network: PixelRNN
  let width: Int
  let height: Int
  let batch: Int
  let mask: [Bool]
  var weights: [Float]
  var samples: [UInt8]
  var small: [UInt8]?
  private let evaluator: NetworkGradient

  init(_ network: PixelRNN, width: Int, height: Int, batch: Int, seed: UInt64) {
    self.network = network
    self.width = width
    self.height = height
    self.batch = batch
    evaluator = NetworkGradient(network, width: width, height: height, batch: batch)
    var random = SplitMix64(state: seed)
    let mask = ParameterLayout(network).mask()
    self.mask = mask
    // No biases of 0: a ReLU may have no slope there.
    weights = initialWeights(network, seed: seed).enumerated().map {
      mask[$0.offset] ? $0.element + 0.2 * random.uniform() : 0
    }
    let values: UInt64 = network.output == .softmax ? 256 : 2
    func samples(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8((random.next() >> 32) % values) } }
    self.samples = samples(batch * width * height * network.channels)
    if network.condition > 0 {
      small = samples(batch * ((width + 1) / 2) * ((height + 1) / 2) * network.channels)
    }
  }

  func run(_ gradient: UnsafeMutablePointer<Float>?) -> Double {
    guard let small else { return evaluator.run(weights: weights, samples: samples, small: nil, gradient: gradient) }
    return evaluator.run(weights: weights, samples: samples, small: small, gradient: gradient)
  }

  /// The loss by the definition, in double precision.
  func reference(_ weights: [Double]) -> Double {
    let reference = Reference(network, weights)
    func image(_ index: Int, of all: [UInt8]) -> [UInt8] {
      Array(all[index * (all.count / batch)..<(index + 1) * (all.count / batch)])
    }
    return (0..<batch).reduce(0) {
      $0
        + reference.loss(
          image($1, of: samples), small: small.map { [i = $1] in image(i, of: $0) }, width: width, height: height)
    }
  }

  /// The slope of the loss by the definition along a direction: a central difference.
  func slope(_ move: (inout [Double], Double) -> Void) -> Double {
    let step = 1e-6
    func moved(_ step: Double) -> Double {
      var moved = weights.map(Double.init)
      move(&moved, step)
      return reference(moved)
    }
    return (moved(step) - moved(-step)) / (2 * step)
  }
}
