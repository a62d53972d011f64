import CZlib

/// The CRC-32 of any part of some bytes, in a time that does not grow with the part: those of the beginnings are kept, and
/// zlib's `crc32_combine` takes one out of the other. So chunks can be looked for at every byte of a file in linear time.
public struct ChecksumIndex: Sendable {
  private static let step = 1024

  private let bytes: [UInt8]
  /// Of the first 0, 1024, 2048, ... bytes.
  private let beginnings: [UInt32]

  /// Linear time.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var crc: UInt32 = 0
    beginnings =
      [0]
      + stride(from: 0, to: bytes.count, by: ChecksumIndex.step).map { start in
        crc = ByteCoding.crc32(bytes[start..<min(start + ChecksumIndex.step, bytes.count)], from: crc)
        return crc
      }
  }

  /// - Precondition: the part is inside.
  public func crc32(of part: Range<Int>) -> UInt32 {
    beginning(part.upperBound) ^ crc32Joined(beginning(part.lowerBound), 0, count: part.count)
  }

  private func beginning(_ count: Int) -> UInt32 {
    let known = count / ChecksumIndex.step
    return ByteCoding.crc32(bytes[known * ChecksumIndex.step..<count], from: beginnings[known])
  }
}

/// The CRC-32 of bytes and `count` more after them, from that of both.
public func crc32Joined(_ first: UInt32, _ second: UInt32, count: Int) -> UInt32 {
  UInt32(truncatingIfNeeded: crc32_combine(UInt(first), UInt(second), count))
}
