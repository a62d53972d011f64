import ByteCoding

extension Archive {
  /// Whether bytes begin as an archive does.
  public static func isArchive(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: signature) }

  /// Reads an archive: all checksums of chunks, all lengths, all numbers that are not the coder's. Linear time.
  ///
  /// - Throws: ``ArchiveError``.
  public init(_ bytes: [UInt8]) throws {
    let (archive, rest) = try Archive.parse(bytes) { _ in false }
    guard rest == 0 else { throw ArchiveError.damaged("bytes after the end") }
    self = archive
  }

  /// Reads as much of an archive as a smaller size of its image takes, if it is one unnamed image: what follows need not be
  /// there. Of other archives all is read.
  ///
  /// - Parameters:
  ///   - bytes: the archive, or its beginning.
  ///   - halvings: how often the size is halved, as for ``coarser(halvings:)``.
  /// - Throws: ``ArchiveError``; `truncated` when more bytes are needed.
  public init(beginning bytes: [UInt8], halvings: Int) throws {
    self = try Archive.parse(bytes) { series in
      let header = series.header
      return header.count == 1 && series.names.isEmpty && halvings < header.levels
        && series.tiles.count >= header.unitsOfLevel * (header.levels - halvings)
    }.archive.coarser(halvings: halvings)
  }

  /// Takes chunks up to the end, or until the series at hand is enough.
  private static func parse(
    _ bytes: [UInt8], until isEnough: (Series) -> Bool
  ) throws -> (archive: Archive, rest: Int) {
    guard !bytes.isEmpty else { throw ArchiveError.empty }
    guard Archive.isArchive(bytes[...]) else {
      throw Archive.signature.starts(with: bytes) ? ArchiveError.truncated : ArchiveError.notAnArchive
    }
    var reader = ByteReader(bytes.dropFirst(Archive.signature.count))
    guard let version = try? Int(reader.integer(UInt16.self)) else { throw ArchiveError.truncated }
    guard version <= Archive.newestVersion else { throw ArchiveError.newerVersion(version) }
    guard version > 0 else { throw ArchiveError.damaged("version \(version)") }
    var parser = ArchiveParser(version: version)
    while !parser.isDone {
      let (type, payload) = try reader.chunk(version: version)
      guard let type else {
        guard !parser.isAmongTiles else { throw ArchiveError.damaged("a chunk between tiles") }
        continue
      }
      try parser.add(type, payload)
      if type == .tile, let series = parser.current, parser.series.isEmpty, isEnough(series) {
        return (Archive(version: version, models: parser.models, series: [series]), reader.remaining)
      }
    }
    return (Archive(version: version, models: parser.models, series: parser.series), reader.remaining)
  }
}

extension Archive {
  /// The archive of smaller sizes of the images, without the levels that the larger ones take.
  ///
  /// - Parameter halvings: how often sides are halved, rounded up.
  /// - Throws: ``ArchiveError/noSmallerSize(levels:)``.
  public func coarser(halvings: Int) throws -> Archive {
    var result = self
    for i in result.series.indices { try result.series[i].makeCoarser(halvings) }
    return result
  }
}

extension Archive.Series {
  fileprivate mutating func makeCoarser(_ halvings: Int) throws {
    guard halvings > 0 else { return }
    guard halvings < header.levels else { throw ArchiveError.noSmallerSize(levels: header.levels) }
    let units = header.unitsOfLevel * (header.levels - halvings)
    header.levels -= halvings
    header.width = (header.width - 1) >> halvings + 1
    header.height = (header.height - 1) >> halvings + 1
    (header.tileWidth, header.tileHeight) = (header.width, header.height)
    tiles = Array(tiles.prefix(units))
    checksums = Array(checksums.prefix(units))
    files = []
  }
}
