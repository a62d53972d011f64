import ByteCoding

extension Archive {
  /// Bits that a chunk of value weights takes, and a margin.
  public static let valueWeightsBits = 8 * (1 + 256 + chunkOverhead) * 5 / 4
}

/// The kinds of chunk; spec/format.md. A first letter in lower case marks those that a reader may skip when it does not
/// know them.
enum ChunkType: String, CaseIterable {
  case model = "MODL"
  case modelFile = "MFIL"
  case series = "IMAG"
  case names = "NAME"
  case times = "TIME"
  case files = "FILE"
  case pngChunk = "PNGC"
  case metadata = "META"
  case valueWeights = "VALU"
  case lattice = "LATT"
  case learning = "LRNG"
  case fits = "FITS"
  case index = "INDX"
  case tile = "TILE"
  case end = "DONE"

  /// The format version that brought it.
  var version: Int {
    switch self {
    case .files: 6
    case .fits, .times, .metadata: 5
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

extension Collection where Element == UInt8 {
  /// Whether all are ASCII letters.
  var areLetters: Bool { allSatisfy { (0x41...0x5A).contains($0 & 0xDF) } }
}

/// A chunk as it stands in a file, before anything in it is believed.
struct ChunkFrame {
  private let letters: ArraySlice<UInt8>
  let payload: ArraySlice<UInt8>
  /// The CRC-32 behind the payload.
  let checksum: UInt32
  /// What the checksum is of: type, length and payload.
  let covered: ArraySlice<UInt8>

  /// - Throws: `ByteReader.PastEnd`.
  init(_ reader: inout ByteReader) throws(ByteReader.PastEnd) {
    var whole = reader
    letters = try reader.take(4)
    payload = try reader.take(Int(reader.integer(UInt32.self)))
    checksum = try reader.integer()
    covered = try whole.take(8 + payload.count)
  }

  /// Whether the type is four letters.
  var isNamed: Bool { letters.areLetters }

  /// For messages too.
  var name: String { isNamed ? String(decoding: letters, as: UTF8.self) : "?" }

  /// Whether a reader that does not know the type passes over the chunk.
  var maySkip: Bool { letters.first.map { $0 & 0x20 != 0 } ?? false }

  /// The byte behind it.
  var end: Int { covered.endIndex + 4 }
}

extension ByteReader {
  /// Reads a chunk and checks its checksum. The type is nil for a kind that may be skipped.
  mutating func chunk(version: Int) throws -> (type: ChunkType?, payload: ArraySlice<UInt8>) {
    let frame: ChunkFrame
    do { frame = try ChunkFrame(&self) } catch { throw ArchiveError.truncated }
    guard crc32(frame.covered) == frame.checksum else {
      throw ArchiveError.damaged("checksum of chunk \(frame.name)")
    }
    if let type = ChunkType(rawValue: frame.name), type.version <= version { return (type, frame.payload) }
    guard frame.isNamed, frame.maySkip else { throw ArchiveError.newerFeature("chunk \(frame.name)") }
    return (nil, frame.payload)
  }
}
