import Glibc
import PixelModels
import Testing

@testable import PixelTraining

@Suite struct WeightsTests {
  let colour = PixelRNN(kind: .pixelCNN, channels: 3, layers: 1, features: 3, headWidth: 3)

  @Test func layoutHasEveryTensorOnce() {
    let layout = ParameterLayout(colour)
    // first: 25 taps (3 rows of 7, and 4) of 3 → 6 features.
    #expect(layout.range("first.weight") == 0..<25 * 18)
    #expect(layout.range("first.bias") == 450..<456)
    #expect(layout.range("output.bias").upperBound == layout.count)
    #expect(layout.count == colour.parameters.reduce(0) { $0 + $1.count })
  }

  @Test func maskHoldsForThePixelItself() {
    let mask = ParameterLayout(colour).mask()
    let layout = ParameterLayout(colour)
    // Mask A, 3 → 6: red leads to green's and blue's two features, green to blue's, blue nowhere.
    let first = mask[layout.range("first.weight")]
    #expect(first.dropLast(18).allSatisfy { $0 })
    #expect(Array(first.suffix(18)) == "001111 000011 000000".filter { $0 != " " }.map { $0 == "1" })
    // Mask B, 3 → 3: each channel also to itself.
    #expect(Array(mask[layout.range("head.1.weight")]) == "111 011 001".filter { $0 != " " }.map { $0 == "1" })
    // All four gates alike.
    let lstm = PixelRNN(kind: .diagonalBiLSTM, channels: 3, layers: 1, features: 3, headWidth: 3)
    let input = ParameterLayout(lstm).mask()[ParameterLayout(lstm).range("block.0.left.input.weight")]
    let row = "111111111111 111111111111 011011011011 011011011011 001001001001 001001001001"
    #expect(Array(input) == row.filter { $0 != " " }.map { $0 == "1" })
    #expect(ParameterLayout(lstm).mask()[ParameterLayout(lstm).range("block.0.left.state.weight")].allSatisfy { $0 })
  }

  @Test(arguments: PixelRNN.Kind.allCases)
  func startWeights(kind: PixelRNN.Kind) {
    let network = PixelRNN(kind: kind, channels: 3, layers: 3, features: 6, headWidth: 8, skip: true)
    let weights = initialWeights(network, seed: 1)
    let layout = ParameterLayout(network)
    #expect(weights == initialWeights(network, seed: 1))
    #expect(weights != initialWeights(network, seed: 2))
    for (weight, isTrained) in zip(weights, layout.mask()) where !isTrained { #expect(weight == 0) }
    if kind == .rowLSTM {
      let bias = weights[layout.range("block.1.input.bias")]
      #expect(Array(bias) == (0..<24).map { (6..<12).contains($0) ? 1 : 0 })
      #expect(weights[layout.range("block.1.initial.h")].allSatisfy { $0 == 0 })
    }
  }

  /// A softmax over values has nothing to say to one over differences: the last layer begins anew.
  @Test func otherOutputs() throws {
    let trained = FloatNetwork(colour, weights: (0..<ParameterLayout(colour).count).map { Float($0) })
    let moved = try #require(trained.withOutput(.differences, seed: 3))
    #expect(moved.network.output == .differences && moved.network.kind == colour.kind)
    let layout = ParameterLayout(moved.network)
    let last = layout.range("output.weight").lowerBound
    #expect(moved.weights[..<last] == trained.weights[..<last])
    #expect(moved.weights[last...] == initialWeights(moved.network, seed: 3)[last...])
    #expect(trained.withOutput(.bernoulli, seed: 3) == nil)
  }

  /// At the start all values are nearly equal: ln 256 nats each; and features stay small through many blocks.
  @Test(arguments: PixelRNN.Kind.allCases)
  func startsNearEqualProbabilities(kind: PixelRNN.Kind) throws {
    let network = PixelRNN(kind: kind, channels: 1, layers: 12, features: 8, headWidth: 8, skip: true)
    let evaluator = NetworkGradient(network, width: 4, height: 4, batch: 1)
    let samples = (0..<16).map { UInt8($0 * 37 % 256) }
    let nats = evaluator.run(weights: initialWeights(network, seed: 1), samples: samples, small: nil, gradient: nil)
    #expect(abs(nats / 16 - log(256.0)) < 0.1)
    let largest = evaluator.maxima
    #expect(try #require(largest["stream"]) < 20)
    #expect(try #require(largest["skip"]) > 0)
    #expect(largest["head.0"] != nil && largest["head.1"] != nil)
    #expect((largest["block.11.reduce"] != nil) == (kind == .pixelCNN))
  }
}
