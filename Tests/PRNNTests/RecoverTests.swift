import ArchiveFormat
import PixelModels
import Raster
import Synchronization
import Testing

@testable import PRNN

/// Damaged archives: what is whole comes out exactly, the rest is marked and named.
@Suite struct RecoverTests {
  private static let model = VectorTests.models.models[0]
  private static let models = VectorTests.models

  /// Magenta, or what is nearest to it.
  private static func mark(_ raster: Raster) -> [UInt8] {
    switch raster.colourType {
    case .gray: [0]
    case .grayAlpha: [0, 255]
    case .rgb: [255, 0, 255]
    case .rgba: [255, 0, 255, 255]
    case .palette: [1]
    }
  }

  /// What has to come out when some tiles of 8 by 6 are damaged.
  private func marked(_ raster: Raster, _ header: Archive.Header, _ units: [Int]) -> Raster {
    var result = raster
    for unit in units {
      let tile = header.grid[unit]
      for y in tile.y..<tile.y + tile.height {
        for x in tile.x..<tile.x + tile.width {
          for (c, sample) in Self.mark(raster).enumerated() {
            result.samples[(y * raster.width + x) * raster.channels + c] = sample
          }
        }
      }
    }
    return result
  }

  private struct Found {
    var pictures: [Raster?] = []
    var damage: [[Archive.Part]] = []
  }

  private func recover(_ archive: Archive, only: Int? = nil) throws -> Found {
    var found = Found()
    try Codec(threads: 2).recover(archive, only: only, models: Self.models) { number, picture, damage in
      #expect(number == found.pictures.count + (only ?? 0))
      found.pictures.append(picture)
      found.damage.append(damage)
    }
    return found
  }

  @Test(arguments: RoundTripTests.formats, [1, 2, 4])
  func allOtherTilesAreExact(format: (Raster.ColourType, Int), version: Int) throws {
    var raster = picture(format.0, depth: format.1, 23, 17)
    if format.0 == .palette {
      // The second entry is nearer to magenta than black is.
      raster.chunks[0].bytes = Array(repeating: 0, count: raster.chunks[0].bytes.count)
      raster.chunks[0].bytes.replaceSubrange(3..<6, with: [200, 10, 220])
    }
    let archive = try tiledArchive(raster, tileWidth: 8, tileHeight: 6, version: version, model: Self.model)
    let header = archive.series[0].header
    let bytes = archive.serialised()
    #expect(try recover(archive).pictures == [raster])
    #expect(try Codec().damage(in: archive, models: Self.models).isEmpty)
    for units in [[0], [4], [8], [1, 2, 5], Array(1..<9)] {
      var damaged = bytes
      for unit in units { damaged[try tilePlace(unit, in: bytes)] ^= 0x10 }
      let salvage = try Archive.Salvage(damaged)
      #expect(salvage.losses.isEmpty)
      let found = try recover(salvage.archive)
      #expect(found.pictures == [marked(raster, header, units)], "\(units)")
      #expect(found.damage == [units.map { Archive.Part(series: 0, unit: $0) }])
      let picture = try #require(found.pictures[0])
      #expect(try Raster(png: picture.png()) == picture)
      // Nobody else takes such an archive.
      #expect(throws: PRNNError.damagedPixels) { try Codec().decompress(salvage.archive, models: Self.models) }
    }
    var nothing = bytes
    for unit in 0..<9 { nothing[try tilePlace(unit, in: bytes)] ^= 1 }
    let found = try recover(Archive.Salvage(nothing).archive)
    #expect(found.pictures == [nil] && found.damage[0].count == 9)
  }

  /// A byte of the streams of a tile.
  private func tilePlace(_ unit: Int, in bytes: [UInt8]) throws -> Int {
    let starts = bytes.indices.filter { bytes[$0...].starts(with: Array("TILE".utf8)) }
    return try #require(starts.count == 9 ? starts[unit] + 8 : nil)
  }

  /// Damage that the checksums of the chunks do not see, because they were made anew.
  @Test func streamsThatAreWrong() throws {
    let raster = picture(.rgba, 23, 17)
    for group in 0..<2 {
      var archive = try tiledArchive(raster, tileWidth: 8, tileHeight: 6, version: 2, model: Self.model)
      let stream = Array(archive.series[0].tiles[5][group])
      archive.series[0].tiles[5][group] = stream.map { ~$0 }[...]
      archive.series[0].tiles[7][group] = [1]
      let found = try recover(Archive(archive.serialised()))
      #expect(found.pictures == [marked(raster, archive.series[0].header, [5, 7])])
      let parts = [5, 7].map { Archive.Part(series: 0, unit: $0) }
      #expect(found.damage == [parts])
      #expect(try Codec().damage(in: archive, models: Self.models) == parts)
    }
  }

  /// In version 1 there is a checksum of the whole picture only: that it is wrong is said when no tile is known to be.
  @Test func version1HasOneChecksum() throws {
    let raster = picture(.gray, 23, 17)
    let sound = try tiledArchive(raster, tileWidth: 8, tileHeight: 6, version: 1, model: Self.model)
    var archive = sound
    archive.series[0].checksums[0] ^= 1
    let found = try recover(archive)
    #expect(found.pictures == [raster])
    #expect(found.damage == [[.init(series: 0, unit: nil)]])
    #expect(try Codec().damage(in: archive, models: Self.models) == [.init(series: 0, unit: nil)])
    // A tile is: then the other says nothing.
    archive.series[0].tiles[3][0] += [0]
    #expect(try recover(archive).damage == [[.init(series: 0, unit: 3)]])
    #expect(try Codec().damage(in: archive, models: Self.models) == [.init(series: 0, unit: 3)])
  }

  @Test func lotsAreLostTogether() throws {
    var set = PictureSet()
    let pictures = (0..<7).map { picture($0 < 4 ? .rgb : .grayAlpha, 6, 5, seed: $0) }
    for raster in pictures { set.add(raster) }
    var archive = try Archive(Codec().compress(set, model: Self.model, coding: .networks))
    try #require(archive.series.map(\.header.lot) == [4, 3])
    archive.series[0].checksums[0] ^= 1
    let found = try recover(archive)
    #expect(found.pictures == [nil, nil, nil, nil] + pictures[4...].map(Optional.some))
    #expect(found.damage == Array(repeating: [.init(series: 0, unit: 0)], count: 4) + [[], [], []])
    #expect(try Codec().damage(in: archive, models: Self.models) == [.init(series: 0, unit: 0)])
    #expect(try recover(archive, only: 5).pictures == [pictures[5]])
    #expect(try recover(archive, only: 1).pictures == [nil])
    archive.series[1].tiles[0] = []
    #expect(archive.missingParts == [.init(series: 1, unit: 0)])
    #expect(try recover(archive).pictures.allSatisfy { $0 == nil })
  }

  /// The networks of the paper code tiles side by side; damage of one is not that of the others.
  @Test func tilesCodedSideBySide() throws {
    let bytes = try VectorTests.read("paper-gray-tiles.prnn")
    let whole = try Codec().decompress(bytes, models: Self.models)
    var archive = try Archive(bytes)
    let header = archive.series[0].header
    try #require(header.unitCount > 1)
    archive.series[0].tiles[1][0] = [1]
    let found = try recover(archive)
    #expect(found.pictures == [marked(whole, header, [1])])
    #expect(found.damage == [[.init(series: 0, unit: 1)]])
  }

  @Test func smallerSizesOutliveLargerOnes() throws {
    let model = try #require(Self.models.model(named: "paper-levels"))
    let archive = try Archive(Codec().compress(picture(.rgb, 13, 10), model: model, coding: .networks))
    let levels = archive.series[0].header.levels
    try #require(levels > 1)
    var fine = archive
    fine.series[0].tiles[levels - 1] = []
    #expect(try recover(fine).pictures == [nil])
    #expect(
      try recover(fine.coarser(halvings: 1)).pictures
        == [Codec().decompress(archive.coarser(halvings: 1), models: Self.models)])
    // All larger sizes are coded with the smallest.
    var coarse = archive
    coarse.series[0].tiles[0] = []
    let found = try recover(coarse)
    #expect(found.pictures == [nil] && found.damage == [[.init(series: 0, unit: 0)]])
    coarse = archive
    coarse.series[0].checksums[0] ^= 1
    #expect(try recover(coarse).damage == [[.init(series: 0, unit: 0)]])
  }

  @Test(arguments: VectorTests.hashes.map(\.name).filter { !$0.hasPrefix("photo") })
  func vectorsAreWhole(name: String) throws {
    #expect(try Codec().damage(in: Archive(VectorTests.read(name)), models: Self.models).isEmpty)
  }

  /// Tiles as the program makes them, in a row: they are 1024 wide at the most.
  @Test func aLargePicture() throws {
    let raster = Raster(
      width: 3100, height: 24, colourType: .rgb,
      samples: (0..<3100 * 24 * 3).map { UInt8(truncatingIfNeeded: 60 + $0 / 99 + ($0 &* $0) % 7) })
    let model = try #require(Self.models.model(named: "photo-fast"))
    let bytes = try Codec(threads: 2).compress(raster, model: model, effort: .fast, coding: .networks, verify: false)
    let header = try Archive(bytes).series[0].header
    try #require(header.unitCount == 4)
    var damaged = bytes
    let starts = bytes.indices.filter { bytes[$0] == 0x54 && bytes[$0...].starts(with: Array("TILE".utf8)) }
    damaged[starts[2] + 1000] ^= 0x40
    let salvage = try Archive.Salvage(damaged)
    #expect(salvage.archive.missingParts == [.init(series: 0, unit: 2)])
    let found = try recover(salvage.archive)
    #expect(found.pictures == [marked(raster, header, [2])])
    // Cut in the second tile, the first is there.
    let cut = try Archive.Salvage(Array(bytes[..<(starts[1] + 500)]))
    #expect(cut.losses == [.cut])
    #expect(try recover(cut.archive).pictures == [marked(raster, header, [1, 2, 3])])
  }
}
