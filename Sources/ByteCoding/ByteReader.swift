/// Reads little-endian numbers from bytes; the one place where their bounds are checked.
public struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// Thrown when bytes are asked for that are not there.
  public struct PastEnd: Error {}
  /// Thrown for a number of more than 64 bits.
  public struct TooLong: Error {
    public init() {}
  }

  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

  /// Bytes read so far.
  public var offset: Int { position - bytes.startIndex }

  public var remaining: Int { bytes.endIndex - position }

  public mutating func take(_ count: Int) throws(PastEnd) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw PastEnd() }
    defer { position += count }
    return bytes[position..<position + count]
  }

  public mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws(PastEnd) -> T {
    try take(T.bitWidth / 8).withUnsafeBytes { T(littleEndian: $0.loadUnaligned(as: T.self)) }
  }

  public mutating func byte() throws(PastEnd) -> UInt8 { try integer() }

  /// A number of seven bits a byte, the lowest first; all bytes but the last have 128 added.
  ///
  /// - Throws: ``PastEnd``, ``TooLong``.
  public mutating func number() throws -> UInt64 {
    var value: UInt64 = 0
    for place in 0..<10 {
      let byte = try byte()
      guard place < 9 || byte < 2 else { throw TooLong() }
      value |= UInt64(byte & 127) << UInt64(7 * place)
      if byte < 128 { break }
    }
    return value
  }
}
