import EntropyCoding
import PixelKernels

/// A coder that writes nothing: it counts how often each sample value occurs, how often the network expected it, and what
/// the samples would have cost. The encoder finds the ``ValueWeights`` with it.
public struct ValueCounter: SymbolCoder {
  /// (channels, 256)
  public private(set) var occurred: [[UInt64]]
  /// (channels, 256), in 1/65536
  public private(set) var expected: [[UInt64]]
  /// (channels), in 1/256 bit
  public private(set) var cost: [Int]

  public init(channels: Int) {
    occurred = Array(repeating: Array(repeating: 0, count: 256), count: channels)
    expected = occurred
    cost = Array(repeating: 0, count: channels)
  }

  public mutating func code(
    _ sample: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8 {
    let reciprocal = (1 << 48) / UInt64(total)
    expected[channel].withUnsafeMutableBufferPointer { expected in
      for symbol in 0..<256 {
        let share = (UInt64(prnn_frequency(distribution, UInt32(symbol))) &* reciprocal) >> 32
        expected[Int(centre &+ UInt8(symbol))] &+= share
      }
    }
    occurred[channel][Int(sample)] += 1
    let frequency = prnn_frequency(distribution, UInt32(sample &- centre))
    cost[channel] += fixedLog2(UInt64(total)) - fixedLog2(UInt64(max(1, frequency)))
    return sample
  }

  /// Adds what another counter saw.
  public mutating func add(_ other: ValueCounter) {
    for c in occurred.indices {
      for v in 0..<256 {
        occurred[c][v] += other.occurred[c][v]
        expected[c][v] += other.expected[c][v]
      }
      cost[c] += other.cost[c]
    }
  }

  /// Weights that would make what was expected more like what occurred.
  ///
  /// - Parameter present: for each channel, whether each value occurs anywhere in the picture.
  public func weights(present: [[Bool]]) -> ValueWeights {
    let tables = occurred.indices.map { channel -> [Int8]? in
      (0..<256).map { value -> Int8 in
        guard present[channel][value] else { return ValueWeights.absent }
        // Four more of each keep rare values from large weights.
        let seen = fixedLog2((occurred[channel][value] + 4) << 16)
        let foreseen = fixedLog2(expected[channel][value] + (4 << 16))
        return Int8(max(-127, min(127, (seen - foreseen + 8) >> 4)))
      }
    }
    return ValueWeights(tables)
  }
}
