extension Array where Element == UInt8 {
  /// Appends a number, least significant byte first.
  public mutating func append<T: FixedWidthInteger>(integer value: T) {
    for i in 0..<T.bitWidth / 8 { append(UInt8(truncatingIfNeeded: value >> T(8 * i))) }
  }
}
