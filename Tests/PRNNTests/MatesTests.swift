import ArchiveFormat
import IntegerInference
import PixelModels
import Raster
import Testing

@testable import PRNN

@Suite struct MatesTests {
  static let model = try! Model(file: VectorTests.read("tiny-mates.prnnmodel"))
  static let learning = LearningTests.mixed
  static let all: [Learning] = [
    learning, Learning(learning.experts + [LearningTests.rule], mixing: 200, leastWeight: 2, fits: LearningTests.fits),
    Learning(Array(learning.experts.prefix(2)), mixing: 40, leastWeight: 0, phases: true),
  ]

  private static func archive(
    _ raster: Raster, _ model: Model, _ learning: Learning, threads: Int = 2, kernel: String? = nil
  ) throws
    -> Archive
  {
    var set = PictureSet()
    set.add(raster)
    let codec = try kernel.map { try Codec(threads: threads, kernel: $0) } ?? Codec(threads: threads)
    return try codec.networkArchive(of: set, model: model, embedModel: false, learning: learning, always: true)
  }

  @Test(arguments: [Raster.ColourType.rgb, .rgba, .gray], all)
  func samplesComeBack(type: Raster.ColourType, learning: Learning) throws {
    let raster = picture(type, 41, 30)
    let bytes = try Self.archive(raster, Self.model, learning).serialised()
    #expect(try Codec().decompress(bytes, models: ModelLibrary([Self.model])) == raster)
  }

  @Test(arguments: all) func sameBytesForAllKernelsAndThreads(learning: Learning) throws {
    let bytes = try ([(1, testedKernels[0])] + testedKernels.map { (3, $0) }).map { threads, kernel in
      try Self.archive(picture(.rgba, 1030, 5), Self.model, learning, threads: threads, kernel: kernel).serialised()
    }
    #expect(bytes.allSatisfy { $0 == bytes[0] })
  }

  /// A network with itself for a mate is several copies of it.
  @Test func mateThatIsTheSameChangesNothing() throws {
    let before = try Model(file: VectorTests.read("tiny-squares.prnnmodel"))
    guard case .local(let network) = before.network(for: .colour)?.body else { fatalError() }
    let pair = Model.LocalNetwork(architecture: network.architecture, layers: network.layers, mates: [network])
    let model = try Model(file: before.file(replacing: .colour, with: pair, name: "pair", provenance: "{}"))
    #expect(model.network(for: .colour)?.body == .local(pair))
    for learning in Self.all {
      let (one, two) = (
        try Self.archive(picture(.rgb, 60, 41), before, learning),
        try Self.archive(picture(.rgb, 60, 41), model, learning)
      )
      #expect(one.series[0].tiles == two.series[0].tiles)
    }
  }

  /// Only where several copies code together do mates count.
  @Test func matesNeedSeveralRules() throws {
    guard case .local(let network) = Self.model.network(for: .colour)?.body else { fatalError() }
    let alone = Model.LocalNetwork(architecture: network.architecture, layers: network.layers)
    let model = try Model(file: Self.model.file(replacing: .colour, with: alone, name: "alone", provenance: "{}"))
    func tiles(_ model: Model, _ learning: Learning) throws -> [[ArraySlice<UInt8>]] {
      try Self.archive(picture(.rgb, 60, 41), model, learning).series[0].tiles
    }
    let (one, fitted) = (LearningTests.learning, LearningTests.fittedAlone)
    #expect(try tiles(model, one) == tiles(Self.model, one) && tiles(model, fitted) == tiles(Self.model, fitted))
    #expect(try tiles(model, Self.learning) != tiles(Self.model, Self.learning))
  }

  @Test func badMatesAreRefused() throws {
    guard case .local(let network) = Self.model.network(for: .colour)?.body else { fatalError() }
    let file = Self.model.file
    #expect(Model.LocalNetwork.mostMates == 3 && network.mates.count == 2)
    func isRefused(_ change: (inout [UInt8]) -> Void) -> Bool {
      var other = file
      change(&other)
      do { _ = try Model(file: other) } catch { return true }
      return false
    }
    #expect(!isRefused { _ in })
    // An older version has no mates; name, provenance and number of networks are 1 + 10, 4 + 2 and 1 bytes.
    #expect(isRefused { $0[8] = 4 })
    let start = 8 + 2 + 11 + 6 + 1
    #expect(Array(file[start..<start + 5]) == [1, 4, 3, 3, 2])
    let flags = start + 2 + 9
    #expect(file[flags] == 3 && isRefused { $0[flags] = 1 } && isRefused { $0[flags] = 7 })
    // Behind the layers of the network: the number of mates, and the kind of the first, which looks 5 to the right.
    let layers = network.layers.reduce(0) { $0 + $1.inputs * $1.outputs + 5 * $1.outputs }
    let mates = flags + 1 + 1 + 2 * 5 + layers
    #expect(Array(file[mates..<mates + 6]) == [2, 0, 3, 2, 4, 5])
    for count: UInt8 in [0, 1, 3, 4] { #expect(isRefused { $0[mates] = count }) }
    #expect(isRefused { $0[mates + 1] = 1 })
    #expect(isRefused { $0.removeLast() })
    let wide = Architecture(channels: 3, up: 2, left: 2, right: 8, hidden: 16, layers: 0, bottleneck: 16)
    #expect(!network.architecture.allows(mate: wide))
  }
}
