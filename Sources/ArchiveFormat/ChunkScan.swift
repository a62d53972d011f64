import ByteCoding

/// Finds the chunks of a damaged archive, one after the other: where a chunk is not whole, the next one whose type and checksum
/// are right. Linear time, whatever the bytes.
struct ChunkScan {
  enum Item {
    /// A chunk whose checksum is right; the type is nil for a kind that may be skipped.
    ///
    /// - isRepaired: its type or its length, not both, was wrong, and the checksum told.
    case whole(ChunkType?, payload: ArraySlice<UInt8>, isRepaired: Bool)
    /// A damaged chunk that is still known by its type and its length, which leads to the next chunk.
    case lost(ChunkType?, payload: ArraySlice<UInt8>)
    /// Damaged bytes of any chunks.
    case unknown(Range<Int>)
  }

  /// The first letters of types, for speed.
  private static let initials: [Bool] = (0..<256).map { byte in
    ChunkType.allCases.contains { $0.rawValue.utf8.first == UInt8(byte) }
  }

  private let bytes: [UInt8]
  private let checksums: ChecksumIndex
  private var position: Int
  /// Of damaged bytes that are left to hand out.
  private var pending: [Item] = []

  /// - Parameter start: where the first chunk should be.
  init(_ bytes: [UInt8], from start: Int) {
    self.bytes = bytes
    checksums = ChecksumIndex(bytes)
    position = start
    // Bytes of the beginning may be gone.
    if whole(at: start) == nil { position = firstChunk(in: 0..<min(start, bytes.count)) ?? start }
  }

  /// - Returns: nil at the end of the bytes.
  /// - Throws: ``ArchiveError/newerFeature(_:)`` at a whole chunk that must not be skipped.
  mutating func next() throws -> Item? {
    if let item = pending.popLast() { return item }
    guard position < bytes.count else { return nil }
    guard let frame = whole(at: position) else {
      let end = firstChunk(in: position + 1..<bytes.count) ?? bytes.count
      defer { position = end }
      if let repaired = repaired(position..<end) { return repaired }
      pending = claims(position..<end).reversed()
      return pending.popLast()
    }
    position = frame.end
    let type = ChunkType(rawValue: frame.name)
    guard type != nil || frame.maySkip else { throw ArchiveError.newerFeature("chunk \(frame.name)") }
    return .whole(type, payload: frame.payload, isRepaired: false)
  }

  /// The chunk that starts at a byte, if it is whole.
  private func whole(at start: Int) -> ChunkFrame? {
    var reader = ByteReader(bytes[min(start, bytes.count)...])
    guard let frame = try? ChunkFrame(&reader), frame.isNamed,
      checksums.crc32(of: frame.covered.indices) == frame.checksum
    else { return nil }
    return frame
  }

  private func isKnown(at start: Int) -> Bool {
    ChunkScan.initials[Int(bytes[start])]
      && ChunkType(rawValue: String(decoding: bytes[start..<min(start + 4, bytes.count)], as: UTF8.self)) != nil
  }

  /// The first of some bytes that a whole chunk of a known kind starts at.
  private func firstChunk(in places: Range<Int>) -> Int? { places.first { isKnown(at: $0) && whole(at: $0) != nil } }

  /// The chunk that some bytes are but for its type or its length, if the checksum behind them says so.
  private func repaired(_ damaged: Range<Int>) -> Item? {
    let length = damaged.count - chunkOverhead
    guard length >= 0, let field = UInt32(exactly: length) else { return nil }
    let payload = damaged.lowerBound + 8..<damaged.upperBound - 4
    var end = ByteReader(bytes[payload.upperBound...])
    guard let checksum = try? end.integer(UInt32.self) else { return nil }
    let known = checksums.crc32(of: payload)
    let type = ChunkType.allCases.first { type in
      var head = Array(type.rawValue.utf8)
      head.append(integer: field)
      return crc32Joined(crc32(head), known, count: length) == checksum
    }
    return type.map { .whole($0, payload: bytes[payload], isRepaired: true) }
  }

  /// What damaged bytes say they are, when the lengths in them lead from chunk to chunk up to their end.
  private func claims(_ damaged: Range<Int>) -> [Item] {
    var items: [Item] = []
    var reader = ByteReader(bytes[damaged])
    while reader.remaining > 0 {
      guard let frame = try? ChunkFrame(&reader) else { return [.unknown(damaged)] }
      let type = ChunkType(rawValue: frame.name)
      guard type != nil || frame.isNamed && frame.maySkip else { return [.unknown(damaged)] }
      items.append(.lost(type, payload: frame.payload))
    }
    return items
  }
}
