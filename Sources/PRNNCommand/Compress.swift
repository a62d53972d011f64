import ArgumentParser
import Glibc
import PRNN
import Raster

struct Compress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compress PNG pictures to .prnn archives.",
    discussion: """
      Each IN.png becomes IN.prnn beside it; the PNG stays. Every archive is decoded and compared before it is kept. \
      JPEG pictures are refused: they are already smaller than an archive of their pixels.
      """)

  @Argument(help: "PNG files; - is standard input.")
  var inputs: [String]

  @OptionGroup var write: WriteOptions
  @OptionGroup var model: ModelOption
  @OptionGroup var work: WorkOptions

  @Flag(name: .customLong("no-verify"), help: "Do not decode the archive again to check it.")
  var skipsVerification = false

  func validate() throws { try write.check(inputs, suffix: ".prnn") }

  func run() throws {
    try Failure.reporting(inputs, compress)
  }

  private func compress(_ input: String) throws {
    let library = try model.library()
    let output = write.path(for: input, suffix: ".prnn")
    try OutputFile.check(output, force: write.force, input: input)
    let file = try InputFile(input)
    do {
      let raster = try Raster(png: file.read(into:), memoryLimit: work.memoryLimit.bytes)
      let passes = skipsVerification ? 1 : 2
      let bar = ProgressBar(file.name, total: raster.samples.count * passes, quiet: write.quiet)
      defer { bar.finish() }
      let archive = try work.codec(progress: bar.advance)
        .compress(raster, model: library.standard, verify: !skipsVerification)
      try OutputFile.write(output, force: write.force) { sink in try archive.withUnsafeBytes(sink) }
    } catch { throw Failure(file.name, error) }
  }
}
