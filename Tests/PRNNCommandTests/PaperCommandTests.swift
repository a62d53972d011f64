import Glibc
import Raster
import Testing

/// quantise, evaluate, sample, complete and decompress --scale, with the models of spec/vectors.
@Suite struct PaperCommandTests {
  private let folder: Folder
  private static let vectors = #filePath.replacing(
    "Tests/PRNNCommandTests/PaperCommandTests.swift", with: "spec/vectors/")
  private static let rowLSTM = vectors + "paper-row-lstm.prnnmodel"
  private static let levels = vectors + "paper-levels.prnnmodel"
  private static let bits = vectors + "paper-bits.prnnmodel"

  init() throws { folder = try Folder() }

  private func picture(_ name: String, _ type: Raster.ColourType = .rgb, _ width: Int = 13, _ height: Int = 9) throws
    -> String
  {
    let samples = (0..<width * height * type.channels).map { UInt8(truncatingIfNeeded: $0 * $0 / 3 + $0 * 5) }
    return try folder.write(name, Raster(width: width, height: height, colourType: type, samples: samples).png())
  }

  @Test func drawsAGrid() throws {
    let words = ["sample", "--model", Self.rowLSTM, "--size", "6x5", "--count", "7", "--columns", "4", "-q"]
    #expect(run(words + ["-o", folder / "a.png"]) == .init(status: 0, error: ""))
    let grid = try Raster(png: folder.read("a.png"))
    // Four columns of 6 and two rows of 5, gaps of 2 between.
    #expect(grid.width == 30 && grid.height == 12 && grid.colourType == .rgb)
    #expect(run(words + ["-o", folder / "b.png", "--threads", "1"]).status == 0)
    #expect(try folder.read("a.png") == folder.read("b.png"))
    #expect(run(words + ["-o", folder / "c.png", "--seed", "2"]).status == 0)
    #expect(try folder.read("a.png") != folder.read("c.png"))
    #expect(run(words + ["-o", folder / "c.png"]).status == EX_CANTCREAT)
    #expect(run(["sample", "--size", "0x5", "-o", folder / "d.png"]).status == EX_USAGE)
    let large = run("sample", "--size", "100000x100000", "-o", folder / "d.png")
    #expect(large.status == EX_UNAVAILABLE && large.error.contains("--memory-limit"))
    #expect(folder.names == ["a.png", "b.png", "c.png"])
  }

  @Test func completesAPicture() throws {
    let file = try picture("in.png")
    let words = ["complete", file, "--model", Self.rowLSTM, "--count", "2", "-q"]
    #expect(run(words + ["-o", folder / "row.png"]) == .init(status: 0, error: ""))
    let row = try Raster(png: folder.read("row.png"))
    #expect(row.width == 4 * 13 + 6 && row.height == 9)
    // The upper half is that of the picture in all four.
    let given = try Raster(png: folder.read("in.png"))
    for place in 0..<4 {
      for y in 0..<4 {
        let from = (y * row.width + place * 15) * 3
        #expect(row.samples[from..<from + 39].elementsEqual(given.samples[y * 39..<(y + 1) * 39]))
      }
    }
    let mask = try picture("mask.png", .gray, 12, 9)
    let other = run(words + ["--mask", mask, "-o", folder / "x.png"])
    #expect(other.error == "prnn: \(mask): is 12 × 9, the picture 13 × 9; give a mask of its size\n")
    #expect(other.status == EX_DATAERR)
    #expect(run("complete", file, "--model", Self.bits, "-o", folder / "x.png").status != 0)
    #expect(folder.names == ["in.png", "mask.png", "row.png"])
  }

  /// Names that Unicode calls equal are two files, and stay two.
  @Test func namesAreBytes() throws {
    let (composed, decomposed) = ("\u{E9}.png", "e\u{301}.png")
    try folder.makeFolder("set")
    let first = try picture("set/" + composed)
    _ = try picture("set/" + decomposed, .gray)
    #expect(run("compress", folder / "set", "-q") == .init(status: 0, error: ""))
    #expect(run("decompress", folder / "set.prnn", "--only", composed, "-q", "-o", folder / "x.png").status == 0)
    #expect(try Raster(png: folder.read("x.png")).colourType == .rgb)
    #expect(run("decompress", folder / "set.prnn", "-q", "-o", folder / "out") == .init(status: 0, error: ""))
    #expect(try Raster(png: folder.read("out/" + composed)) == Raster(png: folder.read("set/" + composed)))
    #expect(try Raster(png: folder.read("out/" + decomposed)).colourType == .gray)
    #expect(first.hasSuffix(composed))
  }

  @Test func masksWithAlphaAreRefused() throws {
    let file = try picture("in.png")
    let mask = try picture("mask.png", .rgba)
    let result = run("complete", file, "--model", Self.rowLSTM, "--mask", mask, "-o", folder / "x.png")
    #expect(result == .init(status: EX_DATAERR, error: "prnn: \(mask): is a RGBA picture; give a gray or RGB mask\n"))
  }

  @Test func writesSmallerSizes() throws {
    let file = try picture("in.png")
    #expect(run("compress", file, "--model", Self.levels, "-q") == .init(status: 0, error: ""))
    let archive = folder / "in.prnn"
    #expect(run("decompress", archive, "--model", Self.levels, "-q", "-o", folder / "whole.png").status == 0)
    #expect(try Raster(png: folder.read("whole.png")) == Raster(png: folder.read("in.png")))
    #expect(
      run("decompress", archive, "--model", Self.levels, "--scale", "1/4", "-q", "-o", folder / "4.png").status == 0)
    let small = try Raster(png: folder.read("4.png"))
    #expect(small.width == 4 && small.height == 3)
    let tooSmall = run("decompress", archive, "--model", Self.levels, "--scale", "1/8", "-o", folder / "8.png")
    #expect(tooSmall.error == "prnn: \(archive): the archive holds 3 sizes; the smallest is 1/4\n")
    #expect(run("decompress", archive, "--scale", "3", "-o", folder / "8.png").status == EX_USAGE)
    // The end of the file is not needed for the smallest size.
    let cut = try folder.write("cut.prnn", Array(folder.read("in.prnn").dropLast(40)))
    #expect(
      run("decompress", cut, "--model", Self.levels, "--scale", "1/4", "-q", "-o", folder / "cut.png").status == 0)
    #expect(try folder.read("cut.png") == folder.read("4.png"))
    #expect(run("decompress", cut, "--model", Self.levels, "-q", "-o", folder / "8.png").status == EX_DATAERR)
    #expect(!folder.names.contains("8.png"))
  }

  @Test func measuresAndQuantises() throws {
    let file = try picture("in.png", .rgb, 6, 5)
    let weights = Self.vectors + "pixelrnn/row-lstm-softmax.safetensors"
    #expect(run("quantise", "--weights", weights, file, "-o", folder / "m.prnnm") == .init(status: 0, error: ""))
    #expect(run("quantise", "--weights", weights, file, "-o", folder / "m.prnnm").status == EX_CANTCREAT)
    let line = "'\(program)' evaluate --model '\(folder / "m.prnnm")' '\(file)' > '\(folder / "out")'"
    #expect(shell(line) == .init(status: 0, error: ""))
    let text = String(decoding: try folder.read("out"), as: UTF8.self).split(separator: "\n")
    #expect(text.count == 4 && text[0] == "m, 1 pictures")
    #expect(text[1].hasPrefix("floats    ") && text[2].hasPrefix("integers  ") && text[3].hasPrefix("coded     "))
    let gray = try picture("gray.png", .gray, 6, 5)
    #expect(run("evaluate", "--model", folder / "m.prnnm", gray).status == EX_DATAERR)
    #expect(run("quantise", "--weights", file, file, "-o", folder / "n.prnnm").status == EX_DATAERR)
    // A conditional network alone is no model.
    let conditional = Self.vectors + "pixelrnn/row-lstm-conditional.safetensors"
    #expect(run("quantise", "--weights", conditional, gray, "-o", folder / "n.prnnm").status == EX_DATAERR)
    #expect(folder.names == ["gray.png", "in.png", "m.prnnm", "out"])
  }
}
