/// A training from where its trainer stands to its end, with checkpoints and a log.
public struct TrainingRun {
  public enum Outcome: Equatable, Sendable {
    case finished
    /// Asked to stop; the checkpoint is written.
    case interrupted
  }

  public let trainer: Trainer
  public let log: TrainingLog
  /// The file of the checkpoint; nil for none.
  public var checkpoint: String?
  /// Seconds between checkpoints.
  public var checkpointSeconds = 120.0
  /// Asked after every step whether to stop.
  public var isInterrupted: () -> Bool = { false }
  public var onStep: (Trainer.Step) -> Void = { _ in }
  /// Of a network that is adapted, given the nats a picture before the first step.
  public var onStart: (Double) -> Void = { _ in }
  public var onValidation: (TrainingLog.Row) -> Void = { _ in }

  public init(_ trainer: Trainer, log: TrainingLog) {
    self.trainer = trainer
    self.log = log
  }

  /// Trains.
  ///
  /// - Throws: ``TrainingError/diverged(step:)`` or ``FileError``.
  public func run() throws -> Outcome {
    var written = monotonicSeconds()
    if let nats = trainer.validateStart(isStopped: isInterrupted) { onStart(nats) }
    // A run may have been stopped while it validated.
    try note(isLast: trainer.isFinished)
    while !trainer.isFinished, !isInterrupted() {
      onStep(try trainer.step())
      try note(isLast: trainer.isFinished)
      if monotonicSeconds() - written > checkpointSeconds, !isInterrupted() {
        try save()
        written = monotonicSeconds()
      }
    }
    try save()
    return isInterrupted() ? .interrupted : .finished
  }

  /// A row of the log when one is due and not yet there: ten between validations, and one for each of those.
  private func note(isLast: Bool) throws {
    let every = trainer.checkpoint.configuration.validationSteps
    let progress = trainer.checkpoint.progress
    guard progress.stepsSinceRow > 0 else { return }
    let isValidated = isLast || progress.step % every == 0
    if isValidated || progress.step % max(1, every / 10) == 0 { try addRow(isValidated: isValidated) }
  }

  private func addRow(isValidated: Bool) throws {
    let validation = isValidated ? trainer.validate(isStopped: isInterrupted) : nil
    if isValidated, isInterrupted() { return }
    let means = trainer.takeMeans()
    let progress = trainer.checkpoint.progress
    let dims = trainer.data.dims
    let row = TrainingLog.Row(
      step: progress.step, epoch: Double(trainer.pictures) / Double(trainer.data.count), pictures: trainer.pictures,
      seconds: progress.seconds, trainNats: means.nats, trainBits: bitsPerDim(nats: means.nats, dims: dims),
      validationNats: validation, validationBits: validation.map { bitsPerDim(nats: $0, dims: dims) },
      rate: trainer.rate, norm: means.norm)
    try log.append(row)
    guard isValidated else { return }
    try log.draw()
    onValidation(row)
  }

  private func save() throws {
    guard let checkpoint else { return }
    try writeDurably(trainer.checkpoint.serialized(), to: checkpoint)
  }
}
