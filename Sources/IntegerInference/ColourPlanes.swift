/// Turns colours into the Y, C1 and C2 that a conversion made them of, for an encoder. Where several make one colour, as of clamped ones,
/// that is chosen whose sums are clamped least, of several of these the first in the order of C2, C1, Y.
public final class ColourPlanes: Sendable {
  public let conversion: ColourConversion
  /// (2^24) bits: the colours that occur, by red · 65536 + green · 256 + blue.
  private let words: [UInt64]
  /// Colours before each word of these.
  private let ranks: [UInt32]
  /// (colours), by rank: C2 · 65536 + C1 · 256 + Y; 0 for those that the conversion does not make.
  private let triples: [UInt32]
  /// Whether the conversion makes all colours.
  public let makesAll: Bool

  /// Takes time for 2^24 triples, 3 MB and 4 bytes a colour, while it is made 8.
  ///
  /// - Parameter words: (2^18) bits of all colours that occur; more words may follow.
  public init(_ conversion: ColourConversion, of words: [UInt64]) {
    let words = Array(words.prefix(1 << 18))
    var (ranks, count) = ([UInt32](), 0)
    ranks.reserveCapacity(words.count)
    for word in words {
      ranks.append(UInt32(count))
      count += word.nonzeroBitCount
    }
    var triples = [UInt32](repeating: 0, count: count)
    var clampings = [Int32](repeating: .max, count: count)
    var found = 0
    conversion.forEachTriple { triple, red, green, blue in
      @inline(__always) func clamped(_ x: Int) -> Int { max(0, min(255, x)) }
      let (r, g, b) = (clamped(red), clamped(green), clamped(blue))
      let colour = r << 16 | g << 8 | b
      let (word, bit) = (words[colour >> 6], UInt64(colour & 63))
      guard word >> bit & 1 != 0 else { return }
      let rank = Int(ranks[colour >> 6]) + (word & (1 << bit - 1)).nonzeroBitCount
      let clamping = Int32(abs(red - r) + abs(green - g) + abs(blue - b))
      guard clamping < clampings[rank] else { return }
      if clampings[rank] == .max { found += 1 }
      (clampings[rank], triples[rank]) = (clamping, triple)
    }
    makesAll = found == count
    (self.conversion, self.words, self.ranks, self.triples) = (conversion, words, ranks, triples)
  }

  /// C2 · 65536 + C1 · 256 + Y of a colour that occurs.
  public func triple(red: UInt8, green: UInt8, blue: UInt8) -> UInt32 {
    let colour = Int(red) << 16 | Int(green) << 8 | Int(blue)
    let below = words[colour >> 6] & (1 << UInt64(colour & 63) - 1)
    return triples[Int(ranks[colour >> 6]) + below.nonzeroBitCount]
  }
}

extension ColourConversion {
  /// Calls back with the colours of (count, 3) Y, C1 and C2, by their numbers.
  @inline(__always)
  public func forEachColour(
    _ planes: UnsafePointer<UInt8>, count: Int, _ body: (_ i: Int, _ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Void
  ) {
    let (f, o) = ((factors[0], factors[1], factors[2], factors[3], factors[4]), (offsets[0], offsets[1], offsets[2]))
    @inline(__always) func sample(_ x: Int32) -> UInt8 { UInt8(max(0, min(255, x >> 16))) }
    for i in 0..<count {
      let (luma, c1, c2) = (f.0 * Int32(planes[3 * i]), Int32(planes[3 * i + 1]), Int32(planes[3 * i + 2]))
      body(
        i, sample(luma + f.1 * c2 + o.0), sample(luma - f.2 * c1 - f.3 * c2 + o.1), sample(luma + f.4 * c1 + o.2))
    }
  }

  /// Calls back with all C2 · 65536 + C1 · 256 + Y in this order, and the colour of each before it is clamped.
  @inline(__always)
  func forEachTriple(_ body: (_ triple: UInt32, _ red: Int, _ green: Int, _ blue: Int) -> Void) {
    let (f, o) = (factors.map(Int.init), offsets.map(Int.init))
    for c2 in 0..<256 {
      for c1 in 0..<256 {
        var red = f[1] * c2 + o[0]
        var green = o[1] - f[2] * c1 - f[3] * c2
        var blue = f[4] * c1 + o[2]
        let first = UInt32(c2 << 16 | c1 << 8)
        for y: UInt32 in 0..<256 {
          body(first | y, red >> 16, green >> 16, blue >> 16)
          red += f[0]
          green += f[0]
          blue += f[0]
        }
      }
    }
  }
}
