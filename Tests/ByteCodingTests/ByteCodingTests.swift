import ByteCoding
import Testing

@Suite struct ByteCodingTests {
  @Test func sha256KnownAnswers() {
    // FIPS 180-4 examples, and a length that needs a second block for its padding.
    #expect(hex(sha256([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(hex(sha256(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let two = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
    #expect(hex(sha256(two)) == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    let million = [UInt8](repeating: 0x61, count: 1_000_000)
    #expect(hex(sha256(million)) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func crc32KnownAnswers() {
    #expect(crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(crc32([UInt8]()) == 0)
    #expect(crc32(Array("6789".utf8), from: crc32(Array("12345".utf8))) == 0xCBF4_3926)
  }

  @Test func numbersAreLittleEndian() throws {
    var bytes: [UInt8] = []
    bytes.append(integer: UInt32(0x0403_0201))
    bytes.append(integer: Int16(-2))
    #expect(bytes == [1, 2, 3, 4, 0xFE, 0xFF])
    var reader = ByteReader(bytes)
    #expect(try reader.integer(UInt32.self) == 0x0403_0201)
    #expect(try reader.integer(Int16.self) == -2)
    #expect(reader.remaining == 0)
  }

  @Test func readingPastTheEndThrows() {
    var reader = ByteReader([1, 2, 3])
    #expect(throws: ByteReader.PastEnd.self) { try reader.integer(UInt32.self) }
    #expect(throws: ByteReader.PastEnd.self) { try reader.take(4) }
    #expect(throws: ByteReader.PastEnd.self) { try reader.take(-1) }
    #expect(reader.remaining == 3)
  }

  private func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
