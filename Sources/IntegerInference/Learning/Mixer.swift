import PixelKernels

/// Adds the logits of several networks, with weights that follow what each would have gained. spec/arithmetic.md, "Mixing"; after
/// the mixing of paq8 (Mahoney 2005), with a softmax over 256 values in place of a logistic over two.
final class Mixer {
  private static let contexts = 16
  /// Fraction bits of the weights, and of those the sums are made with.
  private static let bits = 20
  private static let usedBits = 12
  private static let limit = Int32(1) << 21 - 1

  private let kernels: Kernels
  private let count: Int
  private let rate: Int
  /// (experts): logits of the pixels that are computed together, and of the one at hand.
  private let bases: [UnsafePointer<Int16>]
  private let logits: UnsafeMutablePointer<UnsafePointer<Int16>?>
  /// (channels, contexts, experts)
  private let weights: Numbers<Int32>
  /// (experts)
  private let used = Numbers<Int32>(Learning.mostExperts)
  private let means = Numbers<Int32>(Learning.mostExperts)
  private let mixed = Numbers<Int16>(256)
  private let plain = Numbers<UInt8>(MemoryLayout<prnn_distribution>.stride)
  /// Where the weights of the sample at hand start.
  private var place = 0

  /// - Parameters:
  ///   - experts: they live as long as this does.
  ///   - rate: how fast the weights follow: 1/32 bit moves them by rate / 2^20.
  init(_ experts: [Expert], channels: Int, rate: UInt8, _ kernels: Kernels) {
    self.kernels = kernels
    self.rate = Int(rate)
    count = experts.count
    bases = experts.map { UnsafePointer($0.activations.logits) }
    logits = .allocate(capacity: count)
    logits.initialize(repeating: nil, count: count)
    weights = Numbers(channels * Mixer.contexts * count, of: (1 << Int32(Mixer.bits)) / Int32(count))
  }

  deinit { logits.deallocate() }

  /// The logits of a pixel.
  ///
  /// - Parameter row: of those computed together.
  func logits(_ channel: Int, row: Int) -> UnsafePointer<Int16> {
    for e in 0..<count { logits[e] = bases[e] + 256 * row }
    let distribution = UnsafeMutableRawPointer(plain.base).assumingMemoryBound(to: prnn_distribution.self)
    let total = kernels.table.softmax(logits[0]!, nil, distribution)
    // Half bits of the first network's uncertainty.
    let context = max(0, min(Mixer.contexts - 1, (fixedLog2(UInt64(total)) - 22 * 256) >> 7))
    place = (channel * Mixer.contexts + context) * count
    for e in 0..<count { used.base[e] = weights.base[place + e] >> Int32(Mixer.bits - Mixer.usedBits) }
    kernels.table.mix(logits, used.base, Int32(count), mixed.base)
    return UnsafePointer(mixed.base)
  }

  /// Moves the weights that the last logits were made with.
  func learn(_ distribution: UnsafePointer<prnn_distribution>, symbol: UInt8) {
    kernels.table.expectations(distribution, logits, Int32(count), means.base)
    for e in 0..<count {
      let gain = (Int(logits[e]![Int(symbol)]) - Int(means.base[e])) * rate
      let moved = Int(weights.base[place + e]) + gain
      weights.base[place + e] = Int32(max(-Int(Mixer.limit), min(Int(Mixer.limit), moved)))
    }
  }
}
