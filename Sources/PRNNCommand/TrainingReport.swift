import PixelTraining

/// What `prnn train --json` prints at the end of a run.
struct TrainingReport: Encodable {
  /// The validation loss under the averaged weights.
  struct Loss: Encodable {
    let natsPerPicture: Double
    let bitsPerDim: Double

    init(_ nats: Double, _ trainer: Trainer) {
      natsPerPicture = nats
      bitsPerDim = PixelTraining.bitsPerDim(nats: nats, dims: trainer.data.dims)
    }
  }

  let output: String
  /// Of the file written.
  let bytes: Int
  let checkpoint: String
  let steps: Int
  let epochs: Double
  /// Of all parts of the run.
  let seconds: Double
  /// Before the first step, of a network of a model that is trained further.
  let start: Loss?
  /// The least; nil without pictures to validate on.
  let best: Loss?

  init(_ trainer: Trainer, output: String, bytes: Int, checkpoint: String) {
    (self.output, self.bytes, self.checkpoint) = (output, bytes, checkpoint)
    let progress = trainer.checkpoint.progress
    (steps, seconds) = (progress.step, progress.seconds)
    epochs = Double(trainer.pictures) / Double(trainer.data.count)
    start = progress.start.map { Loss($0, trainer) }
    best = progress.best.map { Loss($0, trainer) }
  }
}
