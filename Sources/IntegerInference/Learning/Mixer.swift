import PixelKernels

/// Adds the logits of several networks and fits, with weights that follow what each would have gained. spec/arithmetic.md, "Mixing"; after
/// the mixing of paq8 (Mahoney 2005), with a softmax over 256 values in place of a logistic over two.
final class Mixer {
  /// Of the uncertainty of the first network.
  private static let contexts = 16
  /// Fraction bits of the weights, and of those the sums are made with.
  private static let bits = 20
  private static let usedBits = 12
  private static let limit = Int32(1) << 21 - 1

  private let kernels: Kernels
  /// Networks and fits, in this order.
  private let count: Int
  /// (experts)
  private let rates: [Int]
  /// (experts): what their weights do not fall below.
  private let least: [Int]
  private let members: [Member]
  /// (networks): logits of the pixels that are computed together, and whose they are.
  private let bases: [(logits: UnsafePointer<Int16>, member: Int)]
  /// (networks, 256): logits of mates by the symbols of the first member.
  private let turned: Numbers<Int16>
  private let fits: FitExperts?
  /// (experts): of the pixel at hand.
  private let logits: UnsafeMutablePointer<UnsafePointer<Int16>?>
  /// (channels, phases if there are any, contexts, experts)
  private let weights: Numbers<Int32>
  /// (experts)
  private let used: Numbers<Int32>
  private let means: Numbers<Int32>
  private let mixed = Numbers<Int16>(256)
  private let plain = Numbers<UInt8>(MemoryLayout<prnn_distribution>.stride)
  /// Where the weights of the sample at hand start.
  private var place = 0
  /// Whether there are weights for every phase of a pixel; the step at hand.
  private let hasPhases: Bool
  private var (firstRow, firstColumn, lag) = (0, 0, 0)

  /// - Parameters:
  ///   - members: the copies of each learn by every so many rules.
  ///   - copies: of all members together.
  ///   - learning: its rates: 1/32 bit moves weights by rate / 2^20. Those of a single network stay.
  init(
    _ members: [Member], copies networks: Int, _ fits: FitExperts?, channels: Int, _ learning: Learning,
    _ kernels: Kernels
  ) {
    self.kernels = kernels
    self.members = members
    self.fits = fits
    let others = fits?.count ?? 0
    count = networks + others
    rates =
      Array(repeating: networks > 1 ? Int(learning.mixing) : 0, count: networks)
      + Array(repeating: Int(learning.fits?.mixing ?? 0), count: others)
    least =
      Array(repeating: learning.leastWeight.map { Int($0) << (Mixer.bits - 4) } ?? -Int(Mixer.limit), count: networks)
      + Array(repeating: -Int(Mixer.limit), count: others)
    bases = (0..<networks).map {
      let member = $0 % members.count
      return (UnsafePointer(members[member].experts[$0 / members.count].activations.logits), member)
    }
    turned = Numbers(networks * 256)
    logits = .allocate(capacity: count)
    logits.initialize(repeating: nil, count: count)
    used = Numbers(count)
    means = Numbers(count)
    hasPhases = learning.phases
    let places = channels * (hasPhases ? 4 : 1) * Mixer.contexts * count
    weights = Numbers(places)
    for place in stride(from: 0, to: places, by: count) {
      for e in 0..<networks { weights[place + e] = (1 << Int32(Mixer.bits)) / Int32(networks) }
    }
  }

  deinit { logits.deallocate() }

  /// Begins a step.
  func begin(firstRow: Int, column: Int, lag: Int) { (self.firstRow, firstColumn, self.lag) = (firstRow, column, lag) }

  /// The logits of a pixel.
  ///
  /// - Parameters:
  ///   - row: of those computed together.
  ///   - pixel: of the step.
  func logits(_ channel: Int, row: Int, pixel: Int) -> UnsafePointer<Int16> {
    let centre = members[0].centres[pixel]
    for (e, base) in bases.enumerated() {
      let own = base.logits + 256 * row
      let turn = Int(centre &- members[base.member].centres[pixel])
      if turn == 0 {
        logits[e] = own
      } else {
        rotate(own, by: turn, to: turned.base + 256 * e)
        logits[e] = UnsafePointer(turned.base + 256 * e)
      }
    }
    if let fits {
      for f in 0..<fits.count { logits[bases.count + f] = fits.logits(f, channel, pixel: pixel, centre: centre) }
    }
    let distribution = UnsafeMutableRawPointer(plain.base).assumingMemoryBound(to: prnn_distribution.self)
    let total = kernels.table.softmax(logits[0]!, nil, distribution)
    // Half bits of the first network's uncertainty.
    let context = max(0, min(Mixer.contexts - 1, (fixedLog2(UInt64(total)) - 22 * 256) >> 7))
    let phase = 2 * ((firstRow + pixel) & 1) + (firstColumn - lag * pixel) & 1
    place = ((hasPhases ? 4 * channel + phase : channel) * Mixer.contexts + context) * count
    for e in 0..<count { used.base[e] = weights.base[place + e] >> Int32(Mixer.bits - Mixer.usedBits) }
    kernels.table.mix(logits, used.base, Int32(count), mixed.base)
    return UnsafePointer(mixed.base)
  }

  /// Moves the weights that the last logits were made with, and tells the fits their errors.
  ///
  /// - Parameter pixel: of the step.
  func learn(
    _ distribution: UnsafePointer<prnn_distribution>, symbol: UInt8, sample: UInt8, _ channel: Int, pixel: Int
  ) {
    fits?.learn(sample, channel, pixel: pixel)
    kernels.table.expectations(distribution, logits, Int32(count), means.base)
    for e in 0..<count {
      let gain = (Int(logits[e]![Int(symbol)]) - Int(means.base[e])) * rates[e]
      let moved = Int(weights.base[place + e]) + gain
      weights.base[place + e] = Int32(max(least[e], min(Int(Mixer.limit), moved)))
    }
  }
}
