import ByteCoding

/// Takes what is found in a damaged archive, in the order of the file, and gives whole chunks to a parser, series by series.
struct Salvager {
  /// A series while its chunks come.
  private struct Draft {
    /// Those before the index, IMAG first.
    var chunks: [(type: ChunkType, payload: ArraySlice<UInt8>)]
    /// Those that are damaged.
    var lost: [(type: ChunkType, payload: ArraySlice<UInt8>)] = []
    /// Of a damaged one only the length counts.
    var index: (payload: ArraySlice<UInt8>, isWhole: Bool)?
    /// Tile chunks; nil stands for a damaged one whose length is known.
    var tiles: [ArraySlice<UInt8>?] = []
    /// Damaged bytes of any chunks among them.
    var gaps: [Range<Int>] = []
  }

  /// Bytes of a chunk MODL without a name.
  private static let shortestModel = 32 + 1 + chunkOverhead

  private let size: Int
  private let knownModels: Set<[UInt8]>
  private var parser = ArchiveParser(version: 2, isSalvage: true)
  private(set) var losses: [Archive.Loss] = []
  private(set) var declaredImages: Int?
  private var draft: Draft?
  /// Of the series that began last, from 1.
  private var number = 0
  /// Whether what comes belongs to a series that is lost.
  private var isLost = false
  private var isAtEnd = false
  /// Whether models may be missing in the parser's list, so that no more can be numbered.
  private var areModelsUnsure = false
  /// Indices of series whose names were damaged.
  private var nameless: [Int] = []

  /// - Parameter size: of the file, in bytes.
  init(size: Int, knownModels: Set<[UInt8]>) {
    self.size = size
    self.knownModels = knownModels
  }

  var archive: Archive {
    let version =
      switch parser.version {
      case 2: parser.series.contains(where: \.adapts) ? 3 : 2
      case 8...:
        parser.series.contains(where: \.hasPredictedTiles)
          ? 10
          : parser.series.contains(where: \.hasFilteredTiles)
            ? 9
            : parser.series.contains(where: \.codesPlanes)
              ? 8 : parser.needsVersion7 ? 7 : parser.needsVersion6 ? 6 : parser.needsVersion5 ? 5 : 4
      default: parser.version
      }
    return Archive(version: version, models: parser.models, series: parser.series)
  }

  /// Whether any chunk of an archive was there.
  var hasFoundSomething: Bool { number > 0 || !parser.models.isEmpty }

  mutating func take(_ item: ChunkScan.Item) {
    guard !isAtEnd else {
      if losses.last != .trailing { losses.append(.trailing) }
      return
    }
    switch item {
    case .whole(let type, let payload, let isRepaired):
      if isRepaired { losses.append(.frame(type: type?.rawValue ?? "?")) }
      if let type { take(type, payload) }
    case .lost(let type, let payload): lose(type, payload)
    case .unknown(let range): lose(range)
    }
  }

  /// A whole chunk.
  private mutating func take(_ type: ChunkType, _ payload: ArraySlice<UInt8>) {
    switch type {
    case .model, .modelFile:
      guard number == 0, !areModelsUnsure else { return }
      do { try parser.add(type, payload) } catch { losses.append(.model) }
    case .series:
      closeDraft()
      // The first one that is whole says it: its length in version 1 is another.
      if parser.series.isEmpty { parser.version = [24: 1, 30: 10][payload.count] ?? 2 }
      number += 1
      (draft, isLost) = (Draft(chunks: [(type, payload)]), false)
    case .index:
      guard draft != nil, draft?.index == nil else { return orphan() }
      draft?.index = (payload, isWhole: true)
    case .tile:
      guard draft?.index != nil else { return orphan() }
      draft?.tiles.append(payload)
    case .end:
      closeDraft()
      isAtEnd = true
      var fields = ByteReader(payload)
      declaredImages = (try? fields.integer(UInt32.self)).map { Int($0) }
    default:
      guard draft != nil, draft?.index == nil else { return orphan() }
      draft?.chunks.append((type, payload))
    }
  }

  /// A damaged chunk of a kind that can still be told.
  private mutating func lose(_ type: ChunkType?, _ payload: ArraySlice<UInt8>) {
    switch type {
    case .model:
      guard number == 0, !areModelsUnsure else { return }
      losses.append(.model)
      // A hash that is that of a model is no accident.
      let hash = Array(payload.prefix(32))
      parser.addDamagedModel(hash: knownModels.contains(hash) ? hash : [])
    case .modelFile: losses.append(.modelFile(name: parser.models.last?.name ?? "?"))
    case .series:
      closeDraft()
      loseSeries("chunk IMAG is damaged")
    case .index:
      guard draft != nil, draft?.index == nil else { return orphan() }
      draft?.index = (payload, isWhole: false)
    case .tile:
      guard draft?.index != nil else { return orphan() }
      draft?.tiles.append(nil)
    case .end:
      closeDraft()
      isAtEnd = true
      losses.append(.end)
    case let type?:
      guard draft != nil, draft?.index == nil else { return orphan() }
      draft?.lost.append((type, payload))
    case nil: losses.append(.bytes(payload.startIndex - 8..<payload.endIndex + 4))
    }
  }

  /// Damaged bytes of any chunks.
  private mutating func lose(_ range: Range<Int>) {
    // Up to the end of the file: it is cut short.
    guard !isLost, range.upperBound < size else { return }
    if draft?.index != nil {
      // What comes next may belong to another series; the index tells.
      draft?.gaps.append(range)
    } else if draft != nil {
      draft = nil
      losses.append(.series(number, cause: "bytes \(range.lowerBound) to \(range.upperBound - 1) are damaged"))
      isLost = true
    } else {
      losses.append(.bytes(range))
      if number == 0, range.count >= Salvager.shortestModel { areModelsUnsure = true }
    }
  }

  /// A chunk without its IMAG.
  private mutating func orphan() {
    guard !isLost else { return }
    closeDraft()
    loseSeries("its chunk IMAG is not there")
  }

  private mutating func loseSeries(_ cause: String) {
    number += 1
    losses.append(.series(number, cause: cause))
    isLost = true
  }

  /// Ends the series at hand.
  private mutating func closeDraft() {
    guard let series = draft else { return }
    draft = nil
    do { try add(series) } catch {
      parser.abandonSeries()
      let cause = if case ArchiveError.damaged(let cause) = error { cause } else { "\(error)" }
      losses.append(.series(number, cause: cause))
    }
  }

  /// Gives a series to the parser.
  ///
  /// - Throws: ``ArchiveError`` when it is lost.
  private mutating func add(_ series: Draft) throws {
    if let lost = series.lost.first(where: { [.valueWeights, .lattice, .learning, .fits].contains($0.type) }) {
      throw ArchiveError.damaged("chunk \(lost.type.rawValue) is damaged")
    }
    for chunk in series.chunks { try parser.add(chunk.type, chunk.payload) }
    guard let header = parser.current?.header, let index = series.index else {
      throw ArchiveError.damaged("nothing of its tiles is there")
    }
    let hasModel = header.model == Archive.Header.noModel || !parser.models[header.model].hash.isEmpty
    guard hasModel else { throw ArchiveError.damaged("chunk MODL is damaged") }
    let tiles = try place(series, index.payload, isWhole: index.isWhole, header)
    var missing = 0
    for tile in tiles {
      if let tile, (try? parser.add(.tile, tile)) != nil { continue }
      try parser.addMissingTile()
      missing += 1
    }
    if missing == 0 { losses += series.gaps.map { .bytes($0) } }
    if !index.isWhole { losses.append(.index(series: number)) }
    for lost in series.lost {
      switch lost.type {
      case .names:
        nameless.append(parser.series.count - 1)
        losses.append(.names(series: number))
      case .times: losses.append(.times(series: number))
      case .files: losses.append(.files(series: number))
      case .metadata: losses.append(.metadataList(series: number))
      default: losses.append(.metadata(type: Archive.PNGChunk.type(in: lost.payload), series: number))
      }
    }
  }

  /// The tiles by their numbers, after the parser has got an index of them.
  private mutating func place(
    _ series: Draft, _ index: ArraySlice<UInt8>, isWhole: Bool, _ header: Archive.Header
  ) throws -> [ArraySlice<UInt8>?] {
    if isWhole {
      try parser.add(.index, index)
      return TilePlacement.place(
        series.tiles.compactMap { $0 }, lengths: parser.tileLengths, from: index.endIndex + 4)
    }
    // Then the tiles must be all there, damaged ones too: else their numbers are not certain.
    guard index.count == 4 * series.tiles.count, series.tiles.count == header.unitCount, series.gaps.isEmpty else {
      throw ArchiveError.damaged("chunk INDX is damaged")
    }
    var lengths: [UInt8] = []
    for tile in series.tiles { lengths.append(integer: UInt32(tile?.count ?? 0)) }
    try parser.add(.index, lengths[...])
    return series.tiles
  }

  /// Ends the file.
  ///
  /// - Parameter stated: the signature and the version, as they stand there.
  mutating func finish(stated: [UInt8]) {
    closeDraft()
    if !isAtEnd { losses.append(.cut) }
    if let declaredImages, declaredImages > max(1, archive.imageCount) {
      losses.append(.images(declaredImages - archive.imageCount, of: declaredImages))
    }
    if !stated.starts(with: Archive.signature) { losses.append(.signature) }
    // What only a later version has may have been lost.
    let newer =
      losses.isEmpty && archive.missingParts.isEmpty
      ? 0 : archive.version == 2 ? 1 : archive.version > 3 ? Archive.newestVersion - archive.version : 0
    let versions = archive.version...archive.version + newer
    if !parser.series.isEmpty, !versions.contains(where: { stated.suffix(2) == [UInt8($0), 0] }) {
      losses.append(.version)
    }
    nameTheNameless()
  }

  /// Gives the pictures of an archive of names that lost theirs others, in a folder of their own.
  private mutating func nameTheNameless() {
    guard !nameless.isEmpty || archive.isNamed else { return }
    let all = parser.series.indices
    if ImageName.clash(among: parser.series.flatMap(\.names)) != nil {
      losses.append(.names(series: nil))
      for i in all { parser.rename(i, []) }
    }
    let folders = Set(parser.series.flatMap(\.names).map { $0.bytes.prefix { $0 != UInt8(ascii: "/") } })
    var folder = "unnamed"
    var attempt = 1
    while folders.contains(ArraySlice(folder.utf8)) {
      attempt += 1
      folder = "unnamed-\(attempt)"
    }
    var image = 0
    for i in all where parser.series[i].names.isEmpty {
      let first = image + 1
      image += parser.series[i].header.count
      parser.rename(i, (first...image).compactMap { ImageName("\(folder)/\($0).png") })
    }
  }
}

extension Archive.PNGChunk {
  /// The type in the payload of a chunk PNGC, if it has one.
  fileprivate static func type(in payload: ArraySlice<UInt8>) -> String? {
    let letters = payload.dropFirst().prefix(4)
    guard letters.count == 4, letters.areLetters else { return nil }
    return String(decoding: letters, as: UTF8.self)
  }
}
