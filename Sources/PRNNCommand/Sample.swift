import ArgumentParser
import PRNN
import PixelModels
import PixelTraining
import Raster

struct Sample: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw pictures from a model.",
    discussion: """
      Random bits, decoded with the loop that decodes archives; a grid of them is written as PNG.

      Examples:
        prnn sample --model photo --size 16x12 --count 4 -o drawn.png
      """)

  @OptionGroup var model: ModelOption
  @OptionGroup var work: WorkOptions
  @OptionGroup var grid: GridOptions

  @Option(help: ArgumentHelp("Pictures to draw.", valueName: "n"))
  var count: Int = 16

  @Option(help: ArgumentHelp("Sides of a picture.", valueName: "WxH"))
  var size: Size = Size(width: 32, height: 32)

  @Flag(help: "Draw gray pictures with a model that has colour too.")
  var gray = false

  func validate() throws {
    guard (1...65536).contains(count) else { throw ValidationError("--count takes a number from 1 to 65536.") }
  }

  func run() throws {
    try Failure.reporting([grid.output]) { output in
      let library = try model.library()
      try OutputFile.check(output, force: grid.force)
      let used = library.standard
      let role: Model.Role = gray || used.network(for: .colour) == nil ? .gray : .colour
      let bar = ProgressBar(
        "drawing", total: size.width * size.height * role.channels * count, quiet: grid.quiet)
      defer { bar.finish() }
      let pictures = try work.codec(progress: bar.advance).sample(
        used, role: role, width: size.width, height: size.height, count: count, seed: grid.seed)
      try grid.write(pictures, drawn: pictures.count, model: used)
    }
  }
}

/// A grid of pictures to write.
struct GridOptions: ParsableArguments {
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The PNG file to write; - is standard output.", valueName: "file"),
    completion: .pictures)
  var output: String

  @Option(help: ArgumentHelp("Pictures in a row (about as many as rows).", valueName: "n"))
  var columns: Int?

  @Option(help: ArgumentHelp("The same number draws the same pictures.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(name: .shortAndLong, help: "Overwrite files that exist.")
  var force = false

  @Flag(name: .shortAndLong, help: "Show no progress.")
  var quiet = false

  @OptionGroup var report: JSONOption

  func validate() throws {
    try report.check(output)
    if let columns, columns < 1 { throw ValidationError("--columns takes a number from 1.") }
  }

  /// - Parameters:
  ///   - drawn: how many of the pictures the model has drawn.
  func write(_ pictures: [Raster], drawn: Int, model: Model) throws {
    let columns = columns ?? Int(Double(pictures.count).squareRoot().rounded(.up))
    let sheet = Raster(grid: pictures, columns: min(columns, pictures.count), gap: 2)
    try OutputFile.write(output, force: force) { try sheet.writePNG(to: $0) }
    try report.print(
      DrawingReport(
        output: output, model: model.name, drawn: drawn, width: pictures[0].width, height: pictures[0].height,
        seed: seed))
  }
}

/// What `prnn sample` and `prnn complete` print with `--json`.
private struct DrawingReport: Encodable {
  let output: String
  let model: String
  /// Pictures that the model has drawn.
  let drawn: Int
  /// Of each picture, in pixels.
  let width: Int
  let height: Int
  let seed: UInt64
}
