import ArchiveFormat
import ArgumentParser
import ByteCoding
import PRNN

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the pictures in an archive.",
    discussion: """
      Each line has the size, the type and the name that decompress writes or takes with --only.

      Examples:
        prnn list set.prnn
      """)

  @Argument(help: "An archive; - is standard input.", completion: .archives)
  var file: String

  @Flag(help: "Print JSON.")
  var json = false

  private struct Row: Encodable {
    let name: String
    let width: Int
    let height: Int
    let colourType: String
    let bitDepth: Int

    var text: String { "\(width) × \(height)  \(colourType)  \(bitDepth) bits  \(name)" }
  }

  private struct Listing: Encodable {
    let bytes: Int
    let samples: Int
    let bitsPerDim: Double
    let images: [Row]

    var text: String {
      let pictures = images.count == 1 ? "1 picture" : "\(images.count) pictures"
      return
        (images.map(\.text) + ["\(pictures), \(samples) samples, \(bytes) bytes, \(decimals(bitsPerDim, 3)) bits/dim"])
        .joined(separator: "\n")
    }
  }

  func run() throws {
    try Failure.reporting([file]) { path in
      let bytes = try InputFile(path).readAll(limit: WorkOptions.standardMemoryLimit)
      let archive = try Archive(bytes)
      let headers = archive.series.flatMap { Array(repeating: $0.header, count: $0.header.count) }
      let rows = zip(archive.fileNames, headers).map { name, h in
        Row(
          name: "\(name)", width: h.width, height: h.height, colourType: h.colourTypeName, bitDepth: Int(h.bitDepth))
      }
      let samples = archive.dims
      let listing = Listing(
        bytes: bytes.count, samples: samples, bitsPerDim: Double(bytes.count * 8) / Double(samples),
        images: rows)
      try printLine(json ? try encoded(listing) : listing.text)
    }
  }
}

extension Archive {
  /// Samples of all images, one for each channel of a pixel whatever its bits.
  var dims: Int {
    saturatedSum(series.map { saturatedProduct($0.header.imageSamples / $0.header.sampleBytes, $0.header.count) })
  }

  /// The names of all images in a folder: their own, or their numbers from 1 where they have none.
  var fileNames: [ImageName] {
    guard !isNamed else { return series.flatMap(\.names) }
    let digits = String(imageCount).count
    return (1...imageCount).map { number in
      let text = String(number)
      return ImageName(String(repeating: "0", count: digits - text.count) + text + ".png")!
    }
  }
}
