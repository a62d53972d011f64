import FoundationEssentials
import PixelModels
import PixelTraining

/// A run of `prnn train` that is ready to go.
struct TrainingJob {
  let trainer: Trainer
  let notes: TrainingNotes
  /// The bytes of the file to write, from the end of the run and the file's name.
  let result: (Checkpoint, _ output: String) throws -> [UInt8]
}

// The networks of the paper.
extension TrainingJob {
  /// A new run.
  ///
  /// - Parameter weights: nil for weights by the seed.
  init(
    _ network: PixelRNN, _ weights: [Float]?, _ notes: TrainingNotes, _ settings: RunOptions, _ length: LengthOptions,
    threads: Int
  ) throws {
    let pictures = try notes.source.load(channels: network.channels, bernoulli: network.output == .bernoulli)
    var configuration = settings.configuration(TrainingConfiguration(), pictures: pictures.training.count)
    (configuration.length, configuration.unit) = (10, .epochs)
    length.set(&configuration)
    let weights = weights ?? initialWeights(network, seed: configuration.seed)
    let checkpoint = Checkpoint(
      FloatNetwork(network, weights: weights), configuration: configuration, data: pictures.training,
      notes: notes.table)
    try self.init(checkpoint, network, pictures, notes, threads: threads)
  }

  /// A run that goes on.
  init(_ checkpoint: Checkpoint, _ notes: TrainingNotes, threads: Int) throws {
    guard case .pixelRNN(let network) = checkpoint.network else { throw TrainingError.otherModel }
    let pictures = try notes.source.load(channels: network.channels, bernoulli: network.output == .bernoulli)
    try self.init(checkpoint, network, pictures, notes, threads: threads)
  }

  private init(
    _ checkpoint: Checkpoint, _ network: PixelRNN, _ pictures: (training: TrainingData, validation: TrainingData?),
    _ notes: TrainingNotes, threads: Int
  ) throws {
    do {
      trainer = try Trainer(checkpoint, data: pictures.training, validation: pictures.validation, threads: threads)
    } catch { throw FileError(notes.source.data[0], error) }
    self.notes = notes
    result = { end, output in
      let trained = FloatNetwork(network, weights: end.average)
      if output.hasSuffix(".safetensors") { return FloatNetwork.serialized([trained]) }
      let provenance = ModelProvenance(
        program: PRNNCommand.configuration.version, networks: [network], pictures: pictures.training.count)
      return try ModelExport.file(
        name: modelName(of: output), provenance: provenance.json, networks: [trained], data: pictures.training)
    }
  }

  /// The weights of a network in a file of tensors. Where the network there only lacks `--differences`, or has them too
  /// much, its last layer begins anew.
  ///
  /// - Throws: `FileError`.
  static func weights(_ path: String, _ network: PixelRNN, seed: UInt64) throws -> [Float] {
    let networks: [FloatNetwork]
    do { networks = try FloatNetwork.read(contents(of: path)) } catch let error as FileError { throw error } catch {
      throw FileError(path, error)
    }
    let others = networks.lazy.compactMap { $0.withOutput(network.output, seed: seed) }
    guard let same = networks.first(where: { $0.network == network }) ?? others.first(where: { $0.network == network })
    else {
      let found = networks.map(\.network.kind.name).joined(separator: ", ")
      throw FileError(path, TrainingError.otherNetwork("it has: \(found)"))
    }
    return same.weights
  }

  /// The network of floats in a model that is to be trained further: that of the level asked for.
  ///
  /// - Throws: `FileError`.
  static func floats(of model: Model, _ name: String, _ source: TrainingSource) throws -> FloatNetwork {
    guard !model.floats.isEmpty else { throw FileError(name, TrainingError.noFloats) }
    do {
      let networks = try FloatNetwork.read(Array(model.floats))
      guard networks.count == source.levels else { throw TrainingError.levels(networks.count) }
      return networks[source.level]
    } catch { throw FileError(name, error) }
  }
}

/// What the command keeps in a checkpoint.
struct TrainingNotes {
  var source: TrainingSource
  var log: String?
  /// The model whose local network is trained further, by name or file, and the role asked for.
  var from: String?
  var role: String?
  /// SHA-256 of that model, in hexadecimal.
  var hash: String?

  init(source: TrainingSource, log: String?) {
    self.source = source
    self.log = log
  }

  /// - Throws: `TrainingError.damagedCheckpoint`.
  init(_ checkpoint: Checkpoint) throws(TrainingError) {
    guard let json = checkpoint.notes["source"],
      let source = try? JSONDecoder().decode(TrainingSource.self, from: Data(json.utf8)), source.isUsable
    else { throw .damagedCheckpoint("it does not say where its pictures are") }
    self.init(source: source, log: checkpoint.notes["log"])
    from = checkpoint.notes["from"]
    role = checkpoint.notes["role"]
    hash = checkpoint.notes["hash"]
  }

  var table: [String: String] {
    // Texts and numbers only: encoding cannot fail.
    var table = ["source": String(decoding: try! JSONEncoder().encode(source), as: UTF8.self)]
    table["log"] = log
    table["from"] = from
    table["role"] = role
    table["hash"] = hash
    return table
  }
}
