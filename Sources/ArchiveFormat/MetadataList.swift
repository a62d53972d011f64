import ByteCoding

/// The chunks of a PNG file as the bytes of a META chunk; spec/format.md, "META".
enum MetadataList {
  /// What the lists of an archive may take: of a reader's memory, whatever an archive says.
  struct Room {
    private(set) var bytes = 1 << 26
    private(set) var chunks = 1 << 16

    /// Whether it is enough for some more chunks, of so many bytes in a list; it is less by them then.
    mutating func fits(chunks count: Int, bytes size: Int) -> Bool {
      guard count <= chunks, size <= bytes else { return false }
      (chunks, bytes) = (chunks - count, bytes - size)
      return true
    }
  }

  /// Of a chunk in the list, beside its data: place, type, length.
  private static let overhead = 1 + 4 + 4

  /// - Returns: nil when a PNGC chunk for each of them takes no more, or there is no room.
  static func encode(_ chunks: ArraySlice<Archive.PNGChunk>, _ room: inout Room) -> [UInt8]? {
    let size = chunks.reduce(0) { $0 + overhead + $1.bytes.count }
    var smaller = room
    guard !chunks.isEmpty, smaller.fits(chunks: chunks.count, bytes: size) else { return nil }
    var list: [UInt8] = []
    list.reserveCapacity(size)
    for chunk in chunks {
      list.append(chunk.place)
      list += chunk.type
      list.append(integer: UInt32(chunk.bytes.count))
      list += chunk.bytes
    }
    let payload = PackedList.encode(list)
    let single = chunks.reduce(0) { $0 + chunkOverhead + 1 + 4 + $1.bytes.count }
    guard payload.count + chunkOverhead < single else { return nil }
    room = smaller
    return payload
  }

  /// - Parameter body: is given each chunk.
  /// - Throws: `ArchiveError`, or `ByteReader.PastEnd` when the list ends too early.
  static func decode(
    _ fields: inout ByteReader, _ room: inout Room, _ body: (Archive.PNGChunk) throws -> Void
  ) throws {
    guard let bytes = try PackedList.decode(&fields, limit: room.bytes, called: "PNG chunks"), !bytes.isEmpty else {
      throw ArchiveError.damaged("list of PNG chunks")
    }
    var list = ByteReader(bytes)
    while list.remaining > 0 {
      let chunk = Archive.PNGChunk(
        place: try list.byte(), type: Array(try list.take(4)),
        bytes: Array(try list.take(Int(list.integer(UInt32.self)))))
      guard room.fits(chunks: 1, bytes: overhead + chunk.bytes.count) else { throw ArchiveError.tooMany("PNG chunks") }
      try body(chunk)
    }
  }
}
