import ByteCoding

extension Archive {
  /// Whether bytes begin as an archive does.
  public static func isArchive(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.starts(with: signature) }

  /// Reads an archive: all checksums of chunks, all lengths, all numbers that are not the coder's. Linear time.
  ///
  /// - Throws: ``ArchiveError``.
  public init(_ bytes: [UInt8]) throws {
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
      var fields = ByteReader(payload)
      do {
        try parser.add(type, &fields)
      } catch is ByteReader.PastEnd {
        throw ArchiveError.damaged("length of chunk \(type.rawValue)")
      }
      guard fields.remaining == 0 else { throw ArchiveError.damaged("length of chunk \(type.rawValue)") }
    }
    guard reader.remaining == 0 else { throw ArchiveError.damaged("bytes after the end") }
    self.init(version: version, models: parser.models, series: parser.series)
  }
}
