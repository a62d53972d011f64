extension Array where Element == UInt8 {
  /// Appends a number, least significant byte first.
  public mutating func append<T: FixedWidthInteger>(integer value: T) {
    for i in 0..<T.bitWidth / 8 { append(UInt8(truncatingIfNeeded: value >> T(8 * i))) }
  }

  /// Appends a number of as many bytes as it needs: seven bits a byte, the lowest first; all bytes but the last have 128 added.
  public mutating func append(number: UInt64) {
    var rest = number
    while rest > 127 {
      append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
