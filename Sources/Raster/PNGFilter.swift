/// PNG's filters of a row of bytes: none, sub, up, average, Paeth. PNG, third edition, section 9.
public enum PNGFilter {
  /// Types are 0 ..< 5.
  public static let count = 5

  /// - Parameters:
  ///   - type: 0 ... 4; any other is taken for 0.
  ///   - row: `count` bytes.
  ///   - above: the row above; zeros for the first one.
  ///   - pixel: bytes from a sample to the same one of the next pixel, at least 1.
  ///   - out: room for `count` bytes.
  public static func filter(
    _ type: UInt8, _ row: UnsafePointer<UInt8>, _ above: UnsafePointer<UInt8>, count: Int, pixel: Int,
    to out: UnsafeMutablePointer<UInt8>
  ) {
    let first = min(pixel, count)
    switch type {
    case 1:
      for i in 0..<first { out[i] = row[i] }
      for i in first..<count { out[i] = row[i] &- row[i - pixel] }
    case 2: for i in 0..<count { out[i] = row[i] &- above[i] }
    case 3:
      for i in 0..<first { out[i] = row[i] &- above[i] >> 1 }
      for i in first..<count { out[i] = row[i] &- UInt8((Int(row[i - pixel]) + Int(above[i])) >> 1) }
    case 4:
      for i in 0..<first { out[i] = row[i] &- above[i] }
      for i in first..<count { out[i] = row[i] &- paeth(row[i - pixel], above[i], above[i - pixel]) }
    default: out.update(from: row, count: count)
    }
  }

  /// Takes a filter back, in place.
  ///
  /// - Parameters: as of ``filter(_:_:_:count:pixel:to:)``.
  public static func unfilter(
    _ type: UInt8, _ row: UnsafeMutablePointer<UInt8>, _ above: UnsafePointer<UInt8>, count: Int, pixel: Int
  ) {
    let first = min(pixel, count)
    switch type {
    case 1: for i in first..<count { row[i] &+= row[i - pixel] }
    case 2: for i in 0..<count { row[i] &+= above[i] }
    case 3:
      for i in 0..<first { row[i] &+= above[i] >> 1 }
      for i in first..<count { row[i] &+= UInt8((Int(row[i - pixel]) + Int(above[i])) >> 1) }
    case 4:
      for i in 0..<first { row[i] &+= above[i] }
      for i in first..<count { row[i] &+= paeth(row[i - pixel], above[i], above[i - pixel]) }
    default: break
    }
  }

  private static func paeth(_ left: UInt8, _ above: UInt8, _ corner: UInt8) -> UInt8 {
    let (a, b, c) = (Int(left), Int(above), Int(corner))
    let (pa, pb, pc) = (abs(b - c), abs(a - c), abs(a + b - 2 * c))
    return pa <= pb && pa <= pc ? left : pb <= pc ? above : corner
  }
}
