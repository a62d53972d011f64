import ArchiveFormat
import ByteCoding
import PRNN
import PixelModels
import Raster
import Testing

/// The networks of the paper in the library, with random weights.
@Suite struct PaperNetworkTests {
  /// Model file of a stack of networks.
  static func file(_ networks: [PixelRNN], floats: [UInt8] = []) -> [UInt8] {
    Model.file(
      name: "test", provenance: "{}",
      networks: networks.enumerated().map { level, network in
        (network.channels == 3 ? .colour : .gray, level, random(network))
      }, floats: floats)
  }

  /// Weights that obey the masks.
  private static func random(_ network: PixelRNN) -> IntegerPixelRNN {
    var state: UInt64 = 77
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % (2 * bound + 1) - bound
    }
    let layers = network.fusedLayers.map { fused in
      let c = fused.parts[0]
      let weights = (0..<fused.outputs * fused.inputs).map { i -> Int16 in
        let own = i % fused.inputs - (c.taps.count - 1) * c.inputs
        let isOwn = own >= 0 && own < c.inputs
        return isOwn && !network.allows(c, input: own, output: i / fused.inputs) ? 0 : Int16(next(2000))
      }
      return IntegerPixelRNN.WideLayer(
        weights: weights, bias: (0..<fused.outputs).map { _ in Int32(next(1 << 20)) },
        shift: Array(repeating: fused.name == "output" ? 18 : 13, count: fused.outputs))
    }
    let states = (0..<network.layers).flatMap(network.initialStates).map { _ in
      (0..<network.features).map { _ in Int16(next(4000)) }
    }
    return IntegerPixelRNN(architecture: network, layers: layers, states: states)
  }

  static func network(_ kind: PixelRNN.Kind, channels: Int = 3, output: PixelRNN.Output = .softmax) -> PixelRNN {
    PixelRNN(kind: kind, channels: channels, layers: 1, features: 4, headWidth: 5, skip: true, output: output)
  }

  static func model(_ networks: PixelRNN...) throws -> Model { try Model(file: file(networks)) }

  /// A picture of two lots of 1 bit a sample.
  static func bits(_ width: Int, _ height: Int, seed: Int) -> Raster {
    Raster(
      width: width, height: height, colourType: .gray, bitDepth: 1,
      samples: (0..<width * height).map { UInt8(($0 * $0 + seed * $0 / 3) / 7 & 1) })
  }

  @Test(arguments: PixelRNN.Kind.allCases, [PixelRNN.Output.softmax, .differences])
  func roundTrips(kind: PixelRNN.Kind, output: PixelRNN.Output) throws {
    let model = try Self.model(Self.network(kind, output: output))
    let library = ModelLibrary([model])
    // Several tiles, those of one size side by side, and a set.
    for size in [(150, 20), (263, 131), (1, 1), (7, 5)] {
      let raster = picture(.rgb, size.0, size.1, seed: 3)
      let one = try Codec(threads: 1).compress(raster, model: model)
      #expect(try Codec(threads: 2, kernel: "scalar").compress(raster, model: model) == one)
      #expect(try Codec(threads: 2).decompress(one, models: library) == raster)
    }
    var set = PictureSet()
    for i in 0..<4 { set.add(picture(.rgb, 6, 5, seed: i)) }
    let archive = try Archive(Codec(threads: 2).compress(set, model: model, embedModel: true))
    for i in 0..<4 {
      #expect(try Codec().decompress(archive, image: i, models: ModelLibrary([])) == picture(.rgb, 6, 5, seed: i))
    }
  }

  @Test(arguments: PixelRNN.Kind.allCases)
  func bernoulli(kind: PixelRNN.Kind) throws {
    let model = try Self.model(Self.network(kind, channels: 1, output: .bernoulli))
    var set = PictureSet()
    for i in 0..<350 { set.add(Self.bits(28, 28, seed: i)) }
    set.add(Self.bits(3, 40, seed: 1))
    let archive = try Archive(Codec(threads: 2).compress(set, model: model))
    // 2^18 samples a lot: 334 pictures and 16.
    #expect(archive.series[0].header.lot == 334 && archive.series[0].tiles.count == 2)
    #expect(try Codec().decompress(archive, image: 340, models: ModelLibrary([model])) == Self.bits(28, 28, seed: 340))
    #expect(throws: PRNNError.notBilevel(model: "test")) {
      try Codec().compress(picture(.gray, 4, 4, seed: 1), model: model)
    }
    #expect(throws: PRNNError.noNetwork(model: "test", role: "colour")) {
      try Codec().compress(picture(.rgb, 4, 4, seed: 1), model: model)
    }
  }

  @Test(arguments: PixelRNN.Kind.allCases, [(13, 10), (1, 7), (4, 4), (1, 1)])
  func multiScale(kind: PixelRNN.Kind, size: (width: Int, height: Int)) throws {
    let stack = PixelRNN.multiScale(levels: 3, of: Self.network(kind), condition: 3)
    let model = try Model(file: Self.file(stack))
    let library = ModelLibrary([model])
    let raster = picture(.rgb, size.width, size.height, seed: 9)
    let bytes = try Codec(threads: 2).compress(raster, model: model)
    #expect(try Codec().decompress(bytes, models: library) == raster)
    let archive = try Archive(bytes)
    // A quarter of the sides, from no more than the beginning.
    let small = try Codec().decompress(archive.coarser(halvings: 2), models: library)
    #expect(small.width == (size.width + 3) / 4 && small.height == (size.height + 3) / 4)
    for y in 0..<small.height {
      for x in 0..<small.width {
        for c in 0..<3 {
          #expect(
            small.samples[(y * small.width + x) * 3 + c] == raster.samples[(4 * y * size.width + 4 * x) * 3 + c])
        }
      }
    }
    let end = try #require(
      (0...bytes.count).first { (try? Archive(beginning: Array(bytes[..<$0]), halvings: 2)) != nil })
    #expect(end < bytes.count - archive.series[0].tiles[1][0].count)
    let beginning = try Archive(beginning: Array(bytes[..<end]), halvings: 2)
    #expect(try Codec().decompress(beginning, models: library) == small)
    #expect(throws: ArchiveError.noSmallerSize(levels: 3)) { try archive.coarser(halvings: 3) }
  }

  @Test func samplesFollowTheSeed() throws {
    let model = try Model(file: Self.file(PixelRNN.multiScale(levels: 2, of: Self.network(.rowLSTM), condition: 2)))
    func draw(_ seed: UInt64) throws -> [Raster] {
      try Codec().sample(model, role: .colour, width: 9, height: 7, count: 3, seed: seed)
    }
    let first = try draw(1)
    #expect(try first == draw(1) && first != draw(2))
    #expect(first.count == 3 && first[0] != first[1])
    #expect(first[0].width == 9 && first[0].height == 7 && first[0].colourType == .rgb)
  }

  /// Drawn samples occur as often as their probabilities say: here that of a network whose weights are all 0.
  @Test func samplesAreDistributedAsTheModelSays() throws {
    let network = Self.network(.pixelCNN, channels: 1, output: .bernoulli)
    let layers = network.fusedLayers.map { fused in
      // A logit of 1 bit: p(1) = 2/3.
      IntegerPixelRNN.WideLayer(
        weights: Array(repeating: 0, count: fused.inputs * fused.outputs),
        bias: Array(repeating: fused.name == "output" ? 32 : 0, count: fused.outputs),
        shift: Array(repeating: 0, count: fused.outputs))
    }
    let integers = IntegerPixelRNN(architecture: network, layers: layers, states: [])
    let model = try Model(file: Model.file(name: "two thirds", provenance: "{}", networks: [(.gray, 0, integers)]))
    let drawn = try Codec().sample(model, role: .gray, width: 50, height: 60, count: 3, seed: 5)
    let ones = drawn.reduce(0) { $0 + $1.samples.reduce(0) { $0 + Int($1) } }
    // 9000 draws: a standard deviation of 45.
    #expect(abs(ones - 6000) < 180)
  }

  @Test func completionsKeepWhatIsGiven() throws {
    let model = try Self.model(Self.network(.diagonalBiLSTM, channels: 1))
    let raster = picture(.gray, 9, 8, seed: 4)
    let results = try Codec().complete(raster, isGiven: { row, _ in row < 4 }, count: 3, seed: 1, model: model)
    for result in results {
      #expect(result.samples[..<36] == raster.samples[..<36])
      #expect(result.samples[36...] != raster.samples[36...])
    }
    #expect(results[0] != results[1])
    let bundled = try Codec().complete(
      raster, isGiven: { row, column in row < 4 || column == 2 }, count: 1, seed: 1,
      model: ModelLibrary.bundled.standard)
    #expect(bundled[0].samples[..<36] == raster.samples[..<36] && bundled[0].samples[4 * 9 + 2] == raster.samples[38])
    #expect(throws: PRNNError.notPlain("RGBA")) {
      try Codec().complete(picture(.rgba, 3, 3, seed: 1), isGiven: { _, _ in true }, count: 1, seed: 1, model: model)
    }
  }

  @Test func likelihoodIsWhatTheStreamsTake() throws {
    let model = try Self.model(Self.network(.rowLSTM))
    let pictures = (0..<3).map { picture(.rgb, 20, 16, seed: $0) }
    let measured = try Codec(threads: 2).likelihood(of: pictures, model: model)
    #expect(measured.streams == 1)
    let bytes = measured.nats / 0.693147180559945 / 8
    #expect(Double(measured.bytes) <= bytes * 1.0005 + 8 && Double(measured.bytes) >= bytes - 2)
  }

  @Test func floatsAreNoPartOfTheName() throws {
    let plain = Self.file([Self.network(.pixelCNN)])
    let model = try Model(file: Self.file([Self.network(.pixelCNN)], floats: [1, 2, 3]))
    #expect(model.floats.elementsEqual([1, 2, 3]))
    #expect(try model.file == plain && model.hash == Model(file: plain).hash)
  }

  /// Older programs are told by the version that a file holds what they do not know.
  @Test func versionsOfModelFiles() throws {
    var file = Self.file([Self.network(.rowLSTM, output: .differences)])
    #expect(file[8] == 4 && Self.file([Self.network(.rowLSTM)])[8] == 2)
    _ = try Model(file: file)
    file[8] = 3
    #expect(throws: ModelError.unsupported("a network of another kind")) { try Model(file: file) }
  }

  @Test func tooManyLevels() {
    let stack = PixelRNN.multiScale(levels: 17, of: Self.network(.pixelCNN), condition: 2)
    #expect(throws: ModelError.unsupported("17 levels")) { try Model(file: Self.file(stack)) }
  }

  @Test func sizesThatNoMemoryHoldsSaturate() throws {
    let model = try Self.model(Self.network(.rowLSTM))
    var archive = try Archive(Codec().compress(picture(.rgb, 4, 4, seed: 1), model: model))
    archive.series[0].header.width = 1 << 31 - 1
    archive.series[0].header.height = 1 << 31 - 1
    archive.series[0].header.tileWidth = 1 << 31 - 1
    archive.series[0].header.tileHeight = 1 << 31 - 1
    #expect(archive.samples == .max && archive.series[0].header.imageSamples == .max)
    #expect(throws: PRNNError.tooLarge(bytes: .max, limit: .max)) {
      try Codec(memoryLimit: .max).decompress(archive, models: ModelLibrary([model]))
    }
  }

  @Test func levelsOfDifferentOutputs() {
    var stack = PixelRNN.multiScale(levels: 2, of: Self.network(.pixelCNN, channels: 1), condition: 2)
    stack[0].output = .bernoulli
    #expect(throws: ModelError.unsupported("levels of different outputs")) { try Model(file: Self.file(stack)) }
  }

  @Test func memoryIsAskedForBeforeItIsTaken() throws {
    let model = try Self.model(Self.network(.rowLSTM))
    #expect(throws: PRNNError.self) {
      try Codec().sample(model, role: .colour, width: 1 << 20, height: 1 << 20, count: 1, seed: 1)
    }
    #expect(throws: PRNNError.self) {
      try Codec(memoryLimit: 1 << 20).sample(model, role: .colour, width: 60, height: 60, count: 100, seed: 1)
    }
    let archive = try Codec().compress(picture(.rgb, 90, 90, seed: 1), model: model)
    #expect(throws: PRNNError.self) {
      try Codec(memoryLimit: 50_000).decompress(archive, models: ModelLibrary([model]))
    }
  }

  @Test func badModelFiles() throws {
    let network = Self.network(.diagonalBiLSTM)
    let file = Self.file([network])
    for count in 0..<file.count where count < 60 || count % 97 == 0 {
      #expect(throws: ModelError.self) { try Model(file: Array(file[..<count])) }
    }
    #expect(throws: ModelError.truncated) { try Model(file: file + [0]) }
    // 8 magic, 2 version, 1 + 4 name, 4 + 2 provenance, 1 count, 1 role: then the kind.
    let kind = 23
    func changed(_ at: Int, _ value: UInt8) -> [UInt8] {
      var other = file
      other[at] = value
      return other
    }
    #expect(file[kind] == 3)
    #expect(throws: ModelError.unsupported("a network of another kind")) { try Model(file: changed(kind, 4)) }
    #expect(throws: ModelError.unsupported("a network of another kind")) { try Model(file: changed(kind + 3, 3)) }
    // One block more than there are weights of.
    #expect(throws: ModelError.self) { try Model(file: changed(kind + 5, 2)) }
    // A level above 0 without a condition.
    #expect(throws: ModelError.unsupported("a network of another shape")) { try Model(file: changed(kind + 1, 1)) }
    // The first layer: 75 inputs; red's own sample to red's first feature.
    let weights = kind + 16
    let own = weights + 2 * 72
    #expect(throws: ModelError.unsupported("weights from a channel to an earlier one")) {
      try Model(file: changed(own, 1))
    }
    // Its first bias, after the weights of 8 outputs, near 2^31.
    var unbounded = file
    let bias = weights + 2 * 75 * 8
    unbounded.replaceSubrange(bias..<bias + 4, with: [0xFF, 0xFF, 0xFF, 0x7F])
    #expect(throws: ModelError.unbounded(layer: 0)) { try Model(file: unbounded) }
  }
}
