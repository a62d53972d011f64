import CPNG

/// Hands out bytes: fills the buffer as far as there are any, and returns how many. 0 is the end.
public typealias ByteSource = (UnsafeMutableRawBufferPointer) throws -> Int

extension Raster {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Reads a PNG file, through libpng.
  ///
  /// - Parameters:
  ///   - source: the file, from its first byte.
  ///   - deepest: the most bits a sample: 8 or 16.
  ///   - memoryLimit: the most bytes the samples and the chunks may take; checked before they are allocated, of chunks one by one.
  /// - Throws: ``RasterError``, or what `source` throws.
  public init(png source: @escaping ByteSource, deepest: Int = 16, memoryLimit: Int) throws {
    let stream = PNGStream(source)
    try stream.checkSignature(Raster.signature)
    var header = prnn_png_header()
    var message = [CChar](repeating: 0, count: 160)
    let context = Unmanaged.passUnretained(stream).toOpaque()
    let pull: prnn_png_transfer = { context, bytes, count in
      Unmanaged<PNGStream>.fromOpaque(context!).takeUnretainedValue()
        .read(into: UnsafeMutableRawBufferPointer(start: bytes, count: count))
    }
    guard let reader = prnn_png_open(pull, context, max(0, memoryLimit), &header, &message) else {
      throw stream.failure(message)
    }
    defer { prnn_png_close(reader) }
    guard header.bit_depth <= deepest else { throw RasterError.sixteenBit }
    guard let type = ColourType(rawValue: header.colour_type) else {
      throw RasterError.malformed("unknown colour type")
    }
    let width = Int(header.width)
    let height = Int(header.height)
    let (row, high) = width.multipliedReportingOverflow(by: type.channels * (header.bit_depth == 16 ? 2 : 1))
    let (count, overflow) = row.multipliedReportingOverflow(by: height)
    guard !high, !overflow, count <= memoryLimit else {
      throw RasterError.tooLarge(bytes: high || overflow ? .max / 2 : count, limit: memoryLimit)
    }
    let samples = try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      guard prnn_png_read(reader, buffer.baseAddress, &message) != 0 else { throw stream.failure(message) }
      filled = count
    }
    var list: UnsafePointer<prnn_png_chunk>?
    let chunks = (0..<prnn_png_chunks(reader, &list)).map { i in
      let c = list![i]
      return Chunk(
        type: [c.type.0, c.type.1, c.type.2, c.type.3], place: .init(rawValue: c.place)!,
        bytes: Array(UnsafeBufferPointer(start: c.bytes, count: c.count)))
    }
    self.init(
      width: width, height: height, colourType: type, bitDepth: Int(header.bit_depth),
      interlaced: header.interlaced != 0, samples: samples, chunks: chunks)
  }

  /// Reads a PNG file held in memory.
  public init(png bytes: [UInt8], deepest: Int = 16, memoryLimit: Int = .max) throws {
    var rest = bytes[...]
    try self.init(
      png: { buffer in
        let count = min(buffer.count, rest.count)
        buffer.copyBytes(from: rest.prefix(count))
        rest = rest.dropFirst(count)
        return count
      }, deepest: deepest, memoryLimit: memoryLimit)
  }
}

/// What libpng reads from: the source, less the signature already looked at, and the error it threw.
private final class PNGStream {
  private let source: ByteSource
  private var head: [UInt8] = []
  private var thrown: (any Error)?

  init(_ source: @escaping ByteSource) { self.source = source }

  func checkSignature(_ signature: [UInt8]) throws {
    var bytes = [UInt8](repeating: 0, count: signature.count)
    let count = bytes.withUnsafeMutableBytes { read(into: $0) }
    if let thrown { throw thrown }
    guard count > 0 else { throw RasterError.empty }
    if count > 2, bytes[0] == 0xFF, bytes[1] == 0xD8, bytes[2] == 0xFF { throw RasterError.jpeg }
    guard count == signature.count, bytes == signature else {
      if signature.starts(with: bytes.prefix(count)) { throw RasterError.malformed("the file ends too early") }
      throw RasterError.notPNG
    }
    head = bytes
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var done = min(head.count, buffer.count)
    buffer.copyBytes(from: head.prefix(done))
    head.removeFirst(done)
    do {
      while done < buffer.count {
        let count = try source(UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
        if count == 0 { break }
        done += count
      }
    } catch { thrown = error }
    return done
  }

  func failure(_ message: [CChar]) -> any Error {
    thrown
      ?? RasterError.malformed(
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
}
