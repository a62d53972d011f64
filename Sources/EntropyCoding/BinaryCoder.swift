/// One side of the entropy coder, for decisions instead of samples; see ``SymbolCoder``.
public protocol BinaryCoder {
  /// - Parameters:
  ///   - bit: to encode; a decoder ignores it.
  ///   - probability: of 1, in 2^-16: 1 ... 65535.
  /// - Returns: the bit.
  mutating func code(_ bit: Bool, probability: UInt32) -> Bool

  /// Is told that all bits of a pixel are coded.
  mutating func endPixel()
}

extension BinaryCoder {
  @inlinable
  public mutating func endPixel() {}
}

extension RangeEncoder: BinaryCoder {
  @inlinable
  public mutating func code(_ bit: Bool, probability: UInt32) -> Bool {
    if bit {
      encode(cumulative: 0, frequency: probability, total: 1 << 16)
    } else {
      encode(cumulative: probability, frequency: 1 << 16 - probability, total: 1 << 16)
    }
    return bit
  }
}

extension RangeDecoder: BinaryCoder {
  @inlinable
  public mutating func code(_: Bool, probability: UInt32) -> Bool {
    let unit = range >> 16
    let bit = value < unit &* UInt64(probability)
    if bit {
      narrow(unit, cumulative: 0, frequency: probability)
    } else {
      narrow(unit, cumulative: probability, frequency: 1 << 16 - probability)
    }
    return bit
  }
}
