import ArgumentParser
import Dispatch
import Glibc
import PRNN
import Synchronization

/// How many files are worked on at once.
struct JobsOption: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("Files to work on at once; they share the threads.", valueName: "n"))
  var jobs: Int = 1

  func validate() throws {
    guard (1...1024).contains(jobs) else { throw ValidationError("--jobs takes a number from 1 to 1024.") }
  }
}

/// How many files are worked on, and what is told of them.
struct BatchOptions: ParsableArguments {
  @Flag(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Take the files below folders one by one.",
      discussion: "Each gets an output of its own, beside it or, with -o FOLDER, in the same tree below FOLDER."))
  var recursive = false

  @OptionGroup var parallel: JobsOption

  @Flag(help: "Say what would be written, and write nothing.")
  var dryRun = false

  @Flag(name: .shortAndLong, help: "Print a line for each file, and one for all, on standard error.")
  var verbose = false

  @Flag(help: "Print what became of each file as JSON.")
  var json = false

  /// The files that inputs stand for, each with its output.
  ///
  /// - Parameters:
  ///   - suffix: of files below folders that are taken.
  ///   - new: of outputs.
  /// - Throws: ``ValidationError`` when two inputs would be written to one file.
  func files(_ inputs: [String], _ write: WriteOptions, suffix: String, new: String) throws -> [FileJob] {
    if write.output == "" { throw ValidationError("-o takes a name.") }
    guard recursive else {
      try write.check(inputs, suffix: new)
      return inputs.map { FileJob(input: $0, output: write.path(for: $0, suffix: new)) }
    }
    if inputs.contains("-") { throw ValidationError("--recursive takes files and folders, not standard input.") }
    if write.output == "-" { throw ValidationError("--recursive writes files; name a folder with -o.") }
    var files: [FileJob] = []
    for input in inputs {
      guard FolderListing.isFolder(input) else {
        let last = input.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(input[input.index(after: $0)...]) } ?? input
        let place = write.output.map { FolderListing.path(of: Array(last.utf8), in: $0) } ?? input
        files.append(FileJob(input: input, output: replacingSuffix(of: place, by: new)))
        continue
      }
      files += FileJob.below(input, suffix: suffix) { path in
        replacingSuffix(of: FolderListing.path(of: path, in: write.output ?? input), by: new)
      }
    }
    return withoutClashes(files)
  }

  private func withoutClashes(_ files: [FileJob]) -> [FileJob] {
    var seen: [[UInt8]: String] = [:]
    return files.map { file in
      guard file.failure == nil else { return file }
      guard let other = seen.updateValue(file.input, forKey: Array(file.output.utf8)) else { return file }
      var clash = file
      clash.failure = Failure(
        file.input, "would become \(file.output), as \(other) does; rename one", status: EX_USAGE)
      return clash
    }
  }

  /// Works on files, as many at once as was asked for, and tells what became of them.
  ///
  /// - Parameter undone: see ``Failure/reporting(_:jobs:undone:_:)``.
  /// - Throws: the exit status of the first that failed.
  func run(
    _ planned: [FileJob], _ write: WriteOptions, undone: (files: String, deed: String),
    _ action: @escaping @Sendable (FileJob) throws -> FileReport
  ) throws {
    let (inputs, jobs) = (FileIdentity.sources(planned.map(\.input)), max(1, min(parallel.jobs, planned.count)))
    let files = planned.map { file in
      var file = file
      (file.inputs, file.jobs) = (inputs, jobs)
      return file
    }
    let tally = Tally<FileReport>(count: files.count)
    let start = now()
    let isTree = recursive && !dryRun
    let showsLines = verbose && !write.quiet
    let bar = FilesBar(total: files.count, quiet: write.quiet || jobs == 1 || verbose)
    let outcome = Result {
      try Failure.reporting(files.indices, jobs: jobs, undone: undone) { i in
        let began = now()
        do {
          if let failure = files[i].failure { throw failure }
          if isTree { try makeFolders(for: files[i].output) }
          var report = try action(files[i])
          report.seconds = now() - began
          if showsLines { writeError(report.line + "\n") }
          tally.set(i, report)
          bar.advance()
        } catch {
          let failure = Failure(files[i].input, error)
          tally.set(i, FileReport(files[i], failure))
          bar.advance()
          throw failure
        }
      }
    }
    bar.finish()
    // One wait for all of a tree; each file alone was waited for when it was written.
    if isTree { sync() }
    let summary = BatchSummary(files: tally.reports, seconds: now() - start)
    if json { try Failure.reporting(["standard output"]) { _ in try printLine(try encoded(summary)) } }
    let isWatched = isatty(STDERR_FILENO) == 1 && files.count > 1
    if verbose || isWatched, !write.quiet, !dryRun, let line = summary.line { writeError(line + "\n") }
    try outcome.get()
  }
}

/// A file to be made of another.
struct FileJob: Sendable {
  let input: String
  let output: String
  /// Why it cannot be, as far as that is known.
  var failure: Failure?
  /// The inputs of all jobs, which none may replace.
  var inputs: Set<FileIdentity> = []
  /// How many are worked on at once.
  var jobs = 1

  init(input: String, output: String, failure: Failure? = nil) {
    self.input = input
    self.output = output
    self.failure = failure
  }

  /// The files below a folder whose names end so, and what of it cannot be taken.
  ///
  /// - Parameter output: of a file, by its path in the folder.
  static func below(_ folder: String, suffix: String, output: ([UInt8]) -> String) -> [FileJob] {
    let listing: FolderListing
    do { listing = try FolderListing(folder) } catch {
      return [FileJob(input: folder, output: "", failure: Failure(folder, error))]
    }
    let unreadable = listing.unreadable.map { FileJob(input: $0.file, output: "", failure: $0) }
    let files = listing.files.filter { $0.hasSuffix(suffix) }.map { file in
      var job = FileJob(input: FolderListing.path(of: file.path, in: folder), output: output(file.path))
      if file.isSpecial {
        job.failure = Failure(job.input, "is a pipe, a socket or a device, not a file", status: EX_NOINPUT)
      } else if String(validating: file.path, as: UTF8.self) == nil {
        job.failure = Failure(job.input, "has a name that is not UTF-8; rename it", status: EX_DATAERR)
      }
      return job
    }
    guard !(files + unreadable).isEmpty else {
      let nothing = Failure(folder, "has no files in it that end with \(suffix)", status: EX_NOINPUT)
      return [FileJob(input: folder, output: "", failure: nothing)]
    }
    return unreadable + files
  }
}

/// What became of files, from any thread.
final class Tally<Report: Sendable>: Sendable {
  private let all: Mutex<[Report?]>

  init(count: Int) { all = Mutex(Array(repeating: nil, count: count)) }

  func set(_ index: Int, _ report: Report) { all.withLock { $0[index] = report } }

  /// In the order of the files.
  var reports: [Report] { all.withLock { $0.compactMap { $0 } } }
}

/// Makes the folders that a file is to be in.
private func makeFolders(for path: String) throws {
  let bytes = Array(path.utf8)
  for end in bytes.indices where bytes[end] == UInt8(ascii: "/") && end > 0 {
    let folder = String(decoding: bytes[..<end], as: UTF8.self)
    guard mkdir(folder, 0o777) != 0, errno != EEXIST, !FolderListing.isFolder(folder) else { continue }
    throw Failure(folder, errno: errno, status: EX_CANTCREAT)
  }
}

/// Names with `*`, `?` or `[`, as a shell would take them where it has not: those of no file stand for the files they match.
func expandingPatterns(_ inputs: [String]) -> [String] {
  inputs.flatMap { input in
    guard input.contains(where: { "*?[".contains($0) }), access(input, F_OK) != 0 else { return [input] }
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(input, 0, nil, &found) == 0 else { return [input] }
    return (0..<Int(found.gl_pathc)).map { String(cString: found.gl_pathv[$0]!) }
  }
}
