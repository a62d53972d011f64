import ArchiveFormat
import IntegerInference
import PixelModels
import Raster
import Synchronization

extension Codec {
  /// The archive of one picture.
  ///
  /// - Parameters:
  ///   - raster: the picture.
  ///   - model: what the networks are.
  ///   - effort: of local networks; the others have one only.
  ///   - coding: by networks, by context mixing, or by what is best.
  ///   - verify: decode the archive again and compare, before returning it.
  /// - Throws: ``PRNNError``, and `ArchiveError` when the archive made cannot be read again.
  public func compress(
    _ raster: Raster, model: Model, effort: Effort = .balanced, coding: Coding = .best, verify: Bool = true
  ) throws -> [UInt8] {
    var set = PictureSet()
    set.add(raster)
    return try compress(set, model: model, effort: effort, coding: coding, verify: verify)
  }

  /// The archive of some pictures.
  ///
  /// - Parameters:
  ///   - set: at least one picture.
  ///   - model: what the networks are.
  ///   - embedModel: put the model file into the archive.
  ///   - effort: of local networks; the others have one only.
  ///   - coding: by networks, by context mixing, or by what is best.
  ///   - verify: decode the archive again and compare, before returning it.
  /// - Throws: ``PRNNError``, and `ArchiveError` when the archive made cannot be read again.
  public func compress(
    _ set: PictureSet, model: Model, embedModel: Bool = false, effort: Effort = .balanced, coding: Coding = .best,
    verify: Bool = true
  ) throws -> [UInt8] {
    precondition(set.count > 0)
    let names = set.series.flatMap(\.names)
    if let name = ImageName.clash(among: names) { throw PRNNError.nameClash("\(name)") }
    let bytes = try archive(of: set, model: model, embedModel: embedModel, learning: effort.learning, coding: coding)
      .serialised()
    if verify, try !decodes(bytes, to: set, models: ModelLibrary([model])) { throw PRNNError.unfaithful }
    return bytes
  }

  /// The archive of some pictures, all coded by networks.
  ///
  /// - Parameters:
  ///   - learning: how local networks learn.
  ///   - always: whether they learn where it does not pay, too.
  func networkArchive(
    of set: PictureSet, model: Model, embedModel: Bool, learning: Learning?, always: Bool = false
  ) throws -> Archive {
    let isLocal = model.networks.allSatisfy(\.isLocal)
    var learning = isLocal ? learning : nil
    if !model.networks.contains(where: \.allowsFits) { learning?.fits = nil }
    var plain = try draft(of: set, model: model, embedModel: embedModel, learning: learning)
    let all = plain.series.indices
    guard let learning else {
      try encode(set, all, into: &plain, model)
      return plain
    }
    var learned = plain
    for i in all {
      learned.series[i].learning = learning.fitting(set.series[i], plain.series[i].lattice).bytes
      learned.series[i].fits = learning.fits?.bytes ?? []
    }
    learned.raise(to: learned.leastVersion, set)
    try encode(set, all, into: &learned, model)
    let few = all.filter {
      let header = plain.series[$0].header
      return !always && header.width * header.height * header.count <= Effort.fewPixels
    }
    try encode(set, few, into: &plain, model)
    for i in few where plain.series[i].streamBytes < learned.series[i].learnedBytes {
      (learned.series[i].learning, learned.series[i].fits) = ([], [])
      learned.series[i].tiles = plain.series[i].tiles
    }
    // What asked for a newer version may be gone.
    learned.version = max(2, plain.version, learned.leastVersion)
    return learned.series.contains { !$0.learning.isEmpty } ? learned : plain
  }

  /// The archive of some pictures before their samples are coded.
  ///
  /// - Parameter learning: how its networks will learn, by and large.
  func draft(
    of set: PictureSet, model: Model, embedModel: Bool = false, learning: Learning? = nil
  ) throws -> Archive {
    let headers = set.series.map { $0.header(model) }
    let isPlain = set.count == 1 && !set.isNamed && !embedModel && headers[0].levels == 1
    var archive = Archive(
      version: isPlain ? 1 : 2,
      models: [.init(hash: model.hash, name: model.name, file: embedModel ? model.file : nil)], series: [])
    archive.series = zip(set.series, headers).map { Archive.Series($0, $1, version: archive.version, coding: .network) }
    let all = Array(archive.series.indices)
    func estimateWeights(_ chosen: [Int]) throws {
      let weights = try estimateValueWeights(set.part(chosen), chosen.map { archive.series[$0] }, model)
      for (i, weights) in zip(chosen, weights) { archive.series[i].valueWeights = weights }
    }
    try estimateWeights(all)
    let lattices = try estimateLattices(set, archive.series, model, learning)
    for i in all { archive.series[i].lattice = lattices[i] }
    try estimateWeights(all.filter { archive.series[$0].codesPlanes })
    if lattices.contains(where: { $0 != nil }) { archive.raise(to: max(3, archive.leastVersion), set) }
    return archive
  }

  /// Codes all samples of some series.
  ///
  /// - Parameter model: nil when they need none.
  func encode(
    _ set: PictureSet, _ chosen: some Sequence<Int>, into archive: inout Archive, _ model: Model?
  ) throws {
    let isChosen = Set(chosen)
    let plans = try archive.series.enumerated().map { i, series in
      try CodingPlan(series, model, planes: isChosen.contains(i) ? set.series[i].planes(series) : nil)
    }
    let pieces = chosen.flatMap { Piece.all(of: archive.series[$0].header, series: $0) }
    try check(CodingPlan.bytesNeeded(pieces, plans, threads: threads))
    let jobs = CodingJob.all(pieces, plans, threads: threads)
    let streams = Mutex<[[[UInt8]]]>(Array(repeating: [], count: jobs.count))
    try inParallel(count: jobs.count) { coders, i in
      let ready = encode(jobs[i], set.series[jobs[i].series].pictures, plans[jobs[i].series], coders)
      streams.withLock { $0[i] = ready }
    }
    for (job, streams) in zip(jobs, streams.withLock { $0 }) {
      for (index, stream) in zip(job.indices, streams) {
        archive.series[job.series].tiles[index][job.group] = stream[...]
      }
    }
  }

  /// The streams of a job.
  func encode(_ job: CodingJob, _ pictures: [[UInt8]], _ plan: CodingPlan, _ coders: Coders) -> [[UInt8]] {
    coders.encode(
      job, plan, { image, body in pictures[image].withUnsafeBufferPointer { body($0.baseAddress!) } },
      row: plan.source(job, pictures))
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
    let jobs = CodingJob.all(Piece.all(of: archive), plans, threads: threads)
    let same = Atomic<Bool>(true)
    let withImage: @Sendable (CodingJob, Int, (UnsafePointer<UInt8>) -> Void) -> Void = { job, image, body in
      set.series[job.series].pictures[image].withUnsafeBufferPointer { body($0.baseAddress!) }
    }
    try decode(archive, plans, jobs, withImage) { run, row in
      let matches = set.series[run.job.series].pictures[run.image].withUnsafeBufferPointer {
        let start = plans[run.job.series].header.layout.start(run.unit, row: run.row)
        return run.group.matches(row, count: run.pixels, step: run.unit.step, $0.baseAddress! + start)
      }
      if !matches { same.store(false, ordering: .relaxed) }
    }
    return same.load(ordering: .relaxed)
  }
}

extension Archive {
  /// The least version for how its networks learn, for what they code, and for what else codes tiles; 2 if all is as it was first.
  var leastVersion: Int {
    if series.contains(where: \.hasPredictedTiles) { return 10 }
    if series.contains(where: \.hasFilteredTiles) { return 9 }
    if series.contains(where: \.codesPlanes) { return 8 }
    if series.contains(where: \.mixesByPhase) { return 7 }
    if series.contains(where: \.holdsCopies) { return 6 }
    if series.contains(where: { !$0.fits.isEmpty }) { return 5 }
    return series.contains(where: \.adapts) ? 3 : 2
  }

  /// Makes it one of a version at least so new. From version 2 on every tile has a checksum.
  mutating func raise(to newer: Int, _ set: PictureSet) {
    if version == 1 {
      for i in series.indices {
        series[i].checksums = set.series[i].checksums(of: series[i].checkedParts(version: newer), series[i].header)
      }
    }
    version = max(version, newer)
  }

  /// Makes it one of version 5, 6 or 7 at least if that is needed, or smaller: metadata is packed then.
  mutating func packMetadata(_ set: PictureSet) {
    if version > 1, series.contains(where: { $0.tiles.count > 1 }) { return raise(to: 7, set) }
    if fileCount > 0 { return raise(to: 6, set) }
    guard version < 5, series.contains(where: { !$0.times.isEmpty || !$0.chunks.isEmpty }) else { return }
    var newer = self
    newer.raise(to: 5, set)
    let isNeeded = series.contains { !$0.times.isEmpty }
    if isNeeded || newer.bytesBesideStreams < bytesBesideStreams { self = newer }
  }

  /// Of the models in it.
  var embeddedBytes: Int { models.reduce(0) { $0 + ($1.file?.count ?? 0) } }

  /// Of the file, without the models in it.
  var bytes: Int { bytesBesideStreams + series.reduce(0) { $0 + $1.streamBytes } }

  private var bytesBesideStreams: Int {
    var rest = self
    for i in rest.models.indices { rest.models[i].file = nil }
    for i in rest.series.indices { rest.series[i].tiles = series[i].tiles.map { $0.map { _ in [] } } }
    return rest.serialised().count
  }
}

extension Archive.Series {
  /// Those and what tells how networks learn.
  fileprivate var learnedBytes: Int { streamBytes + learning.count + fits.count }

  /// A series before anything is coded.
  init(_ pictures: PictureSet.Series, _ header: Archive.Header, version: Int = 4, coding: Archive.Coding) {
    self.init(
      header: header,
      chunks: pictures.format.chunks.map { .init(place: $0.place.rawValue, type: $0.type, bytes: $0.bytes) },
      names: pictures.names, times: pictures.times, files: pictures.fileRecords, checksums: [],
      tiles: Array(
        repeating: Array(repeating: [], count: coding == .network ? header.streams : 1), count: header.unitCount),
      codings: coding == .network ? [] : Array(repeating: coding, count: header.unitCount))
    checksums = pictures.checksums(of: checkedParts(version: version), header)
  }

  /// Whether all but the samples are those of some pictures.
  fileprivate func describes(_ pictures: PictureSet.Series, version: Int) -> Bool {
    let format = pictures.format
    return header.width == format.width && header.height == format.height
      && header.colourType == format.colourType.rawValue && Int(header.bitDepth) == format.bitDepth
      && header.interlaced == format.interlaced && rasterChunks == format.chunks
      && header.count == pictures.pictures.count && names == pictures.names && times == pictures.times
      && files == pictures.fileRecords
      && checksums == pictures.checksums(of: checkedParts(version: version), header)
  }
}
