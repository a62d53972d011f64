import PixelKernels
import Testing

@testable import EntropyCoding

@Suite struct RangeCoderTests {
  /// Frequencies of symbols 0 ... 255 as a distribution.
  private func distribution(_ frequencies: [Int: UInt32]) -> (prnn_distribution, UInt32) {
    var d = prnn_distribution()
    withUnsafeMutableBytes(of: &d) { bytes in
      let words = bytes.bindMemory(to: UInt32.self)
      for (s, f) in frequencies {
        words[s] = f
        words[256 + s % 16] += f
      }
    }
    return (d, frequencies.values.reduce(0, +))
  }

  private func roundTrip(_ symbols: [UInt8], _ d: prnn_distribution, _ total: UInt32) -> [UInt8] {
    var encoder = RangeEncoder()
    var d = d
    for s in symbols { _ = encoder.code(s, centre: 0, channel: 0, &d, total: total) }
    let bytes = encoder.finish()
    var decoder = RangeDecoder(bytes[...])
    for s in symbols { #expect(decoder.code(0, centre: 0, channel: 0, &d, total: total) == s) }
    #expect(decoder.isAtEnd)
    return bytes
  }

  @Test func nothingTakesNoBytes() {
    #expect(RangeEncoder().finish() == [])
  }

  @Test func certainSymbolsTakeNoBytes() {
    let (d, total) = distribution([77: 1 << 30])
    #expect(roundTrip(Array(repeating: 77, count: 10_000), d, total).count <= 2)
  }

  @Test func unlikelySymbols() {
    // 2^-30 each: 30 bits a symbol.
    let (d, total) = distribution([0: (1 << 30) - 1, 255: 1])
    let bytes = roundTrip(Array(repeating: 255, count: 1000), d, total)
    #expect(bytes.count == 3750 || bytes.count == 3752)
  }

  @Test func equalSymbolsTakeTheirBits() {
    let (d, total) = distribution(Dictionary(uniqueKeysWithValues: (0..<256).map { ($0, 5) }))
    let symbols = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 167 + $0 >> 8) }
    #expect((10_000...10_002).contains(roundTrip(symbols, d, total).count))
  }

  @Test func largestTotal() {
    let (d, total) = distribution([3: 1, 4: (1 << 31) - 3, 5: 1])
    _ = roundTrip([4, 3, 5, 4, 4, 5, 3, 3, 3, 5, 4], d, total)
  }

  @Test func carriesRunThroughWrittenWords() {
    var encoder = RangeEncoder()
    (encoder.words, encoder.low, encoder.range) = ([1, .max, .max], .max - 5, 1 << 60)
    // A quarter of the range added to low leaves 64 bits: the carry turns 0001 FFFF FFFF into 0002 0000 0000.
    encoder.encode(cumulative: 1, frequency: 1, total: 4)
    #expect(encoder.words == [2, 0, 0])
    #expect(encoder.low == (1 << 58) - 6)
    // The same at the end of a stream.
    (encoder.words, encoder.low) = ([7, .max], .max - 5)
    #expect(encoder.finish() == [0, 8])
  }

  @Test func workedExampleOfTheSpecification() {
    // spec/arithmetic.md: two symbols of frequencies 1 and 3.
    let (d, total) = distribution([0: 1, 1: 3])
    #expect(roundTrip([1], d, total) == [0x40, 0x00])
    #expect(roundTrip([0], d, total) == [])
  }

  @Test func noiseDecodesToSomething() {
    var (d, total) = distribution([9: 1, 200: 7])
    var decoder = RangeDecoder((0..<64).map { UInt8($0 * 61 & 255) }[...])
    for _ in 0..<1000 {
      let s = decoder.code(0, centre: 0, channel: 0, &d, total: total)
      #expect(s == 9 || s == 200)
    }
  }
}
