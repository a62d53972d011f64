import ArchiveFormat
import ByteCoding
import IntegerInference
import Raster
import Testing

@testable import PRNN

/// Samples of 16 bits, by context mixing with predictions of them: archives of version 10.
@Suite struct PredictedTests {
  private static let model = ModelLibrary.bundled.standard

  /// 12 bits of a smooth picture, whose channels follow each other, and noise like a camera's; a part is flat.
  private static func scan(_ type: Raster.ColourType, _ width: Int, _ height: Int) -> Raster {
    var generator = SplitMix64(state: 5)
    let samples = (0..<width * height * type.channels).flatMap { i in
      let (x, y) = (i / type.channels % width, i / type.channels / width)
      let noise = 4 * generator.next().nonzeroBitCount
      let value = x < width / 4 ? 300 : 1000 + (20 + i % type.channels) * x + 31 * y + noise
      return [UInt8(value >> 8 & 255), UInt8(value & 255)]
    }
    return Raster(width: width, height: height, colourType: type, bitDepth: 16, samples: samples)
  }

  @Test(arguments: [Raster.ColourType.gray, .rgb, .grayAlpha, .rgba]) func roundTrip(type: Raster.ColourType) throws {
    for (width, height) in [(1, 1), (1, 40), (53, 1), (53, 40)] {
      let raster = Self.scan(type, width, height)
      let bytes = try Codec().compress(raster, model: Self.model)
      #expect(try Codec().decompress(bytes, models: ModelLibrary([])) == raster)
      guard height == 40, width == 53 else { continue }
      let archive = try Archive(bytes)
      #expect(archive.version == 10 && archive.series[0].codings == [.predicted])
    }
  }

  /// Samples at both ends of their range, and steps so high that taps of the filter are clamped.
  @Test(arguments: [Raster.ColourType.gray, .rgb, .grayAlpha, .rgba]) func extremes(type: Raster.ColourType) throws {
    var generator = SplitMix64(state: 6)
    for isSlow in [false, true] {
      let samples = (0..<61 * 47 * type.channels).flatMap { i in
        let jump = UInt8(truncatingIfNeeded: generator.next() >> 40) & 1 &* 255
        return isSlow ? [i / type.channels % 61 & 8 > 0 ? 255 : 0, jump & 3] : [jump, jump]
      }
      let size = LotSize(width: 61, height: 47, count: 1)
      let coder = MixingCoder(pixelBytes: 2 * type.channels, sampleBytes: 2, predicts: true)
      let bytes = 61 * 2 * type.channels
      let stream = coder.encode(size) { _, y, row in for x in 0..<bytes { row[x] = samples[y * bytes + x] } }
      var back: [UInt8] = []
      #expect(coder.decode(stream[...], size) { _, _, row in back += (0..<bytes).map { row[$0] } })
      #expect(back == samples)
    }
  }

  /// Beside the coding of the bytes by themselves, of which older archives are.
  @Test(arguments: [Raster.ColourType.gray, .rgb]) func takesLess(type: Raster.ColourType) {
    let raster = Self.scan(type, 160, 120)
    let bytes = raster.width * raster.pixelBytes
    let streams = [false, true].map { predicts in
      MixingCoder(pixelBytes: raster.pixelBytes, sampleBytes: 2, predicts: predicts)
        .encode(LotSize(width: raster.width, height: raster.height, count: 1)) { _, y, row in
          for x in 0..<bytes { row[x] = raster.samples[y * bytes + x] }
        }
    }
    #expect(streams[1].count < streams[0].count * 97 / 100)
  }

  @Test func onlyVersion10HasThem() throws {
    var archive = try Archive(VectorTests.read("predicted-gray16.prnn"))
    #expect(archive.version == 10 && archive.series[0].codings == [.predicted])
    for version in 4..<10 {
      archive.version = version
      #expect(throws: ArchiveError.self) { try Archive(archive.serialised()) }
    }
    archive.version = 10
    archive.series[0].codings = [.mixing]
    #expect(throws: ArchiveError.damaged("version 10")) { try Archive(archive.serialised()) }
  }

  @Test func onlySamplesOf16BitsHaveThem() throws {
    var archive = try Archive(VectorTests.read("mixing-gray.prnn"))
    archive.version = 10
    archive.series[0].codings = [.predicted]
    #expect(throws: ArchiveError.damaged("coding of a tile")) { try Archive(archive.serialised()) }
  }

  /// What remains needs no version 10, and yet the number in the file is not taken for damage.
  @Test func theOnlyTileIsDamaged() throws {
    var bytes = try VectorTests.read("predicted-gray16.prnn")
    bytes[bytes.count - 60] ^= 1  // in the tile's stream: only DONE follows it
    let salvage = try Archive.Salvage(bytes)
    #expect(salvage.losses.isEmpty)
    #expect(salvage.archive.missingParts == [Archive.Part(series: 0, unit: 0)])
  }
}
