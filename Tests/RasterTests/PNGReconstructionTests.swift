import ByteCoding
import Testing

@testable import Raster

/// PNG files that come back byte for byte.
@Suite struct PNGReconstructionTests {
  private static func picture(_ width: Int, _ height: Int, _ type: Raster.ColourType = .rgb) -> Raster {
    var random = SplitMix64(state: 5)
    let samples = (0..<width * height * type.channels).map { i in
      UInt8(truncatingIfNeeded: i / 40 + i % 7 * 9 + Int(random.next() % (i / 3000 % 2 == 0 ? 4 : 90)))
    }
    return Raster(width: width, height: height, colourType: type, samples: samples)
  }

  /// Rows of 8-bit samples, filtered by the book: row y of picture with type y % 5, or all with one.
  private static func rows(_ picture: Raster, filter: Int? = nil) -> [UInt8] {
    let (bytes, channels) = (picture.width * picture.channels, picture.channels)
    var rows: [UInt8] = []
    for y in 0..<picture.height {
      let type = filter ?? y % 5
      rows.append(UInt8(type))
      for i in 0..<bytes {
        func at(_ i: Int, _ y: Int) -> Int { i < 0 || y < 0 ? 0 : Int(picture.samples[y * bytes + i]) }
        let (a, b, c) = (at(i - channels, y), at(i, y - 1), i < channels ? 0 : at(i - channels, y - 1))
        let p = a + b - c
        let nearest = [(abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c)].min { ($0.0, $0.1) < ($1.0, $1.1) }!
          .2
        rows.append(UInt8(truncatingIfNeeded: at(i, y) - [0, a, b, (a + b) / 2, nearest][type]))
      }
    }
    return rows
  }

  private static func zlibStream(_ rows: [UInt8], _ deflated: [UInt8], header: [UInt8] = [0x78, 0x9C]) -> [UInt8] {
    var stream = header + deflated
    stream.append(integer: rows.withUnsafeBufferPointer { adler32($0) }.byteSwapped)
    return stream
  }

  private static func chunk(_ type: String, _ data: some Collection<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(integer: UInt32(data.count).byteSwapped)
    bytes += Array(type.utf8) + data
    bytes.append(integer: crc32(bytes[4...]).byteSwapped)
    return bytes
  }

  /// A file of a zlib stream, cut into IDAT chunks.
  private static func file(_ picture: Raster, _ stream: [UInt8], lengths: [Int] = []) -> [UInt8] {
    let plain = try! picture.png()
    var rest = stream[...]
    var data: [UInt8] = []
    for length in lengths {
      data += chunk("IDAT", rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    if !rest.isEmpty { data += chunk("IDAT", rest) }
    // Signature and IHDR as libpng writes them, and what is behind them up to IDAT.
    let start = plain.indices.first { plain[$0...].starts(with: "IDAT".utf8) }! - 4
    return plain[..<start] + data + chunk("IEND", [])
  }

  private static func deflated(_ rows: [UInt8], _ parameters: DeflateParameters) -> [UInt8] {
    DeflateSearch.deflated(rows, parameters)
  }

  /// The record of a file that comes back.
  @discardableResult
  private static func record(_ file: [UInt8]) throws -> PNGReconstruction {
    let picture = try Raster(png: file)
    let record = try PNGReconstruction(of: file, picture)
    let read = try #require(PNGReconstruction(bytes: record.bytes))
    #expect(read == record)
    #expect(try read.file(of: picture) == file)
    return record
  }

  @Test(arguments: 1...9, 0...4) func everyLevelAndStrategy(level: Int, strategy: Int) throws {
    let picture = Self.picture(120, 100)
    let rows = Self.rows(picture)
    for memoryLevel in [8, 9, 1, 5] {
      let parameters = try #require(DeflateParameters(level: level, strategy: strategy, memoryLevel: memoryLevel))
      let file = Self.file(picture, Self.zlibStream(rows, Self.deflated(rows, parameters)), lengths: [8192])
      let record = try Self.record(file)
      // 100 filters, and no edits.
      #expect(record.bytes.count < 100 + 32 && record.streamEdits.isEmpty && record.fileEdits.isEmpty)
      #expect(record.filters == (0..<100).map { UInt8($0 % 5) })
    }
  }

  @Test(arguments: 9...15) func everyWindow(bits: Int) throws {
    let picture = Self.picture(300, 120)
    let rows = Self.rows(picture, filter: 0)
    let parameters = try #require(DeflateParameters(level: 7, windowBits: bits))
    let header = [UInt8(bits - 8) << 4 | 8, 0]
    let check = UInt8((31 - (Int(header[0]) << 8) % 31) % 31)
    let stream = Self.zlibStream(rows, Self.deflated(rows, parameters), header: [header[0], check])
    let found = try #require(try Self.record(Self.file(picture, stream)).parameters)
    // Level 8 or 9 may do the same here.
    #expect(found.windowBits == bits && found.memoryLevel == 8 && found.strategy < 2)
  }

  /// Level 0, whose blocks depend on how zlib was called.
  @Test func blocksThatAreNotCompressed() throws {
    let picture = Self.picture(50, 40)
    let rows = Self.rows(picture)
    #expect(rows.count == 40 * 151)
    for lengths in [[6040], [4000, 2040], [1, 1, 1, 6037], [6040, 0], [0, 6040], [100, 0, 0, 5940]] {
      var (deflated, start) = ([UInt8](), 0)
      for (i, length) in lengths.enumerated() {
        deflated.append(i == lengths.count - 1 ? 1 : 0)
        deflated.append(integer: UInt16(length))
        deflated.append(integer: ~UInt16(length))
        deflated += rows[start..<start + length]
        start += length
      }
      let record = try Self.record(Self.file(picture, Self.zlibStream(rows, deflated, header: [0x78, 0x01])))
      #expect(record.method == .stored(LengthRuns(lengths)) && record.bytes.count < 40 + 32)
    }
  }

  @Test func chunksOfEverySize() throws {
    let picture = Self.picture(40, 30)
    let rows = Self.rows(picture)
    let stream = Self.zlibStream(rows, Self.deflated(rows, try #require(DeflateParameters(level: 6))))
    let all = stream.count
    for lengths in [
      [], Array(repeating: 1, count: all), Array(repeating: 100, count: all / 100), [5, 0, 7], [0, 0], [2, all - 6, 4],
      [all, 0, 0],
    ] {
      let record = try Self.record(Self.file(picture, stream, lengths: lengths))
      #expect(record.bytes.count < 30 + 40 && record.fileEdits.isEmpty)
    }
  }

  /// All types and depths as libpng writes them, interlaced and not, with chunks.
  @Test(arguments: formats + [(.gray, 16), (.rgba, 16)], [false, true])
  func everyFormat(format: (Raster.ColourType, Int), interlaced: Bool) throws {
    let (type, depth) = format
    for (width, height) in [(1, 1), (3, 2), (5, 9), (61, 33)] {
      let count = width * height * type.channels * (depth == 16 ? 2 : 1)
      var picture = Raster(
        width: width, height: height, colourType: type, bitDepth: depth, interlaced: interlaced,
        samples: (0..<count).map { UInt8(truncatingIfNeeded: ($0 * 37 + $0 / 7) % (1 << min(8, depth))) })
      if type == .palette {
        picture.chunks = [
          .init(type: Array("PLTE".utf8), place: .beforeData, bytes: Array(repeating: 9, count: 3 << depth))
        ]
      }
      picture.chunks.insert(.init(type: Array("gAMA".utf8), place: .beforePalette, bytes: [0, 0, 1, 2]), at: 0)
      picture.chunks.append(.init(type: Array("tEXt".utf8), place: .afterData, bytes: Array("a\0b".utf8)))
      try Self.record(picture.png())
    }
  }

  /// What needs edits: bytes behind the end, another Adler-32 than the right one does not (libpng refuses it), a bit in the
  /// padding of a row, bytes behind the last row, bytes behind the stream.
  @Test func unusualFiles() throws {
    let picture = Self.picture(40, 30)
    #expect(try Self.record(picture.png() + Array("more".utf8)).fileEdits.inserted == 4)
    let bits = Raster(width: 3, height: 2, colourType: .gray, bitDepth: 1, samples: [1, 0, 1, 0, 1, 1])
    let parameters = try #require(DeflateParameters(level: 9))
    let padded: [UInt8] = [0, 0b1010_0001, 0, 0b0110_0000]
    let file = Self.file(bits, Self.zlibStream(padded, Self.deflated(padded, parameters)))
    #expect(try Raster(png: file) == bits)
    #expect(try Self.record(file).rowEdits.inserted == 1)
    let rows = Self.rows(picture)
    let longer = rows + [1, 2, 3]
    #expect(
      try Self.record(Self.file(picture, Self.zlibStream(longer, Self.deflated(longer, parameters)))).rowEdits.inserted
        == 3)
    let junk = Self.zlibStream(rows, Self.deflated(rows, parameters)) + [7, 7]
    #expect(try Self.record(Self.file(picture, junk)).streamEdits.inserted == 2)
  }

  /// A stored block before compressed ones, which zlib makes only where it is told to flush.
  @Test func whatZlibDoesNotMake() throws {
    let picture = Self.picture(60, 50)
    let rows = Self.rows(picture)
    var deflated: [UInt8] = [0]
    deflated.append(integer: UInt16(3000))
    deflated.append(integer: ~UInt16(3000))
    deflated += rows[..<3000]
    deflated += Self.deflated(Array(rows[3000...]), try #require(DeflateParameters(level: 6)))
    let file = Self.file(picture, Self.zlibStream(rows, deflated))
    #expect(try Raster(png: file) == picture)
    #expect(throws: PNGReconstruction.Failure.unknownDeflate) { try PNGReconstruction(of: file, picture) }
  }

  /// Records with a wrong byte, or cut short: no file, or the right one.
  @Test func damagedRecords() throws {
    let picture = Self.picture(20, 12)
    for file in [try picture.png(), try picture.png() + [1, 2]] {
      let record = try PNGReconstruction(of: file, picture)
      let bytes = record.bytes
      var made = 0
      for place in bytes.indices {
        for mask: UInt8 in [0x01, 0x80, 0xFF, 0x10] {
          var wrong = bytes
          wrong[place] ^= mask
          guard let read = PNGReconstruction(bytes: wrong) else { continue }
          let back = try? read.file(of: picture, memoryLimit: 1 << 24)
          #expect(back == nil || back == file)
          made += back == nil ? 0 : 1
        }
        if let read = PNGReconstruction(bytes: Array(bytes[..<place])) { #expect(try read.file(of: picture) == nil) }
      }
      // A memory level or a window that does the same.
      #expect(made < 12)
    }
  }

  /// A few bytes that ask for much.
  @Test func greedyRecords() throws {
    let picture = Self.picture(20, 12)
    let record = try PNGReconstruction(of: try picture.png(), picture)
    func with(
      length: Int? = nil, method: PNGReconstruction.Method? = nil, lengths: LengthRuns? = nil
    ) -> PNGReconstruction? {
      PNGReconstruction(
        bytes: PNGReconstruction(
          length: length ?? record.length, checksum: 0, zlibHeader: [0x78, 0x9C], method: method ?? record.method,
          dataLengths: lengths ?? record.dataLengths, rowEdits: record.rowEdits, streamEdits: record.streamEdits,
          fileEdits: record.fileEdits, filters: record.filters
        ).bytes)
    }
    func runs(_ count: Int, _ length: Int) throws -> LengthRuns {
      var bytes: [UInt8] = [1]
      bytes.append(number: UInt64(count))
      bytes.append(number: UInt64(length))
      var reader = ByteReader(bytes)
      return try LengthRuns(&reader)
    }
    #expect(throws: RasterError.tooLarge(bytes: .max, limit: 1 << 20)) {
      try with(length: .max)?.file(of: picture, memoryLimit: 1 << 20)
    }
    #expect(with(lengths: try runs(.max, 0)) == nil)
    #expect(with(method: .stored(try runs(.max, 0))) == nil)
    #expect(try with(length: 1000, lengths: try runs(1000, 0))?.file(of: picture) == nil)
    #expect(try with(length: 1000, method: .stored(try runs(1000, 0)))?.file(of: picture) == nil)
    #expect(try with(lengths: try runs(1, .max))?.file(of: picture) == nil)
    #expect(try with(method: .stored(try runs(1, .max)))?.file(of: picture) == nil)
  }

  /// Of another picture the record makes no file.
  @Test func otherPictures() throws {
    let picture = Self.picture(20, 12)
    let record = try PNGReconstruction(of: try picture.png(), picture)
    var other = picture
    other.samples[5] ^= 1
    #expect(try record.file(of: other) == nil)
    #expect(try record.file(of: Self.picture(20, 13)) == nil)
    #expect(try record.file(of: Self.picture(20, 12, .rgba)) == nil)
  }

  /// Where a block ends tells of the memory level; by hand: fixed codes of two literals 0 (00110000) and the end (0000000).
  @Test func blocksOfZlib() throws {
    #expect(DeflateBlock(firstOf: [0b0110_0011, 0b0110_0000, 0, 0])?.symbols == 2)
    let rows = Self.rows(Self.picture(200, 100))
    for memoryLevel in 1...9 {
      for (level, strategy) in [(6, 0), (9, 1), (6, 2), (6, 3)] {
        let parameters = try #require(DeflateParameters(level: level, strategy: strategy, memoryLevel: memoryLevel))
        let stream = Self.deflated(rows, parameters)
        let block = try #require(DeflateBlock(firstOf: stream[...]))
        #expect(block.isLast ? block.symbols < 1 << (memoryLevel + 6) : block.symbols == 1 << (memoryLevel + 6) - 1)
        #expect(DeflateBlock(firstOf: stream.prefix(20)) == nil)
      }
    }
    #expect(DeflateBlock(firstOf: [1, 0, 0, 0xFF, 0xFF]) == nil)
    #expect(DeflateBlock(firstOf: []) == nil)
  }
}
