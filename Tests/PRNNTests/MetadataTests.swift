import ArchiveFormat
import Raster
import Testing

@testable import PRNN

/// Chunks of PNG files, and times, through the library.
@Suite struct MetadataTests {
  private let codec = try! Codec(threads: 2)

  private func picture(_ chunks: [Raster.Chunk] = []) -> Raster {
    Raster(
      width: 9, height: 7, colourType: .rgb, samples: (0..<9 * 7 * 3).map { UInt8(truncatingIfNeeded: $0 * $0 / 5) },
      chunks: chunks)
  }

  private static func chunk(
    _ type: String, _ bytes: [UInt8], _ place: Raster.Chunk.Place = .beforePalette
  ) -> Raster.Chunk {
    .init(type: Array(type.utf8), place: place, bytes: bytes)
  }

  /// Of every kind that PNG has, and others, some twice, in no usual order.
  static let all: [Raster.Chunk] = [
    chunk("tIME", [7, 232, 5, 1, 12, 0, 0]), chunk("sRGB", [0]), chunk("gAMA", [0, 0, 0xB1, 0x8F]),
    chunk("cHRM", (0..<32).map { $0 }), chunk("iCCP", Array("sRGB\0\0".utf8) + [0x78, 0xDA, 3, 0, 0, 0, 0, 1]),
    chunk("cICP", [1, 13, 0, 1]), chunk("sBIT", [5, 6, 5]), chunk("tEXt", Array("Title\0a".utf8)),
    chunk("pHYs", [0, 0, 11, 19, 0, 0, 11, 19, 1]), chunk("bKGD", [0, 1, 0, 2, 0, 3]), chunk("prVt", []),
    chunk("acTL", [0, 0, 0, 1, 0, 0, 0, 0]), chunk("tRNS", [0, 1, 0, 2, 0, 3]),
    chunk("zTXt", Array("Comment\0\0".utf8) + [0x78, 0xDA, 3, 0, 0, 0, 0, 1], .afterData),
    chunk("iTXt", Array("XML:com.adobe.xmp\0\0\0\0\0".utf8) + Array(repeating: 32, count: 2000), .afterData),
    chunk("eXIf", Array("MM\0*".utf8), .afterData), chunk("tEXt", Array("Title\0a".utf8), .afterData),
    chunk("vpAg", [1, 2, 3], .afterData),
  ]

  @Test func everyKindComesBack() throws {
    for coding in Coding.allCases {
      let bytes = try codec.compress(picture(Self.all), model: ModelLibrary.bundled.standard, coding: coding)
      #expect(try Archive(bytes).version == 5)
      #expect(try codec.decompress(bytes, models: .bundled) == picture(Self.all))
    }
    // And one at a time, through PNG files.
    for chunk in Self.all {
      let raster = try Raster(png: picture([chunk]).png())
      #expect(raster == picture([chunk]))
      let bytes = try codec.compress(raster, model: ModelLibrary.bundled.standard, coding: .mixing)
      #expect(try codec.decompress(bytes, models: .bundled) == raster)
    }
  }

  /// Times take no more than five bytes and their chunk; an archive without anything new stays as it was.
  @Test func theLowestVersionThatIsShortest() throws {
    func archive(_ chunks: [Raster.Chunk], time: Int64? = nil, _ coding: Coding = .mixing) throws -> [UInt8] {
      var set = PictureSet()
      set.add(picture(chunks), time: time)
      return try codec.compress(set, model: ModelLibrary.bundled.standard, effort: .fast, coding: coding)
    }
    let plain = try archive([])
    #expect(try Archive(plain).version == 4)
    let dated = try archive([], time: 1_700_000_000)
    #expect(try Archive(dated).version == 5 && dated.count == plain.count + 12 + 4 + 5)
    #expect(try Archive(dated).time(ofImage: 0) == 1_700_000_000)
    // Of 17 bytes and 4; in a list 16, 9 and 4.
    #expect(try Archive(archive([Self.all[2]])).version == 4)
    #expect(try archive([Self.all[2]]).count == plain.count + 21)
    // What the newer version takes in the header and the tile counts, too.
    let small = try archive([], .networks)
    #expect(try Archive(small).version < 4)
    let three = Array(Self.all[1...3])
    #expect(try Archive(archive(three)).version == 5 && Archive(archive(three, .networks)).version < 4)
    let text = [Self.all[14]]
    let packed = try archive(text, .networks)
    #expect(try Archive(packed).version == 5 && packed.count < small.count + 120)
  }

  @Test func timesOfASet() throws {
    var set = PictureSet()
    for i in 0..<2000 {
      set.add(
        Raster(width: 4, height: 4, colourType: .gray, samples: Array(repeating: UInt8(i & 255), count: 16)),
        name: ImageName("\(i).png"), time: 1_700_000_000 + Int64(i / 150))
    }
    let dated = try codec.compress(set, model: ModelLibrary.bundled.standard, coding: .mixing)
    let archive = try Archive(dated)
    #expect(archive.time(ofImage: 1999) == 1_700_000_013)
    #expect(archive.series[0].times.count == 2000)
    for i in archive.series.indices { #expect(archive.series[i].times.count == archive.series[i].header.count) }
    var without = archive
    (without.version, without.series[0].times) = (4, [])
    #expect(dated.count - without.serialised().count < 2000 / 10)
  }
}
