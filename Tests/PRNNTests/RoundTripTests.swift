import ArchiveFormat
import IntegerInference
import PixelModels
import Raster
import Testing

@testable import PRNN

@Suite struct RoundTripTests {
  static let formats: [(Raster.ColourType, Int)] = Raster.ColourType.allCases.flatMap { type in
    [1, 2, 4, 8].filter { type.allows(bitDepth: $0) }.map { (type, $0) }
  }
  static let models = ModelLibrary.bundled

  private func check(_ raster: Raster, _ model: Model = models.standard) throws {
    let codec = try Codec()
    for coding in [Coding.networks, .best] {
      let archive = try codec.compress(raster, model: model, coding: coding, verify: false)
      #expect(try codec.decompress(archive, models: RoundTripTests.models) == raster)
      #expect(try codec.decodes(archive, to: raster, models: RoundTripTests.models))
    }
  }

  @Test(arguments: formats)
  func everyColourType(format: (Raster.ColourType, Int)) throws {
    try check(picture(format.0, depth: format.1, 23, 17))
    try check(picture(format.0, depth: format.1, 9, 4, interlaced: true))
  }

  @Test(arguments: [(1, 1), (1, 40), (40, 1), (2, 3), (5, 9), (31, 7), (6, 64)])
  func oddSizes(width: Int, height: Int) throws {
    try check(picture(.rgb, width, height))
    try check(picture(.grayAlpha, width, height))
  }

  @Test func largerThanATile() throws {
    try check(picture(.gray, 1030, 3))
    try check(picture(.gray, 2, 1030))
  }

  @Test(arguments: models.models.map(\.name))
  func everyModel(name: String) throws {
    try check(picture(.rgba, 20, 20), #require(RoundTripTests.models.model(named: name)))
  }

  @Test func chunksComeBack() throws {
    var raster = picture(.palette, 8, 8)
    raster.chunks.append(.init(type: Array("tRNS".utf8), place: .beforeData, bytes: [0, 127]))
    raster.chunks.append(.init(type: Array("tEXt".utf8), place: .afterData, bytes: Array("Comment\0hello".utf8)))
    try check(raster)
  }

  @Test func paletteIndexPastThePalette() throws {
    var raster = picture(.palette, 8, 8)
    raster.chunks[0].bytes = Array(raster.chunks[0].bytes.prefix(30))
    try check(raster)
    #expect(try Raster(png: raster.png()) == raster)
  }

  @Test func constantPlanesTakeNoStream() throws {
    var raster = picture(.rgba, 64, 64)
    for i in stride(from: 3, to: raster.samples.count, by: 4) { raster.samples[i] = 255 }
    let codec = try Codec()
    let archive = try Archive(codec.compress(raster, model: RoundTripTests.models.standard, coding: .networks))
    // With a table that allows 255 only, alpha has no stream at all; else it is all but free.
    let alpha = archive.series[0].tiles[0][1]
    #expect(archive.series[0].valueWeights[3] == nil ? alpha.count < 100 : alpha.isEmpty)
    try check(raster)
  }

  @Test func noiseAndExtremes() throws {
    var raster = picture(.rgb, 24, 24)
    var state: UInt32 = 1
    for i in raster.samples.indices {
      state = state &* 1_664_525 &+ 1_013_904_223
      raster.samples[i] = i % 5 == 0 ? (state >> 31 == 0 ? 0 : 255) : UInt8(state >> 24)
    }
    try check(raster)
  }

  /// A histogram like a comb: the weights of the values must take what the network cannot know.
  @Test func combedHistogramsAreCheap() throws {
    var raster = picture(.gray, 160, 160)
    let plain = try Codec().compress(raster, model: RoundTripTests.models.standard, coding: .networks).count
    for i in raster.samples.indices { raster.samples[i] = raster.samples[i] / 4 * 4 }
    let combed = try Codec().compress(raster, model: RoundTripTests.models.standard, coding: .networks)
    #expect(try Archive(combed).series[0].valueWeights[0] != nil)
    #expect(combed.count < plain * 3 / 4)
    try check(raster)
  }
}

@Suite struct SameBytesTests {
  @Test func forAllThreadsAndKernels() throws {
    let raster = picture(.rgba, 1026, 4)
    let model = ModelLibrary.bundled.standard
    for coding in [Coding.networks, .best] {
      let expected = try Codec(threads: 1).compress(raster, model: model, coding: coding)
      for threads in [2, 5] {
        #expect(try Codec(threads: threads).compress(raster, model: model, coding: coding) == expected)
      }
    }
    for kernel in testedKernels {
      let codec = try Codec(threads: 2, kernel: kernel)
      let small = picture(.rgba, 40, 12)
      #expect(
        try codec.compress(small, model: model, coding: .networks)
          == Codec().compress(small, model: model, coding: .networks))
    }
    #expect(throws: PRNNError.self) { try Codec(kernel: "mmx") }
  }
}

@Suite struct DamageTests {
  /// Every flipped byte and every truncation is an error, never a picture and never a crash.
  @Test func damagedArchives() throws {
    let raster = picture(.rgba, 12, 9)
    let codec = try Codec()
    let bytes = try codec.compress(raster, model: ModelLibrary.bundled.standard, coding: .networks)
    for i in stride(from: 0, to: bytes.count, by: 3) {
      var damaged = bytes
      damaged[i] ^= 0x41
      #expect(throws: (any Error).self) { try codec.decompress(damaged, models: .bundled) }
      #expect(throws: (any Error).self) { try codec.decompress(Array(bytes.prefix(i)), models: .bundled) }
    }
  }

  /// Damage that the checksums of the chunks do not see, because they were made anew.
  @Test func damagedStreams() throws {
    let raster = picture(.rgb, 12, 9)
    let codec = try Codec()
    let archive = try Archive(codec.compress(raster, model: ModelLibrary.bundled.standard, coding: .networks))
    let stream = Array(archive.series[0].tiles[0][0])
    let changes: [([UInt8]) -> [UInt8]] = [
      { _ in [] }, { $0 + [0, 1] }, { $0 + [0] }, { Array($0.dropLast(2)) }, { $0.map { ~$0 } },
      { $0.enumerated().map { $0 == 9 ? $1 ^ 1 : $1 } }, { Array(repeating: 255, count: $0.count) },
    ]
    for change in changes {
      var damaged = archive
      damaged.series[0].tiles[0][0] = change(stream)[...]
      #expect(throws: PRNNError.damagedPixels) { try codec.decompress(damaged.serialised(), models: .bundled) }
    }
  }

  @Test func unknownModelsAreNamed() throws {
    let codec = try Codec()
    var archive = try Archive(
      codec.compress(picture(.gray, 3, 3), model: ModelLibrary.bundled.standard, coding: .networks))
    archive.models[0] = .init(hash: Array(repeating: 0xAB, count: 32), name: "lost")
    #expect(throws: PRNNError.unknownModel(name: "lost", hash: String(repeating: "ab", count: 32))) {
      try codec.decompress(archive.serialised(), models: .bundled)
    }
  }

  @Test func memoryLimit() throws {
    let model = try #require(ModelLibrary.bundled.model(named: "photo"))
    let archive = try Codec().compress(picture(.rgb, 20, 20), model: model, effort: .fast, coding: .networks)
    // 20 · 20 · 3 samples, and a tile of (20 + 32) · (20 + 16) · 3.
    #expect(throws: PRNNError.tooLarge(bytes: 6816, limit: 6815)) {
      try Codec(memoryLimit: 6815).decompress(archive, models: .bundled)
    }
    #expect(try Codec(memoryLimit: 6816).decompress(archive, models: .bundled).width == 20)
  }
}

@Suite struct ModelTests {
  @Test func bundledModelsHaveAllRoles() {
    for model in ModelLibrary.bundled.models {
      for role in Model.Role.allCases { #expect(model.network(for: role) != nil) }
    }
    #expect(ModelLibrary.bundled.models.map(\.name) == ["photo-3", "photo-2", "photo", "photo-fast"])
  }
}
