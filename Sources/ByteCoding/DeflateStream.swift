import CZlib

/// The numbers that decide, together with the bytes, what zlib's deflate makes of them.
public struct DeflateParameters: Hashable, Sendable {
  /// 1 ... 9. (Level 0 stores bytes in blocks that depend on the sizes of buffers, too.)
  public let level: Int
  /// As in zlib.h: 0 default, 1 filtered, 2 Huffman codes only, 3 run lengths, 4 fixed codes.
  public let strategy: Int
  /// 1 ... 9.
  public let memoryLevel: Int
  /// 9 ... 15: the binary logarithm of the window's size.
  public let windowBits: Int

  /// nil for numbers that zlib does not take.
  public init?(level: Int, strategy: Int = 0, memoryLevel: Int = 8, windowBits: Int = 15) {
    guard (1...9).contains(level), (0...4).contains(strategy), (1...9).contains(memoryLevel),
      (9...15).contains(windowBits)
    else { return nil }
    self.level = level
    self.strategy = strategy
    self.memoryLevel = memoryLevel
    self.windowBits = windowBits
  }
}

/// Deflates bytes piece by piece (RFC 1951, without zlib's header and checksum). How they are cut into pieces does not change
/// what comes out.
public final class DeflateStream {
  private static let piece = 1 << 20

  // zlib keeps its address.
  private let stream: UnsafeMutablePointer<z_stream>
  private let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 15)

  public init(_ parameters: DeflateParameters) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let status = deflateInit2_(
      stream, Int32(parameters.level), Z_DEFLATED, -Int32(parameters.windowBits), Int32(parameters.memoryLevel),
      Int32(parameters.strategy), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    // It can only fail without memory.
    precondition(status == Z_OK)
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    buffer.deallocate()
  }

  /// Takes more bytes; `sink` is given what comes out, if anything does yet.
  public func write(
    _ bytes: UnsafeBufferPointer<UInt8>, _ sink: (UnsafeBufferPointer<UInt8>) throws -> Void
  ) rethrows {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeBufferPointer(rebasing: rest.prefix(DeflateStream.piece))
      stream.pointee.next_in = UnsafeMutablePointer(mutating: part.baseAddress)
      stream.pointee.avail_in = UInt32(part.count)
      try run(Z_NO_FLUSH, sink)
      rest = rest.dropFirst(part.count)
    }
  }

  /// Ends the stream; nothing can be written after it.
  public func finish(_ sink: (UnsafeBufferPointer<UInt8>) throws -> Void) rethrows {
    stream.pointee.avail_in = 0
    try run(Z_FINISH, sink)
  }

  private func run(_ flush: Int32, _ sink: (UnsafeBufferPointer<UInt8>) throws -> Void) rethrows {
    repeat {
      stream.pointee.next_out = buffer.baseAddress
      stream.pointee.avail_out = UInt32(buffer.count)
      deflate(stream, flush)
      let filled = buffer.count - Int(stream.pointee.avail_out)
      if filled > 0 { try sink(UnsafeBufferPointer(rebasing: buffer[..<filled])) }
    } while stream.pointee.avail_out == 0
  }
}

/// The Adler-32 of a zlib stream, continued from `start`.
public func adler32(_ bytes: UnsafeBufferPointer<UInt8>, from start: UInt32 = 1) -> UInt32 {
  // zlib answers 1 for a null pointer, which an empty buffer may have.
  bytes.isEmpty ? start : UInt32(CZlib.adler32_z(UInt(start), bytes.baseAddress, bytes.count))
}

/// What the zlib stream at the beginning of some bytes inflates to, and its length; nil if it is damaged or gives more than
/// `most` bytes.
public func inflatedPrefix(_ bytes: ArraySlice<UInt8>, most: Int) -> (bytes: [UInt8], used: Int)? {
  var (used, count) = (UInt(bytes.count), UInt(most))
  var status = Z_OK
  let result = [UInt8](unsafeUninitializedCapacity: max(1, most)) { buffer, filled in
    status = bytes.withUnsafeBufferPointer { uncompress2(buffer.baseAddress, &count, $0.baseAddress, &used) }
    filled = status == Z_OK ? Int(count) : 0
  }
  return status == Z_OK ? (result, Int(used)) : nil
}
