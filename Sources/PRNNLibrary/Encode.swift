import CPRNN
import PRNN
import Raster

@_cdecl("prnn_encode")
public func encode(
  _ picture: UnsafePointer<prnn_picture>?, _ options: UnsafePointer<prnn_options>?,
  _ archive: UnsafeMutablePointer<prnn_buffer>?, _ error: UnsafeMutablePointer<prnn_error>?
) -> prnn_status {
  answer(error) {
    guard let picture else { throw Refusal(PRNN_INVALID_ARGUMENT, "picture is null") }
    try encode(options, archive, fileBytes: nil) { limit in
      try Raster(structure(picture, prnn_picture(), "picture"), limit)
    }
  }
}

@_cdecl("prnn_encode_png")
public func encodePNG(
  _ png: UnsafeRawPointer?, _ size: Int, _ options: UnsafePointer<prnn_options>?,
  _ archive: UnsafeMutablePointer<prnn_buffer>?, _ error: UnsafeMutablePointer<prnn_error>?
) -> prnn_status {
  answer(error) {
    try encode(options, archive, fileBytes: size) { limit in
      try Raster(png: bytes(png, size, "png"), memoryLimit: limit)
    }
  }
}

/// - Parameters:
///   - fileBytes: of the picture's file, if it has one.
///   - read: gives the picture, of so many bytes at most.
private func encode(
  _ options: UnsafePointer<prnn_options>?, _ archive: UnsafeMutablePointer<prnn_buffer>?, fileBytes: Int?,
  _ read: (Int) throws -> Raster
) throws {
  guard let archive else { throw Refusal(PRNN_INVALID_ARGUMENT, "archive is null") }
  let settings = try Settings(options)
  var raster = try read(settings.memoryLimit)
  if settings.strips { raster.strip() }
  let codec = try settings.codec(samples: raster.samples.count * (settings.verifies ? 2 : 1))
  var set = PictureSet()
  set.add(raster)
  set.fileBytes = fileBytes
  archive.pointee = try prnn_buffer(
    codec.compress(set, model: settings.model, effort: settings.effort, verify: settings.verifies))
}

extension Raster {
  /// Takes a picture of a C program.
  fileprivate init(_ picture: prnn_picture, _ memoryLimit: Int) throws {
    func refuse(_ text: String) -> Refusal { Refusal(PRNN_INVALID_ARGUMENT, text) }
    let (width, height, bitDepth) = (Int(picture.width), Int(picture.height), Int(picture.bit_depth))
    guard let pixels = picture.pixels else { throw refuse("pixels is null") }
    // PNG's limit.
    guard (1...Int(Int32.max)).contains(width), (1...Int(Int32.max)).contains(height) else {
      throw refuse("a picture of \(width)x\(height) pixels")
    }
    guard let type = UInt8(exactly: picture.colour_type).flatMap(ColourType.init) else {
      throw refuse("there is no colour type \(picture.colour_type)")
    }
    guard type.allows(bitDepth: bitDepth) else { throw refuse("\(type.name) with \(bitDepth) bits a sample") }
    let sampleBytes = bitDepth == 16 ? 2 : 1
    let rowBytes = width * type.channels * sampleBytes
    let (size, overflow) = rowBytes.multipliedReportingOverflow(by: height)
    guard !overflow, size <= memoryLimit else {
      throw RasterError.tooLarge(bytes: overflow ? .max : size, limit: memoryLimit)
    }
    let (stride, available) = (picture.stride, picture.size)
    guard stride >= 0, available >= 0 else { throw Refusal.hugeNumber }
    guard stride >= rowBytes else { throw refuse("stride is \(stride) bytes, and a row takes \(rowBytes)") }
    let (last, tooFar) = stride.multipliedReportingOverflow(by: height - 1)
    guard !tooFar, last <= available - rowBytes else {
      throw Refusal(PRNN_BUFFER_TOO_SMALL, "the buffer has \(available) bytes, fewer than the pixels take")
    }
    var chunks: [Chunk] = []
    if type == .palette {
      let most = 1 << bitDepth
      guard let palette = picture.palette, (1...most).contains(Int(picture.palette_count)) else {
        throw refuse("a palette of \(bitDepth) bits a sample has 1 to \(most) colours")
      }
      let colours = UnsafeBufferPointer(start: palette, count: 3 * Int(picture.palette_count))
      chunks = [Chunk(type: Array("PLTE".utf8), place: .beforeData, bytes: Array(colours))]
    }
    let most = type == .palette ? Int(picture.palette_count) - 1 : (1 << min(8, bitDepth)) - 1
    var samples: [UInt8] = []
    samples.reserveCapacity(size)
    for y in 0..<height {
      let row = UnsafeRawBufferPointer(start: pixels + y * stride, count: rowBytes)
      if sampleBytes == 2 {
        for x in 0..<rowBytes / 2 {
          let sample = row.loadUnaligned(fromByteOffset: 2 * x, as: UInt16.self)
          samples.append(UInt8(sample >> 8))
          samples.append(UInt8(sample & 255))
        }
      } else {
        if most < 255, let bad = row.first(where: { $0 > most }) {
          throw refuse("a sample of \(bad) in row \(y); the largest can be \(most)")
        }
        samples.append(contentsOf: row)
      }
    }
    self.init(
      width: width, height: height, colourType: type, bitDepth: bitDepth, samples: samples, chunks: chunks)
  }
}
