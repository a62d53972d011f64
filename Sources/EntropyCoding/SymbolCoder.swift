import PixelKernels

/// One side of the entropy coder. The step loop is written once, over this: an encoder codes the sample it is given and
/// returns it, a decoder ignores what it is given and returns the sample it finds.
public protocol SymbolCoder {
  /// - Parameters:
  ///   - sample: of a frequency above 0.
  ///   - centre: what the softmax is centred on: its symbol s stands for the sample centre + s, modulo 256.
  ///   - channel: of the pixel.
  ///   - distribution: frequencies that add up to `total`.
  ///   - total: 1 ..< 2^31.
  mutating func code(
    _ sample: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8
}

/// The range coder keeps its range at or above this between symbols; a 16-bit word leaves when it falls below.
///
/// Totals are below 2^31, so a unit of frequency is at least 2^17 of the range, and rounding costs at most
/// 2^-17 of a symbol's probability.
@usableFromInline let smallestRange: UInt64 = 1 << 48
