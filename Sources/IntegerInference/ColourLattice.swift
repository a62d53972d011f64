import Synchronization

/// How 8-bit Y, C1 and C2 become R, G and B, in fixed point with 16 bits behind the point:
///
///     R = clamp((y · Y + redC2 · C2 + red) >> 16)
///     G = clamp((y · Y − greenC1 · C1 − greenC2 · C2 + green) >> 16)
///     B = clamp((y · Y + blueC1 · C1 + blue) >> 16)
public struct ColourConversion: Equatable, Sendable {
  /// y, redC2, greenC1, greenC2, blueC1; each of magnitude ``largest`` at most.
  public let factors: [Int32]
  /// red, green, blue; each of magnitude ``largestOffset`` at most. With the factors' bounds no sum leaves 32 bits.
  public let offsets: [Int32]

  public static let largest: Int32 = 1 << 20
  public static let largestOffset: Int32 = 1 << 30

  public init(factors: [Int32], offsets: [Int32]) {
    precondition(factors.count == 5 && factors.allSatisfy { $0.magnitude <= ColourConversion.largest.magnitude })
    precondition(offsets.count == 3 && offsets.allSatisfy { $0.magnitude <= ColourConversion.largestOffset.magnitude })
    self.factors = factors
    self.offsets = offsets
  }

  /// A conversion whose C1 and C2 have their zeros at `c1` and `c2`, and that rounds.
  ///
  /// - Parameter factors: in 1/65536.
  init(_ factors: [Int32], black: Int32 = 0, c1: Int32 = 128, c2: Int32 = 128) {
    let half: Int32 = 1 << 15
    let dark = half - factors[0] * black
    self.init(
      factors: factors,
      offsets: [dark - factors[1] * c2, dark + factors[2] * c1 + factors[3] * c2, dark - factors[4] * c1])
  }

  /// JFIF as libjpeg computes it (jdcolor.c).
  public static let jfif = ColourConversion([65536, 91881, 22554, 46802, 116130])

  /// Conversions that an encoder tries, from standards: JFIF with G's factors of seven digits (later versions of the IJG's library),
  /// ITU-R BT.601 and BT.709 of limited range, BT.709 of full range, and Photo CD's YCC.
  public static let known: [ColourConversion] = [
    jfif,
    .init([65536, 91881, 22553, 46802, 116130]),
    .init([76309, 104597, 25675, 53279, 132201], black: 16),
    .init([76309, 117489, 13975, 34925, 138438], black: 16),
    .init([65536, 103206, 12276, 30679, 121609]),
    .init([89024, 119374, 28198, 60761, 145352], c1: 156, c2: 137),
  ]
}

/// The colours that a conversion makes of all 2^24 (Y, C1, C2). 2 MB.
public final class ReachableColours: Sendable {
  /// (256, 256, 4): bit b of (r, g).
  let words: [UInt64]

  /// Of ``ColourConversion/known``, by their numbers; 2 MB each once they were asked for.
  private static let known = Mutex<[Int: ReachableColours]>([:])

  /// Those of a conversion; of a known one they are made once.
  public static func of(_ conversion: ColourConversion) -> ReachableColours {
    guard let number = ColourConversion.known.firstIndex(of: conversion) else { return ReachableColours(conversion) }
    return known.withLock { known in
      let made = known[number] ?? ReachableColours(conversion)
      known[number] = made
      return made
    }
  }

  private init(_ conversion: ColourConversion) {
    words = [UInt64](unsafeUninitializedCapacity: 1 << 18) { words, count in
      words.initialize(repeating: 0)
      @inline(__always) func sample(_ x: Int) -> Int { max(0, min(255, x)) }
      conversion.forEachTriple { _, red, green, blue in
        let colour = sample(red) << 16 | sample(green) << 8 | sample(blue)
        words[colour >> 6] |= 1 << UInt64(colour & 63)
      }
      count = 1 << 18
    }
  }

  /// - Parameter colour: red · 65536 + green · 256 + blue
  public func contains(_ colour: Int) -> Bool { words[colour >> 6] >> UInt64(colour & 63) & 1 != 0 }
}

/// What both sides know of the colours of a picture before its first sample: that they are worth remembering, and perhaps
/// which of them can be reached.
public struct ColourLattice: Equatable, Sendable {
  public let conversion: ColourConversion?
  /// 0: colours that cannot be reached do not occur; else they weigh so many quarters of a bit less.
  public let escape: UInt8

  public init(conversion: ColourConversion? = nil, escape: UInt8 = 0) {
    self.conversion = conversion
    self.escape = escape
  }

  /// The colours that can be reached, if the conversion is known.
  var reachable: ReachableColours? { conversion.map(ReachableColours.of) }
}
