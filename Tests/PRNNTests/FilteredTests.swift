import ArchiveFormat
import ByteCoding
import Raster
import Testing

@testable import PRNN

/// Tiles whose rows are filtered as in PNG, and deflated: archives of version 9.
@Suite struct FilteredTests {
  private static let model = ModelLibrary.bundled.standard

  /// Steps from pixel to pixel that are always the same: nothing is shorter than PNG's filters.
  private static func slope(_ type: Raster.ColourType, _ bitDepth: Int, _ width: Int, _ height: Int) -> Raster {
    let count = width * height * type.channels * (bitDepth == 16 ? 2 : 1)
    let samples = (0..<count).map { i in
      UInt8(truncatingIfNeeded: i * 37 + i / 97 * 11) & UInt8(truncatingIfNeeded: 1 << min(8, bitDepth) - 1)
    }
    return Raster(width: width, height: height, colourType: type, bitDepth: bitDepth, samples: samples)
  }

  @Test(arguments: [
    (Raster.ColourType.gray, 8), (.gray, 4), (.gray, 16), (.rgb, 8), (.rgb, 16), (.grayAlpha, 8), (.rgba, 16),
  ])
  func roundTrip(type: Raster.ColourType, bitDepth: Int) throws {
    for (width, height) in [(1, 1), (1, 40), (53, 1), (53, 40)] {
      let raster = Self.slope(type, bitDepth, width, height)
      let rows = PackedRows(Self.header(raster), .init(width: width, height: height, count: 1))
      let stream = rows.filtered { _, y, row in
        let bytes = width * raster.pixelBytes
        for x in 0..<bytes { row[x] = raster.samples[y * bytes + x] }
      }
      var back: [UInt8] = []
      let bytes = try #require(inflated(stream[...], size: rows.bytes + height))
      let unfiltered = try #require(rows.unfiltered(bytes))
      #expect(rows.unpack(unfiltered) { _, _, row in back += (0..<width * raster.pixelBytes).map { row[$0] } })
      #expect(back == raster.samples)
      let archive = try Codec().compress(raster, model: Self.model)
      #expect(try Codec().decompress(archive, models: .bundled) == raster)
    }
  }

  private static func header(_ raster: Raster) -> Archive.Header {
    Archive.Header(
      width: raster.width, height: raster.height, colourType: raster.colourType.rawValue,
      bitDepth: UInt8(raster.bitDepth),
      interlaced: false, model: 0, tileWidth: raster.width, tileHeight: raster.height)
  }

  private static func archive() throws -> Archive {
    try Archive(VectorTests.read("filtered-rgb.prnn"))
  }

  @Test func onlyVersion9HasThem() throws {
    var archive = try Self.archive()
    #expect(archive.version == 9 && archive.series[0].codings == [.filtered])
    for version in 4..<9 {
      archive.version = version
      #expect(throws: ArchiveError.self) { try Archive(archive.serialised()) }
    }
    archive.version = 9
    archive.series[0].codings = [.plain]
    #expect(throws: ArchiveError.damaged("version 9")) { try Archive(archive.serialised()) }
  }

  /// What remains needs no version 9, and yet the number in the file is not taken for damage.
  @Test func theOnlyTileIsDamaged() throws {
    var bytes = try VectorTests.read("filtered-rgb.prnn")
    bytes[bytes.count - 60] ^= 1  // in the tile's stream: only DONE follows it
    let salvage = try Archive.Salvage(bytes)
    #expect(salvage.losses.isEmpty)
    #expect(salvage.archive.missingParts == [Archive.Part(series: 0, unit: 0)])
  }

  @Test func unknownFiltersAndOtherLengthsAreDamage() throws {
    var archive = try Self.archive()
    let header = archive.series[0].header
    let rows = header.height * (3 * header.width + 1)
    let bytes = try #require(inflated(archive.series[0].tiles[0][0], size: rows))
    func decodes(_ bytes: [UInt8]) throws -> Raster {
      archive.series[0].tiles[0] = [deflated(bytes)[...]]
      return try Codec().decompress(Archive(archive.serialised()), models: ModelLibrary([]))
    }
    #expect(try decodes(bytes).width == header.width)
    var other = bytes
    other[3 * header.width + 1] = 5
    #expect(throws: PRNNError.damagedPixels) { try decodes(other) }
    #expect(throws: PRNNError.damagedPixels) { try decodes(Array(bytes.dropLast())) }
    #expect(throws: PRNNError.damagedPixels) { try decodes(bytes + [0]) }
    other = bytes
    other[1] ^= 1
    #expect(throws: PRNNError.damagedPixels) { try decodes(other) }
  }

  /// Noise laid out as tiles looks like a photograph, pixel by pixel; where the archive would be larger than the file, more is
  /// tried.
  @Test func patternsThatLookLikePhotographs() throws {
    var generator = SplitMix64(state: 3)
    let tile = (0..<64 * 64).map { _ in UInt8(generator.next() >> 56) }
    let raster = Raster(
      width: 384, height: 320, colourType: .gray,
      samples: (0..<384 * 320).map { tile[$0 / 384 % 64 * 64 + $0 % 384 % 64] })
    var set = PictureSet()
    set.add(raster)
    let usual = try Codec().compress(set, model: Self.model, effort: .fast)
    set.fileBytes = 6000
    let thorough = try Codec().compress(set, model: Self.model, effort: .fast)
    // No memory for context mixing, and no reason to fail.
    #expect(try Codec(memoryLimit: 16 << 20).compress(set, model: Self.model, effort: .fast) == usual)
    #expect(usual.count > 100_000 && thorough.count < 6000)
    #expect(try Codec().decompress(thorough, models: .bundled) == raster)
  }
}
