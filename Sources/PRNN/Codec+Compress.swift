import ArchiveFormat
import ByteCoding
import IntegerInference
import PixelModels
import Raster
import Synchronization

extension Codec {
  /// The archive of one picture.
  ///
  /// - Parameter verify: decode the archive again and compare, before returning it.
  /// - Throws: ``PRNNError``, and `ArchiveError` when the archive made cannot be read again.
  public func compress(_ raster: Raster, model: Model, verify: Bool = true) throws -> [UInt8] {
    let grid = TileGrid(width: raster.width, height: raster.height, side: Codec.tileSide)
    let header = Archive.Header(
      width: raster.width, height: raster.height, colourType: raster.colourType.rawValue,
      bitDepth: UInt8(raster.bitDepth), interlaced: raster.interlaced, model: 0, tileWidth: grid.tileWidth,
      tileHeight: grid.tileHeight, checksum: crc32(raster.samples))
    let groups = PlaneGroup.all(of: header, raster.chunks)
    let valueWeights = try estimateValueWeights(raster, groups, model)
    let weights = groups.map { $0.weights(valueWeights) }
    let jobs = jobs(grid, groups: groups.count)
    let streams = Mutex<[[UInt8]]>(Array(repeating: [], count: jobs.count))
    try raster.samples.withUnsafeBufferPointer { samples in
      let pixels = SharedBytes(base: UnsafeMutablePointer(mutating: samples.baseAddress!))
      @Sendable func encode(coders: [TileCoder], index: Int) {
        let job = jobs[index]
        let stream = coders[job.group].encode(
          width: job.tile.width, height: job.tile.height, weights: weights[job.group]
        ) { y, row in
          let at = ((job.tile.y + y) * raster.width + job.tile.x) * raster.channels
          groups[job.group].gather(pixels.base + at, count: job.tile.width, to: row)
        }
        streams.withLock { $0[index] = stream }
      }
      try parallel(count: jobs.count, threads: threads, context: { try coders(groups, model) }, body: encode)
    }
    let coded = streams.withLock { $0 }
    let archive = Archive(
      models: [.init(hash: model.hash, name: model.name)],
      images: [
        .init(
          header: header,
          chunks: raster.chunks.map { .init(place: $0.place.rawValue, type: $0.type, bytes: $0.bytes) },
          valueWeights: valueWeights,
          tiles: (0..<grid.count).map { t in
            (0..<groups.count).map { coded[t * groups.count + $0][...] }
          })
      ])
    let bytes = archive.serialised()
    if verify, try !decodes(bytes, to: raster, models: ModelLibrary([model])) { throw PRNNError.unfaithful }
    return bytes
  }

  /// Whether an archive holds exactly this picture.
  public func decodes(_ bytes: [UInt8], to raster: Raster, models: ModelLibrary) throws -> Bool {
    let archive = try Archive(bytes)
    let image = archive.images[0]
    let header = image.header
    guard archive.images.count == 1, header.width == raster.width, header.height == raster.height,
      header.colourType == raster.colourType.rawValue, Int(header.bitDepth) == raster.bitDepth,
      header.interlaced == raster.interlaced, header.checksum == crc32(raster.samples),
      image.rasterChunks == raster.chunks
    else { return false }
    let same = Atomic<Bool>(true)
    try raster.samples.withUnsafeBufferPointer { samples in
      let pixels = SharedBytes(base: UnsafeMutablePointer(mutating: samples.baseAddress!))
      try decodeTiles(image, archive.models[header.model], models) { group, at, count, row in
        if !group.matches(row, count: count, pixels.base + at) { same.store(false, ordering: .relaxed) }
      }
    }
    return same.load(ordering: .relaxed)
  }
}
