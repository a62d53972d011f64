import CZlib

/// The CRC-32 of zlib and PNG, continued from `start`.
public func crc32<Bytes: Collection>(_ bytes: Bytes, from start: UInt32 = 0) -> UInt32 where Bytes.Element == UInt8 {
  let direct = bytes.withContiguousStorageIfAvailable { CZlib.crc32_z(UInt(start), $0.baseAddress, $0.count) }
  // crc32_z answers 0 for a null pointer, which an empty buffer may have.
  guard !bytes.isEmpty else { return start }
  return direct.map { UInt32($0) } ?? crc32(Array(bytes), from: start)
}
