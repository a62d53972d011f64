import ArchiveFormat
import Raster
import Synchronization
import Testing

@testable import PRNN

/// What is given up ends soon, with nothing made.
@Suite struct CancelTests {
  /// Cancels once so many samples are coded.
  private static func codec(threads: Int = 1, after samples: Int) throws -> (Codec, done: @Sendable () -> Int) {
    let done = Shared()
    var codec = try Codec(threads: threads, progress: { done.count.wrappingAdd($0, ordering: .relaxed) })
    codec.isCancelled = { done.count.load(ordering: .relaxed) >= samples }
    return (codec, { done.count.load(ordering: .relaxed) })
  }

  private final class Shared: Sendable {
    let count = Atomic(0)
  }

  @Test(arguments: [Coding.networks, .mixing]) func codingEndsEarly(coding: Coding) throws {
    let raster = picture(.rgb, 600, 150)
    let samples = raster.samples.count
    let model = ModelLibrary.bundled.model(named: "photo-fast")!
    let archive = try Codec().compress(raster, model: model, effort: .fast, coding: coding, verify: false)
    let (encoder, encoded) = try Self.codec(after: 1000)
    #expect(throws: PRNNError.cancelled) {
      try encoder.compress(raster, model: model, effort: .fast, coding: coding, verify: false)
    }
    #expect((1000..<samples / 3).contains(encoded()))
    let (decoder, decoded) = try Self.codec(threads: 2, after: 1000)
    #expect(throws: PRNNError.cancelled) { try decoder.decompress(archive, models: .bundled) }
    #expect((1000..<samples / 3).contains(decoded()))
    // Damage that is no damage is not reported.
    let (judge, _) = try Self.codec(after: 1000)
    #expect(throws: PRNNError.cancelled) { try judge.damage(in: Archive(archive), models: .bundled) }
  }

  @Test func networksOfThePaperEndEarly() throws {
    let model = VectorTests.models.model(named: "paper-levels")!
    let (codec, _) = try Self.codec(after: 1)
    #expect(throws: PRNNError.cancelled) { try codec.compress(picture(.rgb, 12, 12), model: model) }
    #expect(throws: PRNNError.cancelled) {
      try codec.sample(model, role: .colour, width: 12, height: 12, count: 2, seed: 1)
    }
  }

  @Test func nothingBeginsOnceItIsCancelled() throws {
    let (codec, done) = try Self.codec(after: 0)
    #expect(throws: PRNNError.cancelled) {
      try codec.compress(picture(.gray, 20, 20), model: ModelLibrary.bundled.standard)
    }
    #expect(done() == 0)
  }
}
