import ArchiveFormat
import ArgumentParser
import FoundationEssentials
import PRNN
import Raster

struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what an archive holds, without decoding its pixels.")

  @Argument(help: "An archive; - is standard input.")
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

/// What `prnn info` prints.
private struct ArchiveSummary: Encodable {
  struct Image: Encodable {
    let width: Int
    let height: Int
    let colourType: String
    let bitDepth: Int
    let interlaced: Bool
    let model: String
    let modelHash: String
    let modelAtHand: Bool
    let tiles: Int
    let tileWidth: Int
    let tileHeight: Int
    let weightedChannels: Int
    let pngChunks: [String]
    let streamBytes: Int
    let bitsPerDim: Double
  }

  let formatVersion: Int
  let bytes: Int
  let images: [Image]

  init(_ file: [UInt8], library: ModelLibrary) throws {
    let archive = try Archive(file)
    formatVersion = Archive.version
    bytes = file.count
    images = archive.images.map { image in
      let h = image.header
      let model = archive.models[h.model]
      let stream = image.tiles.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
      return Image(
        width: h.width, height: h.height, colourType: Raster.ColourType(rawValue: h.colourType)?.name ?? "unknown",
        bitDepth: Int(h.bitDepth), interlaced: h.interlaced, model: model.name, modelHash: hexadecimal(model.hash),
        modelAtHand: library.models.contains { $0.hash == model.hash }, tiles: image.tiles.count,
        tileWidth: h.tileWidth, tileHeight: h.tileHeight, weightedChannels: image.valueWeights.count,
        pngChunks: image.chunks.map { String(decoding: $0.type, as: UTF8.self) }, streamBytes: stream,
        bitsPerDim: Double(stream * 8) / (Double(h.width) * Double(h.height) * Double(h.channels)))
    }
  }

  var text: String {
    let lines = images.map { i in
      """
      \(i.width) × \(i.height), \(i.colourType), \(i.bitDepth) bits\(i.interlaced ? ", interlaced" : "")
      model       \(i.model) \(i.modelHash.prefix(16))\(i.modelAtHand ? "" : " (not at hand)")
      tiles       \(i.tiles) of up to \(i.tileWidth) × \(i.tileHeight)
      streams     \(i.streamBytes) bytes, \(decimals(i.bitsPerDim, 3)) bits/dim
      PNG chunks  \(i.pngChunks.isEmpty ? "none" : i.pngChunks.joined(separator: " "))
      """
    }
    return (["prnn archive, format version \(formatVersion), \(bytes) bytes"] + lines).joined(separator: "\n")
  }
}

/// JSON with sorted keys.
func encoded(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
