import ByteCoding

/// Takes chunk after chunk, in the order that spec/format.md demands.
struct ArchiveParser {
  /// The most images that are read.
  private static let mostImages = 1 << 22
  /// The most bytes of all names.
  private static let mostNameBytes = 1 << 26

  var version: Int
  private(set) var models: [Archive.ModelName] = []
  private(set) var series: [Archive.Series] = []
  private(set) var isDone = false
  /// The series whose chunks come; it joins `series` when it is whole.
  private(set) var current: Archive.Series?
  /// Payloads of the tile chunks of `current`, in bytes.
  private(set) var tileLengths: [Int] = []
  private var imageCount = 0
  private var nameBytes = 0
  private var room = MetadataList.Room()
  private var fileRoom = Archive.mostFileBytes
  /// Whether there was anything that only version 5 has.
  private(set) var needsVersion5 = false
  /// Whether there was anything that only version 6 has.
  private(set) var needsVersion6 = false
  /// Whether there was anything that only version 7 has.
  private(set) var needsVersion7 = false
  private var mixesByPhase = false
  private let isSalvage: Bool
  /// Of the series at hand: whether the checksums of its tiles are joined with their numbers, by an exclusive or, so that no tile passes
  /// for another.
  private var numbersTiles = false
  /// Whether the next chunk must be a tile.
  private(set) var isAmongTiles = false

  /// - Parameter isSalvage: whether `version` is a guess.
  init(version: Int, isSalvage: Bool = false) {
    self.version = version
    self.isSalvage = isSalvage
  }

  /// Takes the payload of a chunk.
  ///
  /// - Throws: ``ArchiveError``.
  mutating func add(_ type: ChunkType, _ payload: ArraySlice<UInt8>) throws {
    var fields = ByteReader(payload)
    do {
      try add(type, &fields)
    } catch is ByteReader.PastEnd {
      throw ArchiveError.damaged("length of chunk \(type.rawValue)")
    }
    guard fields.remaining == 0 else { throw ArchiveError.damaged("length of chunk \(type.rawValue)") }
    try finishIfWhole()
  }

  private mutating func add(_ type: ChunkType, _ fields: inout ByteReader) throws {
    switch type {
    case .model:
      guard series.isEmpty, current == nil else { throw order(type) }
      let hash = Array(try fields.take(32))
      models.append(.init(hash: hash, name: try fields.name()))
    case .modelFile:
      guard series.isEmpty, current == nil, let model = models.last, model.file == nil else { throw order(type) }
      models[models.count - 1].file = Array(try fields.take(fields.remaining))
    case .series:
      guard current == nil else { throw order(type) }
      current = try begin(&fields)
    case .end:
      guard current == nil, !series.isEmpty, Int(try fields.integer(UInt32.self)) == imageCount else {
        throw order(type)
      }
      // So that no damaged version number goes unseen.
      let isNeeded =
        switch version {
        case 3: series.contains(where: \.adapts)
        case 4: series.contains { $0.codings.contains { $0 != .network } }
        case 5: needsVersion5
        case 6: needsVersion6
        case 7: needsVersion7
        case 8: series.contains(where: \.codesPlanes)
        case 9: series.contains(where: \.hasFilteredTiles)
        case 10: series.contains(where: \.hasPredictedTiles)
        default: true
        }
      guard isNeeded, version > 5 || !needsVersion6, version > 6 || !mixesByPhase,
        version > 7 || !series.contains(where: \.codesPlanes),
        version > 8 || !series.contains(where: \.hasFilteredTiles),
        version > 9 || !series.contains(where: \.hasPredictedTiles)
      else {
        throw ArchiveError.damaged("version \(version)")
      }
      guard Set(series.map(\.names.isEmpty)).count == 1 else {
        throw ArchiveError.damaged("images without names among others")
      }
      guard ImageName.clash(among: series.flatMap(\.names)) == nil else {
        throw ArchiveError.damaged("two images of one name")
      }
      isDone = true
    default:
      guard var open = current, isAmongTiles == (type == .tile) else { throw order(type) }
      // Out of `current`, so that its arrays are not copied.
      current = nil
      defer { current = open }
      try add(type, &fields, to: &open)
    }
  }

  /// A chunk of a series.
  private mutating func add(_ type: ChunkType, _ fields: inout ByteReader, to series: inout Archive.Series) throws {
    switch type {
    case .names:
      guard series.names.isEmpty, series.times.isEmpty, series.files.isEmpty, !series.hasDetails else {
        throw order(type)
      }
      series.names = try NameList.decode(
        &fields, count: series.header.count, limit: ArchiveParser.mostNameBytes - nameBytes)
      nameBytes += series.names.reduce(0) { $0 + $1.bytes.count }
    case .times:
      guard series.times.isEmpty, series.files.isEmpty, !series.hasDetails else { throw order(type) }
      series.times = try TimeList.decode(&fields, count: series.header.count)
      needsVersion5 = true
    case .files:
      guard series.files.isEmpty, !series.hasDetails else { throw order(type) }
      series.files = try FileList.decode(&fields, count: series.header.count, limit: &fileRoom)
      needsVersion6 = true
    case .pngChunk:
      guard series.valueWeights.isEmpty, !series.adapts else { throw order(type) }
      let chunk = Archive.PNGChunk(
        place: try fields.byte(), type: Array(try fields.take(4)), bytes: Array(try fields.take(fields.remaining)))
      try series.append(chunk)
    case .metadata:
      guard series.valueWeights.isEmpty, !series.adapts else { throw order(type) }
      try MetadataList.decode(&fields, &room) { try series.append($0) }
      needsVersion5 = true
    case .valueWeights:
      guard !series.adapts else { throw order(type) }
      let channel = Int(try fields.byte())
      let weights = try fields.take(256).map { Int8(bitPattern: $0) }
      guard channel < series.header.channels, series.valueWeights[channel] == nil, series.header.allows(weights) else {
        throw ArchiveError.damaged("value weights")
      }
      series.valueWeights[channel] = weights
    case .learning:
      guard series.learning.isEmpty, fields.remaining > 0 else { throw order(type) }
      series.learning = Array(try fields.take(fields.remaining))
      if series.holdsCopies { needsVersion6 = true }
      if series.mixesByPhase { (needsVersion7, mixesByPhase) = (true, true) }
    case .fits:
      guard series.fits.isEmpty, !series.learning.isEmpty, fields.remaining > 0 else { throw order(type) }
      series.fits = Array(try fields.take(fields.remaining))
      needsVersion5 = true
    case .lattice:
      guard !series.adapts else { throw order(type) }
      guard series.header.hasColours else { throw ArchiveError.damaged("a colour lattice without colours") }
      series.lattice = try Archive.Lattice(&fields)
    case .index:
      guard series.header.model != Archive.Header.noModel || series.valueWeights.isEmpty && !series.adapts else {
        throw ArchiveError.damaged("weights without a model")
      }
      guard series.header.colourType != 3 || series.chunks.contains(where: \.isPalette) else {
        throw ArchiveError.damaged("no palette")
      }
      let count = series.header.unitCount
      guard fields.remaining % 4 == 0, fields.remaining / 4 == count else {
        throw ArchiveError.damaged("number of tiles")
      }
      tileLengths = try (0..<count).map { _ in Int(try fields.integer(UInt32.self)) }
      isAmongTiles = true
      guard isSalvage || numbersTiles == (version > 6 && count > 1) else { throw ArchiveError.damaged("image header") }
      if numbersTiles { needsVersion7 = true }
    default:
      guard fields.remaining == tileLengths[series.tiles.count] else { throw ArchiveError.damaged("length of a tile") }
      let mark = numbersTiles ? UInt32(series.tiles.count) : 0
      let checksum: UInt32? = version > 1 ? try fields.integer() ^ mark : nil
      let coding = version > 3 ? try coding(&fields, of: series.header) : nil
      let count = coding ?? .network == .network ? series.header.streams : 1
      let streams = try (0..<count).map { _ in try fields.take(Int(fields.integer(UInt32.self))) }
      guard fields.remaining == 0 else { throw ArchiveError.damaged("length of chunk \(type.rawValue)") }
      series.append(checksum, coding, streams)
    }
  }

  /// How a tile is coded.
  private func coding(_ fields: inout ByteReader, of header: Archive.Header) throws -> Archive.Coding {
    guard let coding = Archive.Coding(rawValue: try fields.byte()) else {
      throw ArchiveError.newerFeature("another coding of tiles")
    }
    guard coding == .network ? header.bitDepth <= 8 : header.levels == 1, coding != .predicted || header.bitDepth == 16
    else {
      throw ArchiveError.damaged("coding of a tile")
    }
    return coding
  }

  private mutating func finishIfWhole() throws {
    guard isAmongTiles, let whole = current, whole.tiles.count == tileLengths.count else { return }
    guard whole.usesNetworks == (whole.header.model != Archive.Header.noModel) else {
      throw ArchiveError.damaged("model of a series")
    }
    series.append(whole)
    (current, isAmongTiles) = (nil, false)
  }

  private func order(_ type: ChunkType) -> ArchiveError { .damaged("chunk \(type.rawValue) out of place") }

  /// The header of a series.
  private mutating func begin(_ fields: inout ByteReader) throws -> Archive.Series {
    let sizes = (Int(try fields.integer(UInt32.self)), Int(try fields.integer(UInt32.self)))
    let colourType = try fields.byte()
    let bitDepth = try fields.byte()
    let flags = try fields.byte()
    var header = Archive.Header(
      width: sizes.0, height: sizes.1, colourType: colourType, bitDepth: bitDepth, interlaced: flags & 1 != 0,
      model: Int(try fields.byte()), tileWidth: Int(try fields.integer(UInt32.self)),
      tileHeight: Int(try fields.integer(UInt32.self)))
    var checksums: [UInt32] = []
    if version == 1 {
      checksums = [try fields.integer()]
    } else {
      header.count = Int(try fields.integer(UInt32.self))
      header.lot = Int(try fields.integer(UInt32.self))
      header.levels = Int(try fields.byte())
    }
    let kind = version > 3 ? try fields.byte() : 0
    guard kind <= (version > 6 ? 1 : 0) else { throw ArchiveError.newerFeature("another kind of image") }
    numbersTiles = kind == 1
    guard flags & ~1 == 0, bitDepth <= (version > 3 ? 16 : 8) else {
      throw ArchiveError.newerFeature("another kind of sample")
    }
    let hasModel = header.model < models.count || version > 3 && header.model == Archive.Header.noModel
    guard header.isValid, hasModel else { throw ArchiveError.damaged("image header") }
    imageCount += header.count
    guard imageCount <= ArchiveParser.mostImages else { throw ArchiveError.tooMany("images") }
    return .init(header: header, checksums: checksums, tiles: [])
  }
}

// What a damaged archive needs besides.
extension ArchiveParser {
  /// Stands for a model whose chunk is damaged, so that those after it keep their numbers.
  ///
  /// - Parameter hash: empty when it is not known.
  mutating func addDamagedModel(hash: [UInt8]) { models.append(.init(hash: hash, name: "")) }

  /// Stands for a tile of the series at hand that is not there.
  ///
  /// - Throws: ``ArchiveError`` when the series is whole with it, and yet cannot be.
  mutating func addMissingTile() throws {
    let isMixed = current?.header.model == Archive.Header.noModel
    current?.append(version > 1 ? 0 : nil, version > 3 ? isMixed ? .mixing : .network : nil, [])
    try finishIfWhole()
  }

  /// Forgets the series at hand.
  mutating func abandonSeries() { (current, isAmongTiles) = (nil, false) }

  /// Gives a series other names.
  mutating func rename(_ series: Int, _ names: [ImageName]) { self.series[series].names = names }
}

extension Archive.Series {
  /// Whether anything was there that follows names, times and files.
  fileprivate var hasDetails: Bool { !chunks.isEmpty || !valueWeights.isEmpty || adapts }

  fileprivate mutating func append(_ chunk: Archive.PNGChunk) throws {
    guard chunk.isAllowed(after: chunks) else { throw ArchiveError.damaged("a PNG chunk") }
    chunks.append(chunk)
  }

  fileprivate mutating func append(
    _ checksum: UInt32?, _ coding: Archive.Coding?, _ streams: [ArraySlice<UInt8>]
  ) {
    if let checksum { checksums.append(checksum) }
    if let coding { codings.append(coding) }
    tiles.append(streams)
  }
}

extension Archive.Header {
  /// Whether all numbers but that of the model are such as the format allows.
  fileprivate var isValid: Bool {
    let depths: [UInt8] = colourType == 0 ? [1, 2, 4, 8, 16] : colourType == 3 ? [1, 2, 4, 8] : [8, 16]
    let side = 1...Int(Int32.max)
    return side.contains(width) && side.contains(height) && side.contains(tileWidth) && side.contains(tileHeight)
      && tileWidth <= width && tileHeight <= height && channels > 0 && depths.contains(bitDepth)
      && count > 0 && (1...min(count, Archive.Header.largestLot)).contains(lot)
      && (1...Archive.Header.mostLevels).contains(levels)
      && (count == 1 && levels == 1 || tileWidth == width && tileHeight == height)
  }

  /// Whether at least one value has a weight, and only those that are samples.
  fileprivate func allows(_ weights: [Int8]) -> Bool {
    let present = weights.indices.filter { weights[$0] != -128 }
    return !present.isEmpty && present.allSatisfy { $0 % scale == 0 && $0 / scale < 1 << Int(bitDepth) }
  }
}

extension Archive.PNGChunk {
  fileprivate func isAllowed(after others: [Archive.PNGChunk]) -> Bool {
    guard place < 3, type.areLetters else { return false }
    switch String(decoding: type, as: UTF8.self) {
    case "IHDR", "IDAT", "IEND": return false
    case "PLTE": return (3...768).contains(bytes.count) && bytes.count % 3 == 0 && isOnly(others)
    case "tRNS": return isOnly(others)
    default: return true
    }
  }

  var isPalette: Bool { type == Array("PLTE".utf8) }

  private func isOnly(_ others: [Archive.PNGChunk]) -> Bool { !others.contains { $0.type == type } }
}

extension ByteReader {
  /// A name for messages: no control characters, which could spoil a terminal.
  fileprivate mutating func name() throws -> String {
    let text = String(decoding: try take(Int(byte())), as: UTF8.self)
    return String(
      String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && !(127..<160).contains($0.value) }))
  }
}
