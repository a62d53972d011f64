import ByteCoding
import PixelModels

/// Trains a local network of a model further, on other pictures.
///
///     let adaptation = Adaptation(model, role: .colour)!
///     let checkpoint = adaptation.checkpoint(Adaptation.configuration, data: training)
///     let trainer = try adaptation.trainer(checkpoint, data: training, validation: validation, threads: 2)
///     while !trainer.isFinished { _ = try trainer.step() }
///
/// Gradients are those of the integers (``LocalGradient``), and so is what is validated: what is measured is what is written.
public struct Adaptation: Sendable {
  public let model: Model
  public let role: Model.Role
  public let start: Model.LocalNetwork

  /// - Returns: nil when the model has no local network of the role.
  public init?(_ model: Model, role: Model.Role) {
    guard case .local(let start) = model.network(for: role)?.body else { return nil }
    self.model = model
    self.role = role
    self.start = start
  }

  /// What a run has unless told otherwise: it counts pixels, not pictures.
  public static var configuration: TrainingConfiguration {
    var c = TrainingConfiguration()
    c.batch = 4096
    c.shard = 1024
    c.learningRate = 1e-3
    c.average = 0.998
    (c.length, c.unit) = (4000, .steps)
    c.validationSteps = 500
    return c
  }

  /// The start of a run.
  public func checkpoint(
    _ configuration: TrainingConfiguration, data: PixelPool, notes: [String: String] = [:]
  ) -> Checkpoint {
    Checkpoint(
      .local(start.architecture), weights: LocalLayout(start.architecture).weights(of: start),
      configuration: configuration, data: data, notes: notes)
  }

  /// - Throws: ``TrainingError/otherData`` when the run did not begin with these pictures, ``TrainingError/otherModel``
  ///   when it began with a network of another shape, ``TrainingError/leastSquares`` when the network has them.
  public func trainer(
    _ checkpoint: Checkpoint, data: PixelPool, validation: PixelPool, threads: Int
  ) throws(TrainingError) -> Trainer {
    guard checkpoint.network == .local(start.architecture) else { throw .otherModel }
    guard start.architecture.squares.isEmpty else { throw .leastSquares }
    let start = start
    let layout = LocalLayout(start.architecture)
    let gradients = ShardedGradient(
      parameters: layout.count, shard: checkpoint.configuration.shard, threads: threads
    ) { LocalGradient(start, batch: $0) }
    let validator: Trainer.Validator = { weights, isStopped in
      layout.network(weights, like: start).likelihood(of: validation, threads: threads, isStopped: isStopped)
        .map { $0 / Double(validation.count) }
    }
    return try Trainer(checkpoint, data: data, validator: validator, gradients: gradients)
  }

  /// The bytes of the model with the best network of a run.
  ///
  /// - Parameters:
  ///   - name: of the model.
  ///   - program: its version, for the provenance.
  ///   - pictures: trained on, likewise.
  /// - Throws: ``TrainingError/notBetter(start:best:)`` when no validation was better than that before the first step,
  ///   ``TrainingError/unquantisable(_:)``.
  public func file(
    _ checkpoint: Checkpoint, name: String, program: String, pictures: Int
  ) throws(TrainingError) -> [UInt8] {
    let progress = checkpoint.progress
    let dims = start.architecture.channels
    guard let before = progress.start.map({ bitsPerDim(nats: $0, dims: dims) }),
      let after = progress.best.map({ bitsPerDim(nats: $0, dims: dims) })
    else { preconditionFailure("not validated") }
    guard after < before else { throw .notBetter(start: before, best: after) }
    let layout = LocalLayout(start.architecture)
    let network = layout.network(checkpoint.best, like: start)
    if let layer = network.layers.firstIndex(where: { !$0.isBounded }) {
      throw .unquantisable(layout.layers[layer].name)
    }
    let provenance = Provenance(
      program: program, role: "\(role)", pictures: pictures, steps: progress.step,
      batch: checkpoint.configuration.batch, bitsPerDim: [before, after],
      from: .init(name: model.name, hash: hexadecimal(model.hash), provenance: model.provenance))
    return model.file(replacing: role, with: network, name: name, provenance: encoded(provenance))
  }

  /// What a model file tells of its making.
  private struct Provenance: Encodable {
    struct Origin: Encodable {
      let name: String
      /// SHA-256 in hexadecimal.
      let hash: String
      let provenance: String
    }

    let program: String
    let role: String
    let pictures: Int
    let steps: Int
    let batch: Int
    /// Of the validation pictures, before and after.
    let bitsPerDim: [Double]
    let from: Origin
  }
}
