import ByteCoding
import Testing

@testable import ArchiveFormat

/// Chunks TIME, META and FILE: what is around the samples, in versions 5 and 6.
@Suite struct MetadataTests {
  private static func chunk(_ type: String, _ bytes: [UInt8], place: UInt8 = 0) -> Archive.PNGChunk {
    .init(place: place, type: Array(type.utf8), bytes: bytes)
  }

  /// One series of three images, of 2 bytes and more each.
  private static func archive(
    chunks: [Archive.PNGChunk] = [], times: [Int64] = [], files: [[UInt8]] = [], version: Int = 5
  ) -> Archive {
    let header = Archive.Header(
      width: 2, height: 2, colourType: 0, bitDepth: 8, interlaced: false, model: Archive.Header.noModel, tileWidth: 2,
      tileHeight: 2, count: 3, lot: 3)
    return Archive(
      version: version, models: [],
      series: [
        .init(
          header: header, chunks: chunks, times: times, files: files, checksums: [7], tiles: [[[1, 2, 3]]],
          codings: [.mixing])
      ])
  }

  /// An archive with one more chunk, behind IMAG.
  private static func bytes(_ type: ChunkType, _ payload: [UInt8], version: Int = 5) -> [UInt8] {
    let whole = archive(version: version).serialised()
    // Behind the signature, the version and the chunk IMAG.
    let start = 10 + chunkOverhead + 30
    var inserted: [UInt8] = []
    inserted.append(type, payload)
    return Array(whole[..<start]) + inserted + whole[start...]
  }

  private static func packed(_ list: [UInt8], size: Int? = nil) -> [UInt8] {
    var payload: [UInt8] = []
    payload.append(integer: UInt32(size ?? list.count))
    return payload + list
  }

  @Test func roundTrip() throws {
    let text = Self.chunk("tEXt", Array("Comment\0".utf8) + Array(repeating: 65, count: 300), place: 2)
    let few = [Self.chunk("gAMA", [0, 0, 0xB1, 0x8F]), Self.chunk("prVt", []), Self.chunk("tRNS", [0, 1], place: 1)]
    for chunks in [[], [text], few, few + [text, text]] {
      for times: [Int64] in [[], [0, 0, 0], [1_700_000_000, -5, 4_000_000_000], [.max, .min, 1]] {
        guard !chunks.isEmpty || !times.isEmpty else { continue }
        let archive = Self.archive(chunks: chunks, times: times)
        #expect(try Archive(archive.serialised()) == archive)
      }
    }
  }

  /// spec/format.md, "TIME".
  @Test func timesOfTheSpecification() throws {
    #expect(TimeList.encode([1000, 1001, 999]) == [4, 0, 0, 0, 0xD0, 0x0F, 0x02, 0x03])
    // Ten thousand pictures written within a minute.
    let times = (0..<10_000).map { 1_700_000_000 + Int64($0 / 170) }
    #expect(TimeList.encode(times).count < 200)
  }

  /// Nine bytes a chunk and 16 in all, against 17 a chunk: here 4 + 3 · 9 + 4 + 3 + 9, without the 12 of the chunk itself.
  @Test func fewBytesArePackedOnlyWhereThatIsShorter() throws {
    var room = MetadataList.Room()
    let gamma = Self.chunk("gAMA", [0x12, 0x34, 0x56, 0x78])
    #expect(MetadataList.encode([gamma], &room) == nil)
    let three = [gamma, Self.chunk("sBIT", [1, 2, 3]), Self.chunk("pHYs", [9, 8, 7, 6, 5, 4, 3, 2, 1])]
    let list = try #require(MetadataList.encode(three[...], &room))
    #expect(list.count == 47)
    let text = Self.chunk("tEXt", Array(repeating: 65, count: 1000))
    #expect(try #require(MetadataList.encode([text], &room)).count < 60)
  }

  /// In a list of its own a palette outlives damage to much else.
  @Test(arguments: [4000, 5000]) func palettesAmongManyBytes(others: Int) throws {
    var archive = Self.archive()
    archive.series[0].header.colourType = 3
    let palette = Self.chunk("PLTE", (0..<768).map { UInt8($0 / 9) }, place: 1)
    archive.series[0].chunks = [
      Self.chunk("iCCP", Array(repeating: 7, count: others)), palette,
      Self.chunk("tEXt", Array(repeating: 65, count: 90)),
    ]
    var bytes = archive.serialised()
    #expect(try Archive(bytes) == archive)
    // In the data of the first list.
    bytes[10 + chunkOverhead + 30 + 8 + 10] ^= 1
    let salvage = try Archive.Salvage(bytes)
    guard others > 4096 else { return #expect(salvage.archive.series.isEmpty) }
    #expect(salvage.archive.series.first?.chunks == Array(archive.series[0].chunks[1...]))
    #expect(salvage.losses == [.metadataList(series: 1)])
  }

  @Test func listsThatAreNone() throws {
    let item: [UInt8] = [0] + Array("tEXt".utf8) + [2, 0, 0, 0, 65, 66]
    #expect(try Archive(Self.bytes(.metadata, Self.packed(item))).series[0].chunks == [Self.chunk("tEXt", [65, 66])])
    let wrong: [[UInt8]] = [
      [], [1, 2], Self.packed([]), Self.packed(Array(item.dropLast())), Self.packed(item + [0]),
      Self.packed(item, size: 10), Self.packed(item, size: 12), Self.packed([3] + item.dropFirst()),
      Self.packed([0] + Array("IDAT".utf8) + [0, 0, 0, 0]), Self.packed([0] + Array("t-Xt".utf8) + [0, 0, 0, 0]),
      Self.packed([0] + Array("tEXt".utf8) + [0xFF, 0xFF, 0xFF, 0xFF]),
      Self.packed(deflated(item) + [0], size: item.count), Self.packed(deflated(item), size: item.count + 1),
      Self.packed(Array(deflated(item + item).dropLast()), size: 2 * item.count),
    ]
    for payload in wrong {
      #expect(throws: ArchiveError.self, "\(payload)") { try Archive(Self.bytes(.metadata, payload)) }
    }
    // Each PLTE and tRNS once, in one list or several.
    let transparency: [UInt8] = [0] + Array("tRNS".utf8) + [1, 0, 0, 0, 1]
    #expect(throws: ArchiveError.damaged("a PNG chunk")) {
      try Archive(Self.bytes(.metadata, Self.packed(transparency + transparency)))
    }
  }

  /// A few bytes that say they are many: refused before memory is taken.
  @Test func bombs() {
    let zeros = deflated([UInt8](repeating: 0, count: 1 << 20))
    for size in [0xFFFF_FFFF, 1 << 26 + 1] {
      #expect(throws: ArchiveError.tooMany("bytes of PNG chunks")) {
        try Archive(Self.bytes(.metadata, Self.packed(zeros, size: size)))
      }
      #expect(throws: ArchiveError.tooMany("bytes of times")) {
        try Archive(Self.bytes(.times, Self.packed(zeros, size: size)))
      }
    }
    #expect(throws: ArchiveError.damaged("list of PNG chunks")) {
      try Archive(Self.bytes(.metadata, Self.packed(zeros, size: 1 << 26)))
    }
    // Chunks without data: more memory than they take in the file.
    let item: [UInt8] = [0] + Array("tEXt".utf8) + [0, 0, 0, 0]
    let many = (0...1 << 16).flatMap { _ in item }
    #expect(throws: ArchiveError.tooMany("PNG chunks")) {
      try Archive(Self.bytes(.metadata, Self.packed(deflated(many), size: many.count)))
    }
    // The writer keeps to that.
    var room = MetadataList.Room()
    let chunks = Array(repeating: Self.chunk("tEXt", []), count: 1 << 16 + 1)
    #expect(MetadataList.encode(chunks[...], &room) == nil)
    #expect(MetadataList.encode(chunks.dropLast(), &room) != nil)
    #expect(MetadataList.encode([Self.chunk("tEXt", Array(repeating: 65, count: 1000))], &room) == nil)
  }

  @Test func timesThatAreNone() throws {
    func read(_ list: [UInt8]) throws -> [Int64] { try Archive(Self.bytes(.times, Self.packed(list))).series[0].times }
    #expect(try read([0, 2, 1]) == [0, 1, 0])
    let nine = [UInt8](repeating: 0xFF, count: 9)
    #expect(try read(nine + [1, 0, 0]) == [.min, .min, .min])
    for list: [UInt8] in [[0, 2], [0, 2, 1, 1], nine + [2, 0, 0], nine + [0x81, 0, 0, 0], [0, 2, 0x80]] {
      #expect(throws: ArchiveError.self, "\(list)") { try read(list) }
    }
  }

  @Test func filesOfVersion6() throws {
    for files: [[UInt8]] in [[[1], [], []], [[], Array(repeating: 7, count: 200), [0]]] {
      let archive = Self.archive(chunks: [Self.chunk("prVt", [])], times: [1, 2, 3], files: files, version: 6)
      #expect(try Archive(archive.serialised()) == archive)
      #expect(
        archive.file(ofImage: 0) == (files[0].isEmpty ? nil : files[0])
          && archive.fileCount == files.count { !$0.isEmpty })
      // An older program does not know the version, an archive of it not the chunk.
      var older = archive
      older.version = 5
      #expect(throws: ArchiveError.newerFeature("chunk FILE")) { try Archive(older.serialised()) }
    }
    #expect(throws: ArchiveError.damaged("version 6")) { try Archive(Self.archive(version: 6).serialised()) }
    #expect(throws: ArchiveError.damaged("version 6")) {
      try Archive(Self.archive(times: [1, 2, 3], version: 6).serialised())
    }
  }

  @Test func filesThatAreNone() throws {
    func read(_ list: [UInt8], size: Int? = nil) throws -> [[UInt8]] {
      try Archive(Self.bytes(.files, Self.packed(list, size: size), version: 6)).series[0].files
    }
    #expect(try read([1, 9, 0, 2, 8, 7]) == [[9], [], [8, 7]])
    let endless = [UInt8](repeating: 0xFF, count: 9) + [1]
    for list: [UInt8] in [
      [], [0, 0, 0], [1, 9, 0], [1, 9, 0, 2, 8], [1, 9, 0, 0, 0], endless + [0, 0], endless + endless + [0],
    ] {
      #expect(throws: ArchiveError.damaged("list of files"), "\(list)") { try read(list) }
    }
    #expect(throws: ArchiveError.tooMany("bytes of files")) { try read([1, 9, 0, 0], size: 1 << 26 + 1) }
    #expect(throws: ArchiveError.damaged("list of files")) { try read([1, 9, 0, 0], size: 1 << 26) }
    // The list counts against a limit for the whole archive.
    var limit = 100
    let bytes = FileList.encode([Array(repeating: 1, count: 60)])
    var first = ByteReader(bytes)
    #expect(try FileList.decode(&first, count: 1, limit: &limit).count == 1)
    #expect(throws: ArchiveError.tooMany("bytes of files")) {
      var second = ByteReader(bytes)
      return try FileList.decode(&second, count: 1, limit: &limit)
    }
  }

  @Test func orderAndVersions() {
    #expect(throws: ArchiveError.newerFeature("chunk TIME")) {
      try Archive(Self.bytes(.times, Self.packed([0, 0, 0]), version: 4))
    }
    #expect(throws: ArchiveError.newerFeature("chunk META")) {
      try Archive(Self.bytes(.metadata, Self.packed([]), version: 4))
    }
    #expect(throws: ArchiveError.damaged("version 5")) { try Archive(Self.archive().serialised()) }
    // The second one of a kind, and times behind chunks.
    let chunk = Self.chunk("tEXt", Array(repeating: 65, count: 99))
    let whole = Self.archive(chunks: [chunk], times: [1, 2, 3]).serialised()
    var times: [UInt8] = []
    times.append(.times, TimeList.encode([1, 2, 3]))
    let start = 10 + chunkOverhead + 30
    for place in [start, start + times.count] {
      let twice = whole[..<place] + times + whole[place...]
      #expect(throws: ArchiveError.damaged("chunk TIME out of place")) { try Archive(Array(twice)) }
    }
    let without = whole[..<start] + whole[(start + times.count)...]
    var room = MetadataList.Room()
    let index = start + chunkOverhead + MetadataList.encode([chunk], &room)!.count
    #expect(throws: ArchiveError.damaged("chunk TIME out of place")) {
      try Archive(Array(without[..<index] + times + without[index...]))
    }
  }
}
