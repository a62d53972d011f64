import PixelModels

extension NetworkGradient: GradientSource {}

extension Trainer {
  /// A trainer of a network of the paper; see ``init(_:data:validator:gradients:)``.
  ///
  /// - Precondition: the checkpoint is of such a network.
  /// - Throws: ``TrainingError/otherData``.
  public convenience init(
    _ checkpoint: Checkpoint, data: TrainingData, validation: TrainingData?, threads: Int
  ) throws(TrainingError) {
    guard let network = checkpoint.network.pixelRNN else { preconditionFailure("a local network") }
    let (width, height) = (data.width, data.height)
    try self.init(checkpoint, data: data, validation: validation, threads: threads) {
      NetworkGradient(network, width: width, height: height, batch: $0)
    }
  }

  /// A trainer that validates by the loss it trains on.
  ///
  /// - Throws: ``TrainingError/otherData``.
  convenience init(
    _ checkpoint: Checkpoint, data: TrainingData, validation: TrainingData?, threads: Int,
    make: @escaping ShardedGradient.Maker
  ) throws(TrainingError) {
    let gradients = ShardedGradient(
      parameters: checkpoint.weights.count, shard: checkpoint.configuration.shard, threads: threads, make: make)
    let isConditional = checkpoint.network.isConditional
    let validator = validation.map { validation -> Validator in
      { weights, isStopped in
        likelihood(gradients, weights: weights, data: validation, conditional: isConditional, isStopped: isStopped)
          .map { $0 / Double(validation.count) }
      }
    }
    try self.init(checkpoint, data: data, validator: validator, gradients: gradients)
  }
}

extension FloatNetwork {
  /// The sum of nats of pictures; see ``floatLikelihood(_:weights:data:threads:)``.
  public func likelihood(of data: TrainingData, threads: Int = 1) -> Double {
    floatLikelihood(weights, network, data: data, threads: threads)
  }
}

/// The sum of nats of pictures under a network of floats; of a conditional one without the pixels that are given by the
/// smaller picture. It does not depend on the number of threads.
///
/// - Parameter data: the pictures of the network's own level, with as many channels as it takes.
public func floatLikelihood(
  _ weights: [Float], _ network: PixelRNN, data: TrainingData, threads: Int = 1
) -> Double {
  precondition(data.channels == network.channels)
  let gradients = ShardedGradient(parameters: weights.count, shard: 16, threads: threads) {
    NetworkGradient(network, width: data.width, height: data.height, batch: $0)
  }
  return PixelTraining.likelihood(
    gradients, weights: weights, data: data, conditional: network.condition > 0, isStopped: { false })!
}
