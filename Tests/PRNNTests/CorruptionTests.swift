import ArchiveFormat
import ByteCoding
import Testing

@testable import PRNN

/// No damage of an archive goes unseen, and none gives other pixels. bench/corruption.py does the same to larger archives.
@Suite struct CorruptionTests {
  /// A single picture, sets, a network with value weights, tiles, context mixing, networks that learn, with fits and lattices.
  static let names = [
    "rgb-23x16", "set", "gray-comb", "gray-tiles", "mixing-palette", "learning-comb", "fits-lot", "metadata-set",
    "planes-rgba", "predicted-gray16",
  ]

  @Test(arguments: names)
  func everyByte(name: String) throws {
    let bytes = try VectorTests.read(name + ".prnn")
    var damaged = bytes
    var unseen: [Int] = []
    for i in bytes.indices {
      for change: UInt8 in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
        damaged[i] = bytes[i] ^ change
        if (try? Archive(damaged)) != nil { unseen.append(i) }
      }
      damaged[i] = bytes[i]
    }
    #expect(unseen.isEmpty)
    #expect(try Archive(damaged) == Archive(bytes))
  }

  @Test(arguments: names)
  func everyLength(name: String) throws {
    let bytes = try VectorTests.read(name + ".prnn")
    let taken = bytes.indices.filter { (try? Archive(Array(bytes[..<$0]))) != nil }
    #expect(taken.isEmpty)
    #expect((try? Archive(bytes + [0])) == nil)
  }

  /// Bytes of all chunks, with a checksum of the chunk that fits: it cannot be decoded, or to the same samples.
  @Test(arguments: [
    "rgb-23x16", "gray-tiles", "mixing-palette", "learning-comb", "fits-lot", "fits-rgb", "predicted-gray16",
  ])
  func bytesBehindTheChecksums(name: String) throws {
    let bytes = try VectorTests.read(name + ".prnn")
    let codec = try Codec()
    func samples(_ bytes: [UInt8]) throws -> [[UInt8]] {
      var found: [[UInt8]] = []
      try codec.decompress(Archive(bytes), models: VectorTests.models) { found.append($1.samples) }
      return found
    }
    let right = try samples(bytes)
    var (wrong, refused, tried) = ([Int](), 0, 0)
    for (first, count) in chunks(bytes) {
      for i in stride(from: first + 8, to: first + 8 + count, by: max(1, count / 24)) {
        tried += 1
        var damaged = bytes
        damaged[i] ^= UInt8(1 << (i % 8))
        let covered = first..<first + 8 + count
        var checksum: [UInt8] = []
        checksum.append(integer: crc32(damaged[covered]))
        damaged.replaceSubrange(covered.upperBound..<covered.upperBound + 4, with: checksum)
        guard let found = try? samples(damaged) else {
          refused += 1
          continue
        }
        if found != right { wrong.append(i) }
      }
    }
    #expect(wrong.isEmpty)
    #expect(refused > tried / 2)
  }

  /// First byte and length of the payload of each chunk.
  private func chunks(_ bytes: [UInt8]) -> [(first: Int, count: Int)] {
    var found: [(Int, Int)] = []
    var at = 10
    while at < bytes.count {
      let count = (0..<4).reduce(0) { $0 | Int(bytes[at + 4 + $1]) << (8 * $1) }
      found.append((at, count))
      at += count + 12
    }
    return found
  }

  /// Two tiles of one size, each whole, in each other's place, with their checksums: in versions 2 to 6 nothing tells.
  @Test func tilesThatAreExchanged() throws {
    let raster = picture(.gray, 16, 8)
    let model = VectorTests.models.models[0]
    for version in [1, 7] {
      var archive = try tiledArchive(raster, tileWidth: 8, tileHeight: 8, version: version, model: model)
      archive.series[0].tiles.swapAt(0, 1)
      if version > 1 {
        // Each in the file as it was, joined with the number of the other place.
        let checksums = archive.series[0].checksums
        (archive.series[0].checksums[0], archive.series[0].checksums[1]) = (checksums[1] ^ 1, checksums[0] ^ 1)
      }
      let bytes = archive.serialised()
      #expect(throws: PRNNError.damagedPixels) { try Codec().decompress(bytes, models: VectorTests.models) }
    }
  }
}
