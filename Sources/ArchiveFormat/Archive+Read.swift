import ByteCoding

extension Archive {
  /// Whether bytes begin as an archive does.
  public static func isArchive(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: signature) }

  /// Reads an archive: all checksums, all lengths, all numbers that are not the coder's. Linear time.
  ///
  /// - Throws: ``ArchiveError``.
  public init(_ bytes: [UInt8]) throws {
    guard !bytes.isEmpty else { throw ArchiveError.empty }
    guard Archive.isArchive(bytes[...]) else {
      throw Archive.signature.starts(with: bytes) ? ArchiveError.truncated : ArchiveError.notAnArchive
    }
    var reader = ByteReader(bytes.dropFirst(Archive.signature.count))
    guard let version = try? reader.integer(UInt16.self) else { throw ArchiveError.truncated }
    guard version <= Archive.version else { throw ArchiveError.newerVersion(Int(version)) }
    guard version == Archive.version else { throw ArchiveError.damaged("version \(version)") }
    var parser = ArchiveParser()
    while !parser.isDone {
      let (type, payload) = try reader.chunk()
      guard let type else {
        guard !parser.isAmongTiles else { throw ArchiveError.damaged("a chunk between tiles") }
        continue
      }
      var fields = ByteReader(payload)
      do {
        try parser.add(type, &fields)
      } catch is ByteReader.PastEnd {
        throw ArchiveError.damaged("length of chunk \(type.rawValue)")
      }
      guard fields.remaining == 0 else { throw ArchiveError.damaged("length of chunk \(type.rawValue)") }
    }
    guard reader.remaining == 0 else { throw ArchiveError.damaged("bytes after the end") }
    self.init(models: parser.models, images: parser.images)
  }
}

/// Takes chunk after chunk, in the order that spec/format.md demands.
private struct ArchiveParser {
  var models: [Archive.ModelName] = []
  var images: [Archive.Image] = []
  var isDone = false
  /// The image whose chunks come; it joins `images` when it is whole.
  private var current: Archive.Image?
  private var tileLengths: [Int] = []
  /// Whether the next chunk must be a tile.
  private(set) var isAmongTiles = false

  mutating func add(_ type: ChunkType, _ fields: inout ByteReader) throws {
    switch type {
    case .model:
      guard images.isEmpty, current == nil else { throw order(type) }
      let hash = Array(try fields.take(32))
      models.append(.init(hash: hash, name: try fields.name()))
    case .image:
      guard current == nil else { throw order(type) }
      current = .init(header: try header(&fields), chunks: [], valueWeights: [:], tiles: [])
    case .pngChunk:
      guard let weights = current?.valueWeights, weights.isEmpty, !isAmongTiles else { throw order(type) }
      let chunk = Archive.PNGChunk(
        place: try fields.byte(), type: Array(try fields.take(4)), bytes: Array(try fields.take(fields.remaining)))
      guard chunk.isAllowed(after: current!.chunks) else { throw ArchiveError.damaged("a PNG chunk") }
      current!.chunks.append(chunk)
    case .valueWeights:
      guard let header = current?.header, !isAmongTiles else { throw order(type) }
      let channel = Int(try fields.byte())
      let weights = try fields.take(256).map { Int8(bitPattern: $0) }
      guard channel < header.channels, current!.valueWeights[channel] == nil, header.allows(weights) else {
        throw ArchiveError.damaged("value weights")
      }
      current!.valueWeights[channel] = weights
    case .index:
      guard let grid = current?.header.grid, !isAmongTiles else { throw order(type) }
      guard current!.header.colourType != 3 || current!.chunks.contains(where: \.isPalette) else {
        throw ArchiveError.damaged("no palette")
      }
      guard fields.remaining % 4 == 0, fields.remaining / 4 == grid.count else {
        throw ArchiveError.damaged("number of tiles")
      }
      tileLengths = try (0..<grid.count).map { _ in Int(try fields.integer(UInt32.self)) }
      isAmongTiles = true
    case .tile:
      guard isAmongTiles, let number = current?.tiles.count else { throw order(type) }
      guard fields.remaining == tileLengths[number] else { throw ArchiveError.damaged("length of a tile") }
      let count = current!.header.streams
      current!.tiles.append(try (0..<count).map { _ in try fields.take(Int(fields.integer(UInt32.self))) })
      if number + 1 == tileLengths.count {
        images.append(current!)
        (current, isAmongTiles) = (nil, false)
      }
    case .end:
      guard current == nil, !images.isEmpty, Int(try fields.integer(UInt32.self)) == images.count else {
        throw order(type)
      }
      isDone = true
    }
  }

  private func order(_ type: ChunkType) -> ArchiveError { .damaged("chunk \(type.rawValue) out of place") }

  private func header(_ fields: inout ByteReader) throws -> Archive.Header {
    let sizes = (Int(try fields.integer(UInt32.self)), Int(try fields.integer(UInt32.self)))
    let colourType = try fields.byte()
    let bitDepth = try fields.byte()
    let flags = try fields.byte()
    let model = Int(try fields.byte())
    let header = Archive.Header(
      width: sizes.0, height: sizes.1, colourType: colourType, bitDepth: bitDepth, interlaced: flags & 1 != 0,
      model: model, tileWidth: Int(try fields.integer(UInt32.self)), tileHeight: Int(try fields.integer(UInt32.self)),
      checksum: try fields.integer())
    guard flags & ~1 == 0, bitDepth <= 8 else { throw ArchiveError.newerFeature("another kind of sample") }
    let depths: [UInt8] = colourType == 0 || colourType == 3 ? [1, 2, 4, 8] : [8]
    let side = 1...Int(Int32.max)
    guard side.contains(header.width), side.contains(header.height), side.contains(header.tileWidth),
      side.contains(header.tileHeight), header.tileWidth <= header.width, header.tileHeight <= header.height,
      header.channels > 0, depths.contains(bitDepth), header.model < models.count
    else { throw ArchiveError.damaged("image header") }
    return header
  }
}

extension Archive.Header {
  /// Samples of a pixel; 0 for a colour type that PNG does not have.
  public var channels: Int {
    switch colourType {
    case 0, 3: 1
    case 2: 3
    case 4: 2
    case 6: 4
    default: 0
    }
  }

  /// Streams of a tile: alpha has one of its own.
  public var streams: Int { colourType & 4 != 0 ? 2 : 1 }
}

extension Archive.Header {
  /// What a sample of the image is multiplied by for the network, to reach from 0 to 255: not those of a palette.
  public var scale: Int { colourType == 0 ? 255 / ((1 << Int(bitDepth)) - 1) : 1 }

  /// Whether at least one value has a weight, and only those that are samples.
  fileprivate func allows(_ weights: [Int8]) -> Bool {
    let present = weights.indices.filter { weights[$0] != -128 }
    return !present.isEmpty && present.allSatisfy { $0 % scale == 0 && $0 / scale < 1 << Int(bitDepth) }
  }
}

extension Archive.PNGChunk {
  fileprivate func isAllowed(after others: [Archive.PNGChunk]) -> Bool {
    guard place < 3, type.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) }) else { return false }
    switch String(decoding: type, as: UTF8.self) {
    case "IHDR", "IDAT", "IEND": return false
    case "PLTE": return (3...768).contains(bytes.count) && bytes.count % 3 == 0 && isOnly(others)
    case "tRNS": return isOnly(others)
    default: return true
    }
  }

  fileprivate var isPalette: Bool { type == Array("PLTE".utf8) }

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
