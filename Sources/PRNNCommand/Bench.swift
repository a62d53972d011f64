import ArgumentParser
import ByteCoding
import Glibc
import PRNN

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure bits/dim and speed on pictures, against PNG and other coders.",
    discussion: """
      Takes PNG and JPEG files, and folders, which are searched. Bits/dim are bits of the whole file for each sample. \
      The mean row has the mean of the files' bits/dim, and the speed over all their pixels. With several efforts or models \
      each effort is measured with each model.

      Examples:
        prnn bench photo.png pictures
        prnn bench --json --effort fast photo.png
        prnn bench -1 -4 -7 --peers --report report.html pictures
      """)

  @Argument(help: "Pictures and folders.", completion: .pictures)
  var paths: [String]

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Add WebP (cwebp), JPEG XL (cjxl) and optipng, where they are on PATH.")
  var peers = false

  @Option(
    help: ArgumentHelp(
      "Write a page with plots, tables and maps of where the bits go (HTML); - is standard output.",
      valueName: "file"))
  var report: String?

  @Flag(name: .shortAndLong, help: "Overwrite a report that exists.")
  var force = false

  @Option(
    name: .customLong("model"),
    help: ArgumentHelp("A model of the program, or a model file; may be given again.", valueName: "name|file"),
    completion: .models)
  var models: [String] = []

  @Option(
    name: .customLong("effort"),
    help: ArgumentHelp(
      "How much time coding may take: fast, balanced (unless told otherwise) or max; may be given again.",
      valueName: "effort"), completion: .efforts)
  var chosen: [Effort] = []

  @Flag var levels: [EffortOption.Level] = []
  @OptionGroup var work: WorkOptions

  func validate() throws {
    if report == "-", json { throw ValidationError("--json and --report - would both be standard output.") }
  }

  func run() throws {
    var files: [String] = []
    try Failure.reporting(paths) { files += try pictures($0) }
    var prepared: BenchMeter?
    try Failure.reporting([paths[0]]) { _ in
      prepared = try BenchMeter(models: models, efforts: efforts, peers: peers ? Peer.available : [], work: work)
    }
    let meter = prepared!
    guard let report else { return try measure(files, meter).outcome.get() }
    var outcome = Result<Void, any Error>.success(())
    try Failure.reporting([report]) { path in
      let machine = Machine(kernel: meter.codec.kernelName)
      let date = Int64(time(nil))
      try OutputFile.check(path, force: force, inputs: FileIdentity.sources(files))
      // What cannot be written is known before an hour has gone into measuring.
      try OutputFile.write(path, force: force) { sink in
        let result = measure(files, meter)
        outcome = result.outcome
        guard let mean = BenchRow(meanOf: result.rows, meter.coders) else {
          throw Failure(path, "not written, for no picture could be measured", status: EX_NOINPUT)
        }
        let page = try HTMLReport(
          command: CommandLine.arguments, date: date, machine: machine,
          threads: meter.codec.threads, coders: meter.coders, rows: result.rows,
          failed: files.count - result.rows.count, mean: mean,
          drawings: result.drawings
        ).text()
        try Array(page.utf8).withUnsafeBytes(sink)
      }
    }
    try outcome.get()
  }

  /// Without doubles, in the order asked for; names come before numbers.
  private var efforts: [Effort] {
    let all = chosen + levels.map(\.effort)
    return all.isEmpty
      ? [.balanced] : all.enumerated().filter { !all[..<$0.offset].contains($0.element) }.map(\.element)
  }

  private typealias Results = (rows: [BenchRow], drawings: [BitDrawing], outcome: Result<Void, any Error>)

  /// Measures and prints, picture by picture.
  private func measure(_ files: [String], _ meter: BenchMeter) -> Results {
    var rows: [BenchRow] = []
    var drawings: [BitDrawing] = []
    let prints = !json && report != "-"
    // Evenly among them.
    let count = report == nil ? 0 : min(files.count, HTMLReport.mostDrawings)
    let drawn = Set((0..<count).map { $0 * files.count / count })
    var number = 0
    let outcome = Result {
      if prints { try print(BenchRow.heading(meter.coders)) }
      try Failure.reporting(files) { file in
        defer { number += 1 }
        let (row, drawing) = try meter.measure(file, drawing: drawn.contains(number))
        rows.append(row)
        if let drawing { drawings.append(drawing) }
        if prints { try printLine(row.text(meter.coders)) }
      }
    }
    let end = Result {
      let mean = BenchRow(meanOf: rows, meter.coders)
      if json {
        let model = meter.setups[0].model
        try print(
          encoded(
            BenchReport(
              model: model.name, modelHash: hexadecimal(model.hash), threads: work.threads, coders: meter.coders,
              files: rows, mean: mean)))
      } else if prints, let mean {
        try print(mean.text(meter.coders))
      }
    }
    return (rows, drawings, outcome.flatMap { end })
  }

  private func print(_ text: String) throws {
    try Failure.reporting(["standard output"]) { _ in try printLine(text) }
  }

  /// The file itself, or all PNG and JPEG files below a folder, sorted.
  private func pictures(_ path: String) throws -> [String] {
    guard FolderListing.isFolder(path) else { return [path] }
    return try FolderListing(path).files.filter { !$0.isSpecial && $0.hasSuffix(".png", ".jpg", ".jpeg") }
      .map { FolderListing.path(of: $0.path, in: path) }
  }
}
