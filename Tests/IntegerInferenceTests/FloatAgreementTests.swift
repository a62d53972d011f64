import EntropyCoding
import FoundationEssentials
import Glibc
import PixelKernels
import PixelModels
import Testing

@testable import PixelTraining

/// The integer networks against what PyTorch computed in double precision with the same weights.
@Suite struct FloatAgreementTests {
  static let folder =
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/spec/vectors/pixelrnn/"

  @Test(arguments: [
    "pixel-cnn-bernoulli", "pixel-cnn-softmax", "pixel-cnn-conditional", "row-lstm-bernoulli", "row-lstm-softmax",
    "row-lstm-conditional", "diagonal-bilstm-bernoulli", "diagonal-bilstm-softmax", "diagonal-bilstm-conditional",
    "row-lstm-differences", "diagonal-bilstm-differences",
  ])
  func integersAgreeWithFloats(name: String) throws {
    let tensors = try SafeTensors(file: [UInt8](Data(contentsOf: URL(filePath: Self.folder + name + ".safetensors"))))
    let network = try JSONDecoder().decode(
      PixelRNN.self, from: Data(try #require(tensors.metadata["architecture"]).utf8))
    let weights = try network.parameters.flatMap { try #require(tensors[$0.name]?.floats) }
    let samples = try #require(tensors["samples"])
    var maxima = Dictionary(uniqueKeysWithValues: network.convolutions.map { ($0.name, Float(4)) })
    maxima["stream"] = 4
    maxima["upsample"] = 4
    maxima["skip"] = 4
    let integers = try Quantiser(network, weights: weights, maxima: maxima).network()
    #expect(integers.unboundedLayer() == nil && integers.obeysMasks)
    // Those of half the size are every second row and column of these.
    let data = TrainingData(
      width: samples.shape[2], height: samples.shape[1], channels: network.channels,
      samples: try #require(samples.bytes))
    let nats = try #require(tensors["nats"]?.doubles?.first)
    #expect(abs(integers.likelihood(of: data) / nats - 1) < 0.002)
  }
}
