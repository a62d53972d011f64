import ByteCoding
import Testing

@testable import ArchiveFormat

@Suite struct ArchiveFormatTests {
  /// Two images, all kinds of chunks.
  private let archive: Archive = {
    let header = Archive.Header(
      width: 5, height: 3, colourType: 6, bitDepth: 8, interlaced: true, model: 0, tileWidth: 3, tileHeight: 3)
    let gray = Archive.Header(
      width: 1, height: 1, colourType: 0, bitDepth: 2, interlaced: false, model: 1, tileWidth: 1, tileHeight: 1)
    return Archive(
      version: 1,
      models: [
        .init(hash: Array(0..<32), name: "photo"), .init(hash: Array(repeating: 9, count: 32), name: "ä"),
      ],
      series: [
        .init(
          header: header, chunks: [.init(place: 2, type: Array("tEXt".utf8), bytes: [1, 2, 3])],
          valueWeights: [3: Array(repeating: 7, count: 256)], checksums: [0xDEAD_BEEF],
          tiles: [[[1, 2], [3, 4, 5, 6]], [[], [255, 255]]]),
        .init(header: gray, checksums: [1], tiles: [[[8, 9]]]),
      ])
  }()

  @Test func roundTrip() throws {
    #expect(try Archive(archive.serialised()) == archive)
  }

  @Test func beginning() {
    // spec/format.md: signature, version 1, then the chunk MODL of 38 bytes.
    let start: [UInt8] = [0x89, 0x50, 0x52, 0x4E, 0x4E, 0x0D, 0x0A, 0x1A, 1, 0, 0x4D, 0x4F, 0x44, 0x4C, 38, 0, 0, 0]
    #expect(archive.serialised().starts(with: start))
  }

  @Test func everyTruncationIsRefused() {
    let bytes = archive.serialised()
    #expect(throws: ArchiveError.empty) { try Archive([]) }
    for count in 1..<bytes.count {
      #expect(throws: ArchiveError.truncated) { try Archive(Array(bytes.prefix(count))) }
    }
    #expect(throws: ArchiveError.self) { try Archive(bytes + [0]) }
  }

  @Test func everyFlippedBitIsRefused() {
    let bytes = archive.serialised()
    for i in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[i] ^= 1 << UInt8(bit)
        #expect(throws: ArchiveError.self) { try Archive(damaged) }
      }
    }
  }

  @Test func newerFilesAreNamedSo() {
    var bytes = archive.serialised()
    bytes[8] = UInt8(Archive.newestVersion + 1)
    #expect(throws: ArchiveError.newerVersion(Archive.newestVersion + 1)) { try Archive(bytes) }
    #expect(throws: ArchiveError.notAnArchive) { try Archive(Array("PK, not prnn".utf8)) }
  }

  @Test func unknownChunksMayBeSkippedByTheirFirstLetter() throws {
    func with(_ type: String) -> [UInt8] {
      var chunk = Array(type.utf8) + [2, 0, 0, 0, 7, 7]
      chunk.append(integer: crc32(chunk))
      var bytes = archive.serialised()
      bytes.insert(contentsOf: chunk, at: 10)
      return bytes
    }
    #expect(try Archive(with("newX")) == archive)
    #expect(throws: ArchiveError.newerFeature("chunk NEWX")) { try Archive(with("NEWX")) }
  }

  @Test func headersThatMakeNoSense() {
    func with(_ change: (inout Archive.Header) -> Void) -> [UInt8] {
      var damaged = archive
      change(&damaged.series[1].header)
      return damaged.serialised()
    }
    #expect(throws: ArchiveError.self) { try Archive(with { $0.width = 0 }) }
    #expect(throws: ArchiveError.self) { try Archive(with { $0.width = 1 << 31 }) }
    #expect(throws: ArchiveError.self) { try Archive(with { $0.tileWidth = 0 }) }
    #expect(throws: ArchiveError.self) { try Archive(with { $0.tileHeight = 2 }) }
    #expect(throws: ArchiveError.self) { try Archive(with { $0.colourType = 5 }) }
    #expect(throws: ArchiveError.self) { try Archive(with { $0.model = 2 }) }
    for depth: UInt8 in [0, 3, 5, 16] {
      #expect(throws: ArchiveError.self) { try Archive(with { $0.bitDepth = depth }) }
    }
    #expect(throws: ArchiveError.self) { try Archive(with { ($0.colourType, $0.bitDepth) = (2, 4) }) }
    // More tiles than there are bytes to count them must cost nothing.
    let most = Int(Int32.max)
    #expect(throws: ArchiveError.self) {
      try Archive(with { ($0.width, $0.height, $0.tileWidth, $0.tileHeight) = (most, most, 1, 1) })
    }
  }

  @Test func valueWeightsMustBeSamples() throws {
    func with(_ value: Int) throws -> Archive {
      var changed = archive
      var weights = [Int8](repeating: -128, count: 256)
      weights[value] = 3
      changed.series[1].valueWeights = [0: weights]
      return try Archive(changed.serialised())
    }
    // Gray of 2 bits: 0, 85, 170, 255.
    #expect(try with(170).series[1].valueWeights[0]?[170] == 3)
    #expect(throws: ArchiveError.damaged("value weights")) { try with(171) }
  }
}

@Suite struct TileGridTests {
  @Test func tilesCoverTheImageOnce() {
    for (width, height, side) in [(1, 1, 1024), (1025, 3, 1024), (2500, 1667, 1024), (7, 9, 2)] {
      let grid = TileGrid(width: width, height: height, side: side)
      #expect(grid.tileWidth <= side && grid.tileHeight <= side)
      var covered = Array(repeating: 0, count: width * height)
      for i in 0..<grid.count {
        let t = grid[i]
        for y in t.y..<t.y + t.height { for x in t.x..<t.x + t.width { covered[y * width + x] += 1 } }
      }
      #expect(covered.allSatisfy { $0 == 1 })
    }
  }

  @Test func tilesAreBalanced() {
    let grid = TileGrid(width: 1100, height: 2048, side: 1024)
    #expect((grid.tileWidth, grid.tileHeight) == (550, 1024))
    #expect(grid.count == 4)
    #expect(grid[3] == .init(x: 550, y: 1024, width: 550, height: 1024))
  }

  @Test func tilesAroundAPart() {
    let grid = TileGrid(width: 23, height: 17, tileWidth: 8, tileHeight: 6)
    for (part, tiles) in [
      ("1x1+0+0", "8x6+0+0"), ("2x2+7+5", "16x12+0+0"), ("8x6+8+6", "8x6+8+6"), ("1x1+22+16", "7x5+16+12"),
      ("23x1+0+12", "23x5+0+12"),
    ] {
      #expect(PixelRectangle(part).map { "\(grid.tiles(around: $0))" } == tiles)
    }
  }
}

@Suite struct PixelRectangleTests {
  @Test func text() {
    #expect(PixelRectangle("640x480+100+20") == .init(x: 100, y: 20, width: 640, height: 480))
    #expect(PixelRectangle(x: 1, y: 2, width: 3, height: 4).description == "3x4+1+2")
  }

  @Test(arguments: [
    "", "1x1", "1x1+0", "1x1+0+0+0", "0x1+0+0", "1x0+0+0", "-1x1+0+0", "1x1+-1+0", "1x1x1+0+0", "1+1+0+0", "x+0+0",
    "1x1++1",
    "1 x1+0+0", "1x1+0+0 ", "99999999999999999999x1+0+0", "٣x1+0+0",
  ])
  func otherTexts(text: String) { #expect(PixelRectangle(text) == nil) }
}
