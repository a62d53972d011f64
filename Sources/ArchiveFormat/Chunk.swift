import ByteCoding

extension Archive {
  /// Bits that a chunk of value weights takes, and a margin.
  public static let valueWeightsBits = 8 * (1 + 256 + chunkOverhead) * 5 / 4
}

/// The kinds of chunk; spec/format.md. A first letter in lower case marks those that a reader may skip when it does not
/// know them.
enum ChunkType: String {
  case model = "MODL"
  case modelFile = "MFIL"
  case series = "IMAG"
  case names = "NAME"
  case pngChunk = "PNGC"
  case valueWeights = "VALU"
  case lattice = "LATT"
  case learning = "LRNG"
  case index = "INDX"
  case tile = "TILE"
  case end = "DONE"

  /// The format version that brought it.
  var version: Int {
    switch self {
    case .lattice, .learning: 3
    case .modelFile, .names: 2
    default: 1
    }
  }
}

/// Bytes around a payload: type, length and checksum.
let chunkOverhead = 12

extension Array where Element == UInt8 {
  /// Appends a chunk: type, length of the payload, the payload, and the CRC-32 of all three.
  mutating func append(_ type: ChunkType, _ payload: [UInt8]) {
    let start = count
    append(contentsOf: type.rawValue.utf8)
    append(integer: UInt32(payload.count))
    append(contentsOf: payload)
    append(integer: crc32(self[start...]))
  }
}

extension ByteReader {
  /// Reads a chunk and checks its checksum. The type is nil for a kind that may be skipped.
  mutating func chunk(version: Int) throws -> (type: ChunkType?, payload: ArraySlice<UInt8>) {
    var ahead = self
    do {
      let letters = Array(try take(4))
      let length = Int(try integer(UInt32.self))
      let payload = try take(length)
      let checksum: UInt32 = try integer()
      let isName = letters.allSatisfy { (0x41...0x5A).contains($0 & 0xDF) }
      let name = isName ? String(decoding: letters, as: UTF8.self) : "?"
      guard crc32(try ahead.take(8 + length)) == checksum else {
        throw ArchiveError.damaged("checksum of chunk \(name)")
      }
      if let type = ChunkType(rawValue: name), type.version <= version { return (type, payload) }
      guard isName, letters[0] & 0x20 != 0 else { throw ArchiveError.newerFeature("chunk \(name)") }
      return (nil, payload)
    } catch is PastEnd {
      throw ArchiveError.truncated
    }
  }
}
