import ArchiveFormat
import ArgumentParser
import Glibc
import PRNN
import Raster

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw where the bits of an archive go.",
    discussion: """
      The heatmap has a pixel for each of the picture: black costs nothing, blue, red and yellow more, white the bits that are \
      printed and above.

      Examples:
        prnn inspect photo.prnn --heatmap heat.png
      """)

  @Argument(help: "An archive; - is standard input.", completion: .archives)
  var file: String

  @Option(
    help: ArgumentHelp("The PNG file to draw; - is standard output.", valueName: "file"), completion: .pictures)
  var heatmap: String

  @Option(help: ArgumentHelp("The picture of a set; prnn list shows the names.", valueName: "name"))
  var only: String?

  @Option(help: ArgumentHelp("Bits of a pixel drawn white (what 99 of 100 pixels stay below).", valueName: "bits"))
  var top: Double?

  @Flag(name: .shortAndLong, help: "Overwrite files that exist.")
  var force = false

  @OptionGroup var report: JSONOption
  @OptionGroup var model: ModelOption
  @OptionGroup var work: WorkOptions

  func validate() throws {
    if report.json, heatmap == "-" {
      throw ValidationError("--json prints to standard output; name a file with --heatmap.")
    }
    if let top, !(top > 0 && top.isFinite) { throw ValidationError("--top takes a number above 0.") }
  }

  func run() throws {
    try Failure.reporting([file]) { path in
      let library = try model.library()
      let input = try InputFile(path)
      try OutputFile.check(heatmap, force: force, inputs: FileIdentity.sources([path]))
      do {
        let archive = try Archive(input.readAll(limit: work.memoryLimit.bytes))
        let number = try number(in: archive, input.name)
        let costs = try work.codec().costs(archive, image: number, models: library)
        let (picture, top) = costs.heatmap(top: top)
        try OutputFile.write(heatmap, force: force) { try picture.writePNG(to: $0) }
        let found = CostReport(heatmap: heatmap, costs: costs, white: top)
        try report.print(found)
        if heatmap != "-", !report.json { try printLine(found.text) }
      } catch { throw Failure(input.name, error) }
    }
  }

  private func number(in archive: Archive, _ name: String) throws -> Int {
    guard let only else {
      guard archive.imageCount == 1 else {
        throw Failure(name, "has \(archive.imageCount) pictures; choose one with --only", status: EX_USAGE)
      }
      return 0
    }
    return try archive.number(of: only, name)
  }
}

/// What `prnn inspect` prints.
private struct CostReport: Encodable {
  let heatmap: String
  let width: Int
  let height: Int
  let bits: Double
  let bitsPerPixel: Double
  /// Bits of a pixel that is drawn white, and above.
  let white: Double

  init(heatmap: String, costs: PixelCosts, white: Double) {
    self.heatmap = heatmap
    (width, height) = (costs.width, costs.height)
    bits = costs.bits
    bitsPerPixel = costs.bits / Double(costs.costs.count)
    self.white = white
  }

  var text: String {
    "\(decimals(bits / 8, 0)) bytes, \(decimals(bitsPerPixel, 2)) bits a pixel; white: \(decimals(white, 1)) and more"
  }
}
