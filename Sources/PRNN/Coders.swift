import ArchiveFormat
import ByteCoding
import IntegerInference
import PixelModels

/// The coders of a thread; those of networks are made as they are needed.
final class Coders {
  private struct Key: Hashable {
    let model: [UInt8]
    let role: Model.Role
    let level: Int
  }

  private let kernels: Kernels
  private let progress: @Sendable (Int) -> Bool
  private var coders: [Key: any NetworkCoder] = [:]

  /// - Parameter progress: is told of samples coded; whether to go on.
  init(_ kernels: Kernels, progress: @escaping @Sendable (Int) -> Bool) {
    self.kernels = kernels
    self.progress = progress
  }

  /// The coder of a job of a network.
  func coder(_ job: CodingJob, _ plan: CodingPlan) -> any NetworkCoder {
    coder(plan.groups[job.group].role!, level: job.level, of: plan.model!)
  }

  /// - Precondition: a ``CodingPlan`` has found that the model has a network of this role.
  func coder(_ role: Model.Role, level: Int = 0, of model: Model) -> any NetworkCoder {
    let key = Key(model: model.hash, role: role, level: level)
    if let known = coders[key] { return known }
    let new = IntegerInference.coder(for: model.network(for: role, level: level)!, kernels: kernels)
    new.progress = { [progress] in progress($0 * role.channels) }
    coders[key] = new
    return new
  }

  /// The coder of a job of context mixing.
  func mixing(_ plan: CodingPlan, _ coding: Archive.Coding) -> MixingCoder {
    let bytes = plan.header.pixelBytes
    var coder = MixingCoder(plan.header, coding)
    coder.progress = { [progress] in progress($0 * bytes) }
    return coder
  }

  /// The streams of a job.
  ///
  /// - Parameter withImage: see ``CodingPlan/lot(_:_:)``.
  func encode(
    _ job: CodingJob, _ plan: CodingPlan, _ withImage: @escaping (Int, (UnsafePointer<UInt8>) -> Void) -> Void,
    row: Lot.Source
  ) -> [[UInt8]] {
    switch job.coding {
    case .network: coder(job, plan).encode(plan.lot(job, withImage), streams: job.units.count, row: row)
    case .mixing, .predicted: [mixing(plan, job.coding).encode(job.lotSize, row: row)]
    case .plain: [deflated(PackedRows(plan.header, job.lotSize).packed(row))]
    case .filtered: [PackedRows(plan.header, job.lotSize).filtered(row)]
    }
  }

  /// Decodes the streams of a job.
  ///
  /// - Returns: for each stream, whether it ended where its tile or lot did. If not, its samples are worthless.
  func decode(
    _ streams: [ArraySlice<UInt8>], _ job: CodingJob, _ plan: CodingPlan,
    _ withImage: @escaping (Int, (UnsafePointer<UInt8>) -> Void) -> Void, row: Lot.Sink
  ) -> [Bool] {
    switch job.coding {
    case .network: return coder(job, plan).decode(streams, plan.lot(job, withImage), row: row)
    case .mixing, .predicted:
      // Samples of a valid stream fit their bit depth.
      let (count, bits) = (job.lotSize.width * plan.header.pixelBytes, min(8, plan.header.bitDepth))
      var fits = true
      let isWhole = mixing(plan, job.coding).decode(streams[0], job.lotSize) { image, y, samples in
        if bits < 8 { for x in 0..<count where samples[x] >> bits != 0 { fits = false } }
        row(image, y, samples)
      }
      return [isWhole && fits]
    case .plain, .filtered:
      // All at once.
      defer { _ = progress(job.lotSize.width * job.lotSize.height * job.lotSize.count * plan.header.pixelBytes) }
      let rows = PackedRows(plan.header, job.lotSize)
      let types = job.coding == .filtered ? rows.count : 0
      guard let bytes = inflated(streams[0], size: rows.bytes + types) else { return [false] }
      guard job.coding == .filtered else { return [rows.unpack(bytes, row)] }
      return [rows.unfiltered(bytes).map { rows.unpack($0, row) } ?? false]
    }
  }
}

extension MixingCoder {
  /// That of tiles coded in one of its ways.
  init(_ header: Archive.Header, _ coding: Archive.Coding) {
    self.init(
      pixelBytes: header.pixelBytes, sampleBytes: header.sampleBytes, predicts: coding == .predicted)
  }
}
