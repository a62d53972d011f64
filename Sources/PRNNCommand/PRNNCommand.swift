import ArchiveFormat
import ArgumentParser
import Glibc

@main
struct PRNNCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prnn",
    abstract: "Lossless image compression with autoregressive networks.",
    version: "prnn 0.1.0, format version \(Archive.newestVersion)",
    subcommands: [
      Compress.self, Decompress.self, Verify.self, List.self, Info.self, Models.self, Train.self, Quantise.self,
      Evaluate.self, Sample.self, Complete.self,
      Inspect.self, Bench.self,
    ])

  /// Swift reads the arguments from /proc; without any, not even the program's name, every command would print the help.
  static func main() {
    guard !CommandLine.arguments.isEmpty else {
      warn("/proc/self/cmdline, where the arguments are read from, is not there; mount /proc")
      Glibc.exit(EX_OSERR)
    }
    main(nil)
  }
}
