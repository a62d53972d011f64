import ByteCoding

/// The times of a series as the bytes of a TIME chunk, each as its difference from the one before; spec/format.md, "TIME".
/// Those of pictures written one after the other cost next to nothing.
enum TimeList {
  /// The most bytes of a difference.
  private static let longest = 10

  static func encode(_ times: [Int64]) -> [UInt8] {
    var list: [UInt8] = []
    var previous: Int64 = 0
    for time in times {
      let difference = time &- previous
      // The sign goes to the lowest bit.
      list.append(number: UInt64(bitPattern: difference << 1 ^ difference >> 63))
      previous = time
    }
    return PackedList.encode(list)
  }

  /// - Throws: `ArchiveError`, or `ByteReader.PastEnd` when the list ends too early.
  static func decode(_ fields: inout ByteReader, count: Int) throws -> [Int64] {
    let damaged = ArchiveError.damaged("list of times")
    guard let bytes = try PackedList.decode(&fields, limit: longest * count, called: "times"), bytes.count >= count
    else { throw damaged }
    var list = ByteReader(bytes)
    var previous: Int64 = 0
    let times = try (0..<count).map { _ in
      let bits: UInt64
      do { bits = try list.number() } catch is ByteReader.TooLong { throw damaged }
      previous &+= Int64(bitPattern: bits >> 1) ^ -Int64(bits & 1)
      return previous
    }
    guard list.remaining == 0 else { throw damaged }
    return times
  }
}
