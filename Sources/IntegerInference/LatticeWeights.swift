import PixelKernels

/// Weights of the values of a colour by what has been seen with, or can be reached from, the colours of the pixel before it and
/// the pixels beside it; spec/arithmetic.md, "Colour lattices". They are added to the logits as those of ``ValueWeights`` are.
///
/// Every value has a class; the weights of classes follow, by stochastic gradient, from how often a value of the class came where so
/// many were expected. One for each stream.
final class LatticeWeights {
  /// Classes of R, G, B, and contexts in which their weights are learned.
  private static let classes = [4, 144, 16]
  private static let contexts = [32, 32, 52]
  /// Of a weight, in 1/8192 bit.
  private static let limit = 480 << 8
  /// What a weight moves by for an error of 1, by the number of errors before: from 62/32 bit down to 2/32, in 1/8192.
  private static let rates = (0..<1024).map { 512 + 153_600 / ($0 + 10) }

  private let reachable: ReachableColours?
  /// Of a colour that cannot be reached.
  private let escape: Int
  /// (256, 256, 4), and one more: bit b of (r, g), when that colour has come.
  private let seen = WordBuffer(1 << 18 + 1)
  /// (512, 8), and one more: bit b − g + 256 of r − g + 256.
  private let differences = WordBuffer(1 << 12 + 1)
  /// (channels, contexts, classes), in 1/8192 bit.
  private let learned: [UnsafeMutablePointer<Int32>]
  private let counts: [UnsafeMutablePointer<UInt16>]

  /// (256), by value.
  private let classOf = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
  /// (256), by symbol.
  private let weights = UnsafeMutablePointer<Int16>.allocate(capacity: 256)
  private let masses = UnsafeMutablePointer<UInt32>.allocate(capacity: 144)
  /// Of the channel at hand.
  private var context = 0
  /// Of the step at hand.
  private var firstRow = 0
  private var firstColumn = 0
  private var lag = 0

  /// Bytes of one, about.
  static let bytes = 9 << 19

  init(_ lattice: ColourLattice) {
    reachable = lattice.reachable
    escape = lattice.escape == 0 ? Int(PRNN_ABSENT) : -8 * Int(lattice.escape)
    let sizes = zip(LatticeWeights.classes, LatticeWeights.contexts).map { $0 * $1 }
    learned = sizes.map { size in
      let p = UnsafeMutablePointer<Int32>.allocate(capacity: size)
      p.initialize(repeating: 0, count: size)
      return p
    }
    counts = sizes.map { size in
      let p = UnsafeMutablePointer<UInt16>.allocate(capacity: size)
      p.initialize(repeating: 0, count: size)
      return p
    }
  }

  deinit {
    for p in learned { p.deallocate() }
    for p in counts { p.deallocate() }
    classOf.deallocate()
    weights.deallocate()
    masses.deallocate()
  }

  /// Before a step's first sample.
  func begin(firstRow: Int, step: Int, lag: Int) {
    (self.firstRow, self.firstColumn, self.lag) = (firstRow, step - lag * firstRow, lag)
  }

  /// The weights of a channel's symbols.
  ///
  /// - Parameters:
  ///   - index: of the pixel in the step.
  ///   - pixel: the channels before are in place, and so are the pixels left, above and above left.
  ///   - prediction: (3)
  ///   - given: weights that hold anyway, by symbol.
  ///   - d: the frequencies with those.
  func weigh(
    _ channel: Int, index: Int, pixel: UnsafePointer<UInt8>, stride: Int, prediction: UnsafePointer<UInt8>,
    centre: UInt8, given: UnsafePointer<Int16>?, _ d: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UnsafePointer<Int16> {
    let parity = 2 * ((firstRow + index) & 1) + (firstColumn - lag * index) & 1
    let (west, north) = (pixel - 3, pixel - stride)
    switch channel {
    case 0:
      let northWest = north - 3
      context = (west[0] == northWest[0] ? 1 : 0) + (north[0] == northWest[0] ? 2 : 0) + 4 * spread(d, total)
      classOf.initialize(repeating: 0, count: 256)
      mark(Int(west[0]), Int(north[0]))
    case 1:
      context = parity + 4 * spread(d, total)
      classifyGreens(pixel, prediction, centre, d)
      let red = Int(pixel[0])
      mark(red - Int(west[0]) + Int(west[1]), red - Int(north[0]) + Int(north[1]))
    default:
      classifyBlues(pixel)
      context = parity + 4 * share(pixel, centre, d)
      let green = Int(pixel[1])
      mark(green - Int(west[1]) + Int(west[2]), green - Int(north[1]) + Int(north[2]))
    }
    let base = learned[channel] + context * LatticeWeights.classes[channel]
    let (classOf, weights) = (classOf, weights)
    for symbol in 0..<256 {
      let weight = base[Int(classOf[Int(centre &+ UInt8(truncatingIfNeeded: symbol))])] >> 8
      weights[symbol] = Int16(truncatingIfNeeded: weight)
    }
    if let given {
      for symbol in 0..<256 {
        weights[symbol] = given[symbol] == PRNN_ABSENT ? Int16(PRNN_ABSENT) : weights[symbol] &+ given[symbol]
      }
    }
    if let reachable, channel > 0 { exclude(reachable, channel, pixel, centre) }
    return UnsafePointer(weights)
  }

  /// Learns from a channel's sample.
  ///
  /// - Parameters:
  ///   - pixel: the sample is in place.
  ///   - d: the frequencies with the weights of ``weigh``.
  func learn(
    _ channel: Int, pixel: UnsafePointer<UInt8>, centre: UInt8, _ d: UnsafePointer<prnn_distribution>, total: UInt32
  ) {
    let classes = LatticeWeights.classes[channel]
    masses.initialize(repeating: 0, count: classes)
    let (classOf, masses) = (classOf, masses)
    var others: UInt32 = 0
    for symbol in 0..<256 {
      // Most are of class 0.
      let c = Int(classOf[Int(centre &+ UInt8(truncatingIfNeeded: symbol))])
      if c == 0 { continue }
      let frequency = prnn_frequency(d, UInt32(symbol))
      masses[c] &+= frequency
      others &+= frequency
    }
    masses[0] = total - others
    let base = learned[channel] + context * classes
    let count = counts[channel] + context * classes
    let found = Int(classOf[Int(pixel[channel])])
    for c in 0..<classes where masses[c] > 0 {
      let expected = Int(UInt64(masses[c]) << 16 / UInt64(total))
      let change = (LatticeWeights.rates[Int(count[c])] * ((c == found ? 65536 : 0) - expected) + 32768) >> 16
      base[c] = Int32(max(-LatticeWeights.limit, min(LatticeWeights.limit, Int(base[c]) + change)))
      if count[c] < 1023 { count[c] += 1 }
    }
    if channel == 2 {
      let (red, green, blue) = (Int(pixel[0]), Int(pixel[1]), Int(pixel[2]))
      seen.insert(red << 16 | green << 8 | blue)
      differences.insert((red - green + 256) << 9 | blue - green + 256)
    }
  }

  /// How broad a distribution is: log2 of the total over the largest frequency, 0 ... 7.
  private func spread(_ d: UnsafePointer<prnn_distribution>, _ total: UInt32) -> Int {
    min(7, 31 - (total / largest(d)).leadingZeroBitCount)
  }

  private func largest(_ d: UnsafePointer<prnn_distribution>) -> UInt32 {
    var largest: UInt32 = 1
    for symbol: UInt32 in 0..<256 { largest = max(largest, prnn_frequency(d, symbol)) }
    return largest
  }

  /// Adds to the class of two values, if they are values, that a neighbour has them.
  private func mark(_ west: Int, _ north: Int) {
    if 0...255 ~= west { classOf[west] += 1 }
    if 0...255 ~= north { classOf[north] += 2 }
  }

  /// How many colours near the centre of B have been seen with each G, and how many of their differences.
  private func classifyGreens(
    _ pixel: UnsafePointer<UInt8>, _ prediction: UnsafePointer<UInt8>, _ centre: UInt8,
    _ d: UnsafePointer<prnn_distribution>
  ) {
    let red = Int(pixel[0])
    let least = largest(d) >> 12
    for symbol in 0..<256 {
      let green = Int(centre &+ UInt8(truncatingIfNeeded: symbol))
      classOf[green] = 0
      // Too rare to be worth the time.
      if prnn_frequency(d, UInt32(symbol)) <= least { continue }
      let blue = Int(blueCentre(red: red, green: green, prediction))
      let (low, high) = (max(0, blue - 5), min(255, blue + 5))
      let far = seen.bits(red << 16 | green << 8 | low, count: high - low + 1)
      let (first, last) = (max(0, blue - 1), min(255, blue + 1))
      let near = far >> UInt64(first - low) & (1 << UInt64(last - first + 1) - 1)
      let alike = differences.bits((red - green + 256) << 9 | first - green + 256, count: last - first + 1)
      let around = far.nonzeroBitCount
      let amount = min(2, near.nonzeroBitCount) * 4 + (around > 4 ? 3 : min(2, around))
      classOf[green] = UInt8(truncatingIfNeeded: (amount * 3 + min(2, alike.nonzeroBitCount)) * 4)
    }
  }

  /// Whether each B has been seen with these R and G, and whether their differences have.
  private func classifyBlues(_ pixel: UnsafePointer<UInt8>) {
    let (red, green) = (Int(pixel[0]), Int(pixel[1]))
    let row = (red - green + 256) << 9 - green + 256
    for blue in 0..<256 {
      let isSeen = seen.bits(red << 16 | green << 8 | blue, count: 1)
      classOf[blue] = UInt8(truncatingIfNeeded: isSeen << 3 | differences.bits(row + blue, count: 1) << 2)
    }
  }

  /// How much of the probability the values have that have been seen: 0 ... 12. Values that cannot be reached have no part.
  private func share(_ pixel: UnsafePointer<UInt8>, _ centre: UInt8, _ d: UnsafePointer<prnn_distribution>) -> Int {
    var (known, unknown): (UInt64, UInt64) = (1, 1)
    let row = Int(pixel[0]) << 10 | Int(pixel[1]) << 2
    for symbol in 0..<256 {
      let blue = Int(centre &+ UInt8(truncatingIfNeeded: symbol))
      if let reachable, reachable.words[row + blue >> 6] >> UInt64(blue & 63) & 1 == 0 { continue }
      let frequency = UInt64(prnn_frequency(d, UInt32(symbol)))
      if classOf[blue] >= 8 { known += frequency } else { unknown += frequency }
    }
    return max(0, min(12, 6 + (fixedLog2(known) - fixedLog2(unknown)) >> 8))
  }

  /// Lowers the weights of values that cannot be reached, unless no other is left.
  private func exclude(_ reachable: ReachableColours, _ channel: Int, _ pixel: UnsafePointer<UInt8>, _ centre: UInt8) {
    reachable.words.withUnsafeBufferPointer { words in
      let row = words.baseAddress! + Int(pixel[0]) << 10
      func isReachable(_ value: Int) -> Bool {
        guard channel == 2 else { return (0..<4).contains { row[4 * value + $0] != 0 } }
        return row[Int(pixel[1]) << 2 + value >> 6] >> UInt64(value & 63) & 1 != 0
      }
      func value(_ symbol: Int) -> Int { Int(centre &+ UInt8(truncatingIfNeeded: symbol)) }
      guard (0..<256).contains(where: { weights[$0] != PRNN_ABSENT && isReachable(value($0)) }) else { return }
      for symbol in 0..<256 where weights[symbol] != PRNN_ABSENT && !isReachable(value(symbol)) {
        weights[symbol] = escape == PRNN_ABSENT ? Int16(PRNN_ABSENT) : Int16(Int(weights[symbol]) + escape)
      }
    }
  }
}

/// Bits in memory, none set at first.
private final class WordBuffer {
  private let words: UnsafeMutablePointer<UInt64>

  init(_ count: Int) {
    words = .allocate(capacity: count)
    words.initialize(repeating: 0, count: count)
  }

  deinit { words.deallocate() }

  @inline(__always)
  func insert(_ bit: Int) { words[bit >> 6] |= 1 << UInt64(bit & 63) }

  /// Up to 63 bits, the first one lowest. The word after theirs is read too.
  @inline(__always)
  func bits(_ first: Int, count: Int) -> UInt64 {
    let (word, shift) = (first >> 6, UInt64(first & 63))
    return (words[word] &>> shift | (words[word + 1] << 1) &<< (63 &- shift)) & (1 &<< UInt64(count) &- 1)
  }
}
