import Glibc

/// How a network is trained.
public struct TrainingConfiguration: Codable, Equatable, Sendable {
  /// What the length of a run is counted in.
  public enum Unit: String, Codable, Sendable {
    case steps
    case epochs
    case minutes
  }

  public var optimiser = Optimiser.Kind.adam
  /// Pictures of a step.
  public var batch = 16
  /// Pictures that one thread takes at a time.
  public var shard = 16
  public var learningRate = 1e-3
  /// Steps in which the learning rate grows to its full size.
  public var warmUp = 100
  /// The largest norm of a gradient, of nats a picture; nil for none.
  public var clip: Double?
  /// Decay of the running mean of the weights.
  public var average = 0.999
  public var seed: UInt64 = 1
  /// Whether half of the pictures are mirrored.
  public var flips = false
  public var length = 1.0
  public var unit = Unit.epochs
  /// Steps between validations.
  public var validationSteps = 1000

  public init() {}

  /// Whether all numbers are such that a run can go on with them.
  var isUsable: Bool {
    (1...1 << 24).contains(batch) && (1...1 << 24).contains(shard) && (1...1 << 40).contains(validationSteps)
      && (0...1 << 40).contains(warmUp) && (0...1e12).contains(length) && learningRate.isFinite
      && (0...1).contains(average)
  }

  /// Steps in all, for `pictures` to train on; nil for a run by the clock.
  public func steps(pictures: Int) -> Int? {
    switch unit {
    case .steps: Int(length)
    case .epochs: Int((length * Double(pictures) / Double(batch)).rounded(.up))
    case .minutes: nil
    }
  }

  /// The part of a run that is over, 0 ... 1.
  func progress(step: Int, seconds: Double, pictures: Int) -> Double {
    guard let steps = steps(pictures: pictures) else { return min(1, seconds / (60 * length)) }
    return steps == 0 ? 1 : min(1, Double(step) / Double(steps))
  }

  /// The learning rate of a step: a straight warm-up, times half a cosine that ends at 0 with the run.
  func rate(step: Int, progress: Double) -> Double {
    learningRate * min(1, Double(step + 1) / Double(max(1, warmUp))) * (1 + cos(.pi * progress)) / 2
  }
}

/// Where a run is.
public struct TrainingProgress: Codable, Equatable, Sendable {
  /// Steps done.
  public var step = 0
  /// Time spent, of all parts of the run.
  public var seconds = 0.0
  /// The validation loss before the first step, nats a picture, of a network that is adapted.
  public var start: Double?
  /// The least validation loss so far, nats a picture.
  public var best: Double?
  /// Sums since the last row of the log.
  public var nats = 0.0
  public var norms = 0.0
  public var stepsSinceRow = 0

  public init() {}
}
