import CZlib

/// The CRC-32 of zlib and PNG, continued from `start`.
public func crc32<Bytes: Sequence>(_ bytes: Bytes, from start: UInt32 = 0) -> UInt32 where Bytes.Element == UInt8 {
  let direct = bytes.withContiguousStorageIfAvailable { CZlib.crc32_z(UInt(start), $0.baseAddress, $0.count) }
  // crc32_z answers 0 for a null pointer, which an empty buffer may have.
  if let direct { return bytes.contains { _ in true } ? UInt32(direct) : start }
  return crc32(Array(bytes), from: start)
}
