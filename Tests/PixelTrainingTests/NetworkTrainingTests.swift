import ByteCoding
import PixelModels
import Testing

@testable import PixelTraining

/// The loop with real networks.
@Suite struct NetworkTrainingTests {
  /// 36 pictures of 6 × 5 with stripes, and noise of a known kind: a row is all 0 or all 200, in the middle ± 1.
  private func pictures(channels: Int, bits: Bool) -> TrainingData {
    var random = SplitMix64(state: 9)
    var samples: [UInt8] = []
    for _ in 0..<36 {
      for _ in 0..<5 {
        let row: UInt8 = random.below(2) == 0 ? 0 : bits ? 1 : 200
        samples += Array(repeating: row, count: 6 * channels)
      }
    }
    return TrainingData(width: 6, height: 5, channels: channels, samples: samples)
  }

  private func begin(_ network: PixelRNN, _ data: TrainingData, steps: Int) -> Checkpoint {
    var c = TrainingConfiguration()
    c.batch = 12
    c.shard = 5
    c.learningRate = 0.01
    c.warmUp = 5
    c.clip = 50
    c.average = 0.9
    (c.length, c.unit) = (Double(steps), .steps)
    return Checkpoint(FloatNetwork(network, weights: initialWeights(network, seed: 2)), configuration: c, data: data)
  }

  static let networks = [
    PixelRNN(kind: .pixelCNN, channels: 1, layers: 2, features: 6, headWidth: 8, output: .bernoulli),
    PixelRNN(kind: .rowLSTM, channels: 3, layers: 1, features: 6, headWidth: 9, skip: true),
    PixelRNN(kind: .diagonalBiLSTM, channels: 1, layers: 2, features: 4, headWidth: 8, residual: false, condition: 3),
  ]

  @Test(arguments: networks) func resumingIsExactOnAnyThreads(_ network: PixelRNN) throws {
    let data = pictures(channels: network.channels, bits: network.output == .bernoulli)
    func run(_ start: Checkpoint, steps: Int, threads: Int) throws -> Checkpoint {
      let trainer = try Trainer(start, data: data, validation: data, threads: threads)
      for _ in 0..<steps { _ = try trainer.step() }
      var end = try Checkpoint(file: trainer.checkpoint.serialized())
      end.progress.seconds = 0
      return end
    }
    let start = begin(network, data, steps: 20)
    let whole = try run(start, steps: 20, threads: 1)
    let half = try run(start, steps: 10, threads: 2)
    #expect(try run(half, steps: 10, threads: 2) == whole)
    #expect(whole.weights != start.weights)
  }

  @Test(arguments: networks) func itLearns(_ network: PixelRNN) throws {
    let data = pictures(channels: network.channels, bits: network.output == .bernoulli)
    let trainer = try Trainer(begin(network, data, steps: 150), data: data, validation: data, threads: 2)
    let before = try #require(trainer.validate())
    while !trainer.isFinished { _ = try trainer.step() }
    let after = try #require(trainer.validate())
    #expect(after < before / 2)
    // The masked weights are where they were.
    let mask = ParameterLayout(network).mask()
    #expect(zip(trainer.checkpoint.average, mask).allSatisfy { $0 == 0 || $1 })
    // The likelihood of its own is the same, whatever the threads.
    let result = FloatNetwork(network, weights: trainer.checkpoint.average)
    #expect(abs(result.likelihood(of: data) / 36 - after) < 1e-4 * after)
    #expect(result.likelihood(of: data) == result.likelihood(of: data, threads: 3))
  }

  /// One large magnitude leaves the stream of a trained network no fraction bits; its pictures ask for more.
  @Test func outliersAreClampedWhereThatIsCheaper() throws {
    let network = Self.networks[0]
    let data = pictures(channels: network.channels, bits: network.output == .bernoulli)
    let trainer = try Trainer(begin(network, data, steps: 150), data: data, validation: data, threads: 2)
    while !trainer.isFinished { _ = try trainer.step() }
    let weights = trainer.checkpoint.average
    let trained = FloatNetwork(network, weights: weights)
    let floats = trained.likelihood(of: data)
    var maxima = ModelExport.maxima(trained, data)
    maxima["stream"] = 5000
    let plain = try Quantiser(network, weights: weights, maxima: maxima).network()
    let best = try Quantiser.best(network, weights: weights, maxima: maxima, trial: data)
    #expect(plain.likelihood(of: data) > 1.05 * floats)
    #expect(best.likelihood(of: data) - floats < (plain.likelihood(of: data) - floats) / 2)
    #expect(best.unboundedLayer() == nil && best.obeysMasks)
  }
}
