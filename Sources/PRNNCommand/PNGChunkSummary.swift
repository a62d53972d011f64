import ArchiveFormat
import ByteCoding

/// What `prnn info` prints of a chunk of the PNG file.
struct PNGChunkSummary: Encodable {
  let type: String
  let bytes: Int
  /// What it says, as people read it; nil for what is not known, or makes no sense.
  let summary: String?

  /// - Parameter isRead: whether to look for what it says.
  init(_ chunk: Archive.PNGChunk, isRead: Bool) {
    type = String(decoding: chunk.type, as: UTF8.self)
    bytes = chunk.bytes.count
    var fields = PNGFields(chunk.bytes)
    summary = isRead ? try? PNGChunkSummary.words(type, &fields) : nil
  }

  /// Of the kinds that the PNG specification has, third edition, section 11.
  private static func words(_ type: String, _ fields: inout PNGFields) throws -> String? {
    switch type {
    case "PLTE": return "\(fields.remaining / 3) colours"
    case "sRGB":
      let intents = ["perceptual", "relative colorimetric", "saturation", "absolute colorimetric"]
      let intent = Int(try fields.byte())
      return intent < intents.count ? intents[intent] : nil
    case "gAMA": return decimals(Double(try fields.number()) / 100_000, 5)
    case "cHRM":
      let points = try ["white", "red", "green", "blue"].map { name in
        let (x, y) = (Double(try fields.number()) / 100_000, Double(try fields.number()) / 100_000)
        return "\(name) \(decimals(x, 4)) \(decimals(y, 4))"
      }
      return points.joined(separator: ", ")
    case "cICP":
      let (primaries, transfer) = (try fields.byte(), try fields.byte())
      return try "primaries \(primaries), transfer \(transfer), matrix \(fields.byte()), full range \(fields.byte())"
    case "iCCP": return "ICC profile \(printable(try fields.latin1()))"
    case "sBIT":
      guard fields.remaining <= 4 else { return nil }
      return "\(try fields.rest().map { "\($0)" }.joined(separator: " ")) significant bits"
    case "pHYs": return try resolution(&fields)
    case "tIME":
      let year = try Int32(fields.byte()) << 8 | Int32(fields.byte())
      let rest = try (0..<5).map { _ in Int32(try fields.byte()) }
      let isDate = year < 10_000 && (1...12).contains(rest[0]) && (1...31).contains(rest[1])
      guard isDate, rest[2] < 24, rest[3] < 60, rest[4] < 61 else { return nil }
      return calendar(year: year, month: rest[0], day: rest[1], Array(rest[2...]))
    case "tEXt": return "\(printable(try fields.latin1())): \(printable(PNGFields.latin1(try fields.rest())))"
    case "zTXt":
      let keyword = try fields.latin1()
      guard try fields.byte() == 0 else { return nil }
      return "\(printable(keyword)): \(printable(PNGFields.latin1(try fields.inflated())))"
    case "iTXt": return try internationalText(&fields)
    case "acTL": return "animation of \(try fields.number()) frames, kept as they are"
    default: return nil
    }
  }

  private static func resolution(_ fields: inout PNGFields) throws -> String? {
    let (x, y, unit) = try (fields.number(), fields.number(), fields.byte())
    guard unit == 1 else { return unit == 0 ? "pixels of \(y) : \(x)" : nil }
    func dpi(_ metre: UInt32) -> String { decimals(Double(metre) * 0.0254, 1) }
    return "\(x) × \(y) pixels a metre (\(x == y ? dpi(x) : "\(dpi(x)) × \(dpi(y))") dpi)"
  }

  private static func internationalText(_ fields: inout PNGFields) throws -> String? {
    let keyword = try fields.latin1()
    let (isDeflated, method) = try (fields.byte(), fields.byte())
    // Language, keyword in that language.
    for _ in 0..<2 { _ = try fields.latin1() }
    guard isDeflated < 2, isDeflated == 0 || method == 0 else { return nil }
    let text = try isDeflated == 1 ? fields.inflated() : fields.rest()
    return "\(printable(keyword)): \(printable(String(decoding: text, as: UTF8.self).unicodeScalars))"
  }
}

/// Reads the data of a PNG chunk: numbers have their most significant byte first, texts end at a 0.
private struct PNGFields {
  /// More of a text than this is not looked at, in bytes.
  private static let longestText = 1024

  private struct Damaged: Error {}

  private var reader: ByteReader
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    reader = ByteReader(bytes)
  }

  var remaining: Int { reader.remaining }

  mutating func byte() throws -> UInt8 { try reader.byte() }

  mutating func number() throws -> UInt32 { try reader.integer(UInt32.self).byteSwapped }

  /// All that is left.
  mutating func rest() throws -> ArraySlice<UInt8> { try reader.take(reader.remaining).prefix(PNGFields.longestText) }

  /// A text in Latin-1, without the 0 behind it.
  mutating func latin1() throws -> [Unicode.Scalar] {
    let length = bytes[reader.offset...].prefix { $0 != 0 }.count
    defer { _ = try? reader.byte() }
    return PNGFields.latin1(try reader.take(length).prefix(PNGFields.longestText))
  }

  static func latin1(_ bytes: some Sequence<UInt8>) -> [Unicode.Scalar] { bytes.map { Unicode.Scalar($0) } }

  /// What a zlib stream to the end begins with.
  mutating func inflated() throws -> ArraySlice<UInt8> {
    let stream = try reader.take(reader.remaining)
    guard let text = inflatedBeginning(stream, most: PNGFields.longestText) else { throw Damaged() }
    return text[...]
  }
}
