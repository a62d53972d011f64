import CPNG

/// Takes bytes, all of them, or throws.
public typealias ByteSink = (UnsafeRawBufferPointer) throws -> Void

extension Raster {
  /// Writes a PNG file with the colour type, bit depth, interlacing and chunks of this picture, through libpng.
  ///
  /// - Throws: ``RasterError/unwritable(_:)``, or what `sink` throws.
  public func writePNG(to sink: @escaping ByteSink) throws {
    var header = prnn_png_header(
      width: UInt32(width), height: UInt32(height), bit_depth: UInt8(bitDepth), colour_type: colourType.rawValue,
      interlaced: interlaced ? 1 : 0)
    let stream = PNGSink(sink)
    let push: prnn_png_transfer = { context, bytes, count in
      Unmanaged<PNGSink>.fromOpaque(context!).takeUnretainedValue()
        .write(UnsafeRawBufferPointer(start: bytes, count: count))
    }
    // One buffer for the bytes of all chunks: the C structs point into it.
    let joined = chunks.flatMap(\.bytes)
    var message = [CChar](repeating: 0, count: 160)
    let done = joined.withUnsafeBufferPointer { bytes in
      var at = 0
      let list = chunks.map { c in
        defer { at += c.bytes.count }
        return prnn_png_chunk(
          type: (c.type[0], c.type[1], c.type[2], c.type[3]), place: c.place.rawValue,
          bytes: bytes.baseAddress.map { $0 + at }, count: c.bytes.count)
      }
      return samples.withUnsafeBufferPointer {
        prnn_png_write(
          push, Unmanaged.passUnretained(stream).toOpaque(), &header, $0.baseAddress, list, list.count, &message)
      }
    }
    if let thrown = stream.thrown { throw thrown }
    guard done != 0 else {
      throw RasterError.unwritable(
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
  }

  /// The PNG file in memory.
  public func png() throws -> [UInt8] {
    var bytes: [UInt8] = []
    try writePNG { bytes.append(contentsOf: $0) }
    return bytes
  }
}

private final class PNGSink {
  private let sink: ByteSink
  private(set) var thrown: (any Error)?

  init(_ sink: @escaping ByteSink) { self.sink = sink }

  func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    do {
      try sink(bytes)
      return bytes.count
    } catch {
      thrown = error
      return 0
    }
  }
}
