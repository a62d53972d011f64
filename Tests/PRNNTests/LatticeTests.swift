import ArchiveFormat
import IntegerInference
import PixelModels
import Raster
import Testing

@testable import PRNN

@Suite struct LatticeTests {
  private static let model = ModelLibrary.bundled.model(named: "photo")!

  /// Slopes of luma and chroma with a little noise, through JFIF's conversion.
  private func jfif(_ width: Int, _ height: Int, _ type: Raster.ColourType = .rgb) -> Raster {
    var raster = picture(type, width, height)
    var state: UInt32 = 1
    func noise(_ count: UInt32) -> Int {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int((state >> 24) % count)
    }
    for i in 0..<width * height {
      let (x, y) = (i % width, i / width)
      let luma = 70 + x / 2 + y / 3 + noise(4)
      let (cb, cr) = (x / 9 + noise(3) - 10, 12 - y / 9 + noise(3))
      let colour = [
        luma + (91881 * cr + 32768) >> 16, luma + (32768 - 22554 * cb - 46802 * cr) >> 16,
        luma + (116130 * cb + 32768) >> 16,
      ]
      for c in 0..<3 { raster.samples[i * type.channels + c] = UInt8(max(0, min(255, colour[c]))) }
    }
    return raster
  }

  @Test func jfifIsFoundAndComesBack() throws {
    for type: Raster.ColourType in [.rgb, .rgba] {
      let raster = jfif(90, 70, type)
      let bytes = try Codec().compress(raster, model: LatticeTests.model, coding: .networks)
      let archive = try Archive(bytes)
      #expect(archive.version == 3 && archive.series[0].lattice == .init(.jfif))
      #expect(try Codec().decompress(bytes, models: .bundled) == raster)
      var plain = archive
      plain.series[0].lattice = nil
      #expect(throws: PRNNError.damagedPixels) { try Codec().decompress(plain, models: .bundled) }
    }
  }

  @Test func fewPixelsOutside() throws {
    var raster = jfif(90, 70)
    raster.samples.replaceSubrange(3000..<3003, with: [128, 128, 1])
    let bytes = try Codec().compress(raster, model: LatticeTests.model, coding: .networks)
    let lattice = try #require(try Archive(bytes).series[0].lattice)
    #expect(lattice.colours == .jfif && lattice.escape > 0)
    #expect(try Codec().decompress(bytes, models: .bundled) == raster)
  }

  @Test func fewColoursAreLearned() throws {
    var raster = jfif(90, 70)
    for i in raster.samples.indices { raster.samples[i] = raster.samples[i] / 12 * 12 }
    let bytes = try Codec().compress(raster, model: LatticeTests.model, coding: .networks)
    #expect(try Archive(bytes).series[0].lattice == .init(.any))
    #expect(try Codec().decompress(bytes, models: .bundled) == raster)
  }

  @Test func otherPicturesStayAsTheyWere() throws {
    for raster in [picture(.rgb, 60, 50), picture(.gray, 60, 50), picture(.rgb, 3, 3)] {
      let archive = try Archive(Codec().compress(raster, model: LatticeTests.model, effort: .fast, coding: .networks))
      #expect(archive.version == 1 && archive.series[0].lattice == nil)
    }
  }

  @Test func sameBytesForAllThreadsAndKernels() throws {
    let raster = jfif(1026, 20)
    let expected = try Codec().compress(raster, model: LatticeTests.model, coding: .networks)
    #expect(try Archive(expected).series[0].lattice == .init(.jfif))
    #expect(try Codec(threads: 3).compress(raster, model: LatticeTests.model, coding: .networks) == expected)
    let small = jfif(70, 40)
    let first = try Codec().compress(small, model: LatticeTests.model, coding: .networks)
    for kernel in Kernels.available {
      #expect(try Codec(kernel: kernel).compress(small, model: LatticeTests.model, coding: .networks) == first)
    }
  }

  @Test func sets() throws {
    var set = PictureSet()
    for i in 0..<5 { set.add(jfif(40, 30 + i % 2), name: ImageName("\(i).png")) }
    let bytes = try Codec(threads: 2).compress(set, model: LatticeTests.model, coding: .networks)
    #expect(try Archive(bytes).series.allSatisfy { $0.lattice == .init(.jfif) })
    #expect(try Codec().decodes(bytes, to: set, models: .bundled))
  }

  /// Values that cannot be reached at all, in an archive that says nothing else occurs: an error, not a crash.
  @Test func impossibleConversions() throws {
    var archive = try Archive(Codec().compress(jfif(40, 30), model: LatticeTests.model, coding: .networks))
    let nothing = Archive.Lattice.Colours.conversion(factors: [0, 0, 0, 0, 0], offsets: [1 << 20, -1 << 30, 1 << 30])
    archive.series[0].lattice = .init(nothing)
    #expect(throws: PRNNError.damagedPixels) { try Codec().decompress(archive.serialised(), models: .bundled) }
  }
}
