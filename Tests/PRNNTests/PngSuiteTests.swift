import ByteCoding
import FoundationEssentials
import Raster
import Testing

@testable import PRNN

/// Willem van Schaik's test set of PNG files (Tests/PngSuite), through archives and back.
@Suite struct PngSuiteTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../PngSuite")

  private static let names = try! FileManager.default.contentsOfDirectory(atPath: folder.path)
    .filter { $0.hasSuffix(".png") }.sorted()

  private static func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: name)))
  }

  /// All chunks of a PNG file; the picture data are one without bytes, since they are deflated anew.
  private static func chunks(_ file: [UInt8]) throws -> [(type: String, bytes: [UInt8])] {
    var reader = ByteReader(Array(file.dropFirst(8)))
    var chunks: [(type: String, bytes: [UInt8])] = []
    while reader.remaining > 0 {
      let length = Int(try reader.integer(UInt32.self).byteSwapped)
      let type = String(decoding: try reader.take(4), as: UTF8.self)
      let bytes = try reader.take(length)
      _ = try reader.take(4)
      if type == "IDAT", chunks.last?.type == "IDAT" { continue }
      chunks.append((type, type == "IDAT" ? [] : Array(bytes)))
    }
    return chunks
  }

  @Test func allOfItIsThere() {
    #expect(PngSuiteTests.names.count == 175)
    #expect(PngSuiteTests.names.count { $0.hasPrefix("x") } == 14)
  }

  @Test(arguments: names.filter { !$0.hasPrefix("x") })
  func comesBack(name: String) throws {
    let file = try PngSuiteTests.read(name)
    let picture = try Raster(png: file)
    let codec = try Codec()
    var set = PictureSet()
    set.add(picture)
    set.fileBytes = file.count
    let archive = try codec.compress(set, model: ModelLibrary.bundled.standard, effort: .fast, verify: false)
    #expect(archive.count <= file.count + 64)
    let back = try codec.decompress(archive, models: .bundled)
    #expect(back == picture)
    // Header and chunks, in their order, by a reader of their own.
    let (before, after) = (try PngSuiteTests.chunks(file), try PngSuiteTests.chunks(back.png()))
    #expect(before.elementsEqual(after, by: ==))
    // And with what else the file has, every byte of it.
    let record = try #require(PNGReconstruction(bytes: try PNGReconstruction(of: file, picture).bytes))
    #expect(try record.file(of: back) == file)
  }

  @Test(arguments: names.filter { $0.hasPrefix("x") })
  func isRefused(name: String) throws {
    #expect(throws: RasterError.self) { try Raster(png: PngSuiteTests.read(name)) }
  }
}
