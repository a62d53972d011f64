import ArchiveFormat
import ByteCoding
import IntegerInference
import PixelModels
import Raster
import Testing

@testable import PRNN

@Suite struct LearningTests {
  static let models = ModelLibrary.bundled
  /// All layers learn, fast, so that a small picture has many updates.
  static let rule = Learning.Rule(
    interval: 50, momentumShift: 2, squareShift: 6, floor: 10, decay: 30,
    rates: .init(first: 300, residual: 900, head: 900, logits: 900))
  static let learning = Learning([rule])
  /// Three copies, the second of which keeps its layers below the heads.
  static let mixed = {
    var (heads, fast) = (rule, rule)
    heads.rates = .init(first: 0, residual: 0, head: 700, logits: 700)
    fast.rates.residual = 4000
    return Learning([fast, heads, rule], mixing: 30)
  }()
  static let fits = Learning.Fits(
    [
      .init(colour: [2, 0, 1], gray: 2, vertical: 9, horizontal: 9),
      .init(colour: [9, 11, 9], gray: 11, vertical: 1, horizontal: 1),
    ], mixing: 60)
  /// As ``mixed``, with weights that stay positive.
  static let held = Learning(mixed.experts, mixing: mixed.mixing, leastWeight: 1)
  /// With weights for each phase of a pixel.
  static let phased = Learning(mixed.experts, mixing: mixed.mixing, leastWeight: 1, phases: true)
  /// With fits, of several copies and of one.
  static let fitted = Learning(mixed.experts, mixing: 30, fits: fits)
  static let fittedAlone = Learning([rule], fits: fits)

  @Test(
    arguments: [Raster.ColourType.rgb, .rgba, .gray, .grayAlpha], [learning, mixed, held, phased, fitted, fittedAlone])
  func samplesComeBack(type: Raster.ColourType, learning: Learning) throws {
    let raster = picture(type, 50, 31)
    var set = PictureSet()
    set.add(raster)
    let codec = try Codec(threads: 2)
    let archive = try codec.networkArchive(
      of: set, model: Self.models.standard, embedModel: false, learning: learning, always: true)
    let version = learning.phases ? 7 : learning.leastWeight != nil ? 6 : learning.fits != nil ? 5 : 3
    #expect(archive.version == version && archive.series[0].learning == learning.bytes)
    #expect(try codec.decompress(archive.serialised(), models: Self.models) == raster)
  }

  @Test(arguments: [learning, mixed, held, phased, fitted, fittedAlone])
  func sameBytesForAllKernelsAndThreads(learning: Learning) throws {
    var set = PictureSet()
    set.add(picture(.rgba, 1030, 5))
    let bytes = try ([(1, testedKernels[0])] + testedKernels.map { (3, $0) }).map { threads, kernel in
      try Codec(threads: threads, kernel: kernel).networkArchive(
        of: set, model: Self.models.standard, embedModel: false, learning: learning, always: true
      ).serialised()
    }
    #expect(bytes.allSatisfy { $0 == bytes[0] })
  }

  /// A texture that no photograph has: whoever learns codes it in far fewer bits.
  @Test func learningPays() throws {
    var raster = picture(.rgb, 120, 120)
    for i in raster.samples.indices {
      let (pixel, channel) = i.quotientAndRemainder(dividingBy: 3)
      let (y, x) = pixel.quotientAndRemainder(dividingBy: 120)
      raster.samples[i] = UInt8(((x / 3 + y / 2) % 5) * 40 + channel * 10 + (pixel &* 40_503 >> 7) & 3)
    }
    let codec = try Codec(threads: 2)
    var heads = Self.rule
    heads.rates = .init(first: 0, residual: 0, head: 6000, logits: 6000)
    var all = heads
    all.rates.residual = 6000
    let sizes = try [nil, Learning([heads]), Learning([all])].map { Effort(learning: $0) }.map {
      try codec.compress(raster, model: Self.models.standard, effort: $0, coding: .networks).count
    }
    #expect(sizes[1] < sizes[0] * 9 / 10 && sizes[2] < sizes[0] * 9 / 10)
  }

  /// Where learning does not pay the archive is that of the least effort.
  @Test func tinyPicturesDoNotGrow() throws {
    for side in [1, 3, 9] {
      let raster = picture(.rgb, side, side)
      let sizes = try Effort.named.map {
        try Codec().compress(raster, model: Self.models.standard, effort: $0.effort, coding: .networks)
      }
      #expect(sizes[1].count <= sizes[0].count && sizes[2].count <= sizes[0].count)
    }
  }

  @Test func numbersOutOfBoundsAreRefused() throws {
    let bytes = Self.learning.bytes
    #expect(Learning(bytes: bytes) == Self.learning)
    #expect(Learning(bytes: Self.mixed.bytes) == Self.mixed)
    for count in [2, 3, 4] { #expect(Learning(bytes: Array(repeating: bytes, count: count).flatMap { $0 }) == nil) }
    #expect(Learning(bytes: Array(repeating: bytes, count: 5).flatMap { $0 } + [1]) == nil)
    #expect(Learning(bytes: Self.held.bytes) == Self.held && Self.held.bytes == Self.mixed.bytes + [1])
    #expect(Learning(bytes: Self.mixed.bytes + [17]) == Self.phased && Self.phased.bytes == Self.mixed.bytes + [17])
    #expect(Learning(bytes: Self.mixed.bytes + [21]) == nil && Learning(bytes: Self.mixed.bytes + [33]) == nil)
    #expect(Learning(bytes: Self.mixed.bytes + [5]) == nil && Learning(bytes: Self.mixed.bytes + [1, 1]) == nil)
    #expect(Learning(bytes: bytes + [0]) == nil && Learning(bytes: bytes.dropLast()) == nil)
    for (place, value) in [(2, 16), (3, 16), (4, 7), (4, 25), (5, 16), (6, 16)] {
      var other = bytes
      other[place] = UInt8(value)
      #expect(Learning(bytes: other) == nil)
    }
    #expect(Learning(bytes: [0, 0] + bytes[2...]) == nil)
    var archive = try Archive(
      Codec().compress(
        picture(.rgb, 90, 90), model: Self.models.standard, effort: Effort(learning: Self.learning), coding: .networks))
    archive.series[0].learning[4] = 99
    #expect(throws: ArchiveError.self) { try Codec().decompress(archive, models: Self.models) }
  }

  @Test func fitsOutOfBoundsAreRefused() throws {
    let bytes = Self.fits.bytes
    #expect(Learning.Fits(bytes: bytes) == Self.fits)
    #expect(Learning.Fits(bytes: [9]) == nil && Learning.Fits(bytes: []) == nil)
    #expect(Learning.Fits(bytes: bytes + [0]) == nil && Learning.Fits(bytes: bytes.dropLast()) == nil)
    #expect(Learning.Fits(bytes: [9] + Array(repeating: bytes[1..<7], count: 4).flatMap { $0 })?.windows.count == 4)
    #expect(Learning.Fits(bytes: [9] + Array(repeating: bytes[1..<7], count: 5).flatMap { $0 }) == nil)
    for wrong in [
      [12, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], [10, 10, 10, 1, 1, 1], [1, 0, 0, 0, 1, 1], [1, 0, 0, 12, 1, 1],
    ] {
      #expect(Learning.Fits(bytes: [9] + wrong.map { UInt8($0) }) == nil)
    }
    for wrong in [[1, 1, 1, 1, 0, 1], [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 16, 1], [1, 1, 1, 1, 1, 16]] {
      #expect(Learning.Fits(bytes: [9] + wrong.map { UInt8($0) }) == nil)
    }
    let whole = try Archive(
      Codec().compress(
        picture(.rgb, 90, 90), model: Self.models.standard, effort: Effort(learning: Self.fitted), coding: .networks))
    var archive = whole
    archive.series[0].fits[5] = 0
    #expect(throws: ArchiveError.self) { try Codec().decompress(archive.serialised(), models: Self.models) }
    // Fits belong to networks that learn, and to archives of version 5, which have some.
    archive = whole
    archive.series[0].learning = []
    #expect(throws: ArchiveError.self) { try Archive(archive.serialised()) }
    archive = whole
    archive.version = 4
    #expect(throws: ArchiveError.self) { try Archive(archive.serialised()) }
    archive = whole
    archive.series[0].fits = []
    #expect(throws: ArchiveError.self) { try Archive(archive.serialised()) }
  }

  /// Archives of version 6 have least weights, or records of files; those before have none.
  @Test func leastWeightsAreNew() throws {
    let effort = Effort(learning: Self.held)
    var archive = try Archive(
      Codec().compress(picture(.rgb, 90, 90), model: Self.models.standard, effort: effort, coding: .networks))
    #expect(archive.version == 6 && archive.series[0].holdsCopies)
    for (version, learning) in [(3, Self.held), (5, Self.held), (6, Self.mixed)] {
      archive.version = version
      archive.series[0].learning = learning.bytes
      #expect(throws: ArchiveError.damaged("version \(version)")) { try Archive(archive.serialised()) }
    }
    archive.version = 6
    archive.series[0].learning = Self.phased.bytes
    #expect(throws: ArchiveError.damaged("version 6")) { try Archive(archive.serialised()) }
    archive.version = 7
    #expect(try Archive(archive.serialised()).series[0].mixesByPhase)
    archive.series[0].learning = Self.held.bytes
    #expect(throws: ArchiveError.damaged("version 7")) { try Archive(archive.serialised()) }
    archive.version = 6
    archive.series[0].learning = Self.mixed.bytes + [5]
    #expect(throws: ArchiveError.damaged("how its network learns")) {
      try Codec().decompress(archive.serialised(), models: Self.models)
    }
  }

  /// Stripes, narrow for the fits of the network, in which green follows red or the contrary of it.
  @Test func fitsPay() throws {
    var random = SplitMix64(state: 5)
    var raster = picture(.rgb, 160, 120)
    for pixel in 0..<160 * 120 {
      let red = UInt8(random.next() % 256)
      let half = red / 2 + UInt8(random.next() % 8)
      let isStripe = pixel % 160 / 5 % 2 == 0
      let blue = 200 - half + UInt8(random.next() % 8)
      raster.samples.replaceSubrange(3 * pixel..<3 * pixel + 3, with: [red, isStripe ? half : 255 - half, blue])
    }
    func size(_ learning: Learning) throws -> Int {
      try Codec().compress(
        raster, model: Self.models.standard, effort: Effort(learning: learning), coding: .networks
      ).count
    }
    let fitted = Learning(Self.mixed.experts, mixing: 30, fits: Effort.max.learning!.fits)
    #expect(try size(fitted) < size(Self.mixed) * 99 / 100)
  }

  @Test func networksOfThePaperDoNotLearn() throws {
    let model = try Model(file: VectorTests.read("paper-pixel-cnn.prnnmodel"))
    let models = ModelLibrary([model])
    var archive = try Archive(Codec().compress(picture(.rgb, 9, 9), model: model, effort: .max, coding: .networks))
    #expect(archive.series[0].learning.isEmpty && archive.series[0].fits.isEmpty)
    archive.version = 3
    archive.series[0].learning = Self.learning.bytes
    #expect(throws: ArchiveError.self) { try Codec().decompress(archive.serialised(), models: models) }
  }
}
