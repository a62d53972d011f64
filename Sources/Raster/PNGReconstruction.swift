import ByteCoding

/// What makes the PNG file of a picture again, byte for byte: what the file has beside samples and chunks. That is how its rows
/// are filtered, how they are deflated, and how the zlib stream is cut into IDAT chunks; spec/format.md, "FILE".
///
///     let record = try PNGReconstruction(of: file, picture)     // throws when it cannot be done
///     let same = try record.file(of: picture)                   // == file
public struct PNGReconstruction: Equatable, Sendable {
  /// What makes the deflate stream.
  enum Method: Equatable, Sendable {
    /// Blocks that are not compressed, by their lengths.
    case stored(LengthRuns)
    case deflated(DeflateParameters)
  }

  /// Of the file, in bytes.
  public let length: Int
  /// CRC-32 of the file.
  let checksum: UInt32
  /// CMF and FLG (RFC 1950).
  let zlibHeader: [UInt8]
  let method: Method
  /// Of the IDAT chunks.
  let dataLengths: LengthRuns
  /// Of the filtered rows, of the zlib stream, of the file.
  let rowEdits: ByteEdits
  let streamEdits: ByteEdits
  let fileEdits: ByteEdits
  /// Of each row, 0 ... 4.
  let filters: [UInt8]

  init(
    length: Int, checksum: UInt32, zlibHeader: [UInt8], method: Method, dataLengths: LengthRuns, rowEdits: ByteEdits,
    streamEdits: ByteEdits, fileEdits: ByteEdits, filters: [UInt8]
  ) {
    self.length = length
    self.checksum = checksum
    self.zlibHeader = zlibHeader
    self.method = method
    self.dataLengths = dataLengths
    self.rowEdits = rowEdits
    self.streamEdits = streamEdits
    self.fileEdits = fileEdits
    self.filters = filters
  }

  /// Reads a record of an archive; nil for bytes that are none.
  public init?(bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    do { try self.init(&reader) } catch { return nil }
  }

  private init(_ reader: inout ByteReader) throws {
    length = try reader.count()
    checksum = try reader.integer()
    zlibHeader = Array(try reader.take(2))
    let level = Int(try reader.byte())
    if level == 0 {
      method = .stored(try LengthRuns(&reader))
    } else {
      let numbers = try reader.take(3).map { Int($0) }
      let parameters = DeflateParameters(
        level: level, strategy: numbers[0], memoryLevel: numbers[1], windowBits: numbers[2])
      guard let parameters else { throw Invalid() }
      method = .deflated(parameters)
    }
    dataLengths = try LengthRuns(&reader)
    rowEdits = try ByteEdits(&reader)
    streamEdits = try ByteEdits(&reader)
    fileEdits = try ByteEdits(&reader)
    filters = Array(try reader.take(reader.remaining))
    // Each part takes bytes of the file.
    var parts = dataLengths.count
    if case .stored(let lengths) = method { parts += lengths.count }
    guard filters.allSatisfy({ $0 < 5 }), parts <= length, fileEdits.dropped <= length else {
      throw Invalid()
    }
  }

  /// As an archive keeps it.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt64(length))
    bytes.append(integer: checksum)
    bytes += zlibHeader
    switch method {
    case .stored(let lengths):
      bytes.append(0)
      lengths.encode(to: &bytes)
    case .deflated(let p):
      bytes += [p.level, p.strategy, p.memoryLevel, p.windowBits].map { UInt8($0) }
    }
    dataLengths.encode(to: &bytes)
    rowEdits.encode(to: &bytes)
    streamEdits.encode(to: &bytes)
    fileEdits.encode(to: &bytes)
    return bytes + filters
  }
}

/// Thrown for numbers that make no sense.
private struct Invalid: Error {}
