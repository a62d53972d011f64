import Glibc
import PixelModels

/// Trains a network, a step at a time. What comes out depends on the checkpoint it starts from and the pictures, not on
/// threads; of a run by the clock (``TrainingConfiguration/Unit/minutes``) also on the clock.
public final class Trainer {
  /// What a step did.
  public struct Step: Equatable, Sendable {
    /// Mean over the pictures of the step, before it.
    public let nats: Double
    /// Of the gradient of nats a picture, before it is clipped.
    public let norm: Double
    public let rate: Double
  }

  /// The mean of nats of the validation pictures under some weights; nil when it was stopped.
  public typealias Validator = (_ weights: [Float], _ isStopped: () -> Bool) -> Double?

  /// All of the run as it is now, save for the time, which stands at the end of the last step.
  public private(set) var checkpoint: Checkpoint
  public let data: any TrainingSet
  private let validator: Validator?
  private let gradients: ShardedGradient
  private var stream: PictureStream
  private var gradient: [Float]
  private let secondsBefore: Double
  private let start = monotonicSeconds()

  /// - Parameters:
  ///   - checkpoint: the start of a run, or where it goes on.
  ///   - validator: nil for no validation.
  ///   - gradients: the network's loss and gradient, in shards as the checkpoint says.
  /// - Throws: ``TrainingError/otherData`` when the run did not begin with these pictures.
  init(
    _ checkpoint: Checkpoint, data: any TrainingSet, validator: Validator?, gradients: ShardedGradient
  ) throws(TrainingError) {
    guard checkpoint.isTrained(on: data) else { throw .otherData }
    self.checkpoint = checkpoint
    self.data = data
    self.validator = validator
    let configuration = checkpoint.configuration
    self.gradients = gradients
    stream = PictureStream(
      count: data.count, seed: configuration.seed, flips: configuration.flips, isDrawn: data.isDrawn)
    gradient = Array(repeating: 0, count: checkpoint.weights.count)
    secondsBefore = checkpoint.progress.seconds
  }

  private var configuration: TrainingConfiguration { checkpoint.configuration }

  /// Pictures trained on so far, each as often as it was.
  public var pictures: Int { checkpoint.progress.step * configuration.batch }

  /// The part of the run that is over, 0 ... 1.
  public var progress: Double {
    configuration.progress(
      step: checkpoint.progress.step, seconds: checkpoint.progress.seconds, pictures: data.count)
  }

  public var isFinished: Bool { progress >= 1 }

  /// The learning rate of the next step.
  public var rate: Double { configuration.rate(step: checkpoint.progress.step, progress: progress) }

  /// One step.
  ///
  /// - Throws: ``TrainingError/diverged(step:)``; the weights are as before then.
  public func step() throws(TrainingError) -> Step {
    let first = pictures
    let batch = data.batch(
      (first..<first + configuration.batch).map { stream.picture(at: $0) },
      conditional: checkpoint.network.isConditional)
    let sum = gradients.run(weights: checkpoint.weights, batch: batch, gradient: &gradient)
    let mean = 1 / Double(batch.count)
    let step = Step(
      nats: sum * mean, norm: norm(gradient) * mean, rate: rate)
    guard step.nats.isFinite, step.norm.isFinite else { throw .diverged(step: checkpoint.progress.step) }
    update(step, scale: mean * clipping(norm: step.norm, limit: configuration.clip))
    return step
  }

  private func update(_ step: Step, scale: Double) {
    checkpoint.move(against: gradient, scale: Float(scale), rate: Float(step.rate))
    checkpoint.progress.nats += step.nats
    checkpoint.progress.norms += step.norm
    checkpoint.progress.stepsSinceRow += 1
    countTime()
  }

  /// Nats a picture of the validation pictures under the averaged weights; nil without any, or when it was stopped.
  public func validate(isStopped: () -> Bool = { false }) -> Double? {
    guard let mean = validator?(checkpoint.average, isStopped) else { return nil }
    countTime()
    if mean < checkpoint.progress.best ?? .infinity {
      checkpoint.progress.best = mean
      if checkpoint.network.isAdapted { checkpoint.best = checkpoint.average }
    }
    return mean
  }

  /// Validates a network that is adapted before its first step, unless that is done.
  ///
  /// - Returns: nats a picture; nil for other networks, and when it was stopped.
  public func validateStart(isStopped: () -> Bool = { false }) -> Double? {
    let progress = checkpoint.progress
    guard checkpoint.network.isAdapted, progress.step == 0, progress.start == nil else { return nil }
    checkpoint.progress.start = validate(isStopped: isStopped)
    return checkpoint.progress.start
  }

  /// The means since the last row of the log, which start anew.
  func takeMeans() -> (nats: Double, norm: Double) {
    let progress = checkpoint.progress
    let steps = Double(max(1, progress.stepsSinceRow))
    checkpoint.progress.nats = 0
    checkpoint.progress.norms = 0
    checkpoint.progress.stepsSinceRow = 0
    return (progress.nats / steps, progress.norms / steps)
  }

  private func countTime() { checkpoint.progress.seconds = secondsBefore + monotonicSeconds() - start }
}

/// Seconds of a clock that nobody sets.
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
