import ByteCoding
import Testing

@testable import ArchiveFormat

/// Version 2: several images, names, models in the archive.
@Suite struct SeriesTests {
  /// Three images in two lots with names, then two images of three levels.
  private let archive: Archive = {
    let set = Archive.Header(
      width: 5, height: 3, colourType: 4, bitDepth: 8, interlaced: false, model: 1, tileWidth: 5, tileHeight: 3,
      count: 3,
      lot: 2)
    let scales = Archive.Header(
      width: 9, height: 4, colourType: 0, bitDepth: 1, interlaced: true, model: 0, tileWidth: 9, tileHeight: 4,
      count: 2,
      lot: 2, levels: 3)
    return Archive(
      version: 2,
      models: [
        .init(hash: Array(0..<32), name: "photo"),
        .init(hash: Array(repeating: 9, count: 32), name: "own", file: [1, 2, 3, 4]),
      ],
      series: [
        .init(
          header: set, chunks: [.init(place: 1, type: Array("gAMA".utf8), bytes: [0, 0, 1, 1])],
          names: ["a/09.png", "a/10.png", "ä.png"].map { ImageName($0)! },
          valueWeights: [1: Array(repeating: -3, count: 256)], checksums: [0xDEAD_BEEF, 7],
          tiles: [[[1, 2], [3, 4, 5, 6]], [[], [255, 255]]]),
        .init(
          header: scales, names: ["b", "c"].map { ImageName($0)! }, checksums: [1, 2, 3],
          tiles: [[[8, 9]], [[]], [[5, 5, 5, 5]]]),
      ])
  }()

  @Test func roundTrip() throws {
    #expect(try Archive(archive.serialised()) == archive)
    #expect(archive.imageCount == 5)
    // 3 · 5 · 3 · 2 + 2 · 9 · 4
    #expect(archive.samples == 162)
  }

  @Test func imagesAreFoundByNumberAndName() {
    #expect(archive.place(ofImage: 2) == (0, 2))
    #expect(archive.place(ofImage: 3) == (1, 0))
    #expect(archive.image(named: ImageName("c")!) == 4)
    #expect(archive.image(named: ImageName("d")!) == nil)
  }

  @Test func lotsAndLevels() {
    let set = archive.series[0].header
    #expect(set.unitCount == 2)
    #expect(set.unit(0) == .init(images: 0..<2, tile: .init(x: 0, y: 0, width: 5, height: 3)))
    #expect(set.unit(1).images == 2..<3)
    var scales = archive.series[1].header
    #expect((0..<3).map { scales.unit($0).tile.width } == [3, 5, 9])
    #expect((0..<3).map { scales.unit($0).tile.height } == [1, 2, 4])
    // All lots of a level come before the next level.
    (scales.count, scales.lot) = (3, 2)
    #expect(scales.unitCount == 6)
    #expect((0..<6).map { scales.unit($0).level } == [0, 0, 1, 1, 2, 2])
    #expect((0..<6).map { scales.unit($0).images } == [0..<2, 2..<3, 0..<2, 2..<3, 0..<2, 2..<3])
  }

  @Test func everyTruncationAndFlippedBitIsRefused() {
    let bytes = archive.serialised()
    for i in bytes.indices.dropFirst() {
      #expect(throws: ArchiveError.truncated) { try Archive(Array(bytes.prefix(i))) }
    }
    for i in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[i] ^= 1 << UInt8(bit)
        #expect(throws: ArchiveError.self) { try Archive(damaged) }
      }
    }
  }

  @Test func version1HasNoneOfIt() {
    var bytes = archive.serialised()
    bytes[8] = 1
    #expect(throws: ArchiveError.newerFeature("chunk MFIL")) { try Archive(bytes) }
  }

  @Test func headersThatMakeNoSense() {
    func with(_ change: (inout Archive.Header) -> Void) -> [UInt8] {
      var damaged = archive
      change(&damaged.series[0].header)
      return damaged.serialised()
    }
    let header = ArchiveError.damaged("image header")
    #expect(throws: header) { try Archive(with { $0.count = 0 }) }
    #expect(throws: header) { try Archive(with { $0.lot = 0 }) }
    #expect(throws: header) { try Archive(with { $0.lot = 4 }) }
    #expect(throws: header) { try Archive(with { ($0.count, $0.lot) = (2000, 1025) }) }
    #expect(throws: header) { try Archive(with { $0.levels = 0 }) }
    #expect(throws: header) { try Archive(with { $0.levels = 17 }) }
    #expect(throws: header) { try Archive(with { $0.tileWidth = 4 }) }
    #expect(throws: header) { try Archive(with { ($0.count, $0.lot, $0.levels, $0.tileHeight) = (1, 1, 2, 1) }) }
    #expect(throws: ArchiveError.self) { try Archive(with { $0.count = 5 }) }
    #expect(throws: ArchiveError.tooMany("images")) { try Archive(with { $0.count = 1 << 22 + 1 }) }
    #expect(throws: ArchiveError.tooMany("images")) { try Archive(with { $0.count = Int(UInt32.max) - 2 }) }
  }

  @Test func namesMustBeDifferent() {
    func with(_ names: [String]) -> [UInt8] {
      var changed = archive
      changed.series[1].names = names.map { ImageName($0)! }
      return changed.serialised()
    }
    #expect(throws: Never.self) { try Archive(with(["a.png", "a/1"])) }
    let clash = ArchiveError.damaged("two images of one name")
    #expect(throws: clash) { try Archive(with(["x", "x"])) }
    #expect(throws: clash) { try Archive(with(["x", "a/10.png"])) }
    #expect(throws: clash) { try Archive(with(["x", "a"])) }
    #expect(throws: clash) { try Archive(with(["x", "a/10.png/y"])) }
    #expect(throws: ArchiveError.damaged("images without names among others")) { try Archive(with([])) }
  }
}

@Suite struct ImageNameTests {
  @Test(arguments: ["a", "a/b.png", "...", "a..b/.c", "Ä/ß ✓.png", "-o", "a\\b", String(repeating: "x", count: 4095)])
  func allowed(text: String) throws {
    #expect(try "\(#require(ImageName(text)))" == text)
  }

  @Test(arguments: [
    "", "/", "/etc/passwd", "..", ".", "../a", "a/../b", "a/..", "./a", "a/./b", "a//b", "a/", "a\0b", "a\nb",
    "\u{1B}[2J",
    "a\u{7F}", "a\u{9B}b", String(repeating: "x", count: 4096),
  ])
  func refused(text: String) {
    #expect(ImageName(text) == nil)
  }

  @Test func bytesThatAreNoText() {
    #expect(ImageName([0x61, 0xFF]) == nil)
    // An overlong "/" and half a surrogate pair.
    #expect(ImageName([0x61, 0xC0, 0xAF]) == nil)
    #expect(ImageName([0xED, 0xA0, 0x80]) == nil)
  }

  @Test func namesAreEqualWhenTheirBytesAre() {
    // é in one and in two scalars.
    let names = ["\u{E9}", "e\u{301}"].map { ImageName($0)! }
    #expect(names[0] != names[1])
    #expect(ImageName.clash(among: names) == nil)
  }

  @Test func clashes() {
    func clash(_ names: String...) -> String? { ImageName.clash(among: names.map { ImageName($0)! }).map { "\($0)" } }
    #expect(clash("a", "b", "a") == "a")
    #expect(clash("a/b", "a-c", "a") == "a")
    #expect(clash("a-c", "a/b", "a0", "a.") == nil)
  }

  @Test func lastPart() {
    #expect(ImageName("a/b/c.png")?.lastPart == ImageName("c.png"))
    #expect(ImageName("c.png")?.lastPart == ImageName("c.png"))
  }
}

@Suite struct NameListTests {
  private func payload(_ list: [UInt8], size: Int? = nil) -> [UInt8] {
    var out: [UInt8] = []
    out.append(integer: UInt32(size ?? list.count))
    return out + deflated(list)
  }

  private func names(_ payload: [UInt8], count: Int, limit: Int = 1000) throws -> [String] {
    var reader = ByteReader(payload)
    return try NameList.decode(&reader, count: count, limit: limit).map { "\($0)" }
  }

  @Test func theExampleOfTheSpecification() throws {
    let list = [0] + Array("a/img_0009.png".utf8) + [0, 192, 194, 2] + Array("x.png".utf8) + [0]
    let expected = ["a/img_0009.png", "a/img_0010.png", "a/img_0013.png", "a/x.png"]
    #expect(try names(payload(list), count: 4) == expected)
    #expect(NameList.encode(expected.map { ImageName($0)! }) == payload(list))
  }

  @Test(arguments: [
    ["9", "10"], ["99.png", "100.png"], ["a1b", "a1c", "a2c"], ["1/x", "2/x"], ["0063", "0127"], ["0063", "0128"],
    ["x2", "x1"], ["a", "aa", "a/a"], ["1a9", "2a0"], ["99999999999999999999998", "99999999999999999999999"],
  ])
  func roundTrip(list: [String]) throws {
    #expect(try names(NameList.encode(list.map { ImageName($0)! }), count: list.count) == list)
  }

  @Test func longCommonParts() throws {
    let start = String(repeating: "y", count: 300)
    let list = [start + "a", start + "b", start]
    #expect(try names(NameList.encode(list.map { ImageName($0)! }), count: 3) == list)
  }

  @Test func numberedNamesAreFree() {
    let list = (0..<60_000).map { ImageName("train/\(10_000_000 + $0).png")! }
    #expect(NameList.encode(list).count < 200)
  }

  @Test func damage() {
    let one = [0] + Array("a9".utf8) + [0]
    let bad = ArchiveError.damaged("name of an image")
    #expect(throws: bad) { try names(payload([0, 0]), count: 1) }
    #expect(throws: bad) { try names(payload(one + [192]), count: 2) }
    #expect(throws: bad) { try names(payload([0] + Array("a".utf8) + [0, 192]), count: 2) }
    #expect(throws: bad) { try names(payload(one + [3, 0x62, 0]), count: 2) }
    #expect(throws: bad) { try names(payload([0] + Array("../x".utf8) + [0]), count: 1) }
    #expect(throws: bad) { try names(payload([0] + Array("/x".utf8) + [0]), count: 1) }
    #expect(throws: ByteReader.PastEnd.self) { try names(payload(one.dropLast()), count: 1) }
    let list = ArchiveError.damaged("list of names")
    #expect(throws: list) { try names(payload(one + [0]), count: 1) }
    #expect(throws: list) { try names(payload(one), count: 5) }
    #expect(throws: list) { try names(payload(one, size: 3), count: 1) }
    #expect(throws: list) { try names(payload(one, size: 5), count: 1) }
    #expect(throws: list) { try names(payload(one) + [0], count: 1) }
    #expect(throws: list) { try names(payload(one).dropLast(), count: 1) }
  }

  /// Names that are longer together than the limit, from few bytes.
  @Test func bombs() {
    let tooMany = ArchiveError.tooMany("bytes of names")
    let long = [0] + Array(repeating: 0x78, count: 400) + Array("100".utf8) + [0] + Array(repeating: 192, count: 50)
    #expect(throws: tooMany) { try names(payload(long), count: 51) }
    #expect(throws: tooMany) { try names(payload([], size: 1 << 30), count: 1) }
  }
}
