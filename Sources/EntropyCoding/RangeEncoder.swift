import PixelKernels

/// A range coder (Martin 1979) with 64-bit state and 16-bit words; carries run back into the words already written.
///
/// The state is an interval [low, low + range) of 64-bit fractions. A symbol that owns [cumulative, cumulative +
/// frequency) of total keeps that part of it; the leading 16 bits leave as soon as the range falls below 2^48.
public struct RangeEncoder: SymbolCoder {
  @usableFromInline var low: UInt64 = 0
  @usableFromInline var range: UInt64 = .max
  @usableFromInline var words: [UInt16] = []

  public init() {}

  @inlinable
  public mutating func code(
    _ sample: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8 {
    let symbol = UInt32(sample &- centre)
    encode(
      cumulative: prnn_cumulative(distribution, symbol), frequency: prnn_frequency(distribution, symbol), total: total)
    return sample
  }

  /// Narrows the interval to the part of one symbol.
  ///
  /// - Precondition: `frequency` is above 0.
  @inlinable
  public mutating func encode(cumulative: UInt32, frequency: UInt32, total: UInt32) {
    assert(frequency > 0)
    let unit = range / UInt64(total)
    let (sum, carry) = low.addingReportingOverflow(unit &* UInt64(cumulative))
    low = sum
    if carry { propagateCarry() }
    range = unit &* UInt64(frequency)
    while range < smallestRange {
      words.append(UInt16(truncatingIfNeeded: low >> 48))
      low <<= 16
      range <<= 16
    }
  }

  @usableFromInline
  mutating func propagateCarry() {
    var i = words.count - 1
    while words[i] == .max {
      words[i] = 0
      i -= 1
    }
    words[i] += 1
  }

  /// Ends the stream with the one word that keeps every continuation inside the interval, and returns its bytes: each
  /// word most significant byte first, zero words at the end left out (a decoder reads zeros past the end).
  public consuming func finish() -> [UInt8] {
    let (rounded, carry) = low.addingReportingOverflow(smallestRange - 1)
    if carry { propagateCarry() }
    words.append(UInt16(truncatingIfNeeded: rounded >> 48))
    while words.last == 0 { words.removeLast() }
    return words.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
  }
}
