import CZlib

/// The bytes as a zlib stream (RFC 1950).
public func deflated(_ bytes: [UInt8]) -> [UInt8] {
  var count = compressBound(UInt(bytes.count))
  return [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, filled in
    // It can only fail without memory: the bound is enough for any bytes.
    let status = compress2(buffer.baseAddress, &count, bytes, UInt(bytes.count), 9)
    precondition(status == Z_OK)
    filled = Int(count)
  }
}

/// The bytes of a zlib stream that inflates to exactly `size` bytes and ends where `stream` does; nil for any other. No
/// more memory than `size` is taken.
public func inflated(_ stream: ArraySlice<UInt8>, size: Int) -> [UInt8]? {
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
