import FoundationEssentials
import PixelModels
import PixelTraining
import Testing

/// The loss and its gradient against those that PyTorch computed in double precision: spec/vectors/pixelrnn, made by
/// spec/reference/make_pixelrnn_vectors.py.
@Suite struct PixelRNNVectorTests {
  private static let folder =
    String(#filePath.dropLast("Tests/PixelTrainingTests/VectorTests.swift".count))
    + "spec/vectors/pixelrnn/"

  @Test(
    arguments: PixelRNN.Kind.allCases.flatMap { kind in
      ["bernoulli", "softmax", "conditional"].map { "\(kind.name)-\($0)" }
    } + ["row-lstm-differences", "diagonal-bilstm-differences"])
  func agrees(name: String) throws {
    let data = try Data(contentsOf: URL(filePath: PixelRNNVectorTests.folder + name + ".safetensors"))
    let file = try SafeTensors(file: [UInt8](data))
    let json = try #require(file.metadata["architecture"])
    let network = try JSONDecoder().decode(PixelRNN.self, from: Data(json.utf8))
    let samples = try #require(file["samples"])
    let pixels = try #require(samples.bytes)
    #expect(samples.shape.last == network.channels)
    let evaluator = NetworkGradient(
      network, width: samples.shape[2], height: samples.shape[1], batch: samples.shape[0])
    var weights: [Float] = []
    for parameter in network.parameters {
      let tensor = try #require(file[parameter.name])
      #expect(tensor.shape == parameter.shape)
      weights += try #require(tensor.floats)
    }
    var gradient = [Float](repeating: 0, count: weights.count)
    let nats: Double
    if network.condition > 0 {
      nats = evaluator.run(
        weights: weights, samples: pixels, small: try #require(file["small"]?.bytes), gradient: &gradient)
    } else {
      nats = evaluator.run(weights: weights, samples: pixels, small: nil, gradient: &gradient)
    }
    let expected = try #require(file["nats"]?.doubles?.first)
    #expect(abs(nats - expected) < 1e-5 * expected)
    let layout = ParameterLayout(network)
    for parameter in network.parameters {
      let from = gradient[layout.range(parameter.name)]
      let theirs = try #require(file["grad." + parameter.name]?.floats)
      func length(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      let difference = length(zip(from, theirs).map { $0 - $1 })
      #expect(difference <= 1e-3 * length(theirs), "\(parameter.name): \(difference) of \(length(theirs))")
    }
  }
}
