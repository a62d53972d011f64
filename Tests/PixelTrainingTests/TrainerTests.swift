import PixelModels
import Testing

@testable import PixelTraining

/// A loss that stands for a network: Σ (w_i - s_i)² / 2 with s_i = sample (i modulo dims) / 16 of the picture; of the small
/// one when there is any.
final class Quadratic: GradientSource {
  let parameters: Int
  let dims: Int
  let smallDims: Int
  let batch: Int

  init(parameters: Int, dims: Int, smallDims: Int = 0, batch: Int) {
    self.parameters = parameters
    self.dims = dims
    self.smallDims = smallDims
    self.batch = batch
  }

  func run(
    weights: UnsafePointer<Float>, samples: UnsafePointer<UInt8>, small: UnsafePointer<UInt8>?,
    gradient: UnsafeMutablePointer<Float>?
  ) -> Double {
    var sum = 0.0
    for picture in 0..<batch {
      for i in 0..<parameters {
        let sample = small.map { $0[picture * smallDims + i % smallDims] } ?? samples[picture * dims + i % dims]
        let difference = weights[i] - Float(sample) / 16
        sum += Double(difference) * Double(difference) / 2
        gradient?[i] += difference
      }
    }
    return sum
  }
}

@Suite struct TrainerTests {
  private let network = PixelRNN(kind: .rowLSTM, channels: 1, layers: 1, features: 2, headWidth: 2)
  private let data = TrainingData(
    width: 3, height: 3, channels: 1, samples: (0..<50 * 9).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 7) })

  private func begin(_ set: (inout TrainingConfiguration) -> Void = { _ in }) -> Checkpoint {
    var c = TrainingConfiguration()
    c.batch = 20
    c.shard = 8
    c.learningRate = 0.05
    c.warmUp = 3
    (c.length, c.unit) = (20, .steps)
    c.flips = true
    c.validationSteps = 7
    set(&c)
    let start = FloatNetwork(network, weights: (0..<ParameterLayout(network).count).map { Float($0 % 5) })
    return Checkpoint(start, configuration: c, data: data, notes: ["a": "b"])
  }

  private func trainer(_ checkpoint: Checkpoint, threads: Int = 1) throws -> Trainer {
    let parameters = checkpoint.weights.count
    let dims = data.dims
    return try Trainer(checkpoint, data: data, validation: data[0..<13], threads: threads) {
      Quadratic(parameters: parameters, dims: dims, batch: $0)
    }
  }

  /// A checkpoint without its times.
  private func timeless(_ checkpoint: Checkpoint) -> Checkpoint {
    var checkpoint = checkpoint
    checkpoint.progress.seconds = 0
    return checkpoint
  }

  @Test func aStepByHand() throws {
    // One weight's worth of arithmetic: plain means over the batch.
    let trainer = try trainer(
      begin {
        $0.flips = false
        $0.batch = 50
        $0.optimiser = .rmsprop
      })
    let before = trainer.checkpoint.weights
    let step = try trainer.step()
    var nats = 0.0
    for picture in 0..<50 {
      for (i, w) in before.enumerated() {
        let d = Double(w) - Double(data.samples[picture * 9 + i % 9]) / 16
        nats += d * d / 2
      }
    }
    #expect(abs(step.nats - nats / 50) < 1e-3 * nats / 50)
    // RMSProp's first step is rate / √0.01 whatever the gradient, and the warm-up gives a third of the rate.
    let target = (0..<50).reduce(0.0) { $0 + Double(data.samples[$1 * 9]) / 16 } / 50
    let moved = trainer.checkpoint.weights[0] - before[0]
    #expect(abs(moved - 0.05 / 3 * 10 * (Double(before[0]) < target ? 1 : -1)) < 1e-4)
  }

  @Test func theLossFalls() throws {
    let trainer = try trainer(begin { $0.length = 200 })
    let before = try #require(trainer.validate())
    while !trainer.isFinished { _ = try trainer.step() }
    let after = try #require(trainer.validate())
    #expect(after < before)
    #expect(trainer.checkpoint.progress.best == after)
  }

  @Test(arguments: [1, 16]) func threadsDoNotMatter(shard: Int) throws {
    var results: [Checkpoint] = []
    for threads in [1, 2, 5] {
      let trainer = try trainer(begin { $0.shard = shard }, threads: threads)
      while !trainer.isFinished { _ = try trainer.step() }
      #expect(trainer.validate() != nil)
      results.append(timeless(trainer.checkpoint))
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test(arguments: Optimiser.Kind.allCases) func resumingIsExact(_ kind: Optimiser.Kind) throws {
    let whole = try trainer(begin { $0.optimiser = kind })
    while !whole.isFinished { _ = try whole.step() }
    let first = try trainer(begin { $0.optimiser = kind })
    for _ in 0..<10 { _ = try first.step() }
    let second = try trainer(Checkpoint(file: first.checkpoint.serialized()), threads: 2)
    var steps = 0
    while !second.isFinished {
      _ = try second.step()
      steps += 1
    }
    #expect(steps == 10)
    #expect(timeless(second.checkpoint) == timeless(whole.checkpoint))
  }

  @Test func timeIsCounted() throws {
    var checkpoint = begin { ($0.length, $0.unit) = (1, .minutes) }
    checkpoint.progress.seconds = 59
    let trainer = try trainer(checkpoint)
    #expect(!trainer.isFinished)
    checkpoint.progress.seconds = 60
    #expect(try self.trainer(checkpoint).isFinished)
    _ = try trainer.step()
    #expect(trainer.checkpoint.progress.seconds > 59)
  }

  @Test func divergence() throws {
    var checkpoint = begin()
    checkpoint.weights[0] = .infinity
    let trainer = try trainer(checkpoint)
    #expect(throws: TrainingError.diverged(step: 0)) { try trainer.step() }
  }

  @Test func otherPictures() throws {
    let checkpoint = begin()
    #expect(throws: TrainingError.otherData) {
      try Trainer(checkpoint, data: data[0..<49], validation: nil, threads: 1) { _ in fatalError() }
    }
  }

  @Test func aRunStoppedWhileItRunsGoesOnWithTheSameLog() throws {
    let folder = try Scratch()
    func run(_ name: String, stops: [Int]) throws -> Checkpoint {
      var checkpoint = begin()
      for stop in stops + [.max] {
        let trainer = try trainer(checkpoint)
        let log = try TrainingLog(folder / name + ".csv", at: checkpoint.progress.step)
        var run = TrainingRun(trainer, log: log)
        run.checkpoint = folder / name
        run.isInterrupted = { trainer.checkpoint.progress.step >= stop }
        #expect(try run.run() == (stop == .max ? .finished : .interrupted))
        checkpoint = try Checkpoint(file: contents(of: folder / name))
      }
      return timeless(checkpoint)
    }
    func rows(_ name: String) throws -> [TrainingLog.Row] {
      try TrainingLog(folder / name + ".csv", at: .max).rows.map { row in
        var row = row
        row.seconds = 0
        return row
      }
    }
    #expect(try run("whole", stops: []) == run("parts", stops: [3, 7, 14]))
    #expect(try rows("whole").map(\.step) == Array(1...20))
    #expect(try rows("whole") == rows("parts"))
    #expect(try rows("whole").filter { $0.validationNats != nil }.map(\.step) == [7, 14, 20])
    #expect(folder.names == ["parts", "parts.csv", "parts.png", "whole", "whole.csv", "whole.png"])
  }
}
