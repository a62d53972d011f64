import ArgumentParser
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

      With --from photo the network of that model is trained further on your own pictures, of any sizes: 4000 steps of 4096 \
      pixels unless told otherwise, validated on one picture in eight. What is written holds the best network, and the other \
      networks of the model as they are; nothing is written when none is better than the one it began with.

      Examples:
        prnn train --from photo --role gray --steps 30 pictures -o mine.prnnm
        prnn train --architecture pixel-cnn --tile 8x8 pictures -o net.safetensors
      """)

  @OptionGroup var data: DataOptions
  @OptionGroup var network: NetworkOptions
  @OptionGroup var settings: RunOptions
  @OptionGroup var length: LengthOptions

  @Option(help: ArgumentHelp("Threads to use; the result does not depend on them.", valueName: "n"))
  var threads: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  @Option(help: ArgumentHelp("Start with the weights of a file.", valueName: "file.safetensors"), completion: .weights)
  var start: String?

  @Option(
    help: ArgumentHelp("Start with the network of a model of the program or of a model file.", valueName: "name|file"),
    completion: .models)
  var from: String?

  @Option(help: "The network of --from to train (that for most of the pictures).")
  var role: Model.Role?

  @Option(help: ArgumentHelp("Go on from a checkpoint.", valueName: "file"), completion: .file())
  var resume: String?

  @Option(help: ArgumentHelp("The checkpoint to write (beside the output).", valueName: "file"), completion: .file())
  var checkpoint: String?

  @Option(help: ArgumentHelp("Time between checkpoints.", valueName: "x"))
  var checkpointMinutes: Double = 2

  @Option(
    help: ArgumentHelp("A table of the losses, with a picture of it beside.", valueName: "file.csv"),
    completion: .file(extensions: ["csv"]))
  var log: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "out"), completion: .file())
  var output: String

  @Flag(name: .shortAndLong, help: "Overwrite files that exist.")
  var force = false

  @Flag(name: .shortAndLong, help: "Show no progress.")
  var quiet = false

  @OptionGroup var report: JSONOption

  func validate() throws {
    guard (1...1024).contains(threads) else { throw ValidationError("--threads takes a number from 1 to 1024.") }
    guard checkpointMinutes >= 0 else { throw ValidationError("--checkpoint-minutes takes a number from 0.") }
    guard output != "-" else { throw ValidationError("-o takes the name of a file.") }
    let options = start.map { _ in ["--start"] } ?? []
    if resume != nil {
      let given =
        data.given + network.given + settings.given + options + (from.map { _ in ["--from"] } ?? [])
        + (role.map { _ in ["--role"] } ?? [])
      guard given.isEmpty else {
        throw ValidationError("\(given[0]) is a setting of the checkpoint; leave it out with --resume.")
      }
      return
    }
    if from != nil {
      let given = network.given + options
      guard given.isEmpty else {
        throw ValidationError("--from says what the network is; leave out \(given[0]).")
      }
    } else {
      let network = try network.network(level: data.level ?? 0)
      guard network.condition == 0 || writesFloats else {
        throw ValidationError("A level above 0 makes no model alone: take -o NAME.safetensors, then prnn quantise.")
      }
      guard role == nil else { throw ValidationError("--role goes with --from.") }
    }
    guard !data.data.isEmpty else { throw ValidationError("Give pictures to train on.") }
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
    let job = try job()
    let trainer = job.trainer
    StopSignal.listen()
    let log = try TrainingLog(job.notes.log, at: trainer.checkpoint.progress.step)
    let meter = TrainingMeter(trainer, quiet: quiet)
    var run = TrainingRun(trainer, log: log)
    run.checkpoint = checkpointPath
    run.checkpointSeconds = checkpointMinutes * 60
    run.isInterrupted = { StopSignal.number != 0 }
    run.onStart = { meter.note(start: $0) }
    run.onStep = { meter.note($0) }
    run.onValidation = { meter.note($0) }
    let outcome = try run.run()
    meter.clear()
    if outcome == .interrupted { throw ExitCode(128 + StopSignal.number) }
    let bytes = try job.result(trainer.checkpoint, output)
    try OutputFile.write(output, force: force) { sink in try bytes.withUnsafeBytes(sink) }
    try report.print(TrainingReport(trainer, output: output, bytes: bytes.count, checkpoint: checkpointPath))
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

  /// Nothing is overwritten unasked, save for the checkpoint and the log of the run itself.
  private func checkOutputs() throws {
    try OutputFile.check(output, force: force)
    if checkpointPath != resume { try OutputFile.check(checkpointPath, force: force) }
    if let log, resume == nil {
      try OutputFile.check(log, force: force)
      try OutputFile.check(TrainingLog.picture(of: log), force: force)
    }
  }

  private func job() throws -> TrainingJob {
    if let resume {
      let bytes = try contents(of: resume)
      do {
        var checkpoint = try Checkpoint(file: bytes)
        var notes = try TrainingNotes(checkpoint)
        if !data.data.isEmpty { notes.source.data = data.data }
        notes.log = log ?? notes.log
        checkpoint.notes = notes.table
        length.set(&checkpoint.configuration)
        if case .pixelRNN(let network) = checkpoint.network, network.condition > 0, !writesFloats {
          throw Failure(output, "a level above 0 makes no model alone; take -o NAME.safetensors", status: EX_USAGE)
        }
        return checkpoint.network.isAdapted
          ? try TrainingJob(adapting: checkpoint, notes, threads: threads)
          : try TrainingJob(checkpoint, notes, threads: threads)
      } catch let error as FileError { throw error } catch let failure as Failure { throw failure } catch {
        throw FileError(resume, error)
      }
    }
    var notes = TrainingNotes(source: data.source, log: log)
    guard let from else {
      let network = try network.network(level: data.level ?? 0)
      let seed = settings.seed ?? TrainingConfiguration().seed
      let weights = try start.map { try TrainingJob.weights($0, network, seed: seed) }
      return try TrainingJob(network, weights, notes, settings, length, threads: threads)
    }
    let model = try ModelOption.model(named: from)
    if model.networks.contains(where: \.isLocal) {
      guard !writesFloats else {
        throw Failure(output, "takes no floats of this network; name a model file, as mine.prnnm", status: EX_USAGE)
      }
      notes.from = from
      notes.role = role.map { "\($0)" }
      return try TrainingJob(adapting: model, notes, settings, length, threads: threads)
    }
    let start = try TrainingJob.floats(of: model, from, data.source)
    guard start.network.condition == 0 || writesFloats else {
      throw Failure(output, "a level above 0 makes no model alone; take -o NAME.safetensors", status: EX_USAGE)
    }
    return try TrainingJob(start.network, start.weights, notes, settings, length, threads: threads)
  }
}

extension Model.Role: ExpressibleByArgument {
  public init?(argument: String) {
    guard let role = Model.Role.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = role
  }

  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}
