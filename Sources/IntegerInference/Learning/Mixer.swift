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
  private let experts: [Expert]
  private let rate: Int
  /// (channels, contexts, experts)
  private var weights: [Int32]
  private let mixed = Numbers<Int16>(256)
  private let plain = Numbers<UInt8>(MemoryLayout<prnn_distribution>.stride)
  /// Where the weights of the sample at hand start.
  private var place = 0

  /// - Parameter rate: how fast the weights follow: 1/32 bit moves them by rate / 2^20.
  init(_ experts: [Expert], channels: Int, rate: UInt8, _ kernels: Kernels) {
    self.kernels = kernels
    self.experts = experts
    self.rate = Int(rate)
    weights = Array(
      repeating: (1 << Int32(Mixer.bits)) / Int32(experts.count), count: channels * Mixer.contexts * experts.count)
  }

  /// The logits of a pixel.
  ///
  /// - Parameter row: of those computed together.
  func logits(_ channel: Int, row: Int) -> UnsafePointer<Int16> {
    let all: [UnsafePointer<Int16>?] = experts.map { UnsafePointer($0.activations.logits + 256 * row) }
    let distribution = UnsafeMutableRawPointer(plain.base).assumingMemoryBound(to: prnn_distribution.self)
    let total = kernels.table.softmax(all[0]!, nil, distribution)
    // Half bits of the first network's uncertainty.
    let context = max(0, min(Mixer.contexts - 1, (fixedLog2(UInt64(total)) - 22 * 256) >> 7))
    place = (channel * Mixer.contexts + context) * experts.count
    let used = experts.indices.map { weights[place + $0] >> Int32(Mixer.bits - Mixer.usedBits) }
    all.withUnsafeBufferPointer { kernels.table.mix($0.baseAddress, used, Int32(experts.count), mixed.base) }
    return UnsafePointer(mixed.base)
  }

  /// Moves the weights that the last logits were made with.
  func learn(_ distribution: UnsafePointer<prnn_distribution>, symbol: UInt8, row: Int) {
    for (e, expert) in experts.enumerated() {
      let logits = expert.activations.logits + 256 * row
      let expected = kernels.table.expectation(distribution, logits)
      let gain = (Int(logits[Int(symbol)]) - Int(expected)) * rate
      weights[place + e] = Int32(
        max(-Int(Mixer.limit), min(Int(Mixer.limit), Int(weights[place + e]) + gain)))
    }
  }
}
