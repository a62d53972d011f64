import ArchiveFormat
import ArgumentParser
import Glibc
import PRNN

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check archives without writing anything.",
    discussion: """
      Every chunk is compared with its checksum, and all numbers that are not the coder's are checked. With --deep the pixels \
      are decoded, too, and compared with theirs, and files that come back byte for byte are made again. A line for each archive: that it is whole, or, on standard error, what is \
      damaged in it.

      Examples:
        prnn verify photo.prnn set.prnn
        prnn verify --deep photo.prnn
        prnn verify --recursive --jobs 2 --quiet archives
      """)

  @Argument(help: "Archives; - is standard input.", completion: .archives)
  var files: [String]

  @Flag(name: .shortAndLong, help: "Take the archives below folders.")
  var recursive = false

  @OptionGroup var parallel: JobsOption

  @Flag(help: "Decode all pixels and compare their checksums.")
  var deep = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(name: .shortAndLong, help: "Show no progress, and print nothing of archives that are whole.")
  var quiet = false

  @OptionGroup var model: ModelOption
  @OptionGroup var work: WorkOptions

  private struct Report: Encodable {
    let file: String
    let isWhole: Bool
    /// What is damaged.
    let cause: String?
  }

  /// Damage that a line tells of; more is counted only.
  private static let named = 3

  func run() throws {
    var library = ModelLibrary.bundled
    // A model that is not there is no fault of an archive.
    if model.model != nil { try Failure.reporting([""]) { _ in library = try model.library() } }
    let files = try jobs()
    let tally = Tally<Report>(count: files.count)
    let outcome = Result {
      try Failure.reporting(files.indices, jobs: parallel.jobs, undone: ("archives", "found whole")) { [library] i in
        let path = files[i].input
        let checked: String
        do {
          if let failure = files[i].failure { throw failure }
          checked = try verify(path, library, jobs: min(parallel.jobs, files.count))
        } catch {
          let failure = Failure(path, error)
          tally.set(i, Report(file: path, isWhole: false, cause: failure.cause))
          throw failure
        }
        tally.set(i, Report(file: path, isWhole: true, cause: nil))
        if !quiet, !json { try printLine("\(path == "-" ? "standard input" : visible(path)): ok (\(checked))") }
      }
    }
    if json { try Failure.reporting(["standard output"]) { _ in try printLine(try encoded(tally.reports)) } }
    try outcome.get()
  }

  /// The archives that the arguments stand for.
  private func jobs() throws -> [FileJob] {
    let files = expandingPatterns(files)
    if recursive, files.contains("-") {
      throw ValidationError("--recursive takes files and folders, not standard input.")
    }
    return files.flatMap { file in
      guard recursive, FolderListing.isFolder(file) else { return [FileJob(input: file, output: "")] }
      return FileJob.below(file, suffix: ".prnn") { _ in "" }
    }
  }

  /// - Parameter jobs: archives that are checked at the same time.
  /// - Returns: what was checked, as the user reads it.
  /// - Throws: also when the archive is damaged.
  private func verify(_ path: String, _ library: ModelLibrary, jobs: Int) throws -> String {
    let file = try InputFile(path)
    do {
      let archive = try read(file)
      let pictures = archive.imageCount == 1 ? "1 picture" : "\(archive.imageCount) pictures"
      guard deep else { return "\(pictures), the checksums of all chunks" }
      let bar = ProgressBar(file.name, total: archive.samples, quiet: quiet || jobs > 1)
      defer { bar.finish() }
      var unfaithful: [Int] = []
      WorkOptions.prepareHeap(samples: archive.samples)
      let damage = try work.codec(jobs: jobs, progress: bar.advance)
        .damage(in: archive, models: library) { unfaithful.append($0) }
      guard damage.isEmpty else {
        throw Verify.failure(file.name, damage.map { "\(archive.describe($0)) does not match its checksum" })
      }
      guard unfaithful.isEmpty else {
        let names = archive.fileNames
        throw Verify.failure(file.name, unfaithful.map { "\(names[$0]) \(Codec.unfaithfulFile)" })
      }
      let files = archive.fileCount > 0 ? ", and of the files of \(archive.fileCount)" : ""
      return "\(pictures), the checksums of all chunks and pixels\(files)"
    } catch { throw Failure(file.name, error) }
  }

  /// The archive; of a damaged one it is found out what is wrong.
  private func read(_ file: InputFile) throws -> Archive {
    let bytes = try file.readAll(limit: work.memoryLimit.bytes)
    do { return try Archive(bytes) } catch let error as ArchiveError {
      switch error {
      case .damaged, .truncated: break
      default: throw error
      }
      let salvage = try Archive.Salvage(bytes)
      let parts = salvage.archive.missingParts.map { "\(salvage.archive.describe($0)) is damaged" }
      throw Verify.failure(file.name, salvage.losses.map(\.description) + parts)
    }
  }

  private static func failure(_ name: String, _ damage: [String]) -> Failure {
    let more = damage.count > named ? ["and \(damage.count - named) more"] : []
    return Failure(name, (damage.prefix(named) + more).joined(separator: "; "), status: EX_DATAERR)
  }
}
