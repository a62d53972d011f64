import ArchiveFormat
import IntegerInference
import PixelModels
import Raster
import Testing

@testable import PRNN

@Suite struct LatticeTests {
  private static let model = ModelLibrary.bundled.model(named: "photo")!

  /// Slopes of luma and chroma with a little noise, through JFIF's conversion.
  private func jfif(
    _ width: Int, _ height: Int, _ type: Raster.ColourType = .rgb, chromaNoise: UInt32 = 3, lumaStep: Int = 1
  ) -> Raster {
    var raster = picture(type, width, height)
    var state: UInt32 = 1
    func noise(_ count: UInt32) -> Int {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int((state >> 24) % count)
    }
    for i in 0..<width * height {
      let (x, y) = (i % width % 200, i / width)
      let luma = (70 + x / 2 + y / 3 + noise(4)) / lumaStep * lumaStep
      let (cb, cr) = (x / 9 + noise(chromaNoise) - 10, 12 - y / 9 + noise(chromaNoise))
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

  @Test func noisyChromaIsCodedAsPlanes() throws {
    for type: Raster.ColourType in [.rgb, .rgba] {
      let raster = jfif(70, 70, type, chromaNoise: 12)
      let bytes = try Codec().compress(raster, model: LatticeTests.model, coding: .networks)
      let archive = try Archive(bytes)
      #expect(archive.version == 8 && archive.series[0].lattice == .init(.jfif, codesPlanes: true))
      #expect(try Codec().decompress(bytes, models: .bundled) == raster)
      let crop = PixelRectangle(x: 3, y: 60, width: 20, height: 7)
      let part = try Codec().decompress(archive, image: 0, crop: crop, models: .bundled)
      #expect(part.samples == cropped(raster, to: crop).samples)
      for threads in [1, 3] {
        #expect(
          try Codec(threads: threads, kernel: testedKernels.last)
            .compress(raster, model: LatticeTests.model, coding: .networks) == bytes)
      }
      // The heatmap needs Y, C1 and C2 of what was decoded.
      let costs = try Codec().costs(archive, image: 0, models: .bundled)
      let streams = archive.series[0].tiles[0].reduce(0) { $0 + 8 * $1.count }
      #expect(abs(costs.bits / Double(streams) - 1) < 0.02)
      // Without it the samples would be others.
      var other = archive
      (other.series[0].lattice, other.version) = (nil, 3)
      #expect(throws: PRNNError.damagedPixels) { try Codec().decompress(other, models: .bundled) }
    }
  }

  /// Luma of few values: weights of values are those of Y, C1 and C2, not of the colours.
  @Test func valueWeightsOfPlanes() throws {
    var set = PictureSet()
    set.add(jfif(160, 160, chromaNoise: 12, lumaStep: 9))
    var series = Archive.Series(set.series[0], set.series[0].header(LatticeTests.model), coding: .network)
    series.lattice = .init(.jfif, codesPlanes: true)
    let weights = try Codec().estimateValueWeights(set, [series], LatticeTests.model)[0]
    let occur = try #require(weights[0]).map { $0 != ValueWeights.absent }
    #expect((0..<256).allSatisfy { !occur[$0] || $0 % 9 == 0 })
    // And all that do occur, in the archive as in the picture.
    series.valueWeights = weights
    var archive = Archive(
      version: 8, models: [.init(hash: LatticeTests.model.hash, name: LatticeTests.model.name)], series: [series])
    try Codec().encode(set, [0], into: &archive, LatticeTests.model)
    #expect(try Codec().decodes(archive.serialised(), to: set, models: .bundled))
  }

  /// A tile by context mixing has the colours themselves.
  @Test func planesBesideMixing() throws {
    let raster = jfif(1030, 20, chromaNoise: 12)
    let bytes = try Codec().compress(raster, model: LatticeTests.model, coding: .networks)
    var archive = try Archive(bytes)
    try #require(archive.series[0].codesPlanes && archive.series[0].tiles.count == 2)
    let end = try Codec().compress(
      cropped(raster, to: archive.series[0].header.unit(1).tile), model: LatticeTests.model, coding: .mixing)
    archive.series[0].codings = [.network, .mixing]
    archive.series[0].tiles[1] = try Archive(end).series[0].tiles[0]
    let again = try Archive(archive.serialised())
    #expect(try Codec().decompress(again, models: .bundled) == raster)
    #expect(try Codec().costs(again, image: 0, models: .bundled).costs.count == 1030 * 20)
  }

  @Test func clampedColoursHaveATriple() {
    let conversion = ColourConversion.jfif
    var words = [UInt64](repeating: 0, count: 1 << 18)
    var planes: [UInt8] = []
    for i in 0..<5000 { planes += [UInt8(i % 256), UInt8(i * 7 % 256), UInt8(i * 31 % 256)] }
    var colours: [(UInt8, UInt8, UInt8)] = []
    conversion.forEachColour(planes, count: 5000) { _, red, green, blue in
      colours.append((red, green, blue))
      let colour = Int(red) << 16 | Int(green) << 8 | Int(blue)
      words[colour >> 6] |= 1 << UInt64(colour & 63)
    }
    let table = ColourPlanes(conversion, of: words)
    #expect(table.makesAll)
    var unlike = 0
    for (red, green, blue) in colours {
      let triple = table.triple(red: red, green: green, blue: blue)
      let planes = (0..<3).map { UInt8(truncatingIfNeeded: triple >> UInt32(8 * $0)) }
      conversion.forEachColour(planes, count: 1) { if ($1, $2, $3) != (red, green, blue) { unlike += 1 } }
    }
    #expect(unlike == 0)
    let outside = (0..<1 << 24).first { !ReachableColours.of(.jfif).contains($0) }!
    words[outside >> 6] |= 1 << UInt64(outside & 63)
    #expect(!ColourPlanes(conversion, of: words).makesAll)
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
    for kernel in testedKernels {
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
