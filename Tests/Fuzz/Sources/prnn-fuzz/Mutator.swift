import ByteCoding
import CFuzzer

/// Mutations of libFuzzer, after which most of the time the checksums of all chunks are made to fit: otherwise hardly an input
/// would come further than these.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ room: Int, _ seed: UInt32) -> Int {
  let count = LLVMFuzzerMutate(bytes, count, room)
  guard seed % 16 != 0 else { return count }
  let buffer = UnsafeMutableBufferPointer(start: bytes, count: count)
  switch target {
  case .png: repair(buffer, from: 8, checksumFrom: 4, sizeFirst: true)
  case .archive: repair(buffer, from: 10, checksumFrom: 0, sizeFirst: false)
  case .model, .roundtrip: break
  }
  return count
}

/// Writes the CRC-32 of every chunk behind it, as far as the sizes lead from one to the next.
///
/// - Parameters:
///   - checksumFrom: the first byte of a chunk that its checksum covers.
///   - sizeFirst: PNG: the size, big-endian, and the type; otherwise the type and the size, little-endian.
private func repair(
  _ bytes: UnsafeMutableBufferPointer<UInt8>, from first: Int, checksumFrom: Int, sizeFirst: Bool
) {
  var at = first
  while at + 12 <= bytes.count {
    let size = (0..<4).reduce(0) { sum, i in
      sum | Int(bytes[at + (sizeFirst ? 3 - i : 4 + i)]) << (8 * i)
    }
    let end = at + 8 + size
    guard end + 4 <= bytes.count else { return }
    let checksum = crc32(bytes[at + checksumFrom..<end])
    for i in 0..<4 {
      bytes[end + i] = UInt8(truncatingIfNeeded: checksum >> (sizeFirst ? 24 - 8 * i : 8 * i))
    }
    at = end + 4
  }
}
