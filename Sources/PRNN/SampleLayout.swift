import ArchiveFormat
import ByteCoding

/// Where the samples of an image, or of a part of it, are in memory: row by row, pixel by pixel, a byte each, or two for 16 bits.
struct SampleLayout: Sendable {
  /// What is in memory. Where an image has several levels it is all of it.
  let area: PixelRectangle
  let pixelBytes: Int

  /// Samples; `Int.max` when they are more than any memory holds.
  var count: Int { saturatedProduct(area.width, area.height, pixelBytes) }

  var rowSamples: Int { area.width * pixelBytes }

  /// The sample that a row of a unit starts with.
  func start(_ unit: Archive.Unit, row: Int) -> Int {
    (((unit.tile.y + row) * unit.step - area.y) * area.width + unit.tile.x - area.x) * pixelBytes
  }

  /// CRC-32 of the samples of an image that a unit codes.
  func checksum(of unit: Archive.Unit, _ samples: UnsafePointer<UInt8>, from first: UInt32) -> UInt32 {
    let width = unit.tile.width
    return (0..<unit.tile.height).reduce(first) { crc, row in
      let pixels = samples + start(unit, row: row)
      if unit.step == 1 { return crc32(UnsafeBufferPointer(start: pixels, count: width * pixelBytes), from: crc) }
      return (0..<width).reduce(crc) { crc, column in
        crc32(UnsafeBufferPointer(start: pixels + column * unit.step * pixelBytes, count: pixelBytes), from: crc)
      }
    }
  }
}

extension Archive.Header {
  /// That of whole images.
  var layout: SampleLayout { layout(of: frame) }

  func layout(of area: PixelRectangle) -> SampleLayout { SampleLayout(area: area, pixelBytes: pixelBytes) }
}
