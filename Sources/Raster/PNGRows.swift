/// The rows of a PNG file's picture data: filter type, then filtered bytes; of an interlaced file those of each pass of Adam7,
/// one pass after the other. PNG, third edition, sections 7 to 9.
struct PNGRows {
  /// First column and row of each pass of Adam7, and the steps to the next.
  private static let adam7 = [
    (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
  ]

  private struct Pass {
    let x: Int
    let y: Int
    let stepX: Int
    let stepY: Int
    let width: Int
    let height: Int
  }

  private let picture: Raster
  /// Those that have pixels.
  private let passes: [Pass]

  init(_ picture: Raster) {
    self.picture = picture
    passes = (picture.interlaced ? PNGRows.adam7 : [(0, 0, 1, 1)]).map { x, y, stepX, stepY in
      Pass(
        x: x, y: y, stepX: stepX, stepY: stepY, width: (picture.width - x + stepX - 1) / stepX,
        height: (picture.height - y + stepY - 1) / stepY)
    }.filter { $0.width > 0 && $0.height > 0 }
  }

  /// Rows of all passes.
  var count: Int { passes.reduce(0) { $0 + $1.height } }

  /// Bytes of all rows, with their filter types.
  var bytes: Int { passes.reduce(0) { $0 + $1.height * (1 + rowBytes($1)) } }

  /// Where each row starts.
  var starts: [Int] {
    var (starts, next): ([Int], Int) = ([], 0)
    for pass in passes {
      for _ in 0..<pass.height {
        starts.append(next)
        next += 1 + rowBytes(pass)
      }
    }
    return starts
  }

  /// Without the filter type.
  private func rowBytes(_ pass: Pass) -> Int {
    picture.bitDepth < 8 ? (pass.width * picture.bitDepth + 7) / 8 : pass.width * picture.pixelBytes
  }

  /// Filters all rows.
  ///
  /// - Parameters:
  ///   - types: of each row, 0 ... 4.
  ///   - body: is given each row, its filter type first.
  func forEach(filtered types: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) rethrows {
    let most = passes.map(rowBytes).max() ?? 0
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 3 * most + 1)
    defer { memory.deallocate() }
    var (row, previous) = (memory, memory + most)
    let out = memory + 2 * most
    let pixel = picture.bitDepth < 8 ? 1 : picture.pixelBytes
    var number = 0
    for pass in passes {
      let count = rowBytes(pass)
      previous.update(repeating: 0, count: count)
      for y in 0..<pass.height {
        pack(pass, y, row)
        out[0] = types[number]
        PNGFilter.filter(out[0], row, previous, count: count, pixel: pixel, to: out + 1)
        try body(UnsafeBufferPointer(start: out, count: count + 1))
        swap(&row, &previous)
        number += 1
      }
    }
  }

  /// Writes a row of a pass as PNG packs it.
  private func pack(_ pass: Pass, _ y: Int, _ row: UnsafeMutablePointer<UInt8>) {
    let bytes = picture.pixelBytes
    picture.samples.withUnsafeBufferPointer { samples in
      let source = samples.baseAddress! + ((pass.y + y * pass.stepY) * picture.width + pass.x) * bytes
      if picture.bitDepth < 8 {
        let depth = picture.bitDepth
        row.update(repeating: 0, count: rowBytes(pass))
        for x in 0..<pass.width {
          let bit = x * depth
          row[bit >> 3] |= source[x * pass.stepX] << UInt8(8 - depth - bit & 7)
        }
      } else if pass.stepX == 1 {
        row.update(from: source, count: pass.width * bytes)
      } else {
        for x in 0..<pass.width {
          for i in 0..<bytes { row[x * bytes + i] = source[x * pass.stepX * bytes + i] }
        }
      }
    }
  }
}
