import FoundationEssentials
import PRNN
import PixelModels
import Raster
import Testing

@testable import PixelTraining

/// Runs that adapt a local network.
@Suite struct AdaptationTests {
  private let adaptation = Adaptation(ModelLibrary.bundled.model(named: "photo")!, role: .gray)!
  private var architecture: Architecture { adaptation.start.architecture }

  /// Stripes, which photographs have few of.
  private static func picture(seed: Int) -> Raster {
    let samples = (0..<48 * 40).map { i in UInt8((i % 48 / 3 + i / 48 / 5 + seed) % 2 == 0 ? 250 - seed : 30) }
    return Raster(width: 48, height: 40, colourType: .gray, samples: samples)
  }

  private static func pool(_ a: Architecture, _ seeds: [Int]) -> PixelPool {
    var pool = PixelPool(a)
    for seed in seeds {
      pool.append(width: 48, height: 40, samples: picture(seed: seed).samples, stride: 1)
    }
    return pool
  }

  private func begin(_ set: (inout TrainingConfiguration) -> Void = { _ in }) -> Checkpoint {
    var c = Adaptation.configuration
    (c.batch, c.shard, c.warmUp, c.validationSteps) = (200, 64, 2, 4)
    (c.length, c.unit) = (12, .steps)
    c.flips = true
    c.average = 0.8
    set(&c)
    return adaptation.checkpoint(c, data: Self.pool(architecture, [1, 2, 3]), notes: ["a": "b"])
  }

  private func trainer(_ checkpoint: Checkpoint, threads: Int = 1) throws -> Trainer {
    try adaptation.trainer(
      checkpoint, data: Self.pool(architecture, [1, 2, 3]), validation: Self.pool(architecture, [4, 5]),
      threads: threads)
  }

  /// Runs to the end, or to a step.
  private func end(_ checkpoint: Checkpoint, threads: Int = 1, at stop: Int = .max) throws -> Checkpoint {
    let trainer = try trainer(checkpoint, threads: threads)
    var run = TrainingRun(trainer, log: try TrainingLog(nil, at: 0))
    run.isInterrupted = { trainer.checkpoint.progress.step >= stop }
    _ = try run.run()
    var end = trainer.checkpoint
    end.progress.seconds = 0
    return end
  }

  @Test func threadsAndStopsDoNotMatter() throws {
    let whole = try end(begin())
    #expect(whole.progress.step == 12 && whole.progress.start != nil && whole.best.count == whole.weights.count)
    #expect(try end(begin(), threads: 3) == whole)
    let part = try end(begin(), at: 6)
    #expect(part.progress.step == 6 && part != whole)
    #expect(try end(Checkpoint(file: part.serialized()), threads: 2) == whole)
  }

  @Test func adaptedPicturesTakeLessAndComeBack() throws {
    let checkpoint = try end(begin { $0.length = 60 })
    let file = try adaptation.file(checkpoint, name: "stripes", program: "0", pictures: 3)
    let model = try Model(file: file)
    let before = ModelLibrary.bundled.model(named: "photo")!
    #expect(model.name == "stripes" && file[8] == 1)
    #expect(model.networks.map(\.role) == before.networks.map(\.role))
    for role in [Model.Role.colour, .alpha] {
      #expect(model.network(for: role) == before.network(for: role))
    }
    #expect(model.network(for: .gray) != before.network(for: .gray))
    let hash = before.hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(model.provenance.contains("\"hash\":\"\(hash)\""))
    let codec = try Codec()
    let picture = Self.picture(seed: 9)
    let archive = try codec.compress(picture, model: model, coding: .networks)
    #expect(try archive.count < codec.compress(picture, model: before, coding: .networks).count * 3 / 4)
    var library = ModelLibrary.bundled
    library.add(model)
    #expect(try codec.decompress(archive, models: library) == picture)
    // What was validated is what the network in the file gives.
    guard case .local(let network) = model.network(for: .gray)?.body else { fatalError() }
    let pool = Self.pool(architecture, [4, 5])
    #expect(network.likelihood(of: pool, threads: 2).map { $0 / Double(pool.count) } == checkpoint.progress.best)
  }

  @Test func nothingWorseIsWritten() throws {
    let bad = try end(
      begin {
        $0.learningRate = 3
        $0.average = 0
        $0.length = 4
      })
    let start = bitsPerDim(nats: try #require(bad.progress.start), dims: 1)
    #expect(bad.progress.best == bad.progress.start)
    #expect(throws: TrainingError.notBetter(start: start, best: start)) {
      try adaptation.file(bad, name: "bad", program: "0", pictures: 3)
    }
  }

  @Test func otherPicturesAndNetworks() throws {
    let checkpoint = begin()
    let other = Self.pool(architecture, [1, 2])
    #expect(throws: TrainingError.otherData) {
      try adaptation.trainer(checkpoint, data: other, validation: other, threads: 1)
    }
    let alpha = try #require(Adaptation(adaptation.model, role: .alpha))
    let pool = PixelPool(alpha.start.architecture)
    #expect(throws: TrainingError.otherModel) {
      try alpha.trainer(checkpoint, data: pool, validation: pool, threads: 1)
    }
  }

  @Test func leastSquaresAreRefused() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../spec/vectors/tiny-squares.prnnmodel")
    let squares = try #require(Adaptation(Model(file: Array(Data(contentsOf: file))), role: .gray))
    let pool = PixelPool(squares.start.architecture)
    let checkpoint = squares.checkpoint(Adaptation.configuration, data: pool)
    #expect(throws: TrainingError.leastSquares) {
      try squares.trainer(checkpoint, data: pool, validation: pool, threads: 1)
    }
  }

  @Test func whichPicturesAreTaken() throws {
    let folder = try Scratch()
    func add(_ name: String, _ type: Raster.ColourType, depth: Int = 8) throws {
      let samples = [UInt8](repeating: 1, count: 6 * type.channels)
      try folder.write(
        name, Raster(width: 3, height: 2, colourType: type, bitDepth: depth, samples: samples).png())
    }
    try add("a.png", .gray)
    try add("b.png", .rgb)
    try add("c.png", .rgba)
    try add("d.png", .gray, depth: 4)
    var found = try AdaptationPictures(reading: [folder.path], role: nil)
    #expect(found.role == .colour && found.leftOut == 2 && found.rasters.map(\.colourType) == [.rgb, .rgba])
    #expect(found.pool(.init(channels: 3, up: 1, left: 1, right: 0, hidden: 16, layers: 0, bottleneck: 16)).count == 12)
    #expect(try found.holdOut(nil).rasters.map(\.colourType) == [.rgba] && found.rasters.count == 1)
    #expect(throws: TrainingError.tooFewPictures) { try found.holdOut(nil) }
    #expect(throws: TrainingError.holdOut(1, of: 1)) { try found.holdOut(1) }
    #expect(try AdaptationPictures(reading: [folder.path], role: .alpha).rasters.map(\.colourType) == [.rgba])
    let gray = try AdaptationPictures(reading: [folder.path], role: .gray)
    #expect(gray.leftOut == 3)
    #expect(throws: FileError.self) { try AdaptationPictures(reading: [folder / "d.png"], role: nil) }
  }
}
