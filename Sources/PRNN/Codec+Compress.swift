import ArchiveFormat
import IntegerInference
import PixelModels
import Raster
import Synchronization

extension Codec {
  /// The archive of one picture.
  ///
  /// - Parameter verify: decode the archive again and compare, before returning it.
  /// - Throws: ``PRNNError``, and `ArchiveError` when the archive made cannot be read again.
  public func compress(_ raster: Raster, model: Model, verify: Bool = true) throws -> [UInt8] {
    var set = PictureSet()
    set.add(raster)
    return try compress(set, model: model, verify: verify)
  }

  /// The archive of some pictures.
  ///
  /// - Parameters:
  ///   - set: at least one picture.
  ///   - embedModel: put the model file into the archive.
  ///   - verify: decode the archive again and compare, before returning it.
  /// - Throws: ``PRNNError``, and `ArchiveError` when the archive made cannot be read again.
  public func compress(_ set: PictureSet, model: Model, embedModel: Bool = false, verify: Bool = true) throws -> [UInt8]
  {
    precondition(set.count > 0)
    let names = set.series.flatMap(\.names)
    if let name = ImageName.clash(among: names) { throw PRNNError.nameClash("\(name)") }
    var archive = try draft(of: set, model: model, embedModel: embedModel)
    try encode(set, into: &archive, model)
    let bytes = archive.serialised()
    if verify, try !decodes(bytes, to: set, models: ModelLibrary([model])) { throw PRNNError.unfaithful }
    return bytes
  }

  /// The archive of some pictures before their samples are coded.
  func draft(of set: PictureSet, model: Model, embedModel: Bool = false) throws -> Archive {
    let headers = set.series.map { $0.header(model) }
    let isPlain = set.count == 1 && !set.isNamed && !embedModel && headers[0].levels == 1
    var archive = Archive(
      version: isPlain ? 1 : 2,
      models: [.init(hash: model.hash, name: model.name, file: embedModel ? model.file : nil)], series: [])
    archive.series = zip(set.series, headers).map { Archive.Series($0, $1, version: archive.version) }
    let weights = try estimateValueWeights(set, archive.series, model)
    for i in weights.indices { archive.series[i].valueWeights = weights[i] }
    let lattices = try estimateLattices(set, archive.series, model)
    for i in lattices.indices { archive.series[i].lattice = lattices[i] }
    if lattices.contains(where: { $0 != nil }) {
      archive.version = 3
      for i in lattices.indices {
        archive.series[i].checksums = set.series[i].checksums(
          of: archive.series[i].checkedParts(version: 3), archive.series[i].header)
      }
    }
    return archive
  }

  /// Codes all samples.
  private func encode(_ set: PictureSet, into archive: inout Archive, _ model: Model) throws {
    let plans = try archive.series.map { try CodingPlan($0, model) }
    let pieces = Piece.all(of: archive)
    try check(CodingPlan.bytesNeeded(pieces, plans, threads: threads))
    let jobs = CodingJob.all(pieces, plans)
    let streams = Mutex<[[UInt8]]>(Array(repeating: [], count: jobs.count))
    try parallel(count: jobs.count, threads: threads, context: Coders(kernels, progress: progress)) { coders, i in
      let stream = encode(jobs[i], set.series[jobs[i].series].pictures, plans[jobs[i].series], coders)
      streams.withLock { $0[i] = stream }
    }
    for (job, stream) in zip(jobs, streams.withLock { $0 }) {
      archive.series[job.series].tiles[job.index][job.group] = stream[...]
    }
  }

  /// One stream.
  private func encode(_ job: CodingJob, _ pictures: [[UInt8]], _ plan: CodingPlan, _ coders: Coders) -> [UInt8] {
    let lot = plan.lot(job) { image, body in pictures[image].withUnsafeBufferPointer { body($0.baseAddress!) } }
    return coders.coder(plan.groups[job.group].role, level: job.unit.level, of: plan.model)
      .encode(lot, row: plan.source(job, pictures))
  }

  /// Whether an archive holds exactly this picture.
  public func decodes(_ bytes: [UInt8], to raster: Raster, models: ModelLibrary) throws -> Bool {
    var set = PictureSet()
    set.add(raster)
    return try decodes(bytes, to: set, models: models)
  }

  /// Whether an archive holds exactly these pictures, in the order of the set's series.
  public func decodes(_ bytes: [UInt8], to set: PictureSet, models: ModelLibrary) throws -> Bool {
    let archive = try Archive(bytes)
    guard archive.series.count == set.series.count,
      zip(archive.series, set.series).allSatisfy({ $0.describes($1, version: archive.version) })
    else { return false }
    let plans = try plans(archive, models)
    let jobs = CodingJob.all(Piece.all(of: archive), plans)
    let same = Atomic<Bool>(true)
    let withImage: @Sendable (CodingJob, Int, (UnsafePointer<UInt8>) -> Void) -> Void = { job, image, body in
      set.series[job.series].pictures[image].withUnsafeBufferPointer { body($0.baseAddress!) }
    }
    try decode(archive, plans, jobs, withImage) { run, row in
      let matches = set.series[run.job.series].pictures[run.image].withUnsafeBufferPointer {
        run.group.matches(row, count: run.pixels, step: run.job.unit.step, $0.baseAddress! + run.start)
      }
      if !matches { same.store(false, ordering: .relaxed) }
    }
    return same.load(ordering: .relaxed)
  }
}

extension Archive.Series {
  /// A series before anything is coded.
  fileprivate init(_ pictures: PictureSet.Series, _ header: Archive.Header, version: Int) {
    self.init(
      header: header,
      chunks: pictures.format.chunks.map { .init(place: $0.place.rawValue, type: $0.type, bytes: $0.bytes) },
      names: pictures.names, checksums: [],
      tiles: Array(repeating: Array(repeating: [], count: header.streams), count: header.unitCount))
    checksums = pictures.checksums(of: checkedParts(version: version), header)
  }

  /// Whether all but the samples are those of some pictures.
  fileprivate func describes(_ pictures: PictureSet.Series, version: Int) -> Bool {
    let format = pictures.format
    return header.width == format.width && header.height == format.height
      && header.colourType == format.colourType.rawValue && Int(header.bitDepth) == format.bitDepth
      && header.interlaced == format.interlaced && rasterChunks == format.chunks
      && header.count == pictures.pictures.count && names == pictures.names
      && checksums == pictures.checksums(of: checkedParts(version: version), header)
  }
}
