import ArchiveFormat
import ByteCoding
import IntegerInference
import Raster

/// Rows of samples as PNG has them: those of fewer than 8 bits several to a byte, the first highest; of a lot those of one image
/// after the other.
struct PackedRows {
  private let size: LotSize
  private let samples: Int
  private let bits: Int
  /// Bytes from a sample to the same one of the next pixel; 1 where a byte has several.
  private let pixel: Int

  init(_ header: Archive.Header, _ size: LotSize) {
    self.size = size
    samples = size.width * header.pixelBytes
    bits = min(8, Int(header.bitDepth))
    pixel = bits < 8 ? 1 : header.pixelBytes
  }

  private var rowBytes: Int { (samples * bits + 7) / 8 }

  var count: Int { size.height * size.count }

  /// Of all rows.
  var bytes: Int { rowBytes * count }

  func packed(_ row: Lot.Source) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: bytes)
    var unpacked = [UInt8](repeating: 0, count: samples)
    for i in 0..<count {
      row(i / size.height, i % size.height, &unpacked)
      for (x, sample) in unpacked.enumerated() {
        result[i * rowBytes + x * bits / 8] |= sample << (8 - bits - x * bits % 8)
      }
    }
    return result
  }

  /// - Returns: whether all rows end with zeros up to a whole byte.
  func unpack(_ packed: [UInt8], _ row: Lot.Sink) -> Bool {
    var unpacked = [UInt8](repeating: 0, count: samples)
    let mask = UInt8(truncatingIfNeeded: 1 << bits - 1)
    let spare = rowBytes * 8 - samples * bits
    var isClean = true
    for i in 0..<count {
      for x in 0..<samples {
        unpacked[x] = packed[i * rowBytes + x * bits / 8] >> (8 - bits - x * bits % 8) & mask
      }
      if packed[(i + 1) * rowBytes - 1] & UInt8(truncatingIfNeeded: 1 << spare - 1) != 0 { isClean = false }
      row(i / size.height, i % size.height, unpacked)
    }
    return isClean
  }
}

extension PackedRows {
  /// The rows filtered as in PNG, and deflated: by one filter for all, or for each row by that whose bytes are nearest to 0
  /// (the sum of their absolute values, as PNG's specification proposes), whichever takes the fewest bytes. Of many rows only what
  /// takes few at zlib's fastest level.
  ///
  /// - Parameter most: bytes that something else takes: if this has no chance to be shorter, nothing comes back.
  func filtered(_ row: Lot.Source, most: Int = .max) -> [UInt8] {
    let packed = packed(row)
    let byType = (0..<UInt8(PNGFilter.count)).map { filtered(packed, $0) }
    let sums = byType.map { bytes in
      (0..<count).map { i in
        bytes[i * (rowBytes + 1) + 1..<(i + 1) * (rowBytes + 1)].reduce(0) { $0 + Int(min($1, 0 &- $1)) }
      }
    }
    let nearest = (0..<count).flatMap { i in
      let best = byType.indices.min { sums[$0][i] < sums[$1][i] }!
      return byType[best][i * (rowBytes + 1)..<(i + 1) * (rowBytes + 1)]
    }
    var candidates = byType + [nearest]
    if bytes > 1 << 16 {
      let quick = candidates.map { deflated($0, level: 1).count }
      let order = quick.indices.sorted { quick[$0] < quick[$1] }
      // What repeats gains most by a higher level.
      guard quick[order[0]] / (quick[order[0]] > bytes / 8 ? 5 : 12) <= most / 4 else { return [] }
      candidates = order.prefix(2).map { candidates[$0] }
    }
    let streams = candidates.flatMap { [deflated($0), deflated($0, isFiltered: true)] }
    return streams.min { $0.count < $1.count }!
  }

  /// All rows by one filter, its type in front of each.
  private func filtered(_ packed: [UInt8], _ type: UInt8) -> [UInt8] {
    let zeros = [UInt8](repeating: 0, count: rowBytes)
    return [UInt8](unsafeUninitializedCapacity: bytes + count) { out, filled in
      filled = bytes + count
      packed.withUnsafeBufferPointer { packed in
        zeros.withUnsafeBufferPointer { zeros in
          for i in 0..<count {
            let (row, to) = (packed.baseAddress! + i * rowBytes, out.baseAddress! + i * (rowBytes + 1))
            let above = i % size.height == 0 ? zeros.baseAddress! : row - rowBytes
            to[0] = type
            PNGFilter.filter(type, row, above, count: rowBytes, pixel: pixel, to: to + 1)
          }
        }
      }
    }
  }

  /// The rows that were filtered.
  ///
  /// - Returns: nil if there is a filter type that PNG does not have.
  func unfiltered(_ filtered: [UInt8]) -> [UInt8]? {
    var result = [UInt8](repeating: 0, count: bytes)
    let zeros = [UInt8](repeating: 0, count: rowBytes)
    var isWhole = true
    result.withUnsafeMutableBufferPointer { result in
      zeros.withUnsafeBufferPointer { zeros in
        for i in 0..<count {
          let row = result.baseAddress! + i * rowBytes
          let start = i * (rowBytes + 1)
          if filtered[start] >= PNGFilter.count { isWhole = false }
          for x in 0..<rowBytes { row[x] = filtered[start + 1 + x] }
          let above = i % size.height == 0 ? zeros.baseAddress! : UnsafePointer(row - rowBytes)
          PNGFilter.unfilter(filtered[start], row, above, count: rowBytes, pixel: pixel)
        }
      }
    }
    return isWhole ? result : nil
  }
}
