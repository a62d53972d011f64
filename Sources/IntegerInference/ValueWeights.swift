import PixelKernels

/// For each channel, how much more often than the network expects each sample value occurs in this picture: added to
/// the logits, so that unused levels, clipped ends and the combs of stretched histograms cost nothing.
public struct ValueWeights: Equatable, Sendable {
  /// Stands for a value that does not occur.
  public static let absent: Int8 = -128

  /// (channels, 256), in 1/16 bit. Nil: the network's frequencies are used as they are.
  public private(set) var tables: [[Int8]?]

  /// - Parameter tables: for each channel 256 weights, at least one of them not ``absent``, or nil.
  public init(_ tables: [[Int8]?]) {
    precondition(tables.allSatisfy { $0.map { $0.count == 256 && $0.contains { $0 != ValueWeights.absent } } ?? true })
    self.tables = tables
  }

  /// The pixel that a picture consists of, when every channel has only one value.
  package var onlyPixel: [UInt8]? {
    let values = tables.compactMap { table -> UInt8? in
      guard let table else { return nil }
      let present = table.indices.filter { table[$0] != ValueWeights.absent }
      return present.count == 1 ? UInt8(present[0]) : nil
    }
    return values.count == tables.count ? values : nil
  }

  /// For each channel the weights in 1/32 bit, twice over, so that a symbol's weight is at centre + symbol.
  var expanded: [[Int16]?] {
    tables.map { table in
      table.map { t in (t + t).map { $0 == ValueWeights.absent ? Int16(PRNN_ABSENT) : Int16($0) * 2 } }
    }
  }
}
