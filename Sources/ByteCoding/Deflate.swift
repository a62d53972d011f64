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
