import EntropyCoding
import FoundationEssentials
import Glibc
import PixelKernels
import PixelModels
import PixelTraining
import Testing

@testable import IntegerInference

/// Adds up what samples cost.
private struct Meter: SymbolCoder {
  var nats = 0.0

  mutating func code(
    _ sample: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8 {
    nats -= log(Double(prnn_frequency(distribution, UInt32(sample &- centre))) / Double(total))
    return sample
  }
}

/// The integer networks against what PyTorch computed in double precision with the same weights.
@Suite struct FloatAgreementTests {
  static let folder =
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 } + "/spec/vectors/pixelrnn/"

  @Test(arguments: [
    "pixel-cnn-bernoulli", "pixel-cnn-softmax", "pixel-cnn-conditional", "row-lstm-bernoulli", "row-lstm-softmax",
    "row-lstm-conditional", "diagonal-bilstm-bernoulli", "diagonal-bilstm-softmax", "diagonal-bilstm-conditional",
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
    func lot(_ tensor: SafeTensors.Tensor) throws -> LotSamples {
      let lot = LotSamples(
        LotSize(width: tensor.shape[2], height: tensor.shape[1], count: tensor.shape[0]), channels: network.channels,
        isBernoulli: network.output == .bernoulli)
      for (i, v) in try #require(tensor.bytes).enumerated() { lot.samples[i] = v }
      return lot
    }
    let small = try tensors["small"].map(lot)
    if let small {
      for image in 0..<small.size.count {
        for row in 0..<small.size.height {
          for column in 0..<small.size.width {
            for channel in 0..<network.channels { small.show(image, row, column, channel) }
          }
        }
      }
    }
    var meters = [Meter()]
    let plain = ValueWeights(Array(repeating: nil, count: network.channels))
    PixelRNNCoder(integers, kernels: .fastest).run(
      try lot(samples), small: small,
      isKnown: small == nil ? nil : { _, row, column in row % 2 == 0 && column % 2 == 0 },
      plain, &meters)
    let nats = try #require(tensors["nats"]?.doubles?.first)
    #expect(abs(meters[0].nats / nats - 1) < 0.002)
  }
}
