import ArchiveFormat
import ByteCoding
import EntropyCoding
import IntegerInference
import PixelModels
import Raster
import Testing

@testable import PRNN

@Suite struct MixingTests {
  private static let model = ModelLibrary.bundled.standard

  /// Boxes of few colours, with some noise in one corner.
  static func drawing(_ type: Raster.ColourType, _ width: Int, _ height: Int, bitDepth: Int = 8) -> Raster {
    let channels = type.channels
    var samples: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<channels {
          let isNoise = x < width / 5 && y < height / 5
          let value = isNoise ? (x &* 7919 &+ y &* 104_729 &+ c) &* 2_654_435_761 >> 13 : (x / 9 + y / 7) % 3 * 80 + c
          samples.append(UInt8(truncatingIfNeeded: value) >> UInt8(8 - bitDepth))
        }
      }
    }
    let palette: [Raster.Chunk] =
      type == .palette
      ? [.init(type: Array("PLTE".utf8), place: .beforePalette, bytes: (0..<768).map { UInt8($0 & 255) })] : []
    return Raster(
      width: width, height: height, colourType: type, bitDepth: bitDepth, samples: samples, chunks: palette)
  }

  @Test(arguments: [Raster.ColourType.gray, .rgb, .palette, .grayAlpha, .rgba], [(1, 1), (1, 9), (40, 3), (61, 47)])
  func roundTrip(type: Raster.ColourType, size: (Int, Int)) throws {
    let raster = Self.drawing(type, size.0, size.1)
    let bytes = try Codec().compress(raster, model: Self.model, coding: .mixing)
    let archive = try Archive(bytes)
    // A palette is shorter in a list of version 5.
    #expect(archive.version == (type == .palette ? 5 : 4) && archive.models.isEmpty && !archive.series[0].usesNetworks)
    #expect(try Codec().decompress(bytes, models: ModelLibrary([])) == raster)
    #expect(try Codec(threads: 2, kernel: "scalar").compress(raster, model: Self.model, coding: .mixing) == bytes)
  }

  @Test(arguments: [1, 2, 4]) func shallow(bitDepth: Int) throws {
    for type in [Raster.ColourType.gray, .palette] {
      var raster = Self.drawing(type, 37, 21, bitDepth: bitDepth)
      if type == .palette { raster.chunks[0].bytes = Array(raster.chunks[0].bytes.prefix(3 << bitDepth)) }
      let bytes = try Codec().compress(raster, model: Self.model)
      #expect(try Archive(bytes).series[0].codings == [.mixing])
      #expect(try Codec().decompress(bytes, models: ModelLibrary([])) == raster)
    }
  }

  /// 12 bits of a smooth picture in 16, and noise.
  @Test(arguments: [Raster.ColourType.gray, .rgb, .grayAlpha, .rgba]) func deep(type: Raster.ColourType) throws {
    for isNoise in [false, true] {
      var generator = SplitMix64(state: 9)
      let samples = (0..<33 * 29 * type.channels).flatMap { i in
        let pixel = i / type.channels
        let smooth =
          1000 + 20 * (pixel % 33) + 31 * (pixel / 33) + 3 * (i % type.channels) + Int(generator.next() >> 62)
        let value = isNoise ? Int(generator.next() >> 48) : smooth
        return [UInt8(value >> 8), UInt8(value & 255)]
      }
      let raster = Raster(width: 33, height: 29, colourType: type, bitDepth: 16, samples: samples)
      let bytes = try Codec().compress(raster, model: Self.model)
      // Steps that are always the same are shortest by PNG's filters.
      let expected: [Archive.Coding] = isNoise ? [.plain] : [.predicted, .filtered]
      #expect(try expected.contains(Archive(bytes).series[0].codings[0]))
      #expect(isNoise || bytes.count < samples.count / 2)
      #expect(try Codec().decompress(bytes, models: ModelLibrary([])) == raster)
    }
    let raster = Raster(width: 2, height: 1, colourType: .gray, bitDepth: 16, samples: [1, 2, 3, 4])
    #expect(throws: PRNNError.noNetwork(model: Self.model.name, role: "16-bit")) {
      try Codec().compress(raster, model: Self.model, coding: .networks)
    }
  }

  /// Samples that nothing predicts are stored, and a little more.
  @Test(arguments: [1, 4, 8]) func noise(bitDepth: Int) throws {
    var generator = SplitMix64(state: 5)
    let raster = Raster(
      width: 131, height: 77, colourType: .gray, bitDepth: bitDepth,
      samples: (0..<131 * 77).map { _ in UInt8(generator.next() >> (64 - UInt64(bitDepth))) })
    let bytes = try Codec().compress(raster, model: Self.model)
    #expect(try bitDepth == 1 || Archive(bytes).series[0].codings == [.plain])
    #expect(bytes.count < (131 * bitDepth + 7) / 8 * 77 + 160)
    #expect(try Codec().decompress(bytes, models: ModelLibrary([])) == raster)
  }

  /// Each tile is coded by what does it best, and the whole is no larger than by networks or by context mixing alone.
  @Test func tilesChoose() throws {
    var raster = picture(.rgb, 1100, 64, seed: 5)
    let drawing = Self.drawing(.rgb, 1100, 64)
    for y in 0..<64 { for i in 1500..<3300 { raster.samples[y * 3300 + i] = drawing.samples[y * 3300 + i] } }
    let sizes = try Coding.allCases.map { coding in
      let bytes = try Codec(threads: 2).compress(raster, model: Self.model, effort: .fast, coding: coding)
      #expect(try Codec(threads: 2).decompress(bytes, models: .bundled) == raster)
      return bytes.count
    }
    #expect(sizes[0] <= sizes[1] && sizes[0] <= sizes[2])
  }

  /// What the header of a network takes counts: tiny pictures have fewer bytes of samples with one, and more in all.
  @Test(arguments: [Raster.ColourType.gray, .rgb, .rgba])
  func bestIsTheShortestArchive(type: Raster.ColourType) throws {
    var byStreamsAlone = 0
    for side in stride(from: 4, through: 40, by: 4) {
      for raster in [picture(type, side, side), Self.drawing(type, side, side)] {
        let archives = try Coding.allCases.map { coding in
          try Archive(Codec().compress(raster, model: Self.model, coding: coding))
        }
        let sizes = archives.map { $0.serialised().count }
        #expect(sizes[0] <= sizes[1] && sizes[0] <= sizes[2], "\(side) \(sizes)")
        let streams = archives.map { $0.series[0].tiles[0].reduce(0) { $0 + $1.count } }
        if streams[1] < streams[2] && sizes[1] > sizes[2] { byStreamsAlone += 1 }
      }
    }
    #expect(byStreamsAlone > 0)
  }

  /// The model file counts where it is embedded, and so does what metadata take.
  @Test func bestIsTheShortestArchiveWithAllInIt() throws {
    var raster = picture(.rgb, 60, 60)
    raster.chunks.append(
      .init(type: Array("tEXt".utf8), place: .beforeData, bytes: Array("a\0".utf8) + Array(repeating: 65, count: 400)))
    var set = PictureSet()
    set.add(raster)
    for effort in [Effort.fast, .max] {
      func archive(_ coding: Coding, embedded: Bool) throws -> [UInt8] {
        try Codec().compress(set, model: Self.model, embedModel: embedded, effort: effort, coding: coding)
      }
      let (networks, mixing) = (try archive(.networks, embedded: false), try archive(.mixing, embedded: false))
      #expect(networks.count < mixing.count)
      #expect(try archive(.best, embedded: false).count <= networks.count)
      let best = try archive(.best, embedded: true)
      #expect(try best.count <= mixing.count && Archive(best).models.isEmpty)
    }
  }

  /// What is learned goes on from picture to picture of a lot.
  @Test func sets() throws {
    var set = PictureSet()
    for i in 0..<6 { set.add(Self.drawing(.rgba, 20 + i / 5, 18)) }
    set.add(picture(.rgb, 30, 30, seed: 1))
    let bytes = try Codec(threads: 2).compress(set, model: Self.model, coding: .mixing)
    let archive = try Archive(bytes)
    let one = try Codec().compress(Self.drawing(.rgba, 20, 18), model: Self.model, coding: .mixing)
    #expect(archive.series[0].tiles[0][0].count < 2 * (try Archive(one)).series[0].tiles[0][0].count)
    var pictures: [Raster] = []
    try Codec(threads: 2).decompress(archive, models: ModelLibrary([])) { pictures.append($1) }
    #expect(pictures[3] == Self.drawing(.rgba, 20, 18) && pictures[5].width == 21 && pictures[6].width == 30)
  }

  @Test func smallerCosts() {
    let costs = PixelCosts(width: 3, height: 2, costs: [1, 2, 3, 5, 8, 13])
    #expect(costs.reduced(columns: [0..<2, 2..<3], rows: [0..<2]).costs == [4, 8])
    #expect(PixelCosts.top(of: [costs, costs]) == 13.0 / 256)
  }

  /// The costs of pixels add up to the stream.
  @Test func costs() throws {
    let raster = Self.drawing(.rgb, 80, 60)
    let archive = try Archive(Codec().compress(raster, model: Self.model, coding: .mixing))
    let bits = try Codec().costs(archive, image: 0, models: ModelLibrary([])).bits
    let stream = Double(archive.series[0].tiles[0][0].count * 8)
    #expect(abs(bits - stream) < 32 + stream / 100)
  }

  /// Damage is never taken for pixels: every byte of an archive, changed.
  @Test func everyDamagedByteIsNoticed() throws {
    let raster = Self.drawing(.gray, 24, 20)
    let bytes = try Codec().compress(raster, model: Self.model, coding: .mixing)
    for i in bytes.indices {
      var damaged = bytes
      damaged[i] ^= 0x55
      #expect(throws: (any Error).self) { try Codec().decompress(damaged, models: ModelLibrary([])) }
    }
    // Also with the chunks' checksums made anew: the samples have their own.
    var archive = try Archive(bytes)
    var stream = Array(archive.series[0].tiles[0][0])
    for i in stream.indices {
      stream[i] ^= 1
      archive.series[0].tiles[0][0] = stream[...]
      #expect(throws: PRNNError.damagedPixels) {
        try Codec().decompress(archive.serialised(), models: ModelLibrary([]))
      }
      stream[i] ^= 1
    }
  }

  /// Headers of version 4 that contradict themselves are refused.
  @Test func contradictions() throws {
    let raster = Self.drawing(.gray, 24, 20)
    let good = try Archive(Codec().compress(raster, model: Self.model, coding: .mixing))
    func changed(_ change: (inout Archive) -> Void) -> [UInt8] {
      var archive = good
      change(&archive)
      return archive.serialised()
    }
    // No model, but tiles of networks; a model, but no such tile; a version that nothing needs; several levels.
    for bytes in [
      changed { $0.series[0].codings = [.network] },
      changed {
        $0.models = [.init(hash: Self.model.hash, name: "")]
        $0.series[0].header.model = 0
      },
      changed {
        $0.models = [.init(hash: Self.model.hash, name: "")]
        $0.series[0].header.model = 0
        $0.series[0].codings = [.network]
      },
      changed { $0.series[0].header.levels = 2 },
    ] {
      #expect(throws: ArchiveError.self) { try Archive(bytes) }
    }
  }
}
