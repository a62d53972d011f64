import ArgumentParser
import FoundationEssentials
import Glibc
import PixelModels
import PixelTraining

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network on pictures.",
    discussion: """
      Makes a model file of the averaged weights in integers, with the floats behind them (of -o NAME.safetensors: the floats \
      only, which prnn quantise takes). The run can be stopped at any time (Ctrl-C, SIGTERM) and goes on with \
      --resume, as if it had not been stopped; the settings are then those of the checkpoint.
      """)

  @OptionGroup var data: DataOptions
  @OptionGroup var network: NetworkOptions
  @OptionGroup var settings: RunOptions
  @OptionGroup var length: LengthOptions

  @Option(help: ArgumentHelp("Threads to use; the result does not depend on them.", valueName: "n"))
  var threads: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  @Option(help: ArgumentHelp("Start with the weights of a file.", valueName: "file.safetensors"))
  var start: String?

  @Option(help: ArgumentHelp("Go on from a checkpoint.", valueName: "file"))
  var resume: String?

  @Option(help: ArgumentHelp("The checkpoint to write (beside the output).", valueName: "file"))
  var checkpoint: String?

  @Option(help: ArgumentHelp("Time between checkpoints.", valueName: "x"))
  var checkpointMinutes: Double = 2

  @Option(help: ArgumentHelp("A table of the losses, with a picture of it beside.", valueName: "file.csv"))
  var log: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "out"))
  var output: String

  @Flag(name: .shortAndLong, help: "Overwrite files that exist.")
  var force = false

  @Flag(name: .shortAndLong, help: "Show no progress.")
  var quiet = false

  func validate() throws {
    guard (1...1024).contains(threads) else { throw ValidationError("--threads takes a number from 1 to 1024.") }
    guard checkpointMinutes >= 0 else { throw ValidationError("--checkpoint-minutes takes a number from 0.") }
    guard output != "-" else { throw ValidationError("-o takes the name of a file.") }
    if resume != nil {
      let given = data.given + network.given + settings.given + (start == nil ? [] : ["--start"])
      guard given.isEmpty else {
        throw ValidationError("\(given[0]) is a setting of the checkpoint; leave it out with --resume.")
      }
    } else {
      let network = try network.network(level: data.level ?? 0)
      guard network.condition == 0 || writesFloats else {
        throw ValidationError("A level above 0 makes no model alone: take -o NAME.safetensors, then prnn quantise.")
      }
      guard !data.data.isEmpty else { throw ValidationError("Give pictures to train on.") }
    }
  }

  func run() throws {
    do { try train() } catch let exit as ExitCode { throw exit } catch {
      let failure = Failure(output, error)
      warn("\(failure.file): \(failure.cause)")
      throw ExitCode(failure.status)
    }
  }

  private func train() throws {
    try checkOutputs()
    let (begin, pictures) = try resume.map(resumed) ?? started()
    let notes = try TrainingNotes(begin)
    let trainer: Trainer
    do {
      trainer = try Trainer(begin, data: pictures.training, validation: pictures.validation, threads: threads)
    } catch { throw FileError(notes.source.data[0], error) }
    StopSignal.listen()
    let log = try TrainingLog(log ?? notes.log, at: begin.progress.step)
    let meter = TrainingMeter(trainer, quiet: quiet)
    var run = TrainingRun(trainer, log: log)
    run.checkpoint = checkpointPath
    run.checkpointSeconds = checkpointMinutes * 60
    run.isInterrupted = { StopSignal.number != 0 }
    run.onStep = { meter.note($0) }
    run.onValidation = { meter.note($0) }
    let outcome = try run.run()
    meter.clear()
    if outcome == .interrupted { throw ExitCode(128 + StopSignal.number) }
    let result = FloatNetwork(begin.network, weights: trainer.checkpoint.average)
    try write(result, pictures.training)
  }

  private var checkpointPath: String {
    checkpoint ?? resume ?? stem + ".checkpoint"
  }

  /// The output without its suffix.
  private var stem: String {
    let name = output.lastIndex(of: "/").map { output.index(after: $0) } ?? output.startIndex
    guard let dot = output[name...].lastIndex(of: "."), dot > name else { return output }
    return String(output[..<dot])
  }

  private var writesFloats: Bool { output.hasSuffix(".safetensors") }

  private func write(_ network: FloatNetwork, _ data: TrainingData) throws {
    let provenance = ModelProvenance(
      program: PRNNCommand.configuration.version, networks: [network.network], pictures: data.count)
    let bytes =
      writesFloats
      ? FloatNetwork.serialized([network])
      : try ModelExport.file(
        name: modelName(of: output), provenance: provenance.json, networks: [network], data: data)
    try OutputFile.write(output, force: force) { sink in try bytes.withUnsafeBytes(sink) }
  }

  /// Nothing is overwritten unasked, save for the checkpoint and the log of the run itself.
  private func checkOutputs() throws {
    try OutputFile.check(output, force: force)
    if checkpointPath != resume { try OutputFile.check(checkpointPath, force: force) }
    if let log, resume == nil {
      try OutputFile.check(log, force: force)
      try OutputFile.check(TrainingLog.picture(of: log), force: force)
    }
  }

  private typealias Pictures = (training: TrainingData, validation: TrainingData?)

  private func started() throws -> (Checkpoint, Pictures) {
    let network = try network.network(level: data.level ?? 0)
    let source = data.source
    let pictures = try source.load(channels: network.channels, bernoulli: network.output == .bernoulli)
    var configuration = settings.configuration(pictures: pictures.training.count)
    (configuration.length, configuration.unit) = (10, .epochs)
    length.set(&configuration)
    let weights = try start.map { try startWeights($0, network) } ?? initialWeights(network, seed: configuration.seed)
    let checkpoint = Checkpoint(
      FloatNetwork(network, weights: weights), configuration: configuration, data: pictures.training,
      notes: TrainingNotes(source: source, log: log).table)
    return (checkpoint, pictures)
  }

  private func startWeights(_ path: String, _ network: PixelRNN) throws -> [Float] {
    let networks: [FloatNetwork]
    do { networks = try FloatNetwork.read(contents(of: path)) } catch let error as FileError { throw error } catch {
      throw FileError(path, error)
    }
    guard let same = networks.first(where: { $0.network == network }) else {
      let found = networks.map(\.network.kind.name).joined(separator: ", ")
      throw FileError(path, TrainingError.otherNetwork("it has: \(found)"))
    }
    return same.weights
  }

  private func resumed(_ path: String) throws -> (Checkpoint, Pictures) {
    let bytes = try contents(of: path)
    do {
      var checkpoint = try Checkpoint(file: bytes)
      var notes = try TrainingNotes(checkpoint)
      if !data.data.isEmpty { notes.source.data = data.data }
      notes.log = log ?? notes.log
      checkpoint.notes = notes.table
      length.set(&checkpoint.configuration)
      let network = checkpoint.network
      let pictures = try notes.source.load(channels: network.channels, bernoulli: network.output == .bernoulli)
      return (checkpoint, pictures)
    } catch let error as FileError { throw error } catch { throw FileError(path, error) }
  }
}

/// What the command keeps in a checkpoint.
private struct TrainingNotes {
  var source: TrainingSource
  var log: String?

  init(source: TrainingSource, log: String?) {
    self.source = source
    self.log = log
  }

  /// - Throws: `TrainingError.damagedCheckpoint`.
  init(_ checkpoint: Checkpoint) throws(TrainingError) {
    guard let json = checkpoint.notes["source"],
      let source = try? JSONDecoder().decode(TrainingSource.self, from: Data(json.utf8))
    else { throw .damagedCheckpoint("it does not say where its pictures are") }
    self.init(source: source, log: checkpoint.notes["log"])
  }

  var table: [String: String] {
    // Texts and numbers only: encoding cannot fail.
    var table = ["source": String(decoding: try! JSONEncoder().encode(source), as: UTF8.self)]
    table["log"] = log
    return table
  }
}
