import ArchiveFormat
import CPRNN
import PRNN
import Raster

@_cdecl("prnn_probe")
public func probe(
  _ archive: UnsafeRawPointer?, _ size: Int, _ image: UInt64, _ info: UnsafeMutablePointer<prnn_info>?,
  _ error: UnsafeMutablePointer<prnn_error>?
) -> prnn_status {
  answer(error) {
    guard let info else { throw Refusal(PRNN_INVALID_ARGUMENT, "info is null") }
    let room = try sizeOfStructure(info, "info")
    let archive = try Archive(bytes(archive, size, "archive"))
    let number = try archive.number(image)
    let header = archive.series[archive.place(ofImage: number).series].header
    var found = prnn_info()
    found.struct_size = room
    found.images = UInt64(archive.imageCount)
    found.width = UInt32(header.width)
    found.height = UInt32(header.height)
    found.colour_type = UInt32(header.colourType)
    found.bit_depth = UInt32(header.bitDepth)
    found.channels = UInt32(header.channels)
    found.interlaced = header.interlaced ? 1 : 0
    found.levels = UInt32(header.levels)
    found.version = UInt32(archive.version)
    withUnsafeBytes(of: &found) {
      UnsafeMutableRawPointer(info).copyMemory(from: $0.baseAddress!, byteCount: min(room, $0.count))
    }
  }
}

@_cdecl("prnn_decode")
public func decode(
  _ archive: UnsafeRawPointer?, _ size: Int, _ request: UnsafePointer<prnn_request>?, _ layout: prnn_layout,
  _ pixels: UnsafeMutableRawPointer?, _ capacity: Int, _ stride: Int, _ options: UnsafePointer<prnn_options>?,
  _ error: UnsafeMutablePointer<prnn_error>?
) -> prnn_status {
  answer(error) {
    guard let pixels else { throw Refusal(PRNN_INVALID_ARGUMENT, "pixels is null") }
    guard layout == PRNN_SAMPLES || layout == PRNN_RGBA8 else {
      throw Refusal(PRNN_INVALID_ARGUMENT, "there is no layout \(layout.rawValue)")
    }
    guard capacity >= 0, stride >= 0 else { throw Refusal.hugeNumber }
    let wanted = try Wanted(bytes(archive, size, "archive"), request)
    let rowBytes = wanted.part.width * (layout == PRNN_RGBA8 ? 4 : wanted.header.pixelBytes)
    guard stride >= rowBytes else {
      throw Refusal(PRNN_INVALID_ARGUMENT, "stride is \(stride) bytes, and a row takes \(rowBytes)")
    }
    let (needed, overflow) = stride.multipliedReportingOverflow(by: wanted.part.height - 1)
    guard !overflow, needed <= capacity - rowBytes else {
      throw Refusal(PRNN_BUFFER_TOO_SMALL, "the buffer has \(capacity) bytes, fewer than the pixels take")
    }
    let picture = try wanted.decoded(Settings(options))
    let samples = layout == PRNN_RGBA8 ? picture.displayed() : picture.samples
    let swaps = layout == PRNN_SAMPLES && picture.bitDepth == 16 && UInt16(1).littleEndian == 1
    samples.withUnsafeBytes { samples in
      for y in 0..<picture.height {
        let (row, source) = (pixels + y * stride, samples.baseAddress! + y * rowBytes)
        row.copyMemory(from: source, byteCount: rowBytes)
        guard swaps else { continue }
        for x in 0..<rowBytes / 2 {
          row.storeBytes(
            of: source.loadUnaligned(fromByteOffset: 2 * x, as: UInt16.self).byteSwapped, toByteOffset: 2 * x,
            as: UInt16.self)
        }
      }
    }
  }
}

@_cdecl("prnn_decode_png")
public func decodePNG(
  _ archive: UnsafeRawPointer?, _ size: Int, _ request: UnsafePointer<prnn_request>?,
  _ options: UnsafePointer<prnn_options>?, _ png: UnsafeMutablePointer<prnn_buffer>?,
  _ error: UnsafeMutablePointer<prnn_error>?
) -> prnn_status {
  answer(error) {
    guard let png else { throw Refusal(PRNN_INVALID_ARGUMENT, "png is null") }
    let wanted = try Wanted(bytes(archive, size, "archive"), request)
    let settings = try Settings(options)
    let picture = try wanted.decoded(settings)
    if wanted.isWhole,
      case .whole(let file) = try settings.codec(samples: 0).file(wanted.archive, image: wanted.number, of: picture)
    {
      png.pointee = try prnn_buffer(file)
    } else {
      png.pointee = try prnn_buffer(picture.png())
    }
  }
}

/// A picture of an archive, or a part of it.
private struct Wanted {
  let archive: Archive
  let number: Int
  let header: Archive.Header
  let part: PixelRectangle
  /// All of it in its own size.
  let isWhole: Bool

  init(_ bytes: [UInt8], _ pointer: UnsafePointer<prnn_request>?) throws {
    let request = try pointer.map { try structure($0, prnn_request(), "request") } ?? prnn_request()
    let archive = try Archive(bytes)
    self.archive = request.halvings > 0 ? try archive.coarser(halvings: Int(request.halvings)) : archive
    number = try archive.number(request.image)
    header = self.archive.series[self.archive.place(ofImage: number).series].header
    let all = [request.x, request.y, request.width, request.height].allSatisfy { $0 == 0 }
    part =
      all
      ? header.frame
      : PixelRectangle(
        x: Int(request.x), y: Int(request.y), width: Int(request.width), height: Int(request.height))
    guard part.isInside(width: header.width, height: header.height) else {
      throw PRNNError.outside(part, width: header.width, height: header.height)
    }
    isWhole = part == header.frame && request.halvings == 0
  }

  func decoded(_ settings: Settings) throws -> Raster {
    try settings.codec(samples: header.samples(decodedFor: part))
      .decompress(archive, image: number, crop: part, models: settings.library)
  }
}

extension Archive {
  fileprivate func number(_ image: UInt64) throws -> Int {
    guard image < UInt64(imageCount) else {
      throw Refusal(PRNN_NO_SUCH_IMAGE, "there is no image \(image); the archive has \(imageCount), from 0")
    }
    return Int(image)
  }
}
