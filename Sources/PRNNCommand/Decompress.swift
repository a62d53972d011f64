import ArchiveFormat
import ArgumentParser
import Glibc
import PRNN
import Raster

struct Decompress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Decompress .prnn archives to PNG pictures.",
    discussion: "Each IN.prnn becomes IN.png beside it; the archive stays.")

  @Argument(help: "Archives; - is standard input.")
  var inputs: [String]

  @OptionGroup var write: WriteOptions
  @OptionGroup var model: ModelOption
  @OptionGroup var work: WorkOptions

  func validate() throws { try write.check(inputs, suffix: ".png") }

  func run() throws {
    try Failure.reporting(inputs, decompress)
  }

  private func decompress(_ input: String) throws {
    let library = try model.library()
    let output = write.path(for: input, suffix: ".png")
    try OutputFile.check(output, force: write.force, input: input)
    let file = try InputFile(input)
    do {
      let archive = try Archive(file.readAll(limit: work.memoryLimit.bytes))
      let bar = ProgressBar(file.name, total: archive.samples, quiet: write.quiet)
      defer { bar.finish() }
      let raster = try work.codec(progress: bar.advance).decompress(archive, models: library)
      try OutputFile.write(output, force: write.force) { try raster.writePNG(to: $0) }
    } catch { throw Failure(file.name, error) }
  }
}
