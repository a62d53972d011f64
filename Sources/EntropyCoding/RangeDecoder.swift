import PixelKernels

/// Reads what ``RangeEncoder`` wrote. Any bytes decode to some symbols; none are out of range.
public struct RangeDecoder: SymbolCoder {
  /// The 64 bits at hand less the encoder's `low`.
  @usableFromInline var value: UInt64 = 0
  @usableFromInline var range: UInt64 = .max
  @usableFromInline let bytes: ArraySlice<UInt8>
  @usableFromInline var position: Int

  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
    for _ in 0..<4 { value = value << 16 | nextWord() }
  }

  /// Whether the stream has whole words, and none that an encoder of the symbols read so far would not have written. (The
  /// decoder is three words ahead of an encoder's last.)
  public var isAtEnd: Bool { bytes.count % 2 == 0 && position - 6 >= bytes.endIndex }

  @inlinable
  mutating func nextWord() -> UInt64 {
    defer { position += 2 }
    guard position + 1 < bytes.endIndex else { return 0 }
    return UInt64(bytes[position]) << 8 | UInt64(bytes[position + 1])
  }

  @inlinable
  public mutating func code(
    _: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8 {
    let unit = range / UInt64(total)
    // Only damaged data can lie past the last symbol.
    let target = UInt32(min(value / unit, UInt64(total) - 1))
    var cumulative: UInt32 = 0
    let symbol = prnn_locate(distribution, target, &cumulative)
    narrow(unit, cumulative: cumulative, frequency: prnn_frequency(distribution, symbol))
    return centre &+ UInt8(truncatingIfNeeded: symbol)
  }

  /// Narrows the interval to the part of one symbol, in units.
  @inlinable
  mutating func narrow(_ unit: UInt64, cumulative: UInt32, frequency: UInt32) {
    value &-= unit &* UInt64(cumulative)
    range = unit &* UInt64(frequency)
    while range < smallestRange {
      value = value << 16 | nextWord()
      range <<= 16
    }
  }
}
