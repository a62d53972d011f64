import ArchiveFormat
import Glibc
import PRNN
import Raster
import Testing

/// Chunks of PNG files and times of files, as users of the program meet them.
@Suite struct MetadataCommandTests {
  private let folder = try! Folder()

  private func picture(_ chunks: [(String, [UInt8])] = [], seed: Int = 0) -> Raster {
    Raster(
      width: 8, height: 5, colourType: .gray, samples: (0..<40).map { UInt8(truncatingIfNeeded: seed + $0 * $0 / 3) },
      chunks: chunks.map { .init(type: Array($0.0.utf8), place: .beforePalette, bytes: $0.1) })
  }

  private func setTime(_ name: String, _ seconds: Int, nanoseconds: Int = 0) {
    let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
    #expect(utimensat(AT_FDCWD, folder / name, [time, time], 0) == 0)
  }

  private func time(_ name: String) -> Int {
    var s = stat()
    #expect(stat(folder / name, &s) == 0)
    return s.st_mtim.tv_sec
  }

  private func info(_ name: String) -> String { shell("\(program) info '\(folder / name)' 1>&2").error }

  @Test func timesOfOnePicture() throws {
    let original = try folder.write("in.png", picture().png())
    setTime("in.png", 981_173_106, nanoseconds: 999_999_999)
    #expect(run("compress", original).status == 0)
    #expect(info("in.prnn").contains("\nmodified    2001-02-03 04:05:06 UTC\n"))
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "out.png").status == 0)
    #expect(time("out.png") == 981_173_106)
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "new.png", "--no-preserve").status == 0)
    #expect(abs(time("new.png") - Glibc.time(nil)) < 1000)
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "part.png", "--crop", "2x2+1+1").status == 0)
    #expect(abs(time("part.png") - Glibc.time(nil)) < 1000)
    // Nor are they kept when they are not to be, and then the archive does not depend on them.
    #expect(run("compress", original, "-o", folder / "a.prnn", "--no-preserve").status == 0)
    setTime("in.png", -5)
    #expect(run("compress", original, "-o", folder / "b.prnn", "--no-preserve").status == 0)
    #expect(try folder.read("a.prnn") == folder.read("b.prnn"))
    #expect(!info("a.prnn").contains("modified"))
    #expect(shell("\(program) compress - < '\(original)' > '\(folder / "c.prnn")'").status == 0)
    #expect(try folder.read("c.prnn") == folder.read("a.prnn"))
    // Before 1970.
    #expect(run("compress", original, "--force").status == 0)
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "out.png", "--force").status == 0)
    #expect(time("out.png") == -5)
  }

  /// A pipe has no time that means anything; a set with one in it keeps none.
  @Test func timesOfPipes() throws {
    let original = try folder.write("in.png", picture().png())
    let (one, set) = (folder / "one.prnn", folder / "set.prnn")
    #expect(shell("cat '\(original)' | \(program) compress /dev/stdin -o '\(one)'").status == 0)
    #expect(!info("one.prnn").contains("modified"))
    for order in ["'\(original)' /dev/stdin", "/dev/stdin '\(original)'"] {
      #expect(shell("cat '\(original)' | \(program) compress \(order) -o '\(set)' --force").status == 0)
      #expect(info("set.prnn").contains("2 of 8 × 5") && !info("set.prnn").contains("modified"))
    }
  }

  @Test func timesOfASet() throws {
    try folder.makeFolder("set")
    for i in 0..<4 {
      _ = try folder.write("set/\(i).png", picture(seed: i).png())
      setTime("set/\(i).png", 1_000_000_000 - 7 * i)
    }
    #expect(run("compress", folder / "set").status == 0)
    #expect(info("set.prnn").contains("\nmodified    2001-09-09 01:46:19 UTC ... 2001-09-09 01:46:40 UTC\n"))
    #expect(run("decompress", folder / "set.prnn", "-o", folder / "out").status == 0)
    for i in 0..<4 { #expect(time("out/\(i).png") == 1_000_000_000 - 7 * i) }
    #expect(run("decompress", folder / "set.prnn", "--only", "2.png", "-o", folder / "two.png").status == 0)
    #expect(time("two.png") == 999_999_986)
    #expect(run("decompress", "--recover", folder / "set.prnn", "-o", folder / "whole").status == 0)
    #expect(time("whole/3.png") == 999_999_979)
  }

  @Test func stripping() throws {
    let chunks: [(String, [UInt8])] = [
      ("gAMA", [0, 0, 0xB1, 0x8F]), ("tEXt", Array("Author\0me".utf8)), ("tIME", [7, 232, 5, 1, 12, 0, 0]),
      ("tRNS", [0, 7]), ("eXIf", Array("MM\0*".utf8)), ("prVt", [1]),
    ]
    let original = try folder.write("in.png", picture(chunks).png())
    #expect(run("compress", original).status == 0)
    #expect(run("compress", "--strip", original, "-o", folder / "stripped.prnn").status == 0)
    for (archive, kept) in [("in.prnn", chunks), ("stripped.prnn", [chunks[0], chunks[3]])] {
      #expect(run("decompress", folder / archive, "-o", folder / "out.png", "--force").status == 0)
      #expect(try Raster(png: folder.read("out.png")) == picture(kept))
    }
  }

  @Test func infoShowsWhatChunksSay() throws {
    let original = try folder.write(
      "in.png",
      picture([
        ("gAMA", [0, 0, 0xB1, 0x8F]), ("sRGB", [1]), ("pHYs", [0, 0, 0x2E, 0x23, 0, 0, 0x2E, 0x23, 1]),
        ("iCCP", Array("Display P3\0\0".utf8) + [0x78]),
        // "é", an escape sequence, a line feed, a backslash.
        ("tEXt", Array("Title\0".utf8) + [0xE9, 0x1B, 0x5B, 0x0A, 0x5C]),
        // From Python: zlib.compress(b"prnn" * 3, 9); then the same cut short.
        ("zTXt", Array("Comment\0\0".utf8) + Stream.deflated),
        ("zTXt", Array("Comment\0\0".utf8) + Stream.deflated.prefix(5)),
        ("iTXt", Array("Author\0\0\0en\0\0a\u{202E}b\u{2028}".utf8)),
        ("iTXt", Array("A\0\u{1}\0\0\0".utf8) + Stream.deflated),
        ("tIME", [7, 232, 5, 1, 12, 0, 9]), ("acTL", [0, 0, 0, 3, 0, 0, 0, 0]), ("sRGB", [9]), ("pHYs", [1]),
      ]).png())
    #expect(run("compress", original).status == 0)
    let lines = [
      "gAMA      4 bytes  0.45455", "sRGB      1 bytes  relative colorimetric",
      "pHYs      9 bytes  11811 × 11811 pixels a metre (300.0 dpi)", "iCCP     13 bytes  ICC profile Display P3",
      "tEXt     11 bytes  Title: é\\u{1B}[\\n\\\\", "zTXt     23 bytes  Comment: prnnprnnprnn",
      "zTXt     14 bytes", "iTXt     21 bytes  Author: a\\u{202E}b\\u{2028}", "iTXt     20 bytes  A: prnnprnnprnn",
      "tIME      7 bytes  2024-05-01 12:00:09 UTC", "acTL      8 bytes  animation of 3 frames, kept as they are",
      "sRGB      1 bytes", "pHYs      1 bytes",
    ]
    let text = info("in.prnn")
    #expect(text.contains("PNG chunks  " + lines.joined(separator: "\n            ") + "\n"))
    let json = shell("\(program) info --json '\(folder / "in.prnn")' 1>&2").error
    #expect(json.contains("\"summary\" : \"relative colorimetric\""))
  }

  /// An animation is kept whole; only its first frame is coded as a picture.
  @Test func animations() throws {
    let frames: [Raster.Chunk] = [
      .init(type: Array("acTL".utf8), place: .beforePalette, bytes: [0, 0, 0, 2, 0, 0, 0, 0]),
      .init(type: Array("fcTL".utf8), place: .beforePalette, bytes: Array(repeating: 0, count: 26)),
      .init(type: Array("fcTL".utf8), place: .afterData, bytes: Array(repeating: 1, count: 26)),
      .init(type: Array("fdAT".utf8), place: .afterData, bytes: [0, 0, 0, 2] + Stream.deflated),
    ]
    var animated = picture()
    animated.chunks = frames
    let original = try folder.write("in.png", animated.png())
    #expect(run("compress", "--strip", original).status == 0)
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "out.png").status == 0)
    #expect(try Raster(png: folder.read("out.png")) == animated)
  }
}

private enum Stream {
  static let deflated: [UInt8] = [0x78, 0xDA, 0x2B, 0x28, 0xCA, 0xCB, 0x2B, 0x80, 0x62, 0x00, 0x22, 0x14, 0x05, 0x3B]
}
