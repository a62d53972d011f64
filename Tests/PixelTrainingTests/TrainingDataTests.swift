import Raster
import Testing

@testable import PixelTraining

@Suite struct TrainingDataTests {
  @Test func rowsOfBits() throws {
    // Two pictures of 3 × 3: 9 bits in two bytes each, the most significant first.
    let data = try TrainingData(bits: [0b1010_0000, 0b1000_0000, 0b0000_0001, 0], size: Size(width: 3, height: 3))
    #expect(data.count == 2)
    #expect(data.samples == [1, 0, 1, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 1, 0])
    #expect(throws: TrainingError.bitRows(bytes: 3, picture: 2)) {
      try TrainingData(bits: [1, 2, 3], size: Size(width: 3, height: 3))
    }
    #expect(throws: TrainingError.compressed) {
      let xz: [UInt8] = [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0, 0, 4]
      _ = try TrainingData(file: xz, as: .bits(Size(width: 8, height: 1)), channels: 1, bitDepth: 1)
    }
  }

  @Test func tiles() throws {
    // 5 × 3 gray, values row · 10 + column: two tiles of 2 × 2 in a row, one row of them.
    let picture = Raster(
      width: 5, height: 3, colourType: .gray, samples: (0..<3).flatMap { r in (0..<5).map { UInt8(r * 10 + $0) } })
    let data = try TrainingData(picture, channels: 1, bitDepth: 8, tile: Size(width: 2, height: 2))
    #expect(data.samples == [0, 1, 10, 11] + [2, 3, 12, 13])
    #expect(try TrainingData(picture, channels: 1, bitDepth: 8).samples == picture.samples)
    #expect(throws: TrainingError.smallerThanTile(width: 5, height: 3)) {
      try TrainingData(picture, channels: 1, bitDepth: 8, tile: Size(width: 5, height: 4))
    }
  }

  @Test func colourTiles() throws {
    let picture = Raster(width: 4, height: 1, colourType: .rgb, samples: Array(0..<12))
    let data = try TrainingData(picture, channels: 3, bitDepth: 8, tile: Size(width: 2, height: 1))
    #expect(data.count == 2)
    #expect(data.samples == Array(0..<12))
    #expect(throws: TrainingError.channels("RGB", expected: 1)) {
      try TrainingData(picture, channels: 1, bitDepth: 8)
    }
    let bits = Raster(width: 4, height: 1, colourType: .gray, bitDepth: 1, samples: [0, 1, 1, 0])
    #expect(throws: TrainingError.bitDepth(1, expected: 8)) { try TrainingData(bits, channels: 1, bitDepth: 8) }
    #expect(try TrainingData(bits, channels: 1, bitDepth: 1).samples == [0, 1, 1, 0])
  }

  @Test func folders() throws {
    let folder = try Scratch()
    try folder.makeFolder("b")
    func picture(_ value: UInt8, width: Int = 2) throws -> [UInt8] {
      try Raster(width: width, height: 1, colourType: .gray, samples: Array(repeating: value, count: width)).png()
    }
    try folder.write("c.png", picture(3))
    try folder.write("a.PNG", picture(1))
    try folder.write("b/x.png", picture(2))
    try folder.write("b/notes.txt", [1])
    let data = try TrainingData(reading: [folder.path], as: .pictures, channels: 1, bitDepth: 8)
    #expect(data.samples == [1, 1, 2, 2, 3, 3])
    try folder.write("d.png", picture(4, width: 3))
    let error = #expect(throws: FileError.self) {
      try TrainingData(reading: [folder.path], as: .pictures, channels: 1, bitDepth: 8)
    }
    #expect(error?.file == folder / "d.png")
    #expect(
      error?.cause as? TrainingError == .differentSize(width: 3, height: 1, expected: 2, other: 1))
  }

  @Test func nothingToRead() throws {
    let folder = try Scratch()
    func cause(_ path: String, _ format: TrainingData.Format) -> TrainingError? {
      do { _ = try TrainingData(reading: [path], as: format, channels: 1, bitDepth: 8) } catch let error as FileError {
        return error.cause as? TrainingError
      } catch {}
      return nil
    }
    #expect(cause(folder.path, .pictures) == .noPictures)
    #expect(cause(folder / "nowhere", .pictures) == .unreadable(2))
    #expect(cause(folder.path, .bits(Size(width: 8, height: 1))) == .bitFolder)
    try folder.write("deep.png", sixteenBits)
    let error = #expect(throws: FileError.self) {
      try TrainingData(reading: [folder.path], as: .pictures, channels: 1, bitDepth: 8)
    }
    #expect(error?.cause as? RasterError == .sixteenBit)
  }

  @Test func holdingOut() throws {
    var data = TrainingData(width: 1, height: 1, channels: 1, samples: [1, 2, 3, 4])
    let last = try data.holdOut(1)
    #expect(data.samples == [1, 2, 3])
    #expect(last.samples == [4])
    #expect(throws: TrainingError.holdOut(3, of: 3)) { try data.holdOut(3) }
    #expect(throws: TrainingError.holdOut(0, of: 3)) { try data.holdOut(0) }
  }

  @Test func levels() {
    // 3 × 3: rows and columns 0 and 2.
    let data = TrainingData(width: 3, height: 3, channels: 1, samples: Array(0..<9) + Array(10..<19))
    #expect(data.subsampled().samples == [0, 2, 6, 8] + [10, 12, 16, 18])
    #expect(data.level(2, of: 3) == data)
    #expect(data.level(1, of: 3).samples == [0, 2, 6, 8, 10, 12, 16, 18])
    #expect(data.level(0, of: 3) == TrainingData(width: 1, height: 1, channels: 1, samples: [0, 10]))
  }

  @Test func sizes() {
    #expect(Size("28x30") == Size(width: 28, height: 30))
    for text in ["28", "x", "0x4", "4x-1", "3x4x5", "a×b", ""] { #expect(Size(text) == nil) }
    #expect(Size(width: 5, height: 4).halved == Size(width: 3, height: 2))
  }
}

/// 1 × 1, gray, 16 bits: signature, IHDR, IDAT of zlib's stored block, IEND.
private let sixteenBits: [UInt8] =
  [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]
  + [0, 0, 0, 1, 0, 0, 0, 1, 16, 0, 0, 0, 0, 0x6A, 0xEE, 0x47, 0x16]
  + [0, 0, 0, 0x0E, 0x49, 0x44, 0x41, 0x54, 0x78, 0x01, 0x01, 3, 0, 0xFC, 0xFF, 0, 1, 2, 0, 7, 0, 4]
  + [0x6C, 0xF8, 0x39, 0x68]
  + [0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82]
