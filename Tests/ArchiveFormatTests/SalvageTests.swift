import ByteCoding
import Testing

@testable import ArchiveFormat

/// Archives that are damaged in every way, and what is still in them.
@Suite struct SalvageTests {
  /// Two series of one size, of tiles and of a palette, then lots: all kinds of chunks up to version 2.
  static let set: Archive = {
    let tiled = Archive.Header(
      width: 5, height: 5, colourType: 3, bitDepth: 8, interlaced: false, model: 0, tileWidth: 3, tileHeight: 2)
    let lots = Archive.Header(
      width: 4, height: 3, colourType: 4, bitDepth: 8, interlaced: true, model: 1, tileWidth: 4, tileHeight: 3,
      count: 5, lot: 2)
    func chunk(_ type: String, _ bytes: [UInt8]) -> Archive.PNGChunk {
      .init(place: 1, type: Array(type.utf8), bytes: bytes)
    }
    func tiles(_ seed: UInt8, _ lengths: [Int]) -> [[ArraySlice<UInt8>]] {
      lengths.enumerated().map { i, length in [(0..<length).map { UInt8($0) &* 37 &+ seed &* 7 &+ UInt8(i) }[...]] }
    }
    return Archive(
      version: 2,
      models: [
        .init(hash: Array(0..<32), name: "photo", file: [1, 2, 3]),
        .init(hash: Array(repeating: 9, count: 32), name: "own"),
      ],
      series: [
        .init(
          header: tiled, chunks: [chunk("gAMA", [0, 0, 1, 1]), chunk("PLTE", [1, 2, 3])], names: [ImageName("a")!],
          valueWeights: [0: Array(repeating: -3, count: 256)], checksums: [1, 2, 3, 4, 5, 6],
          tiles: tiles(1, [4, 8, 8, 30, 2, 16])),
        .init(
          header: tiled, chunks: [chunk("PLTE", [1, 2, 3])], names: [ImageName("b")!],
          checksums: [7, 8, 9, 10, 11, 12], tiles: tiles(2, [16, 8, 20, 8, 6, 6])),
        .init(
          header: lots, names: ["c/1", "c/2", "c/3", "c/4", "c/5"].map { ImageName($0)! }, checksums: [13, 14, 15],
          tiles: tiles(3, [10, 12, 2]).map { [$0[0], [1, 1]] }),
      ])
  }()

  static let single: Archive = {
    let header = Archive.Header(
      width: 6, height: 2, colourType: 2, bitDepth: 8, interlaced: false, model: 0, tileWidth: 2, tileHeight: 2)
    return Archive(
      version: 1, models: [.init(hash: Array(0..<32), name: "photo")],
      series: [
        .init(
          header: header, chunks: [.init(place: 2, type: Array("tEXt".utf8), bytes: [1, 2, 3])],
          checksums: [0xDEAD_BEEF],
          tiles: [[[1, 2, 3, 4]], [[5, 6]], [[7, 8, 9, 10, 11, 12]]])
      ])
  }()

  /// The chunks of version 5.
  static let packed: Archive = {
    var archive = single
    archive.version = 5
    let text = Archive.PNGChunk(place: 0, type: Array("tEXt".utf8), bytes: Array(repeating: 7, count: 40))
    archive.series[0].chunks = [text, text]
    archive.series[0].times = [1_700_000_000]
    archive.series[0].checksums = [1, 2, 3]
    archive.series[0].codings = Array(repeating: .network, count: 3)
    return archive
  }()

  /// The chunk of version 6.
  static let exact: Archive = {
    var archive = packed
    archive.version = 6
    archive.series[0].files = [[1, 2, 3, 4, 5]]
    return archive
  }()

  static let archives = [set, single, packed, exact]

  /// The chunks of an archive: type, and where they are.
  private func chunks(_ bytes: [UInt8]) throws -> [(type: ChunkType, range: Range<Int>)] {
    var reader = ByteReader(bytes)
    _ = try reader.take(10)
    var result: [(ChunkType, Range<Int>)] = []
    while reader.remaining > 0 {
      let start = reader.offset
      let frame = try ChunkFrame(&reader)
      result.append((try #require(ChunkType(rawValue: frame.name)), start..<reader.offset))
    }
    return result
  }

  /// Whatever was found is what the archive had, in its place.
  private func expectTruth(_ salvage: Archive.Salvage, _ original: Archive, _ comment: Comment) {
    for series in salvage.archive.series {
      // Series are told apart by names, where they are left.
      let sources = original.series.filter {
        $0.header == series.header
          && ($0.names == series.names || series.names.contains { "\($0)".hasPrefix("unnamed") })
      }
      let isTrue = sources.contains { source in
        series.tiles.count == source.tiles.count && series.valueWeights == source.valueWeights
          && series.chunks.allSatisfy(source.chunks.contains)
          && zip(series.tiles, source.tiles).allSatisfy { $0.isEmpty || $0 == $1 }
      }
      #expect(isTrue, comment)
    }
  }

  @Test(arguments: archives) func wholeArchives(archive: Archive) throws {
    let salvage = try Archive.Salvage(archive.serialised())
    #expect(salvage.archive == archive)
    #expect(salvage.losses.isEmpty && archive.missingParts.isEmpty)
    #expect(salvage.declaredImages == archive.imageCount)
  }

  /// Every byte, and exactly what it must cost.
  @Test(arguments: archives, [0x01, 0x20, 0x41, 0xFF] as [UInt8])
  func everyDamagedByte(archive: Archive, mask: UInt8) throws {
    let bytes = archive.serialised()
    let chunks = try chunks(bytes)
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= mask
      let salvage = try Archive.Salvage(damaged, knownModels: [Array(0..<32)])
      let found = salvage.archive
      expectTruth(salvage, archive, "byte \(place)")
      guard let number = chunks.firstIndex(where: { $0.range.contains(place) }) else {
        #expect(salvage.losses == [place < 8 ? .signature : .version] && found == archive)
        continue
      }
      let chunk = chunks[number]
      if place < chunk.range.lowerBound + 8 {
        #expect(salvage.losses == [.frame(type: chunk.type.rawValue)] && found == archive, "byte \(place)")
        continue
      }
      let series = chunks[..<number].count { $0.type == .series }
      switch chunk.type {
      case .tile:
        let tile = chunks[..<number].reversed().prefix { $0.type == .tile }.count
        #expect(salvage.losses.isEmpty, "byte \(place)")
        #expect(found.missingParts == [.init(series: series - 1, unit: tile)], "byte \(place)")
        #expect(found.series.count == archive.series.count)
      case .index: #expect(salvage.losses == [.index(series: series)] && found == archive)
      case .end: #expect(salvage.losses == [.end] && found == archive)
      case .modelFile: #expect(salvage.losses == [.modelFile(name: "photo")] && found.series == archive.series)
      case .names:
        #expect(salvage.losses == [.names(series: series)] && found.missingParts.isEmpty)
        #expect("\(found.series[series - 1].names[0])" == "unnamed/1.png")
      case .times:
        #expect(salvage.losses == [.times(series: series)] && found.series[0].times.isEmpty)
        #expect(found.series[0].chunks == archive.series[0].chunks)
      case .files:
        #expect(salvage.losses == [.files(series: series)] && found.series[0].files.isEmpty)
        #expect(found.series[0].times == archive.series[0].times)
      case .metadata:
        #expect(salvage.losses == [.metadataList(series: series)] && found.series[0].chunks.isEmpty)
        #expect(found.series[0].times == archive.series[0].times && found.missingParts.isEmpty)
      case .pngChunk where archive.series[series - 1].header.colourType == 2 || chunks[number + 1].type == .pngChunk:
        guard salvage.losses.count == 1, case .metadata(_, series) = salvage.losses[0] else {
          Issue.record("byte \(place): \(salvage.losses)")
          continue
        }
        #expect(found.missingParts.isEmpty && found.series.count == archive.series.count)
      case .model:
        #expect(salvage.losses.first == .model)
        // The first model is known, and nothing but its hash matters.
        let isKnown = chunk.range.lowerBound == 10 && place >= chunk.range.lowerBound + 8 + 32
        #expect(found.series.count <= archive.series.count - (isKnown ? 0 : 1), "byte \(place)")
        if isKnown { #expect(found.series == archive.series, "byte \(place)") }
      default:
        var rest = archive.series
        rest.remove(at: series - (chunk.type == .series ? 0 : 1))
        #expect(found.series == rest, "byte \(place)")
        #expect(salvage.losses.contains { if case .series = $0 { true } else { false } })
      }
    }
  }

  @Test(arguments: archives) func everyTruncation(archive: Archive) throws {
    let bytes = archive.serialised()
    let chunks = try chunks(bytes)
    for count in 0..<bytes.count {
      guard let salvage = try? Archive.Salvage(Array(bytes.prefix(count))) else {
        // Not even a model is there.
        #expect(count < chunks[0].range.upperBound)
        continue
      }
      expectTruth(salvage, archive, "\(count) bytes")
      #expect(salvage.losses.contains(.cut))
      // What is whole is found: all tiles behind a whole index.
      let whole = chunks.filter { $0.range.upperBound <= count && $0.type == .tile }.count
      let found = salvage.archive.series.reduce(0) { $0 + $1.tiles.count { !$0.isEmpty } }
      #expect(found == whole, "\(count) bytes")
    }
  }

  /// Bytes that are gone or came in, and blocks of zeros: nothing is found in a wrong place, and little is lost.
  @Test(arguments: archives) func otherDamage(archive: Archive) throws {
    let bytes = archive.serialised()
    let chunks = try chunks(bytes)
    for place in 10..<bytes.count {
      for count in [1, 2, 22, 64] {
        var shorter = bytes
        shorter.removeSubrange(place..<min(bytes.count, place + count))
        var longer = bytes
        longer.insert(contentsOf: Array(repeating: 0x54, count: count), at: place)
        var zeros = bytes
        for i in place..<min(bytes.count, place + 4 * count) { zeros[i] = 0 }
        for damaged in [shorter, longer, zeros] {
          guard let salvage = try? Archive.Salvage(damaged) else { continue }
          expectTruth(salvage, archive, "byte \(place), \(count)")
        }
        // Before a series, or the end, nothing is lost.
        if chunks.contains(where: { $0.range.lowerBound == place && [.series, .end].contains($0.type) }) {
          let found = try Archive.Salvage(longer)
          #expect(
            found.archive == archive && found.losses == [.bytes(place..<place + count)], "byte \(place), \(count)")
        }
      }
    }
  }

  /// Two damaged chunks: with the index gone, tiles are numbered by their order.
  @Test func withoutAnIndex() throws {
    let bytes = Self.single.serialised()
    let chunks = try chunks(bytes)
    let index = try #require(chunks.firstIndex { $0.type == .index })
    for tile in 0..<3 {
      var damaged = bytes
      for chunk in [index, index + 1 + tile] { damaged[chunks[chunk].range.upperBound - 1] ^= 1 }
      let salvage = try Archive.Salvage(damaged)
      #expect(salvage.losses == [.index(series: 1)])
      #expect(salvage.archive.missingParts == [.init(series: 0, unit: tile)])
      // With its length it cannot be told how many tiles are gone.
      damaged[chunks[index + 1 + tile].range.lowerBound + 5] ^= 1
      #expect(try Archive.Salvage(damaged).archive.series.isEmpty)
    }
  }

  @Test func namesOfParts() {
    let (set, single) = (Self.set, Self.single)
    #expect(set.describe(.init(series: 0, unit: 3)) == "tile 4 of 6 (2x2+3+2) of a")
    #expect(set.describe(.init(series: 2, unit: 1)) == "lot 2 of 3 (c/3 ... c/4)")
    #expect(set.describe(.init(series: 2, unit: 2)) == "lot 3 of 3 (c/5)")
    #expect(single.describe(.init(series: 0, unit: 1)) == "tile 2 of 3 (2x2+2+0)")
    #expect(single.describe(.init(series: 0, unit: nil)) == "the whole picture")
    var levels = single
    (levels.series[0].header.levels, levels.series[0].header.tileWidth) = (3, 6)
    #expect(levels.describe(.init(series: 0, unit: 1)) == "size 2 of 3 (1/2)")
  }

  @Test func namesThatClash() throws {
    var archive = Self.set
    archive.series[1].names = archive.series[0].names
    let salvage = try Archive.Salvage(archive.serialised())
    #expect(salvage.losses == [.names(series: nil)])
    #expect(salvage.archive.series.flatMap(\.names).map { "\($0)" } == (1...7).map { "unnamed/\($0).png" })
  }

  @Test func otherNamesGetOutOfTheWay() throws {
    var archive = Self.set
    archive.series[2].names = ["unnamed/1.png", "unnamed-2/1.png", "x", "y", "z"].map { ImageName($0)! }
    var bytes = archive.serialised()
    let names = try #require(chunks(bytes).first { $0.type == .names })
    bytes[names.range.upperBound - 1] ^= 1
    #expect(try Archive.Salvage(bytes).archive.series[0].names == [ImageName("unnamed-3/1.png")!])
  }

  @Test func whatIsNoArchive() {
    #expect(throws: ArchiveError.empty) { try Archive.Salvage([]) }
    #expect(throws: ArchiveError.notAnArchive) { try Archive.Salvage(Array("PK, not prnn, TILE and IMAG".utf8)) }
    #expect(throws: ArchiveError.truncated) { try Archive.Salvage(Array(Self.single.serialised().prefix(12))) }
    var newer = Self.single.serialised()
    var chunk = Array("NEWX".utf8) + [2, 0, 0, 0, 7, 7]
    chunk.append(integer: crc32(chunk))
    newer.insert(contentsOf: chunk, at: 10)
    #expect(throws: ArchiveError.newerFeature("chunk NEWX")) { try Archive.Salvage(newer) }
  }

  /// Types at every place, with lengths up to the end of the file, and tiles by the billion.
  @Test func hostileBytes() throws {
    var bytes = Array(Self.single.serialised().prefix(10))
    while bytes.count < 1 << 20 { bytes += Array("TILE".utf8) + [0, 0, 8, 0] + Array("IMAG".utf8) + [1, 0, 0, 0] }
    let start = ContinuousClock.now
    #expect(throws: ArchiveError.self) { try Archive.Salvage(bytes) }
    #expect(ContinuousClock.now - start < .seconds(20))
    var archive = Self.single
    archive.series[0].header.width = Int(Int32.max)
    archive.series[0].header.height = Int(Int32.max)
    archive.series[0].header.tileWidth = 1
    archive.series[0].header.tileHeight = 1
    var many = archive.serialised()
    #expect(throws: ArchiveError.self) { try Archive(many) }
    let salvage = try Archive.Salvage(many)
    #expect(salvage.archive.series.isEmpty && salvage.losses.first == .series(1, cause: "number of tiles"))
    let index = try #require(chunks(many).first { $0.type == .index })
    many[index.range.upperBound - 1] ^= 1
    #expect(try Archive.Salvage(many).losses.first == .series(1, cause: "chunk INDX is damaged"))
  }
}
