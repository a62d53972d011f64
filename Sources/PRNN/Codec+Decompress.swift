import ArchiveFormat
import ByteCoding
import IntegerInference
import PixelModels
import Raster
import Synchronization

extension Codec {
  /// The picture in an archive.
  ///
  /// - Throws: `ArchiveError` or ``PRNNError``; no picture then.
  public func decompress(_ bytes: [UInt8], models: ModelLibrary) throws -> Raster {
    try decompress(Archive(bytes), models: models)
  }

  /// The picture in an archive that is parsed already.
  ///
  /// - Throws: `ArchiveError` or ``PRNNError``; no picture then.
  public func decompress(_ archive: Archive, models: ModelLibrary) throws -> Raster {
    guard archive.images.count == 1 else { throw PRNNError.severalImages(archive.images.count) }
    let image = archive.images[0]
    let header = image.header
    guard let type = Raster.ColourType(rawValue: header.colourType), type.allows(bitDepth: Int(header.bitDepth)) else {
      throw ArchiveError.damaged("colour type")
    }
    let needed = header.bytesNeeded(threads: threads)
    guard needed <= memoryLimit else { throw PRNNError.tooLarge(bytes: needed, limit: memoryLimit) }
    let count = header.width * header.height * type.channels
    let samples = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let target = SharedBytes(base: buffer.baseAddress!)
      try decodeTiles(image, archive.models[header.model], models) { group, at, count, row in
        group.scatter(row, count: count, to: target.base + at)
      }
      filled = count
    }
    guard crc32(samples) == header.checksum else { throw PRNNError.damagedPixels }
    return Raster(
      width: header.width, height: header.height, colourType: type, bitDepth: Int(header.bitDepth),
      interlaced: header.interlaced, samples: samples, chunks: image.rasterChunks)
  }

  /// Decodes all tiles, and hands out runs of samples: their group, where in the picture they start, how many pixels.
  func decodeTiles(
    _ image: Archive.Image, _ name: Archive.ModelName, _ models: ModelLibrary,
    _ body: @escaping @Sendable (PlaneGroup, Int, Int, UnsafePointer<UInt8>) -> Void
  ) throws {
    let model = try models.model(for: (name.hash, name.name))
    let header = image.header
    let groups = PlaneGroup.all(of: header, image.rasterChunks)
    let weights = groups.map { $0.weights(image.valueWeights) }
    let jobs = jobs(header.grid, groups: groups.count)
    @Sendable func decode(coders: [TileCoder], index: Int) throws {
      let job = jobs[index]
      let whole = coders[job.group].decode(
        image.tiles[job.tileIndex][job.group], width: job.tile.width, height: job.tile.height,
        weights: weights[job.group]
      ) { y, row in
        let at = ((job.tile.y + y) * header.width + job.tile.x) * header.channels
        body(groups[job.group], at, job.tile.width, row)
      }
      guard whole else { throw PRNNError.damagedPixels }
    }
    try parallel(count: jobs.count, threads: threads, context: { try coders(groups, model) }, body: decode)
  }
}

extension Archive.Header {
  /// Bytes for the samples, and for a tile with its margins for each thread; `Int.max` when they are more than that.
  fileprivate func bytesNeeded(threads: Int) -> Int {
    func product(_ factors: Int...) -> Int {
      factors.reduce(1) {
        let (value, overflow) = $0.multipliedReportingOverflow(by: $1)
        return overflow ? .max : value
      }
    }
    let tile = product(tileWidth + 32, tileHeight + 16, min(channels, 3), min(threads, grid.count))
    let (sum, overflow) = product(width, height, channels).addingReportingOverflow(tile)
    return overflow ? .max : sum
  }
}

extension Archive.Image {
  var rasterChunks: [Raster.Chunk] {
    chunks.map { .init(type: $0.type, place: .init(rawValue: $0.place)!, bytes: $0.bytes) }
  }
}
