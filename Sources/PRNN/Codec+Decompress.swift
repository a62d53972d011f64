import ArchiveFormat
import IntegerInference
import PixelModels
import Raster

extension Codec {
  /// The picture in an archive of one.
  ///
  /// - Throws: `ArchiveError` or ``PRNNError``; no picture then.
  public func decompress(_ bytes: [UInt8], models: ModelLibrary) throws -> Raster {
    try decompress(Archive(bytes), models: models)
  }

  /// The picture in an archive of one that is parsed already.
  ///
  /// - Throws: `ArchiveError` or ``PRNNError``; no picture then.
  public func decompress(_ archive: Archive, models: ModelLibrary) throws -> Raster {
    guard archive.imageCount == 1 else { throw PRNNError.severalImages(archive.imageCount) }
    return try decompress(archive, image: 0, models: models)
  }

  /// One picture of an archive; only the tiles or the lot it is in are decoded.
  ///
  /// - Parameters:
  ///   - archive: parsed.
  ///   - number: 0 ..< `archive.imageCount`; `archive.image(named:)` finds it.
  ///   - models: where the archive's model is looked for, unless it is inside.
  /// - Throws: `ArchiveError` or ``PRNNError``; no picture then.
  public func decompress(_ archive: Archive, image number: Int, models: ModelLibrary) throws -> Raster {
    let header = archive.series[archive.place(ofImage: number).series].header
    return try decompress(archive, image: number, crop: header.frame, models: models)
  }

  /// A part of one picture of an archive, with the chunks of the picture but those of an animation. Only the tiles that it
  /// touches are decoded, and only these are in memory; of a picture in a lot or of several sizes, all of the lot.
  ///
  /// In archives of version 1 the checksum is that of the whole picture: of a part there are only those of its chunks.
  ///
  /// - Parameters:
  ///   - archive: parsed.
  ///   - number: 0 ..< `archive.imageCount`.
  ///   - crop: in pixels of the picture.
  ///   - models: where the archive's model is looked for, unless it is inside.
  /// - Throws: `ArchiveError` or ``PRNNError``, ``PRNNError/outside(_:width:height:)`` among them; no picture then.
  public func decompress(
    _ archive: Archive, image number: Int, crop: PixelRectangle, models: ModelLibrary
  ) throws -> Raster {
    let (series, image) = archive.place(ofImage: number)
    let header = archive.series[series].header
    guard crop.isInside(width: header.width, height: header.height) else {
      throw PRNNError.outside(crop, width: header.width, height: header.height)
    }
    let pieces = Piece.all(of: header, series: series).filter { $0.images.contains(image) }
      .map { $0.around(crop, header) }
    var picture: Raster?
    try decompress(archive, pieces, models) { _, i, raster in if i == image { picture = raster() } }
    if crop != header.frame { picture!.keep(crop, of: header.decodedArea(for: crop)) }
    return picture!
  }

  /// All pictures of an archive, in their order. No more of them than the threads need are in memory at a time.
  ///
  /// - Parameters:
  ///   - archive: parsed.
  ///   - models: where the archive's model is looked for, unless it is inside.
  ///   - body: is given each picture and its number, on the thread of the caller.
  /// - Throws: `ArchiveError`, ``PRNNError``, or what `body` throws; some pictures may have been handed out then.
  public func decompress(
    _ archive: Archive, models: ModelLibrary, _ body: (_ number: Int, Raster) throws -> Void
  ) throws {
    var number = 0
    try decompress(archive, Piece.all(of: archive), models) { _, _, raster in
      try body(number, raster())
      number += 1
    }
  }

  /// Is told of a part of an archive that is damaged, from any thread; what it throws ends the decoding.
  typealias DamageHandler = @Sendable (Archive.Part) throws -> Void

  /// Any damage ends the decoding.
  static let noDamage: DamageHandler = { _ in throw PRNNError.damagedPixels }

  /// Decodes pieces, as many together as keep all threads busy.
  ///
  /// - Parameters:
  ///   - damaged: may go on.
  ///   - body: is given each image of each piece, by its number in the series, and how to get it.
  func decompress(
    _ archive: Archive, _ pieces: [Piece], _ models: ModelLibrary, damaged: @escaping DamageHandler = noDamage,
    _ body: (Piece, Int, () -> Raster) throws -> Void
  ) throws {
    let plans = try plans(archive, models)
    try check(CodingPlan.bytesNeeded(pieces, plans, threads: threads))
    let most = min(threads << 22, memoryLimit / 2)
    var rest = pieces[...]
    while !rest.isEmpty {
      var samples = 0
      let fitting = rest.prefix {
        samples += $0.samples
        return samples <= most
      }
      let batch = rest.prefix(max(1, fitting.count))
      try decompress(archive, Array(batch), plans, damaged, body)
      rest = rest.dropFirst(batch.count)
    }
  }

  /// Decodes pieces together, checks their checksums, and hands out their images.
  private func decompress(
    _ archive: Archive, _ pieces: [Piece], _ plans: [CodingPlan], _ damaged: @escaping DamageHandler,
    _ body: (Piece, Int, () -> Raster) throws -> Void
  ) throws {
    let (starts, count) = pieces.reduce(into: ([Int](), 0)) { layout, piece in
      layout.0.append(layout.1)
      layout.1 += piece.samples
    }
    /// Where the samples of an image start.
    @Sendable func start(of image: Int, piece: Int) -> Int {
      starts[piece] + (image - pieces[piece].images.lowerBound) * pieces[piece].layout.count
    }
    let samples = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let target = SharedBytes(base: buffer.baseAddress!)
      let withImage: @Sendable (CodingJob, Int, (UnsafePointer<UInt8>) -> Void) -> Void = { job, image, body in
        body(target.base + start(of: image, piece: job.piece))
      }
      try decode(archive, plans, CodingJob.all(pieces, plans, threads: threads), withImage, damaged) { run, row in
        let first = pieces[run.job.piece].layout.start(run.unit, row: run.row)
        let image = target.base + start(of: run.image, piece: run.job.piece)
        run.group.scatter(row, count: run.pixels, step: run.unit.step, to: image + first)
      }
      filled = count
    }
    for (number, piece) in pieces.enumerated() {
      let series = archive.series[piece.series]
      let wrong = series.damage(in: piece, version: archive.version) { samples[start(of: $0, piece: number)...] }
      for part in wrong { try damaged(part) }
      for image in piece.images {
        let first = start(of: image, piece: number)
        try body(piece, image) {
          Raster(
            series, piece.layout.area,
            samples: count == piece.layout.count ? samples : Array(samples[first..<first + piece.layout.count]))
        }
      }
    }
  }

  /// Decodes streams, those of smaller sizes before those of larger ones, and hands out the rows in them, from any thread.
  ///
  /// - Parameter withImage: gives the samples of an image as far as they are known.
  func decode(
    _ archive: Archive, _ plans: [CodingPlan], _ jobs: [CodingJob],
    _ withImage: @escaping @Sendable (CodingJob, Int, (UnsafePointer<UInt8>) -> Void) -> Void,
    _ damaged: @escaping DamageHandler = noDamage,
    _ body: @escaping @Sendable (PixelRun, UnsafePointer<UInt8>) -> Void
  ) throws {
    for level in 0...(jobs.map(\.level).max() ?? 0) {
      let jobs = jobs.filter { $0.level == level }
      try inParallel(count: jobs.count) { coders, i in
        let (job, plan) = (jobs[i], plans[jobs[i].series])
        let group = plan.planes(job)
        let tiles = job.indices.map { archive.series[job.series].tiles[$0] }
        guard !tiles.contains(where: \.isEmpty) else { throw PRNNError.damagedPixels }
        let whole = coders.decode(tiles.map { $0[job.group] }, job, plan, { withImage(job, $0, $1) }) {
          number, y, row in
          let (unit, image) = job.place(ofImage: number)
          body(PixelRun(job: job, unit: unit, group: group, image: image, row: y, pixels: unit.tile.width), row)
        }
        for (unit, isWhole) in zip(job.indices, whole) where !isWhole {
          try damaged(Archive.Part(series: job.series, unit: unit))
        }
      }
    }
  }

  /// - Throws: ``PRNNError/tooLarge(bytes:limit:)``.
  func check(_ bytes: Int) throws {
    guard bytes <= memoryLimit, bytes < .max else { throw PRNNError.tooLarge(bytes: bytes, limit: memoryLimit) }
  }

  /// What all series need for coding: their models are looked for in the archive first.
  func plans(_ archive: Archive, _ models: ModelLibrary) throws -> [CodingPlan] {
    let used = Set(archive.series.map(\.header.model)).subtracting([Archive.Header.noModel])
    let found = Dictionary(uniqueKeysWithValues: try used.map { ($0, try models.model(for: archive.models[$0])) })
    return try archive.series.map { try CodingPlan($0, found[$0.header.model]) }
  }
}

extension Archive.Series {
  /// The parts of a piece whose checksums are wrong.
  ///
  /// - Parameter samples: of an image, by its number; more may follow.
  fileprivate func damage(in piece: Piece, version: Int, _ samples: (Int) -> ArraySlice<UInt8>) -> [Archive.Part] {
    // In version 1 there is one for all of the picture only.
    let parts: [Int?] = version > 1 ? piece.units : piece.units.count == header.unitCount ? [nil] : []
    return parts.compactMap { number in
      let part = checkedPart(number ?? 0, version: version)
      let found = part.images.reduce(0) { crc, image in
        samples(image).withUnsafeBufferPointer { piece.layout.checksum(of: part, $0.baseAddress!, from: crc) }
      }
      return found == checksums[number ?? 0] ? nil : Archive.Part(series: piece.series, unit: number)
    }
  }
}

extension Raster {
  fileprivate init(_ series: Archive.Series, _ area: PixelRectangle, samples: [UInt8]) {
    let header = series.header
    // A header with another colour type or depth is not read.
    self.init(
      width: area.width, height: area.height, colourType: .init(rawValue: header.colourType)!,
      bitDepth: Int(header.bitDepth), interlaced: header.interlaced, samples: samples, chunks: series.rasterChunks)
  }

  /// Chunks of an animation: frames of the whole picture's size.
  private static let animation = ["acTL", "fcTL", "fdAT"].map { Array($0.utf8) }

  /// Drops all but a part.
  ///
  /// - Parameter area: where in an image this picture is.
  fileprivate mutating func keep(_ part: PixelRectangle, of area: PixelRectangle) {
    let (rowSamples, kept) = (width * pixelBytes, part.width * pixelBytes)
    let first = (part.y - area.y) * rowSamples + (part.x - area.x) * pixelBytes
    // In place: a row never moves to the right.
    samples.withUnsafeMutableBufferPointer { buffer in
      let base = buffer.baseAddress!
      for row in 0..<part.height { (base + row * kept).update(from: base + first + row * rowSamples, count: kept) }
    }
    samples.removeLast(samples.count - part.height * kept)
    (width, height) = (part.width, part.height)
    chunks.removeAll { Raster.animation.contains($0.type) }
  }
}
