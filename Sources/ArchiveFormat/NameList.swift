import ByteCoding

/// The names of a series as the bytes of a NAME chunk, each told by its difference from the one before; spec/format.md,
/// "NAME". Numbered names cost next to nothing.
enum NameList {
  /// Codes below this are the length of the part in common with the name before; the others add to a number in it.
  private static let firstStep = 192
  private static let steps = 1...64

  static func encode(_ names: [ImageName]) -> [UInt8] {
    var list: [UInt8] = []
    var previous: [UInt8] = []
    for name in names {
      if let step = step(from: previous, to: name.bytes) {
        list.append(UInt8(firstStep + step - steps.lowerBound))
      } else {
        let common = min(zip(previous, name.bytes).prefix { $0 == $1 }.count, firstStep - 1)
        list.append(UInt8(common))
        list.append(contentsOf: name.bytes[common...])
        list.append(0)
      }
      previous = name.bytes
    }
    var payload: [UInt8] = []
    payload.append(integer: UInt32(list.count))
    return payload + deflated(list)
  }

  /// - Parameter limit: the most bytes of all names together; no more memory than in proportion to it is taken.
  /// - Throws: `ArchiveError`, or `ByteReader.PastEnd` when the list ends too early.
  static func decode(_ fields: inout ByteReader, count: Int, limit: Int) throws -> [ImageName] {
    let size = Int(try fields.integer(UInt32.self))
    guard size <= 2 * limit else { throw ArchiveError.tooMany("bytes of names") }
    guard size >= count, let bytes = inflated(try fields.take(fields.remaining), size: size) else {
      throw ArchiveError.damaged("list of names")
    }
    var list = ByteReader(bytes)
    var names: [ImageName] = []
    names.reserveCapacity(count)
    var previous: [UInt8] = []
    var total = 0
    for _ in 0..<count {
      guard let next = try next(&list, after: previous), let name = ImageName(next) else {
        throw ArchiveError.damaged("name of an image")
      }
      names.append(name)
      previous = next
      total += next.count
      guard total <= limit else { throw ArchiveError.tooMany("bytes of names") }
    }
    guard list.remaining == 0 else { throw ArchiveError.damaged("list of names") }
    return names
  }

  private static func next(_ list: inout ByteReader, after previous: [UInt8]) throws -> [UInt8]? {
    let code = Int(try list.byte())
    guard code < firstStep else { return advanced(previous, by: code - firstStep + steps.lowerBound) }
    guard code <= previous.count else { return nil }
    var name = Array(previous[..<code])
    while case let byte = try list.byte(), byte != 0 { name.append(byte) }
    return name
  }

  /// What the last number in a name has to be increased by to give another name, if that is all their difference.
  private static func step(from previous: [UInt8], to next: [UInt8]) -> Int? {
    guard previous.count == next.count, let end = previous.lastIndex(where: isDigit) else { return nil }
    // Three digits are enough to tell such a step.
    var difference = 0
    var unit = 1
    for place in (max(0, end - 2)...end).reversed().prefix(while: { isDigit(previous[$0]) }) {
      difference += (Int(next[place]) - Int(previous[place])) * unit
      unit *= 10
    }
    let step = difference > 0 ? difference : difference + unit
    return steps.contains(step) && advanced(previous, by: step) == next ? step : nil
  }

  /// A name with the last number in it increased; nil when it has none, or too few digits for the sum.
  private static func advanced(_ name: [UInt8], by step: Int) -> [UInt8]? {
    guard var place = name.lastIndex(where: isDigit) else { return nil }
    var result = name
    var carry = step
    while carry > 0 {
      guard place >= 0, isDigit(result[place]) else { return nil }
      carry += Int(result[place] - UInt8(ascii: "0"))
      result[place] = UInt8(ascii: "0") + UInt8(carry % 10)
      carry /= 10
      place -= 1
    }
    return result
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
