import ArchiveFormat
import ByteCoding
import FoundationEssentials
import PRNN
import Raster

/// What `prnn info` prints.
struct ArchiveSummary: Encodable {
  struct Series: Encodable {
    let images: Int
    let imagesOfALot: Int
    let firstName: String?
    let lastName: String?
    let width: Int
    let height: Int
    let colourType: String
    let bitDepth: Int
    let interlaced: Bool
    let levels: Int
    /// Of all four: nil when no tile is coded by networks.
    let model: String?
    let modelHash: String?
    let modelEmbedded: Bool?
    let modelAtHand: Bool?
    /// Tile chunks by what codes them.
    let tilesByNetworks: Int
    let tilesByContextMixing: Int
    let tilesByDeflate: Int
    let tiles: Int
    let tileWidth: Int
    let tileHeight: Int
    let weightedChannels: Int
    let learns: Bool
    let hasFits: Bool
    let colours: String
    /// When the files were modified, the first and the last of them.
    let earliestTime: String?
    let latestTime: String?
    /// Pictures whose PNG files come back byte for byte.
    let exactFiles: Int
    let pngChunks: [PNGChunkSummary]
    let streamBytes: Int
    let bitsPerDim: Double
  }

  /// Series that are printed as text, and chunks of each; more are counted only.
  fileprivate static let shown = 20

  let formatVersion: Int
  let bytes: Int
  let images: Int
  let series: [Series]

  init(_ file: [UInt8], library: ModelLibrary) throws {
    let archive = try Archive(file)
    formatVersion = archive.version
    bytes = file.count
    images = archive.imageCount
    series = archive.series.map { series in
      Series(series, series.usesNetworks ? archive.models[series.header.model] : nil, library)
    }
  }

  var text: String {
    let count = images == 1 ? "" : ", \(images) pictures in \(series.count) series"
    let rest = series.count - ArchiveSummary.shown
    return
      (["prnn archive, format version \(formatVersion), \(bytes) bytes\(count)"]
      + series.prefix(ArchiveSummary.shown).map(\.text) + (rest > 0 ? ["and \(rest) more series"] : []))
      .joined(separator: "\n")
  }
}

extension ArchiveSummary.Series {
  fileprivate init(_ series: Archive.Series, _ model: Archive.ModelName?, _ library: ModelLibrary) {
    let h = series.header
    let stream = series.tiles.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
    func count(_ coding: Archive.Coding) -> Int { series.tiles.indices.count { series.coding($0) == coding } }
    self.init(
      images: h.count, imagesOfALot: h.lot, firstName: series.names.first.map { "\($0)" },
      lastName: series.names.last.map { "\($0)" }, width: h.width, height: h.height, colourType: h.colourTypeName,
      bitDepth: Int(h.bitDepth), interlaced: h.interlaced, levels: h.levels, model: model?.name,
      modelHash: model.map { hexadecimal($0.hash) }, modelEmbedded: model.map { $0.file != nil },
      modelAtHand: model.map { model in model.file != nil || library.model(hash: model.hash, name: model.name) != nil },
      tilesByNetworks: count(.network), tilesByContextMixing: count(.mixing) + count(.predicted),
      tilesByDeflate: count(.plain) + count(.filtered),
      tiles: series.tiles.count,
      tileWidth: h.tileWidth, tileHeight: h.tileHeight, weightedChannels: series.valueWeights.count,
      learns: !series.learning.isEmpty, hasFits: !series.fits.isEmpty,
      colours: series.lattice?.summary ?? "not weighed",
      earliestTime: series.times.min().map(utc), latestTime: series.times.max().map(utc),
      exactFiles: series.files.count { !$0.isEmpty },
      pngChunks: series.chunks.enumerated().map { PNGChunkSummary($1, isRead: $0 < 1000) }, streamBytes: stream,
      bitsPerDim: Double(stream * 8) / (Double(h.width) * Double(h.height) * Double(h.channels) * Double(h.count)))
  }

  fileprivate var text: String {
    let place = modelEmbedded == true ? " (in the archive)" : modelAtHand == true ? "" : " (not at hand)"
    let learning = (learns ? ", which learns while it codes" : "") + (hasFits ? ", with fits" : "")
    let network = model.map { "\($0) \(modelHash!.prefix(16))\(place)\(learning)" } ?? "none"
    let others = [(tilesByContextMixing, "context mixing"), (tilesByDeflate, "deflate")]
      .filter { $0.0 > 0 }.map { ", \($0.0) by \($0.1)" }.joined()
    let number = images > 1 ? "\(images) of " : ""
    let parts = images > 1 ? "\(imagesOfALot) pictures" : "\(tileWidth) × \(tileHeight)"
    let names = [firstName, images > 1 ? lastName : nil].compactMap { $0 }.joined(separator: " ... ")
    let times = [earliestTime, latestTime == earliestTime ? nil : latestTime].compactMap { $0 }
      .joined(separator: " ... ")
    let files = exactFiles == 0 ? "samples and chunks" : "byte for byte"
    let some = exactFiles > 0 && exactFiles < images ? " (\(exactFiles) of \(images))" : ""
    return """
      \(number)\(width) × \(height), \(colourType), \(bitDepth) bits\(interlaced ? ", interlaced" : "")
      model       \(network)
      \(images > 1 ? "lots " : "tiles")       \(tiles) of up to \(parts)\(others)
      colours     \(colours)
      streams     \(streamBytes) bytes, \(decimals(bitsPerDim, 3)) bits/dim
      comes back  \(files)\(some)
      PNG chunks  \(metadata)
      """ + (times.isEmpty ? "" : "\nmodified    \(times)") + (names.isEmpty ? "" : "\nnames       \(names)")
  }

  /// The chunks of the PNG file, a line each.
  private var metadata: String {
    guard !pngChunks.isEmpty else { return "none" }
    let lines = pngChunks.prefix(ArchiveSummary.shown).map { chunk in
      let size = String(chunk.bytes)
      let padding = String(repeating: " ", count: max(0, 7 - size.count))
      return chunk.type + padding + size + " bytes" + (chunk.summary.map { "  \($0)" } ?? "")
    }
    let rest = pngChunks.count - ArchiveSummary.shown
    return (lines + (rest > 0 ? ["and \(rest) more"] : [])).joined(separator: "\n            ")
  }
}

extension Archive.Lattice {
  /// As people say it.
  fileprivate var summary: String {
    let others = escape == 0 ? "only" : "and few others"
    if codesPlanes {
      return colours == .jfif ? "coded as 8-bit JFIF YCbCr" : "coded as 8-bit luma and chroma"
    }
    return switch colours {
    case .any: "weighed by those seen before"
    case .jfif: "of 8-bit JFIF YCbCr \(others)"
    case .conversion: "of an 8-bit luma-chroma conversion \(others)"
    }
  }
}

extension Archive.Header {
  /// As people say it.
  var colourTypeName: String { Raster.ColourType(rawValue: colourType)?.name ?? "unknown" }
}
