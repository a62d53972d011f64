import ArchiveFormat
import ArgumentParser

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
}
