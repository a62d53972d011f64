import ByteCoding

extension PNGReconstruction {
  /// The file.
  ///
  /// - Parameters:
  ///   - picture: with the samples and the chunks of the one it was made of.
  ///   - memoryLimit: the most bytes that the file may take.
  /// - Returns: nil when other bytes come out, by their length or their checksum: those of a damaged record, or of another zlib
  ///   than the one at hand.
  /// - Throws: ``RasterError/tooLarge(bytes:limit:)``.
  public func file(of picture: Raster, memoryLimit: Int = .max) throws -> [UInt8]? {
    guard length <= memoryLimit else { throw RasterError.tooLarge(bytes: length, limit: memoryLimit) }
    let file = edited(unedited(picture, most: length + fileEdits.dropped))
    return file?.count == length && crc32(file!) == checksum ? file : nil
  }

  /// The file before its own edits; nil when it takes more than `most` bytes, or does not come to an end.
  func unedited(_ picture: Raster, most: Int) -> [UInt8]? {
    let rows = PNGRows(picture)
    guard filters.count == rows.count else { return nil }
    var file = PNGBytes(picture, most: most, lengths: dataLengths)
    do {
      try writeStream(rows, to: &file)
      try file.finish(picture)
    } catch { return nil }
    return file.bytes
  }

  private func edited(_ file: [UInt8]?) -> [UInt8]? {
    guard let file, !fileEdits.isEmpty else { return file }
    var result: [UInt8] = []
    var pass = ByteEdits.Pass(fileEdits)
    file.withUnsafeBufferPointer { pass.write($0) { result += $0 } }
    return pass.finish { result += $0 } ? result : nil
  }

  /// Writes the zlib stream.
  private func writeStream(_ rows: PNGRows, to file: inout PNGBytes) throws {
    var streamPass = ByteEdits.Pass(streamEdits)
    let emit: (UnsafeBufferPointer<UInt8>, inout PNGBytes) throws -> Void = { bytes, file in
      try streamPass.write(bytes) { try file.appendData($0) }
    }
    try zlibHeader.withUnsafeBufferPointer { try emit($0, &file) }
    var adler: UInt32 = 1
    switch method {
    case .stored(let lengths):
      var blocks = StoredBlocks(lengths, count: rows.bytes - rowEdits.dropped + rowEdits.inserted)
      try forEachRow(rows) { bytes in
        adler = adler32(bytes, from: adler)
        try blocks.write(bytes) { try emit($0, &file) }
      }
      try blocks.finish { try emit($0, &file) }
    case .deflated(let parameters):
      let stream = DeflateStream(parameters)
      try forEachRow(rows) { bytes in
        adler = adler32(bytes, from: adler)
        try stream.write(bytes) { try emit($0, &file) }
      }
      try stream.finish { try emit($0, &file) }
    }
    try withUnsafeBytes(of: adler.bigEndian) { try $0.withMemoryRebound(to: UInt8.self) { try emit($0, &file) } }
    guard try streamPass.finish({ try file.appendData($0) }) else { throw Impossible() }
  }

  /// The filtered rows, edited.
  private func forEachRow(_ rows: PNGRows, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    var pass = ByteEdits.Pass(rowEdits)
    try rows.forEach(filtered: filters) { try pass.write($0, body) }
    guard try pass.finish(body) else { throw Impossible() }
  }
}

/// Thrown by what a damaged record asks for.
private struct Impossible: Error {}

/// Cuts bytes into blocks that are not compressed (RFC 1951, section 3.2.4).
private struct StoredBlocks {
  private var lengths: LengthRuns.Iterator
  /// Bytes that belong to no block yet, and those that the open one still takes.
  private var unassigned: Int
  private var open = 0
  private var hasEnded = false

  /// - Parameter count: bytes to come.
  init(_ lengths: LengthRuns, count: Int) {
    self.lengths = LengthRuns.Iterator(lengths)
    unassigned = count
  }

  mutating func write(
    _ bytes: UnsafeBufferPointer<UInt8>, _ sink: (UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      while open == 0 { try begin(sink) }
      let part = rest.prefix(open)
      try sink(UnsafeBufferPointer(rebasing: part))
      rest = rest.dropFirst(part.count)
      open -= part.count
    }
  }

  /// Begins a block: whether it is the last one, its length, and that with all bits flipped.
  private mutating func begin(_ sink: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    let length = lengths.next() ?? unassigned
    guard !hasEnded, (0..<1 << 16).contains(length), length <= unassigned else { throw Impossible() }
    unassigned -= length
    open = length
    hasEnded = unassigned == 0 && lengths.isAtRest
    let (low, high) = (UInt8(length & 255), UInt8(length >> 8))
    try [hasEnded ? 1 : 0, low, high, ~low, ~high].withUnsafeBufferPointer(sink)
  }

  /// Writes the blocks that take no more bytes.
  mutating func finish(_ sink: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    guard open == 0, unassigned == 0 else { throw Impossible() }
    while !hasEnded { try begin(sink) }
  }
}

/// A PNG file while it is written.
private struct PNGBytes {
  private(set) var bytes: [UInt8]
  private let most: Int
  private var lengths: LengthRuns.Iterator
  /// Where the open IDAT chunk starts, and the bytes that it still takes.
  private var start: Int?
  private var open = 0

  /// - Parameter most: bytes that are written before it gives up.
  init(_ picture: Raster, most: Int, lengths: LengthRuns) {
    bytes = Raster.signature
    bytes.reserveCapacity(min(most, picture.samples.count))
    self.most = most
    self.lengths = LengthRuns.Iterator(lengths)
    var header: [UInt8] = []
    header.append(integer: UInt32(picture.width).byteSwapped)
    header.append(integer: UInt32(picture.height).byteSwapped)
    header += [UInt8(picture.bitDepth), picture.colourType.rawValue, 0, 0, picture.interlaced ? 1 : 0]
    append(Array("IHDR".utf8), header)
    for chunk in picture.chunks where chunk.place != .afterData { append(chunk.type, chunk.bytes) }
  }

  private mutating func append(_ type: [UInt8], _ data: [UInt8]) {
    let start = bytes.count
    bytes.append(integer: UInt32(data.count).byteSwapped)
    bytes += type
    bytes += data
    bytes.append(integer: crc32(bytes[(start + 4)...]).byteSwapped)
  }

  /// More of the zlib stream.
  mutating func appendData(_ data: UnsafeBufferPointer<UInt8>) throws {
    var rest = data[...]
    while !rest.isEmpty {
      if start == nil { try begin() }
      guard start != nil else { continue }
      let part = rest.prefix(open)
      bytes += UnsafeBufferPointer(rebasing: part)
      rest = rest.dropFirst(part.count)
      open -= part.count
      if open == 0 { end() }
      guard bytes.count <= most else { throw Impossible() }
    }
  }

  /// Begins the next IDAT chunk; one without bytes ends at once.
  private mutating func begin() throws {
    start = bytes.count
    // The length comes when it is known.
    bytes += [0, 0, 0, 0] + Array("IDAT".utf8)
    open = lengths.next() ?? .max
    if open == 0 { end() }
    guard bytes.count <= most else { throw Impossible() }
  }

  private mutating func end() {
    guard let first = start else { return }
    let length = bytes.count - first - 8
    for i in 0..<4 { bytes[first + i] = UInt8(truncatingIfNeeded: length >> (24 - 8 * i)) }
    bytes.append(integer: crc32(bytes[(first + 4)...]).byteSwapped)
    start = nil
  }

  /// All after the zlib stream.
  mutating func finish(_ picture: Raster) throws {
    if start != nil {
      guard lengths.isAtRest else { throw Impossible() }
      end()
    }
    while !lengths.isAtRest {
      try begin()
      guard start == nil else { throw Impossible() }
    }
    for chunk in picture.chunks where chunk.place == .afterData { append(chunk.type, chunk.bytes) }
    append(Array("IEND".utf8), [])
  }
}
