import PixelModels
import Testing

@testable import PixelTraining

@Suite struct QuantiserTests {
  private let network = PixelRNN(kind: .rowLSTM, channels: 1, layers: 1, features: 3, headWidth: 4, output: .bernoulli)

  @Test(arguments: [Float.nan, .infinity, 1e30])
  func numbersThatDoNotFit(value: Float) throws {
    for name in ["head.0.weight", "first.bias", "block.0.input.weight"] {
      var weights = initialWeights(network, seed: 1)
      weights[ParameterLayout(network).range(name).upperBound - 1] = value
      #expect(throws: TrainingError.self) { try Quantiser(network, weights: weights, maxima: [:]).network() }
    }
  }

  /// A softmax does not see what is added to all of its logits, and the integers do not either, be it larger than they can be.
  @Test func commonPartOfTheLogits() throws {
    let network = PixelRNN(kind: .pixelCNN, channels: 3, layers: 1, features: 3, headWidth: 3)
    let layout = ParameterLayout(network)
    let weights = initialWeights(network, seed: 1).map { ($0 * 64).rounded() / 64 }
    var shifted = weights
    for i in layout.range("output.bias") { shifted[i] += 4096 }
    let (a, b) = (Quantiser(network, weights: weights, maxima: [:]), Quantiser(network, weights: shifted, maxima: [:]))
    #expect(try a.network() == b.network())
  }

  /// A weight of 1/2 from a stream of 9 fraction bits to 8 of the head: rows fill the room that 32 bits leave.
  @Test func scales() throws {
    let layout = ParameterLayout(network)
    var weights = [Float](repeating: 0, count: layout.count)
    weights[layout.range("head.0.weight").lowerBound] = 0.5
    // 8192 / (1.125 · 14) = 520 and 8192 / (1.125 · 20) = 364.
    let integers = try Quantiser(network, weights: weights, maxima: ["stream": 14, "head.0": 20]).network()
    let index = try #require(network.fusedLayers.firstIndex { $0.name == "head.0" })
    let layer = integers.layers[index]
    // 0.5 · 2^15 = 16384 is the largest power of two in 16 bits: a sum of 9 + 15 fraction bits, 16 above the outputs' 8.
    #expect(layer.weights[0] == 16384 && layer.shift[0] == 16 && layer.bias[0] == 1 << 15)
    #expect(integers.unboundedLayer() == nil && integers.obeysMasks)
  }
}
