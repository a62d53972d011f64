/// Reads little-endian numbers from bytes; the one place where their bounds are checked.
public struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// Thrown when bytes are asked for that are not there.
  public struct PastEnd: Error {}

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
    var value: T.Magnitude = 0
    for (i, byte) in try take(T.bitWidth / 8).enumerated() { value |= T.Magnitude(byte) << T.Magnitude(8 * i) }
    return T(truncatingIfNeeded: value)
  }

  public mutating func byte() throws(PastEnd) -> UInt8 { try integer() }
}
