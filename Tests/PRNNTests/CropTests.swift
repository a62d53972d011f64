import ArchiveFormat
import PixelModels
import Raster
import Synchronization
import Testing

@testable import PRNN

/// Parts of pictures, from the tiles that they touch.
@Suite struct CropTests {
  private static let model = VectorTests.models.models[0]
  private static let models = VectorTests.models

  /// In a picture of 23 by 17 with tiles of 8 by 6: all of it, corners, pixels at the borders of tiles and over them, a tile.
  private static let parts = [
    (0, 0, 23, 17), (0, 0, 1, 1), (22, 16, 1, 1), (7, 5, 1, 1), (8, 6, 1, 1), (7, 5, 2, 2), (8, 6, 8, 6), (0, 6, 23, 1),
    (15, 0, 1, 17), (3, 2, 17, 13), (22, 0, 1, 17),
  ].map { PixelRectangle(x: $0, y: $1, width: $2, height: $3) }

  /// Samples of 16 bits, cropped, and marked where they are lost.
  @Test(arguments: [Raster.ColourType.gray, .rgb, .rgba]) func sixteenBits(type: Raster.ColourType) throws {
    let bytes = type.channels * 2
    let samples = (0..<23 * 17 * bytes).map { UInt8(truncatingIfNeeded: $0 / bytes &* 3 ^ $0 &* 29) }
    let raster = Raster(width: 23, height: 17, colourType: type, bitDepth: 16, samples: samples)
    let archive = try tiledArchive(raster, tileWidth: 8, tileHeight: 6, version: 4, model: Self.model)
    for part in Self.parts {
      let found = try Codec().decompress(archive, image: 0, crop: part, models: Self.models)
      #expect(found == cropped(raster, to: part), "\(part)")
      #expect(try Raster(png: found.png()) == found)
    }
    var lost = archive
    lost.series[0].tiles[4] = []
    let tile = archive.series[0].header.unit(4).tile
    try Codec().recover(lost, models: Self.models) { _, picture, damage in
      let found = try #require(picture)
      #expect(damage == [.init(series: 0, unit: 4)] && found.mark.count == bytes)
      for y in 0..<17 {
        for x in 0..<23 {
          let at = (y * 23 + x) * bytes
          let isLost = (tile.x..<tile.x + tile.width).contains(x) && (tile.y..<tile.y + tile.height).contains(y)
          #expect(Array(found.samples[at..<at + bytes]) == (isLost ? found.mark : Array(samples[at..<at + bytes])))
        }
      }
    }
  }

  @Test(arguments: RoundTripTests.formats, [1, 2, 4])
  func equalThePartsOfTheWhole(format: (Raster.ColourType, Int), version: Int) throws {
    var raster = picture(format.0, depth: format.1, 23, 17, interlaced: version == 2)
    raster.chunks.append(.init(type: Array("tEXt".utf8), place: .afterData, bytes: Array("Comment\0hello".utf8)))
    let archive = try tiledArchive(raster, tileWidth: 8, tileHeight: 6, version: version, model: Self.model)
    let codec = try Codec(threads: 2)
    #expect(try codec.decompress(archive.serialised(), models: Self.models) == raster)
    for part in Self.parts {
      let found = try codec.decompress(archive, image: 0, crop: part, models: Self.models)
      #expect(found == cropped(raster, to: part), "\(part)")
      #expect(try Raster(png: found.png()) == found)
    }
  }

  @Test(arguments: [
    // Tiles of 8 by 6, three channels each: the whole, the first, two at the right end, four.
    ("23x17+0+0", 23 * 17 * 3), ("1x1+0+0", 8 * 6 * 3), ("1x2+22+11", 7 * 11 * 3), ("2x2+7+5", 16 * 12 * 3),
  ])
  func onlyTheTilesTouchedAreDecoded(part: String, samples: Int) throws {
    let raster = picture(.rgb, 23, 17)
    let archive = try tiledArchive(raster, tileWidth: 8, tileHeight: 6, version: 2, model: Self.model)
    let decoded = Mutex(0)
    let codec = try Codec(progress: { count in decoded.withLock { $0 += count } })
    _ = try codec.decompress(archive, image: 0, crop: #require(PixelRectangle(part)), models: Self.models)
    #expect(decoded.withLock { $0 } == samples)
  }

  @Test func memoryIsThatOfTheTiles() throws {
    let raster = picture(.gray, 40, 40)
    let archive = try tiledArchive(raster, tileWidth: 4, tileHeight: 4, version: 2, model: Self.model)
    // A tile of 4 · 4, and its coder of (4 + 32) · (4 + 16), as of a whole picture of that size; the picture has 1600.
    let codec = try Codec(memoryLimit: 16 + 36 * 20)
    let corner = PixelRectangle(x: 4, y: 8, width: 4, height: 4)
    #expect(
      try codec.decompress(archive, image: 0, crop: corner, models: Self.models) == cropped(raster, to: corner))
    #expect(throws: PRNNError.tooLarge(bytes: 1600 + 36 * 20, limit: 16 + 36 * 20)) {
      try codec.decompress(archive, models: Self.models)
    }
  }

  @Test(arguments: [1, 2]) func damageElsewhereDoesNotMatter(version: Int) throws {
    let raster = picture(.gray, 12, 6)
    var archive = try tiledArchive(raster, tileWidth: 6, tileHeight: 6, version: version, model: Self.model)
    archive.series[0].tiles[1][0] = []
    let left = PixelRectangle(x: 0, y: 0, width: 6, height: 6)
    #expect(
      try Codec().decompress(archive, image: 0, crop: left, models: Self.models) == cropped(raster, to: left))
    // In version 1 no tile has a checksum of its own.
    guard version == 2 else { return }
    for part in [PixelRectangle(x: 5, y: 0, width: 2, height: 6), .init(x: 6, y: 0, width: 1, height: 1)] {
      #expect(throws: PRNNError.damagedPixels) {
        try Codec().decompress(archive, image: 0, crop: part, models: Self.models)
      }
    }
  }

  @Test func picturesInLots() throws {
    var set = PictureSet()
    for seed in 0..<3 { set.add(picture(.grayAlpha, 9, 7, seed: seed)) }
    let archive = try Archive(Codec().compress(set, model: Self.model, coding: .networks))
    let part = PixelRectangle(x: 8, y: 1, width: 1, height: 6)
    #expect(
      try Codec().decompress(archive, image: 1, crop: part, models: Self.models)
        == cropped(picture(.grayAlpha, 9, 7, seed: 1), to: part))
  }

  @Test func smallerSizes() throws {
    let levels = try #require(Self.models.model(named: "paper-levels"))
    let archive = try Archive(Codec().compress(picture(.rgb, 21, 14), model: levels, coding: .networks))
    try #require(archive.series[0].header.levels > 1)
    for half in [archive, try archive.coarser(halvings: 1)] {
      let part = PixelRectangle(x: 3, y: 2, width: 7, height: 5)
      #expect(
        try Codec().decompress(half, image: 0, crop: part, models: Self.models)
          == cropped(Codec().decompress(half, models: Self.models), to: part))
    }
  }

  @Test(arguments: [
    "24x1+0+0", "1x1+23+0", "1x18+0+0", "1x1+0+17", "9223372036854775807x1+1+0",
    "1x1+9223372036854775807+0",
  ])
  func partsOutside(text: String) throws {
    let archive = try Archive(Codec().compress(picture(.gray, 23, 17), model: Self.model, coding: .networks))
    let part = try #require(PixelRectangle(text))
    #expect(throws: PRNNError.outside(part, width: 23, height: 17)) {
      try Codec().decompress(archive, image: 0, crop: part, models: Self.models)
    }
  }

  /// Frames of an animation have the size of the whole picture.
  @Test func animationsAreLeftOut() throws {
    var raster = picture(.gray, 8, 8)
    raster.chunks = ["acTL", "gAMA", "fcTL", "fdAT"].map { .init(type: Array($0.utf8), place: .beforeData, bytes: [1]) }
    let bytes = try Codec().compress(raster, model: Self.model, coding: .networks)
    let part = PixelRectangle(x: 1, y: 1, width: 2, height: 2)
    let found = try Codec().decompress(Archive(bytes), image: 0, crop: part, models: Self.models)
    #expect(found.chunks.map { String(decoding: $0.type, as: UTF8.self) } == ["gAMA"])
  }
}
