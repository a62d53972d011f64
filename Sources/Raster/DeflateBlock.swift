/// The first block of a deflate stream (RFC 1951, section 3.2), as far as it tells who made it: zlib ends a block, but the last
/// one, when a buffer of 2^(memory level + 6) symbols has one place left. Other programs end them elsewhere.
struct DeflateBlock {
  /// Literals and copies.
  private(set) var symbols = 0
  /// Whether it is the only one.
  let isLast: Bool

  /// nil for a damaged block, and for one that is not compressed, in which no symbols can be counted.
  init?(firstOf stream: ArraySlice<UInt8>) {
    var bits = BitReader(bytes: stream)
    do {
      isLast = try bits.take(1) == 1
      let codes: (HuffmanCode, HuffmanCode)
      switch try bits.take(2) {
      case 1: codes = DeflateBlock.fixed
      case 2: codes = try DeflateBlock.dynamic(&bits)
      default: return nil
      }
      try count(codes.0, codes.1, &bits)
    } catch { return nil }
  }

  private mutating func count(_ literals: HuffmanCode, _ distances: HuffmanCode, _ bits: inout BitReader) throws {
    while case let symbol = try literals.decode(&bits), symbol != 256 {
      symbols += 1
      guard symbol > 256 else { continue }
      let length = symbol - 257
      _ = try bits.take(length < 8 || length == 28 ? 0 : length / 4 - 1)
      let distance = try distances.decode(&bits)
      _ = try bits.take(distance < 4 ? 0 : distance / 2 - 1)
    }
  }

  private static let fixed = (
    HuffmanCode((0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }),
    HuffmanCode(Array(repeating: 5, count: 30))
  )

  /// The codes at the beginning of a block.
  private static func dynamic(_ bits: inout BitReader) throws -> (HuffmanCode, HuffmanCode) {
    let (literals, distances, count) = (try bits.take(5) + 257, try bits.take(5) + 1, try bits.take(4) + 4)
    var lengths = Array(repeating: 0, count: 19)
    for place in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15].prefix(count) {
      lengths[place] = try bits.take(3)
    }
    let code = HuffmanCode(lengths)
    lengths = []
    while lengths.count < literals + distances {
      switch try code.decode(&bits) {
      case 16:
        guard let last = lengths.last else { throw Damaged() }
        lengths += Array(repeating: last, count: 3 + (try bits.take(2)))
      case 17: lengths += Array(repeating: 0, count: 3 + (try bits.take(3)))
      case 18: lengths += Array(repeating: 0, count: 11 + (try bits.take(7)))
      case let length: lengths.append(length)
      }
    }
    return (HuffmanCode(lengths[..<literals]), HuffmanCode(lengths[literals..<literals + distances]))
  }
}

private struct Damaged: Error {}

private struct BitReader {
  let bytes: ArraySlice<UInt8>
  private var position = 0

  init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  /// The next bits, the lowest first.
  mutating func take(_ count: Int) throws -> Int {
    guard position + count <= 8 * bytes.count else { throw Damaged() }
    var value = 0
    for place in 0..<count {
      value |= Int(bytes[bytes.startIndex + position >> 3] >> UInt8(position & 7) & 1) << place
      position += 1
    }
    return value
  }
}

/// A canonical code by the lengths of its words; 0 for symbols without one.
private struct HuffmanCode {
  /// Words of each length, 0 ... 15.
  private var counts = Array(repeating: 0, count: 16)
  /// In the order of their words.
  private let symbols: [Int]

  init(_ lengths: some Collection<Int>) {
    for length in lengths { counts[length] += 1 }
    symbols = lengths.enumerated().filter { $0.element > 0 }.sorted {
      ($0.element, $0.offset) < ($1.element, $1.offset)
    }.map(\.offset)
  }

  func decode(_ bits: inout BitReader) throws -> Int {
    var (code, first, index) = (0, 0, 0)
    for length in 1...15 {
      code |= try bits.take(1)
      if code - first < counts[length] {
        guard index + code - first < symbols.count else { throw Damaged() }
        return symbols[index + code - first]
      }
      index += counts[length]
      (code, first) = (code << 1, (first + counts[length]) << 1)
    }
    throw Damaged()
  }
}
