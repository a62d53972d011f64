import ArchiveFormat
import ByteCoding
import IntegerInference
import PixelModels
import Raster
import Synchronization

/// What codes the samples of pictures.
public enum Coding: String, CaseIterable, Sendable {
  /// Tile by tile, or lot by lot, what takes fewer bytes: networks, context mixing, or zlib's deflate where even that is less.
  /// Networks of the paper are taken as they are asked for.
  case best
  case networks
  /// Context mixing; the model is not used.
  case mixing
}

extension Codec {
  /// The archive of some pictures.
  ///
  /// - Parameter learning: how local networks learn.
  func archive(
    of set: PictureSet, model: Model, embedModel: Bool, learning: Learning?, coding: Coding
  ) throws -> Archive {
    func archive(_ choices: [Coding]) throws -> Archive {
      var archives = try codedArchives(
        of: set, model: model, embedModel: embedModel, learning: learning, coding: coding, choices)
      for i in archives.indices { archives[i].packMetadata(set) }
      return archives.min { $0.bytes + $0.embeddedBytes < $1.bytes + $1.embeddedBytes }!
    }
    let choices = try choices(set, model, learning, coding)
    let usual = try archive(choices)
    // What looked like photographs may have been made: a pattern repeated exactly, say.
    guard coding == .best, choices.contains(.networks), model.networks.allSatisfy(\.isLocal),
      let most = set.fileBytes, usual.bytes > most + 64
    else { return usual }
    do {
      let thorough = try archive(choices.map { $0 == .networks ? .best : $0 })
      return thorough.bytes < usual.bytes ? thorough : usual
    } catch PRNNError.tooLarge { return usual }
  }

  /// As above, with its metadata as it is; of small pictures that networks code with fewer bytes, also by context mixing alone,
  /// as a model and its chunks may take more than they save.
  ///
  /// - Parameter choices: for each series, what is tried.
  private func codedArchives(
    of set: PictureSet, model: Model, embedModel: Bool, learning: Learning?, coding: Coding, _ choices: [Coding]
  ) throws -> [Archive] {
    let byNetworks = choices.indices.filter { choices[$0] != .mixing }
    guard byNetworks.count < choices.count || choices.contains(.best) else {
      return [try networkArchive(of: set, model: model, embedModel: embedModel, learning: learning)]
    }
    var result = Archive(version: 4, models: [], series: [])
    var networks: [Archive.Series] = []
    if !byNetworks.isEmpty {
      let part = set.part(byNetworks)
      var archive = try networkArchive(of: part, model: model, embedModel: embedModel, learning: learning)
      if choices.allSatisfy({ $0 == .networks }) { return [archive] }
      archive.raise(to: 4, part)
      (result.models, networks) = (archive.models, archive.series)
    }
    let drafts = choices.indices.filter { choices[$0] != .networks }.map { i in
      let header = choices[i] == .best ? nil : set.series[i].mixingHeader
      return Archive.Series(
        set.series[i], header ?? networks[byNetworks.firstIndex(of: i)!].header,
        coding: set.series[i].format.bitDepth == 16 ? .predicted : .mixing)
    }
    var mixed = Archive(version: 4, models: [], series: drafts)
    for i in mixed.series.indices { mixed.series[i].header.model = Archive.Header.noModel }
    try encode(set.part(choices.indices.filter { choices[$0] != .networks }), drafts.indices, into: &mixed, nil)
    var (rest, others) = (networks[...], mixed.series[...])
    for choice in choices {
      switch choice {
      case .networks: result.series.append(rest.removeFirst())
      case .mixing: result.series.append(others.removeFirst())
      case .best: result.series.append(rest.removeFirst().shorter(others.removeFirst()))
      }
    }
    try deflateTiles(set, &result, filters: coding == .best)
    result = result.simplified(set)
    let isSmall = zip(mixed.series, set.series).allSatisfy { $0.tiles.count == 1 && $1.hasFewPixels }
    guard !result.models.isEmpty, !choices.contains(.networks), isSmall else { return [result] }
    try deflateTiles(set, &mixed, filters: coding == .best)
    return [result, mixed.simplified(set)]
  }

  /// For each series, what may take the fewest bytes.
  private func choices(
    _ set: PictureSet, _ model: Model, _ learning: Learning?, _ coding: Coding
  ) throws -> [Coding] {
    guard coding == .best else { return set.series.map { _ in coding } }
    guard model.networks.allSatisfy(\.isLocal) else { return set.series.map { _ in .networks } }
    let choices = Mutex<[Coding]>(Array(repeating: .networks, count: set.series.count))
    try inParallel(count: set.series.count, reports: false) { coders, i in
      let choice = try worthTrying(set.series[i], model, learning, coders)
      choices.withLock { $0[i] = choice }
    }
    return choices.withLock { $0 }
  }

  /// What may take the fewest bytes: large pictures are coded in both ways only where either may win.
  private func worthTrying(
    _ series: PictureSet.Series, _ model: Model, _ learning: Learning?, _ coders: Coders
  ) throws -> Coding {
    let (format, mixing) = (series.format, series.mixingHeader)
    if format.bitDepth == 16 { return .mixing }
    let size = LotSize(width: mixing.tileWidth, height: mixing.tileHeight, count: mixing.lot)
    let jobs = min(threads, mixing.unitCount)
    let mixer = MixingCoder(pixelBytes: format.pixelBytes)
    if saturatedProduct(mixer.bytesNeeded(size), jobs) > memoryLimit / 2 { return .networks }
    if format.colourType == .palette || format.bitDepth < 8 { return .mixing }
    if series.hasFewPixels { return .best }
    let repeats = series.shareOfRepeats
    if repeats > 0.75 { return .mixing }
    if repeats < (learning == nil ? 0.3 : 0.03) { return .networks }
    // Of such a part of a photograph context mixing takes 1.13 times as much and more; a quarter of it shows that.
    let plan = try CodingPlan(Archive.Series(series, series.header(model), coding: .network), model)
    func excess(pixels: Int) -> Double {
      let trial = SeriesTrial(plan, series, pixels: pixels)
      let networks = plan.groups.indices.reduce(0) {
        $0 + trial.cost($1, nil, coders.coder(plan.groups[$1].role!, of: model))
      }
      return Double(trial.cost(coders.mixing(plan, .mixing))) / Double(max(1, networks))
    }
    if repeats < 0.35, excess(pixels: 1 << 12) > 1.1 { return .networks }
    // Drawings and screenshots that took fewer bytes as a whole took up to 1.07 times as many of such a part.
    return excess(pixels: 1 << 14) < (repeats < 0.35 ? 1 : 1.1) ? .best : .networks
  }

  /// Deflates tiles where that takes less: those whose streams are about as long as their samples, and, with PNG's filters, those
  /// that no network codes and those of small pictures.
  private func deflateTiles(_ set: PictureSet, _ archive: inout Archive, filters: Bool) throws {
    for i in archive.series.indices {
      let series = archive.series[i]
      let bits = Int(series.header.bitDepth) * series.header.channels
      let isSmall = set.series[i].hasFewPixels
      let candidates = series.tiles.indices.map { unit -> [Archive.Coding] in
        let (tile, images) = (series.header.unit(unit).tile, series.header.unit(unit).images.count)
        let samples = (tile.width * bits + 7) / 8 * tile.height * images
        let plain: [Archive.Coding] = series.bytes(ofUnit: unit) < samples - samples / 16 ? [] : [.plain]
        return plain + (filters && (isSmall || series.coding(unit).isMixing) ? [.filtered] : [])
      }
      let trials = candidates.enumerated().flatMap { unit, codings in codings.map { (unit, $0) } }
      guard !trials.isEmpty else { continue }
      let plan = CodingPlan(series.header)
      let streams = Mutex<[[UInt8]]>(Array(repeating: [], count: trials.count))
      try inParallel(count: trials.count, reports: false) { coders, number in
        let (unit, coding) = trials[number]
        let most = series.bytes(ofUnit: unit)
        let job = CodingJob(
          piece: 0, series: i, indices: [unit], units: [plan.header.unit(unit)], group: 0, coding: coding)
        let pictures = set.series[i].pictures
        let stream =
          coding == .filtered
          ? PackedRows(plan.header, job.lotSize).filtered(plan.source(job, pictures), most: most)
          : encode(job, pictures, plan, coders)[0]
        streams.withLock { $0[number] = stream }
      }
      for ((unit, coding), stream) in zip(trials, streams.withLock { $0 })
      where !stream.isEmpty && stream.count + 4 < archive.series[i].bytes(ofUnit: unit) {
        archive.series[i].recode(unit, [stream[...]], coding)
      }
    }
  }
}

extension Archive {
  /// Without what no tile needs: models, and the newest version.
  fileprivate func simplified(_ set: PictureSet) -> Archive {
    var result = self
    for i in series.indices where !series[i].usesNetworks {
      result.series[i].header.model = Header.noModel
      (result.series[i].valueWeights, result.series[i].lattice) = ([:], nil)
      (result.series[i].learning, result.series[i].fits) = ([], [])
    }
    if !result.series.contains(where: \.usesNetworks) { result.models = [] }
    guard result.series.allSatisfy({ $0.codings.allSatisfy { $0 == .network } }) else {
      result.version = max(4, result.leastVersion)
      return result
    }
    // Only networks after all.
    result.version = result.leastVersion
    for i in result.series.indices { result.series[i].codings = [] }
    let isPlain = set.count == 1 && !set.isNamed && result.models[0].file == nil && result.version == 2
    guard isPlain else { return result }
    result.version = 1
    result.series[0].checksums = set.series[0].checksums(
      of: result.series[0].checkedParts(version: 1), result.series[0].header)
    return result
  }
}

extension Archive.Series {
  /// Bytes of a tile chunk's streams and their lengths.
  fileprivate func bytes(ofUnit unit: Int) -> Int { tiles[unit].reduce(0) { $0 + 4 + $1.count } }

  fileprivate mutating func recode(_ unit: Int, _ streams: [ArraySlice<UInt8>], _ coding: Archive.Coding) {
    if codings.isEmpty { codings = Array(repeating: .network, count: tiles.count) }
    codings[unit] = coding
    tiles[unit] = streams
  }

  /// With the tiles of another series where their streams take less. What a model and its chunks take is not looked at.
  fileprivate func shorter(_ other: Archive.Series) -> Archive.Series {
    var result = self
    for unit in tiles.indices where other.bytes(ofUnit: unit) < bytes(ofUnit: unit) {
      result.recode(unit, other.tiles[unit], other.coding(unit))
    }
    return result
  }
}

extension PictureSet.Series {
  /// Whether all that may be shorter is tried.
  fileprivate var hasFewPixels: Bool { format.width * format.height * pictures.count <= 1 << 16 }

  /// Tiles of context mixing are at most this wide and high: it learns a picture as it goes.
  private static let mixingTileSide = 2048

  /// The share of pixels, of some rows, that are equal to the one on their left or above.
  fileprivate var shareOfRepeats: Double {
    let bytes = format.pixelBytes
    let row = format.width * bytes
    let step = format.width * format.height * pictures.count >> 20 + 1
    var (repeats, all) = (0, 0)
    for (number, picture) in pictures.enumerated() {
      for y in stride(from: number % step, to: format.height, by: step) {
        for x in 0..<format.width {
          let at = y * row + x * bytes
          let pixel = picture[at..<at + bytes]
          let isRepeat =
            x > 0 && pixel.elementsEqual(picture[at - bytes..<at])
            || y > 0 && pixel.elementsEqual(picture[at - row..<at - row + bytes])
          repeats += isRepeat ? 1 : 0
          all += 1
        }
      }
    }
    return Double(repeats) / Double(max(1, all))
  }

  /// The header of the series when context mixing codes all of it.
  fileprivate var mixingHeader: Archive.Header {
    let tiles = TileGrid(width: format.width, height: format.height, side: PictureSet.Series.mixingTileSide)
    return header(tiles: tiles, model: Archive.Header.noModel, levels: 1)
  }
}
