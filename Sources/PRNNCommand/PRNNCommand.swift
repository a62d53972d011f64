import ArchiveFormat
import ArgumentParser
import CMalloc

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

  static func main() {
    // Streams come and go in every size: in the heap what one leaves is seldom of use for the next, and stays (a quarter of the
    // peak memory of a picture of 100 MPixel).
    mallopt(M_MMAP_THRESHOLD, 1 << 17)
    main(nil)
  }
}
