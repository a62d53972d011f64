import ByteCoding

/// A list of bytes as version 5 keeps it: its size, then the list itself or a zlib stream of it, whichever is shorter;
/// spec/format.md, "Packed lists".
enum PackedList {
  static func encode(_ list: [UInt8]) -> [UInt8] {
    var payload: [UInt8] = []
    payload.append(integer: UInt32(list.count))
    let stream = deflated(list)
    return payload + (stream.count < list.count ? stream : list)
  }

  /// - Parameter limit: the most bytes of the list; no more memory is taken.
  /// - Returns: nil for bytes that are no such list.
  /// - Throws: `ByteReader.PastEnd`; `ArchiveError` when the list is longer than the limit.
  static func decode(_ fields: inout ByteReader, limit: Int, called name: String) throws -> [UInt8]? {
    let size = Int(try fields.integer(UInt32.self))
    guard size <= limit else { throw ArchiveError.tooMany("bytes of \(name)") }
    let rest = try fields.take(fields.remaining)
    return rest.count == size ? Array(rest) : inflated(rest, size: size)
  }
}
