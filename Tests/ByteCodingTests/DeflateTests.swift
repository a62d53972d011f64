import Testing

@testable import ByteCoding

@Suite struct DeflateTests {
  @Test func knownStream() {
    // From Python: zlib.compress(b"prnn" * 3, 9)
    let stream: [UInt8] = [0x78, 0xDA, 0x2B, 0x28, 0xCA, 0xCB, 0x2B, 0x80, 0x62, 0x00, 0x22, 0x14, 0x05, 0x3B]
    #expect(inflated(stream[...], size: 12).map { String(decoding: $0, as: UTF8.self) } == "prnnprnnprnn")
  }

  @Test(arguments: [0, 1, 1000, 70_000])
  func roundTrip(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }
    let stream = deflated(bytes)
    #expect(inflated(stream[...], size: count) == bytes)
    #expect(inflated(stream[...], size: count + 1) == nil)
    if count > 0 { #expect(inflated(stream[...], size: count - 1) == nil) }
    #expect(inflated((stream + [0])[...], size: count) == nil)
    #expect(inflated(stream.dropLast(), size: count) == nil)
  }
}
