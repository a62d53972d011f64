import ArgumentParser
import PRNN

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what an archive holds, without decoding its pixels.",
    discussion: """
      Examples:
        prnn info photo.prnn
        prnn info --json set.prnn
      """)

  @Argument(help: "An archive; - is standard input.", completion: .archives)
  var file: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try Failure.reporting([file]) { path in
      let input = try InputFile(path)
      let bytes = try input.readAll(limit: WorkOptions.standardMemoryLimit)
      let summary = try ArchiveSummary(bytes, library: .bundled)
      try printLine(json ? try encoded(summary) : summary.text)
    }
  }
}
