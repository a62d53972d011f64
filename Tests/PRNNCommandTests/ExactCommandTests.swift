import ArchiveFormat
import Glibc
import PRNN
import Raster
import Testing

/// PNG files that come back byte for byte, as users of the program meet them.
@Suite struct ExactCommandTests {
  private let folder = try! Folder()

  private func picture(seed: Int = 0) -> Raster {
    Raster(
      width: 20, height: 15, colourType: .gray,
      samples: (0..<300).map { UInt8(truncatingIfNeeded: seed + $0 % 20 * ($0 / 20) / 5) },
      chunks: [.init(type: Array("tEXt".utf8), place: .afterData, bytes: Array("Title\0a".utf8))])
  }

  /// Not as this program would write it: interlaced, and with bytes behind the end.
  private func original(seed: Int = 0) throws -> [UInt8] {
    var picture = picture(seed: seed)
    picture.interlaced = true
    return try picture.png() + Array("behind the end".utf8)
  }

  /// A file of `picture` whose stream zlib does not make: empty stored blocks come first, too many bytes for edits.
  private func otherDeflate() throws -> [UInt8] {
    let file = try picture().png()
    let data = try #require(file.indices.first { file[$0...].starts(with: "IDAT".utf8) })
    let length = file[data - 4..<data].reduce(0) { $0 << 8 | Int($1) }
    let stream = Array(file[data + 4..<data + 4 + length])
    let empty = (0..<20).flatMap { _ in [0, 0, 0, 0xFF, 0xFF] as [UInt8] }
    return Array(file[..<(data - 4)])
      + chunk("IDAT", Array(stream[..<2]) + empty + stream[2...]) + file[(data + 8 + length)...]
  }

  /// CRC-32 bit by bit.
  private func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
    let covered = Array(type.utf8) + data
    var crc: UInt32 = ~0
    for byte in covered {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) } }
    return number(UInt32(data.count)) + covered + number(~crc)
  }

  private func output(_ words: String...) -> String {
    shell("\(program) " + words.map { "'\($0)'" }.joined(separator: " ") + " 1>&2").error
  }

  @Test func oneFile() throws {
    let bytes = try original()
    let file = try folder.write("in.png", bytes)
    #expect(run("compress", "--exact", "--coding", "networks", file) == Outcome(status: 0, error: ""))
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "out.png") == Outcome(status: 0, error: ""))
    #expect(try folder.read("out.png") == bytes)
    #expect(try Archive(folder.read("in.prnn")).version == 6)
    #expect(output("info", folder / "in.prnn").contains("\ncomes back  byte for byte\n"))
    #expect(output("info", "--json", folder / "in.prnn").contains("\"exactFiles\" : 1,"))
    let pixels = "1 picture, the checksums of all chunks and pixels"
    #expect(output("verify", "--deep", folder / "in.prnn").contains("in.prnn: ok (\(pixels), and of the files of 1)\n"))
    // Without being asked it is not kept.
    #expect(run("compress", file, "-o", folder / "plain.prnn").status == 0)
    #expect(output("info", folder / "plain.prnn").contains("\ncomes back  samples and chunks\n"))
    #expect(output("info", "--json", folder / "plain.prnn").contains("\"exactFiles\" : 0,"))
    #expect(output("verify", "--deep", folder / "plain.prnn").contains("ok (\(pixels))\n"))
    #expect(run("decompress", folder / "plain.prnn", "-o", folder / "plain.png").status == 0)
    #expect(try folder.read("plain.png") != bytes)
    // Nor of a part, though it is all of the picture, nor of what is recovered.
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "part.png", "--crop", "20x15+0+0").status == 0)
    #expect(try folder.read("part.png") == folder.read("plain.png"))
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "whole.png", "--recover").status == 0)
    #expect(try folder.read("whole.png") == folder.read("plain.png"))
  }

  @Test func standardInputAndOutput() throws {
    let bytes = try original()
    let file = try folder.write("in.png", bytes)
    let back = folder / "out.png"
    #expect(shell("\(program) compress --exact - < '\(file)' | \(program) decompress - > '\(back)'").status == 0)
    #expect(try folder.read("out.png") == bytes)
  }

  @Test func strippedFilesAreOthers() throws {
    let file = try folder.write("in.png", try original())
    let result = run("compress", "--exact", "--strip", file)
    #expect(result.status == EX_USAGE && result.error.contains("--exact keeps all of a file; leave out --strip."))
    #expect(folder.names == ["in.png"])
  }

  @Test func filesThatDoNotComeBack() throws {
    let file = try folder.write("in.png", try otherDeflate())
    let archive = folder / "in.prnn"
    let result = run("compress", "--exact", file)
    #expect(result.status == 0)
    #expect(
      result.error == "prnn: \(file): does not come back byte for byte (no settings of zlib give its deflate stream); "
        + "the archive has all pixels and chunks\n")
    // The archive is that of other files.
    #expect(run("compress", file, "-o", folder / "plain.prnn").status == 0)
    #expect(try folder.read("in.prnn") == folder.read("plain.prnn"))
    #expect(run("decompress", archive, "-o", folder / "out.png") == Outcome(status: 0, error: ""))
    #expect(try Raster(png: folder.read("out.png")) == picture())
  }

  @Test func sets() throws {
    try folder.makeFolder("set")
    var files: [String: [UInt8]] = ["other.png": try otherDeflate()]
    for i in 0..<20 { files["\(i).png"] = try i % 2 == 0 ? original(seed: i) : picture(seed: i).png() }
    for (name, bytes) in files { _ = try folder.write("set/\(name)", bytes) }
    let result = run("compress", "--exact", folder / "set")
    #expect(result.status == 0)
    #expect(
      result.error
        == "prnn: \(folder / "set"): 1 of 21 files does not come back byte for byte (\(folder / "set/other.png"): no settings of zlib "
        + "give its deflate stream); the archive has all pixels and chunks\n")
    #expect(output("info", folder / "set.prnn").contains("comes back  byte for byte (10 of 11)\n"))
    #expect(run("decompress", folder / "set.prnn", "-o", folder / "out") == Outcome(status: 0, error: ""))
    for (name, bytes) in files {
      let back = try folder.read("out/\(name)")
      #expect(name == "other.png" ? try Raster(png: back) == picture() : back == bytes, "\(name)")
    }
    #expect(run("decompress", folder / "set.prnn", "--only", "4.png", "-o", folder / "4.png").status == 0)
    #expect(try folder.read("4.png") == files["4.png"])
    // Records that have much in common take little: of a file its length, its checksum and some filters.
    #expect(run("compress", folder / "set", "-o", folder / "plain.prnn").status == 0)
    #expect(try folder.read("set.prnn").count - folder.read("plain.prnn").count < 20 * 20 + 2 * 50)
  }

  /// What another zlib would do: other bytes come out than went in. The picture does come back.
  @Test func wrongRecords() throws {
    let file = try folder.write("in.png", try original())
    #expect(run("compress", "--exact", file, "-o", folder / "good.prnn").status == 0)
    let good = try Archive(folder.read("good.prnn"))
    for place in good.series[0].files[0].indices {
      var wrong = good
      wrong.series[0].files[0][place] ^= 0x41
      // All places once; the program itself for a few.
      guard place % 9 == 0 else { continue }
      let archive = try folder.write("bad.prnn", wrong.serialised())
      let message = "does not come back byte for byte (a damaged record, or another zlib)"
      let result = run("decompress", archive, "-o", folder / "out.png", "--force")
      if place == 0 {
        #expect(result == Outcome(status: 0, error: "prnn: \(archive): \(message); its pixels and chunks do\n"))
        let verified = run("verify", "--deep", archive)
        #expect(verified == Outcome(status: EX_DATAERR, error: "prnn: \(archive): 1.png \(message)\n"))
      }
      #expect(result.status == 0 || result.error.contains("more than the limit of"), "\(place)")
      if result.status == 0 { #expect(try Raster(png: folder.read("out.png")).samples == picture().samples) }
    }
  }
}
