import EntropyCoding
import Glibc
import IntegerInference
import PixelKernels
import PixelModels
import Raster
import Synchronization

extension Codec {
  /// What pictures cost under a model.
  public struct Likelihood: Sendable {
    /// -ln of the probabilities that the integer network gives their samples.
    public var nats = 0.0
    /// Of the streams.
    public var bytes = 0
    public var streams = 0
  }

  /// The likelihood of pictures, and the length of their streams, coded as an archive of them is.
  ///
  /// - Throws: ``PRNNError``.
  public func likelihood(of pictures: [Raster], model: Model) throws -> Likelihood {
    var set = PictureSet()
    for picture in pictures { set.add(picture) }
    let series = set.series
    let archive = try draft(of: set, model: model)
    let plans = try zip(archive.series, set.series).map { try CodingPlan($0, model, planes: $1.planes($0)) }
    let pieces = Piece.all(of: archive)
    try check(CodingPlan.bytesNeeded(pieces, plans, threads: threads))
    let jobs = CodingJob.all(pieces, plans, threads: threads)
    let results = Mutex<[Likelihood]>(Array(repeating: Likelihood(), count: jobs.count))
    try inParallel(count: jobs.count) { coders, i in
      let (job, plan) = (jobs[i], plans[jobs[i].series])
      let pictures = series[job.series].pictures
      var meters = Array(repeating: MeteredEncoder(), count: job.units.count)
      let lot = plan.lot(job) { image, body in pictures[image].withUnsafeBufferPointer { body($0.baseAddress!) } }
      coders.coder(job, plan).run(
        lot, through: &meters, given: plan.source(job, pictures), result: nil)
      let nats = meters.reduce(0) { $0 + $1.nats }
      let bytes = meters.indices.reduce(0) { $0 + meters[$1].encoder.finish().count }
      results.withLock { $0[i] = Likelihood(nats: nats, bytes: bytes, streams: meters.count) }
    }
    return results.withLock { $0 }.reduce(into: Likelihood()) { sum, one in
      sum.nats += one.nats
      sum.bytes += one.bytes
      sum.streams += one.streams
    }
  }
}

/// An encoder that adds up what samples should cost; for reports only.
private struct MeteredEncoder: SymbolCoder {
  var encoder = RangeEncoder()
  var nats = 0.0

  mutating func code(
    _ sample: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8 {
    nats -= log(Double(prnn_frequency(distribution, UInt32(sample &- centre))) / Double(total))
    return encoder.code(sample, centre: centre, channel: channel, distribution, total: total)
  }
}
