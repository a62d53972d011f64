import Glibc
import PRNN
import Raster
import Testing

@testable import PRNNCommand

@Suite struct BenchCommandTests {
  private let folder = try! Folder()

  @Test func table() throws {
    let original = try folder.write("in.png", picture().png())
    let result = shell("'\(program)' bench --threads 1 '\(folder.path)' 1>&2")
    #expect(result.status == 0)
    #expect(result.error.hasPrefix("       PNG      prnn     ratio  enc MP/s  dec MP/s  file\n"))
    #expect(result.error.contains("  \(original)\n"))
    #expect(result.error.hasSuffix("  mean of 1\n"))
    let two = shell("'\(program)' bench -4 -1 --effort fast '\(original)' 1>&2")
    #expect(two.error.hasPrefix("       PNG      fast     ratio  enc MP/s  dec MP/s  balanced     ratio  "))
    let models = shell("'\(program)' bench -1 --model photo --model photo-2 --json '\(original)' 1>&2").error
    for name in ["photo fast", "photo-2 fast"] { #expect(models.contains("\"coder\" : \"\(name)\"")) }
    #expect(models.contains("\"model\" : \"photo\""))
  }

  @Test func report() throws {
    try folder.makeFolder("pictures")
    _ = try folder.write("pictures/<b>\"&amp;\n.png", picture().png())
    _ = try folder.write("pictures/z.png", picture().png())
    let page = folder / "page.html"
    let line = "bench -1 -4 --report '\(page)' '\(folder / "pictures")'"
    #expect(shell("'\(program)' \(line)") == .init(status: 0, error: ""))
    let text = String(decoding: try folder.read("page.html"), as: UTF8.self)
    #expect(text.hasPrefix("<!DOCTYPE html>\n") && text.hasSuffix("</html>\n"))
    #expect(text.contains("<h3>&lt;b&gt;&quot;&amp;amp;\\n.png</h3>"))
    #expect(!text.contains("<b>"))
    for row in ["prnn fast", "prnn balanced", "PNG"] {
      #expect(text.split(separator: "<th scope=\"row\">").contains { $0.contains("</svg> \(row)</th><td>") }, "\(row)")
    }
    // A picture and its map each.
    #expect(text.split(separator: "src=\"data:image/png;base64,").count == 5)
    #expect(text.contains("\(program) bench -1 -4 --report \(page) "))
    #expect(text.contains("24 × 16, RGB, 8 bits"))
    for elsewhere in ["http:", "https:", "<script", "url(", "@import"] { #expect(!text.contains(elsewhere)) }

    let again = shell("'\(program)' \(line)")
    let exists = "exists already; choose another name, or overwrite it with --force"
    #expect(again == .init(status: EX_CANTCREAT, error: "prnn: \(page): \(exists)\n"))
    #expect(try folder.read("page.html") == Array(text.utf8))
    #expect(shell("'\(program)' \(line) --force").status == 0)
    #expect(try folder.read("page.html") != Array(text.utf8))
  }

  @Test func reportToStandardOutput() throws {
    let original = try folder.write("in.png", picture().png())
    let page = shell("'\(program)' bench -1 --report - '\(original)' 1>&2")
    #expect(page.status == 0 && page.error.hasPrefix("<!DOCTYPE html>") && page.error.hasSuffix("</html>\n"))
    #expect(run("bench", "--json", "--report", "-", original).status == EX_USAGE)
  }

  @Test func reportsThatCannotBe() throws {
    let original = try folder.write("in.png", picture().png())
    let bad = try folder.write("bad.png", Array("no picture".utf8))
    let itself = run("bench", "--report", original, "--force", original)
    #expect(itself.status == EX_CANTCREAT && itself.error.contains("is the input itself"))
    #expect(try Raster(png: folder.read("in.png")) == picture())
    // Before anything is measured.
    let nowhere = shell("'\(program)' bench --report '\(folder / "no/page.html")' '\(original)' 1>&2")
    #expect(
      nowhere == .init(status: EX_CANTCREAT, error: "prnn: \(folder / "no/page.html"): No such file or directory\n"))
    let none = run("bench", "--report", folder / "page.html", bad)
    #expect(none.error.hasSuffix("prnn: \(folder / "page.html"): not written, for no picture could be measured\n"))
    #expect(none.status == EX_NOINPUT && folder.names == ["bad.png", "in.png"])
    // What can be measured is reported.
    #expect(run("bench", "--report", folder / "page.html", "-1", bad, original).status == EX_DATAERR)
    #expect(String(decoding: try folder.read("page.html"), as: UTF8.self).contains("coders on 1 picture<"))
    #expect(String(decoding: try folder.read("page.html"), as: UTF8.self).contains(">1 more picture could not be"))
  }

  @Test func means() throws {
    let coders = ["PNG", "fast", "jxl e7"].map { Coder(name: $0, title: $0, family: .png, version: "") }
    func row(_ pixels: Int, _ scores: [(Double, Double)]) -> BenchRow {
      BenchRow(
        file: "", pixels: pixels, dims: pixels,
        scores: zip(coders, scores).map {
          Score(
            coder: $0.name, bitsPerDim: $1.0, pixels: pixels, encodeSeconds: $0.name == "PNG" ? nil : $1.1,
            decodeSeconds: $1.1)
        })
    }
    let rows = [row(1_000_000, [(4, 1), (3, 2), (2, 1)]), row(3_000_000, [(8, 1), (4, 8)])]
    let mean = try #require(BenchRow(meanOf: rows, coders))
    #expect(mean.scores.map(\.coder) == ["PNG", "fast"])
    #expect(mean.scores.map(\.bitsPerDim) == [6, 3.5])
    #expect(mean.scores.map(\.encodeMPixelPerSecond) == [nil, 0.4])
    #expect(mean.scores.map(\.decodeMPixelPerSecond) == [2, 0.4])
    #expect(BenchRow(meanOf: [], coders) == nil)
  }

  /// Two columns and two rows of boxes; a transparent pixel has no colour to add.
  @Test func drawings() throws {
    let wide = Raster(
      width: 640, height: 2, colourType: .grayAlpha,
      samples: (0..<640 * 2).flatMap { i in i % 2 == 0 ? [200, 255] as [UInt8] : [10, 0] })
    let codec = try Codec()
    let archive = try codec.compress(wide, model: ModelLibrary.bundled.standard)
    let drawing = BitDrawing(file: "", wide, try codec.costs(.init(archive), image: 0, models: .bundled))
    #expect((drawing.picture.width, drawing.picture.height) == (320, 1))
    #expect(drawing.picture.samples == (0..<320).flatMap { _ in [200, 200, 200, 128] })
    #expect((drawing.costs.width, drawing.costs.height) == (320, 1))
  }

  private func picture() -> Raster {
    Raster(
      width: 24, height: 16, colourType: .rgb,
      samples: (0..<24 * 16 * 3).map { UInt8(truncatingIfNeeded: 60 + $0 / 9 + ($0 * $0) % 7) })
  }
}
