import Glibc
import PixelModels
import Testing

@testable import PixelTraining

/// No sample is told of itself or of a later one.
@Suite struct CausalityTests {
  /// A network that sees its own answer gives the right one too much, whatever the picture: the sum is above 1 then.
  @Test(arguments: PixelRNN.Kind.allCases, [0, 2])
  func probabilitiesOfAllPicturesSumToOne(kind: PixelRNN.Kind, condition: Int) {
    let network = PixelRNN(
      kind: kind, channels: 1, layers: 2, features: 4, headWidth: 4, skip: true, output: .bernoulli,
      condition: condition)
    for (width, height) in [(3, 2), (2, 3)] {
      let example = Example(network, width: width, height: height, batch: 1, seed: 11)
      for i in example.weights.indices { example.weights[i] *= 2 }
      // The pixels of a conditional network's small picture are what they are.
      let free = (0..<width * height).filter { condition == 0 || $0 / width % 2 == 1 || $0 % width % 2 == 1 }
      var total = 0.0
      var likeliest = 0.0
      for picture in 0..<1 << free.count {
        for (bit, pixel) in free.enumerated() { example.samples[pixel] = UInt8(picture >> bit & 1) }
        let p = exp(-example.run(nil))
        total += p
        likeliest = max(likeliest, p)
      }
      #expect(abs(total - 1) < 1e-5)
      // It does distinguish pictures.
      #expect(likeliest > 2 / Double(1 << free.count))
    }
  }

  /// With logits for one channel only, the loss is that channel's and a constant: it must not see later channels.
  @Test(arguments: PixelRNN.Kind.allCases, 0..<3)
  func channelsComeInOrder(kind: PixelRNN.Kind, channel: Int) {
    let network = PixelRNN(kind: kind, channels: 3, layers: 1, features: 6, headWidth: 6)
    let example = Example(network, width: 1, height: 1, batch: 1, seed: 3)
    let layout = ParameterLayout(network)
    for name in ["output.weight", "output.bias"] {
      for (i, index) in layout.range(name).enumerated() where i % 768 / 256 != channel { example.weights[index] = 0 }
    }
    let others = 2 * log(256.0)
    func nats(_ change: Int, _ value: UInt8) -> Double {
      let kept = example.samples[change]
      defer { example.samples[change] = kept }
      example.samples[change] = value
      return example.run(nil) - others
    }
    let total = (0...255).reduce(0.0) { $0 + exp(-nats(channel, UInt8($1))) }
    #expect(abs(total - 1) < 1e-5)
    for other in 0..<3 where other != channel {
      #expect((nats(other, 0) == nats(other, 255)) == (other > channel))
    }
  }
}
