import ArgumentParser
import Glibc
import PRNN
import Raster

struct Complete: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Complete a picture of which a part is given, in several ways.",
    discussion: """
      Writes a row of pictures: the picture, the part that is given, and the completions. A model draws the missing pixels in \
      raster order from what is above and left of them.

      Examples:
        prnn complete photo.png --model photo -o completed.png
      """)

  enum Part: String, ExpressibleByArgument, CaseIterable {
    case upperHalf = "upper-half"
    case leftHalf = "left-half"
  }

  @Argument(help: "A PNG file, gray or RGB; - is standard input.", completion: .pictures)
  var input: String

  @OptionGroup var model: ModelOption
  @OptionGroup var work: WorkOptions
  @OptionGroup var grid: GridOptions

  @Option(
    help: ArgumentHelp("What is given: upper-half, left-half, or a PNG of the same size.", valueName: "part|file"),
    completion: .list(Part.allCases.map(\.rawValue)))
  var mask: String = Part.upperHalf.rawValue

  @Option(help: ArgumentHelp("Completions to draw.", valueName: "n"))
  var count: Int = 5

  func validate() throws {
    guard (1...1024).contains(count) else { throw ValidationError("--count takes a number from 1 to 1024.") }
  }

  func run() throws {
    try Failure.reporting([input]) { input in
      let library = try model.library()
      try OutputFile.check(grid.output, force: grid.force, inputs: FileIdentity.sources([input]))
      let file = try InputFile(input)
      do {
        let picture = try Raster(png: file.read(into:), deepest: 8, memoryLimit: work.memoryLimit.bytes)
        let isGiven = try given(in: picture)
        let bar = ProgressBar("drawing", total: picture.samples.count * count, quiet: grid.quiet)
        defer { bar.finish() }
        let completions = try work.codec(progress: bar.advance).complete(
          picture, isGiven: { isGiven[$0 * picture.width + $1] }, count: count, seed: grid.seed,
          model: library.standard)
        var sheet = grid
        sheet.columns = grid.columns ?? count + 2
        try sheet.write(
          [picture, picture.dimmed(unless: isGiven)] + completions, drawn: count, model: library.standard)
      } catch { throw Failure(file.name, error) }
    }
  }

  /// Whether each pixel is given: (height, width).
  private func given(in picture: Raster) throws -> [Bool] {
    let (width, height) = (picture.width, picture.height)
    switch Part(rawValue: mask) {
    case .upperHalf: return (0..<height).flatMap { Array(repeating: $0 < height / 2, count: width) }
    case .leftHalf: return (0..<height).flatMap { _ in (0..<width).map { $0 < width / 2 } }
    case nil: break
    }
    do {
      let file = try Raster(png: InputFile(mask).read(into:), deepest: 8, memoryLimit: work.memoryLimit.bytes)
      guard file.width == width, file.height == height else {
        throw Failure(
          mask,
          "is \(file.width) × \(file.height), the picture \(width) × \(height); give a mask of its size",
          status: EX_DATAERR)
      }
      guard [.gray, .rgb].contains(file.colourType) else {
        throw Failure(mask, "is a \(file.colourType.name) picture; give a gray or RGB mask", status: EX_DATAERR)
      }
      // White, or any other sample that is not 0, is given.
      return (0..<width * height).map { pixel in
        file.samples[pixel * file.channels..<(pixel + 1) * file.channels].contains { $0 != 0 }
      }
    } catch { throw Failure(mask, error) }
  }
}

extension Raster {
  /// The picture with the pixels that are not given in the middle between black and white (black in pictures of 1 bit).
  fileprivate func dimmed(unless isGiven: [Bool]) -> Raster {
    var result = self
    for pixel in isGiven.indices where !isGiven[pixel] {
      for c in 0..<channels {
        result.samples[pixel * channels + c] = UInt8((1 << bitDepth) / 2 - (bitDepth == 1 ? 1 : 0))
      }
    }
    return result
  }
}
