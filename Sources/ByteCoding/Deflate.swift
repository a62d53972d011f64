import CZlib

/// The bytes as a zlib stream (RFC 1950).
///
/// - Parameters:
///   - level: 1, fast, to 9.
///   - isFiltered: whether zlib is told that they are small and somewhat random: fewer short copies are made then.
public func deflated(_ bytes: [UInt8], level: Int = 9, isFiltered: Bool = false) -> [UInt8] {
  var stream = z_stream()
  var status = deflateInit2_(
    &stream, Int32(level), Z_DEFLATED, 15, 8, isFiltered ? Z_FILTERED : Z_DEFAULT_STRATEGY, ZLIB_VERSION,
    Int32(MemoryLayout<z_stream>.size))
  // It can only fail without memory.
  precondition(status == Z_OK)
  defer { deflateEnd(&stream) }
  let most = Int(deflateBound(&stream, UInt(bytes.count)))
  return [UInt8](unsafeUninitializedCapacity: most) { buffer, filled in
    bytes.withUnsafeBufferPointer { bytes in
      var rest = bytes.count
      stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
      stream.next_out = buffer.baseAddress
      repeat {
        // Its counts have 32 bits.
        let part = min(rest, 1 << 30)
        rest -= part
        stream.avail_in = UInt32(part)
        repeat {
          stream.avail_out = UInt32(min(most - filled, 1 << 30))
          let room = stream.avail_out
          status = deflate(&stream, rest > 0 ? Z_NO_FLUSH : Z_FINISH)
          filled += Int(room - stream.avail_out)
        } while stream.avail_in > 0 || rest == 0 && status == Z_OK
      } while rest > 0
    }
    // The bound is enough for any bytes.
    precondition(status == Z_STREAM_END)
  }
}

/// The most that one byte of a zlib stream stands for: a copy of 258 bytes takes two bits or more.
private let mostBytesOfOne = 1032

/// The bytes of a zlib stream that inflates to exactly `size` bytes and ends where `stream` does; nil for any other. No
/// more memory than `size` is taken, and none if no stream so short can give so much.
public func inflated(_ stream: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
  guard size >= 0, size / mostBytesOfOne <= stream.count else { return nil }
  var used = UInt(stream.count)
  // One byte more than allowed shows a stream that is longer; and zlib wants some room even for nothing.
  var count = UInt(size + 1)
  var status = Z_OK
  let bytes = [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, filled in
    status = stream.withUnsafeBufferPointer { uncompress2(buffer.baseAddress, &count, $0.baseAddress, &used) }
    filled = status == Z_OK ? Int(count) : 0
  }
  return status == Z_OK && bytes.count == size && used == stream.count ? bytes : nil
}

/// What a zlib stream begins with, `most` bytes of it or all; nil for a damaged one.
public func inflatedBeginning(_ stream: ArraySlice<UInt8>, most: Int) -> [UInt8]? {
  var (used, count) = (UInt(stream.count), UInt(most))
  var status = Z_OK
  let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, filled in
    status = stream.withUnsafeBufferPointer { uncompress2(buffer.baseAddress, &count, $0.baseAddress, &used) }
    // It tells of a full buffer by an error, and has filled it.
    filled = status == Z_OK || status == Z_BUF_ERROR ? Int(count) : 0
  }
  return status == Z_OK || status == Z_BUF_ERROR ? bytes : nil
}
