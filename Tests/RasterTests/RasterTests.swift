import ByteCoding
import Testing

@testable import Raster

/// Every colour type and bit depth of PNG up to 8 bits.
let formats: [(Raster.ColourType, Int)] = Raster.ColourType.allCases.flatMap { type in
  [1, 2, 4, 8].filter { type.allows(bitDepth: $0) }.map { (type, $0) }
}

@Suite struct RasterTests {
  @Test(arguments: formats, [false, true])
  func pngRoundTrip(format: (Raster.ColourType, Int), interlaced: Bool) throws {
    let (type, depth) = format
    for (width, height) in [(1, 1), (7, 5), (33, 2)] {
      let picture = sample(type, depth, width, height, interlaced: interlaced)
      let file = try picture.png()
      // IHDR: depth, colour type and interlacing stand at bytes 24, 25 and 28.
      #expect(Int(file[24]) == depth)
      #expect(file[25] == type.rawValue)
      #expect(file[28] == (interlaced ? 1 : 0))
      #expect(try Raster(png: file) == picture)
    }
  }

  @Test func chunksKeepTheirPlaceAndBytes() throws {
    var picture = sample(.palette, 8, 3, 3, interlaced: false)
    picture.chunks.insert(.init(type: Array("gAMA".utf8), place: .beforePalette, bytes: [0, 0, 0xB1, 0x8F]), at: 0)
    picture.chunks.append(.init(type: Array("tRNS".utf8), place: .beforeData, bytes: [0, 128]))
    picture.chunks.append(.init(type: Array("pHYs".utf8), place: .beforeData, bytes: [0, 0, 1, 0, 0, 0, 1, 0, 1]))
    picture.chunks.append(.init(type: Array("tEXt".utf8), place: .afterData, bytes: Array("Title\0x".utf8)))
    picture.chunks.append(.init(type: Array("prVt".utf8), place: .afterData, bytes: [1, 2, 3]))
    #expect(try Raster(png: picture.png()) == picture)
  }

  @Test func transparentColoursOfGrayAndRGB() throws {
    for type in [Raster.ColourType.gray, .rgb] {
      var picture = sample(type, 8, 2, 2, interlaced: false)
      // The second is out of range: nobody's transparency, but kept.
      for bytes in type == .gray ? [[0, 7], [9, 7]] : [[0, 1, 0, 2, 0, 3], [0, 1, 9, 2, 0, 3]] as [[UInt8]] {
        picture.chunks = [.init(type: Array("tRNS".utf8), place: .beforePalette, bytes: bytes)]
        #expect(try Raster(png: picture.png()) == picture)
      }
    }
  }

  @Test func widerThanLibpngLikes() throws {
    let picture = sample(.gray, 1, 1_000_001, 1, interlaced: false)
    #expect(try Raster(png: picture.png()) == picture)
  }

  @Test func manyAndLargeChunks() throws {
    var picture = sample(.gray, 8, 2, 2, interlaced: false)
    picture.chunks = (0..<1500).map {
      .init(type: Array("tEXt".utf8), place: .beforePalette, bytes: Array("Key\0\($0)".utf8))
    }
    picture.chunks.append(
      .init(type: Array("prVt".utf8), place: .afterData, bytes: [UInt8](repeating: 7, count: 9_000_000)))
    #expect(try Raster(png: picture.png()) == picture)
  }

  @Test func damagedChunksAreNotKeptAsSound() throws {
    var picture = sample(.gray, 8, 2, 2, interlaced: false)
    picture.chunks = [.init(type: Array("tEXt".utf8), place: .afterData, bytes: Array("Title\0x".utf8))]
    var file = try picture.png()
    // The last byte of the text stands before its checksum and the 12 bytes of IEND.
    file[file.count - 17] ^= 1
    #expect(throws: RasterError.self) { try Raster(png: file) }
  }

  @Test func badFilesAreNamed() throws {
    #expect(throws: RasterError.empty) { try Raster(png: []) }
    #expect(throws: RasterError.notPNG) { try Raster(png: Array("GIF89a, and more".utf8)) }
    #expect(throws: RasterError.jpeg) { try Raster(png: [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 74, 70, 73, 70]) }
    let file = try sample(.rgb, 8, 20, 20, interlaced: false).png()
    for count in [4, 8, 20, 33, 60, file.count - 13] {
      #expect(throws: RasterError.self) { try Raster(png: Array(file.prefix(count))) }
    }
    var flipped = file
    flipped[50] ^= 0x10
    #expect(throws: RasterError.self) { try Raster(png: flipped) }
  }

  @Test func sixteenBitsWhereTheyAreNotTaken() throws {
    // The smallest 16-bit gray file: IHDR with depth 16 and a valid checksum; nothing more is read.
    let header: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
    let body: [UInt8] = Array("IHDR".utf8) + [0, 0, 0, 1, 0, 0, 0, 1, 16, 0, 0, 0, 0]
    let checksum = crc32(body)
    let rest = (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * $0)) } + [0, 0, 0, 0] + Array("IDAT".utf8)
    #expect(throws: RasterError.sixteenBit) { try Raster(png: header + body + rest, deepest: 8) }
  }

  @Test(arguments: [Raster.ColourType.gray, .rgb, .grayAlpha, .rgba], [false, true])
  func sixteenBits(type: Raster.ColourType, interlaced: Bool) throws {
    let samples = (0..<9 * 7 * type.channels * 2).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 3) }
    let raster = Raster(
      width: 9, height: 7, colourType: type, bitDepth: 16, interlaced: interlaced, samples: samples)
    #expect(try Raster(png: raster.png()) == raster)
    #expect(throws: RasterError.self) { try Raster(png: raster.png(), memoryLimit: samples.count - 1) }
  }

  @Test func memoryLimitIsCheckedBeforeReading() throws {
    let file = try sample(.rgb, 8, 100, 100, interlaced: false).png()
    #expect(throws: RasterError.tooLarge(bytes: 30_000, limit: 29_999)) { try Raster(png: file, memoryLimit: 29_999) }
    #expect(try Raster(png: file, memoryLimit: 30_000).width == 100)
  }

  @Test func chunksCountForTheMemoryLimit() throws {
    var picture = sample(.rgb, 8, 10, 10, interlaced: false)
    for place in [Raster.Chunk.Place.beforePalette, .afterData] {
      picture.chunks = (0..<3).map { _ in
        .init(type: Array("prVt".utf8), place: place, bytes: [UInt8](repeating: 7, count: 1000))
      }
      let file = try picture.png()
      #expect(try Raster(png: file, memoryLimit: 3684) == picture)
      #expect(throws: RasterError.malformed("its chunks take more memory than allowed")) {
        try Raster(png: file, memoryLimit: place == .afterData ? 3683 : 3383)
      }
      for limit in [301, 999, 3683] {
        #expect(throws: RasterError.self) { try Raster(png: file, memoryLimit: limit) }
      }
    }
  }

  /// A chunk that says it is large is not given memory first. Found by the fuzzer.
  @Test func hugeChunkIsRefused() throws {
    let file = try sample(.gray, 8, 3, 3, interlaced: false).png()
    for type in ["prVt", "tRNS", "sBIT"] {
      let huge: [UInt8] = [0x7B, 0x56, 0x56, 0x56] + Array(type.utf8) + [0, 0, 0]
      #expect(throws: RasterError.malformed("the file ends too early")) {
        try Raster(png: file[..<33] + huge + file[33...], memoryLimit: 1 << 20)
      }
    }
  }

  @Test func jpegDecodes() throws {
    // A gray 8 x 8 JPEG whose only coefficient is DC 0: all samples are 128.
    let tables: [UInt8] = [0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0] + [UInt8](repeating: 1, count: 64)
    let frame: [UInt8] = [0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]
    let oneCode: [UInt8] = [1] + [UInt8](repeating: 0, count: 15) + [0]
    let huffman: [UInt8] = [0xFF, 0xC4, 0, 20, 0x00] + oneCode + [0xFF, 0xC4, 0, 20, 0x10] + oneCode
    let scan: [UInt8] = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0b0011_1111, 0xFF, 0xD9]
    let picture = try Raster(jpeg: tables + frame + huffman + scan)
    #expect(picture == Raster(width: 8, height: 8, colourType: .gray, samples: Array(repeating: 128, count: 64)))
    #expect(throws: RasterError.self) { try Raster(jpeg: [0xFF, 0xD8, 0xFF, 0xD9]) }
  }

  private func sample(_ type: Raster.ColourType, _ depth: Int, _ width: Int, _ height: Int, interlaced: Bool) -> Raster
  {
    let samples = (0..<width * height * type.channels).map {
      UInt8(truncatingIfNeeded: ($0 * 37 + $0 / 7) % (1 << depth))
    }
    var chunks: [Raster.Chunk] = []
    if type == .palette {
      let palette = (0..<3 << depth).map { UInt8(truncatingIfNeeded: $0 * 11) }
      chunks = [.init(type: Array("PLTE".utf8), place: .beforeData, bytes: palette)]
    }
    return Raster(
      width: width, height: height, colourType: type, bitDepth: depth, interlaced: interlaced, samples: samples,
      chunks: chunks)
  }
}
