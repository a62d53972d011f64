import ByteCoding
import Testing

@Suite struct ChecksumIndexTests {
  @Test func everyPartHasItsChecksum() {
    let bytes = (0..<3100).map { UInt8(truncatingIfNeeded: ($0 &* $0 &* 2_654_435_761) >> 11) }
    let index = ChecksumIndex(bytes)
    for start in [0, 1, 1023, 1024, 1025, 2000, 3071, 3072, 3100] {
      for end in [0, 1, 8, 1023, 1024, 1025, 2047, 2048, 3072, 3073, 3099, 3100] where end >= start {
        #expect(index.crc32(of: start..<end) == crc32(bytes[start..<end]))
      }
    }
    #expect(ChecksumIndex([]).crc32(of: 0..<0) == 0)
  }

  @Test func joined() {
    #expect(crc32Joined(crc32(Array("12345".utf8)), crc32(Array("6789".utf8)), count: 4) == 0xCBF4_3926)
  }
}
