import ArchiveFormat
import Glibc
import PRNN
import Raster
import Testing

/// The program as its users meet it: files, messages to the letter, exit status.
@Suite struct CommandTests {
  private let folder = try! Folder()

  @Test func compressAndDecompress() throws {
    let original = try folder.write("in.png", picture().png())
    #expect(run("compress", original) == .init(status: 0, error: ""))
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "out.png") == .init(status: 0, error: ""))
    #expect(try Raster(png: folder.read("out.png")) == picture())
    #expect(folder.names == ["in.png", "in.prnn", "out.png"])
  }

  @Test func severalInputs() throws {
    let files = try ["a.png", "b.png"].map { try folder.write($0, picture().png()) }
    #expect(run(["compress", "--no-preserve"] + files).status == 0)
    #expect(folder.names == ["a.png", "a.prnn", "b.png", "b.prnn"])
    #expect(try folder.read("a.prnn") == folder.read("b.prnn"))
    #expect(run("decompress", "-o", folder / "x", folder / "a.prnn", folder / "b.prnn").status == EX_USAGE)
    let clash = run("compress", "--force", folder / "a.png", folder / "a.PNG")
    #expect(clash.error.contains("a.png and \(folder / "a.PNG") would both become"))
    #expect(clash.status == EX_USAGE)
  }

  @Test func oneBadInputDoesNotStopTheOthers() throws {
    let bad = try folder.write("bad.png", Array("no picture".utf8))
    let good = try folder.write("good.png", picture().png())
    let result = run("compress", bad, good)
    #expect(result.status == EX_DATAERR)
    #expect(
      result.error == """
        prnn: \(bad): not a PNG picture; convert it to PNG first
        prnn: 1 of 2 files was not compressed\n
        """)
    #expect(folder.names == ["bad.png", "good.png", "good.prnn"])
    let archives = [bad, folder / "good.prnn", folder / "nowhere.prnn"]
    let back = run(["decompress", "--force"] + archives)
    #expect(back.status == EX_DATAERR)
    #expect(
      back.error == """
        prnn: \(bad): not a prnn archive
        prnn: \(archives[2]): No such file or directory
        prnn: 2 of 3 archives were not decompressed\n
        """)
  }

  @Test func standardInputAndOutput() throws {
    let original = try folder.write("in.png", picture().png())
    let line = "\(program) compress - < '\(original)' | \(program) decompress - > '\(folder / "out.png")'"
    #expect(system(line) == 0)
    #expect(try Raster(png: folder.read("out.png")) == picture())
  }

  @Test func existingFilesAreKept() throws {
    let original = try folder.write("in.png", picture().png())
    let output = try folder.write("in.prnn", [1, 2, 3])
    let result = run("compress", original)
    #expect(result.status == EX_CANTCREAT)
    #expect(
      result.error
        == "prnn: \(output): exists already; choose another name, or overwrite it with --force\n")
    #expect(try folder.read("in.prnn") == [1, 2, 3])
    #expect(run("compress", "--force", original).status == 0)
    #expect(try folder.read("in.prnn").count > 3)
  }

  @Test func theInputIsNeverOverwritten() throws {
    let odd = try folder.write("picture.prnn", picture().png())
    let result = run("compress", "--force", odd)
    #expect(result.status == EX_CANTCREAT)
    #expect(result.error == "prnn: \(odd): is the input itself; name another file\n")
    #expect(try Raster(png: folder.read("picture.prnn")) == picture())
    // Nor any other, nor what comes by standard input.
    let good = try folder.write("good.png", picture().png())
    #expect(symlink(odd, folder / "good.prnn") == 0)
    let other = run("compress", "--force", good, odd)
    #expect(other.status == EX_CANTCREAT)
    #expect(other.error.hasPrefix("prnn: \(folder / "good.prnn"): is the input itself; name another file\n"))
    let piped = shell("\(program) compress - --force -o '\(good)' < '\(good)'")
    #expect(
      piped == .init(status: EX_CANTCREAT, error: "prnn: \(good): is the input itself; name another file\n"))
    for file in ["picture.prnn", "good.png"] { #expect(try Raster(png: folder.read(file)) == picture()) }
  }

  @Test func linksAndDevicesStayWhatTheyAre() throws {
    let original = try folder.write("in.png", picture().png())
    _ = try folder.write("target.prnn", [1])
    #expect(symlink(folder / "target.prnn", folder / "link.prnn") == 0)
    #expect(run("compress", "--force", original, "-o", folder / "link.prnn").status == 0)
    #expect(try folder.read("target.prnn").count > 100)
    #expect(mkfifo(folder / "pipe", 0o600) == 0)
    let through = shell(
      "cat '\(folder / "pipe")' > '\(folder / "copy")' & \(program) compress --force '\(original)' -o '\(folder / "pipe")'; wait"
    )
    #expect(through.status == 0)
    #expect(try folder.read("copy") == folder.read("target.prnn"))
    var s = stat()
    #expect(stat(folder / "pipe", &s) == 0 && s.st_mode & S_IFMT == S_IFIFO)
  }

  @Test func inputsThatAreNotPictures() throws {
    func compress(_ name: String, _ bytes: [UInt8]) throws -> Outcome { run("compress", try folder.write(name, bytes)) }
    #expect(try compress("empty", []).error.hasSuffix("/empty: the file is empty; give a PNG picture\n"))
    let jpeg = try compress("photo.jpg", [0xFF, 0xD8, 0xFF, 0xE0, 0, 16])
    #expect(jpeg.error.contains("/photo.jpg: a JPEG picture; it is already smaller"))
    #expect(jpeg.status == EX_DATAERR)
    let cut = try compress("cut.png", Array(picture().png().prefix(90)))
    #expect(cut.error.contains("/cut.png: damaged picture ("))
    #expect(run("decompress", folder.path).error.hasSuffix(": is a folder; give the files in it\n"))
    let missing = run("compress", folder / "nowhere.png")
    #expect(missing.error.hasSuffix("/nowhere.png: No such file or directory\n"))
    #expect(missing.status == EX_NOINPUT)
    #expect(folder.names == ["cut.png", "empty", "photo.jpg"])
  }

  @Test func memoryLimit() throws {
    let original = try folder.write("in.png", picture().png())
    let result = run("compress", original, "--memory-limit", "1K")
    #expect(result.status == EX_UNAVAILABLE)
    #expect(result.error.contains("more than the limit of"))
    #expect(run("compress", original, "--memory-limit", "nonsense").status == EX_USAGE)
    #expect(folder.names == ["in.png"])
  }

  @Test func damagedArchives() throws {
    let original = try folder.write("in.png", picture().png())
    #expect(run("compress", original).status == 0)
    let archive = try folder.read("in.prnn")
    for (at, message) in [(0, "not a prnn archive"), (8, "newer than version 10"), (40, "the archive is damaged")] {
      var bytes = archive
      bytes[at] ^= 0x42
      let result = run("decompress", try folder.write("bad.prnn", bytes))
      #expect(result.status == EX_DATAERR)
      #expect(result.error.contains("/bad.prnn: "))
      #expect(result.error.contains(message))
      #expect(result.error.filter { $0 == "\n" }.count == 1)
    }
    let cut = run("decompress", try folder.write("bad.prnn", Array(archive.dropLast(1))))
    #expect(cut.error.hasSuffix("/bad.prnn: the archive is cut short; get a fresh copy of it\n"))
    #expect(folder.names == ["bad.prnn", "in.png", "in.prnn"])
  }

  @Test func noSpaceLeavesNothing() throws {
    let original = try folder.write("in.png", picture().png())
    // A file size limit of 0 blocks stands for a full disk; SIGXFSZ is ignored as a full disk sends none.
    let result = shell("trap '' XFSZ; \(filesUpTo(blocks: 0)); \(program) compress '\(original)' --no-verify")
    #expect(result.status == EX_IOERR)
    #expect(result.error.hasSuffix("/in.prnn: File too large\n"))
    #expect(folder.names == ["in.png"])
  }

  @Test func unknownModelsAndKernels() throws {
    let original = try folder.write("in.png", picture().png())
    let result = run("compress", original, "--model", "dream")
    #expect(result.status == EX_USAGE)
    #expect(
      result.error == "prnn: dream: no such model; give one of photo-3, photo-2, photo, photo-fast, or a model file\n")
    let kernel = shell("PRNN_KERNEL=mmx \(program) compress '\(original)'")
    #expect(kernel.status == EX_CONFIG)
    #expect(kernel.error.contains("PRNN_KERNEL=mmx is not to be had on this machine"))
  }

  @Test func infoAndModels() throws {
    let original = try folder.write("in.png", picture().png())
    #expect(run("compress", original, "--model", "photo-fast", "--coding", "networks").status == 0)
    let info = shell("\(program) info '\(folder / "in.prnn")' 1>&2")
    #expect(info.error.contains("24 × 16, RGB, 8 bits\nmodel       photo-fast "))
    #expect(shell("\(program) info --json '\(folder / "in.prnn")' 1>&2").error.contains("\"width\" : 24"))
    let palette =
      "'\(program)' info '\(#filePath.replacing("Tests/PRNNCommandTests/CommandTests.swift", with: "spec/vectors/palette4.prnn"))' 1>&2"
    #expect(shell(palette).error.contains("PNG chunks  PLTE     48 bytes  16 colours\n            tRNS      2 bytes\n"))
    #expect(shell("\(program) models > /dev/full").status == EX_IOERR)
    #expect(shell("\(program) models 1>&2").error.hasPrefix("photo-3  "))
    #expect(shell("\(program) models --json 1>&2").error.contains("\"kmacPerPixel\""))
  }

  @Test func effortsAndHeatmaps() throws {
    let original = try folder.write("in.png", picture().png())
    #expect(run("compress", original, "--effort", "fast", "--coding", "networks").status == 0)
    #expect(shell("\(program) info '\(folder / "in.prnn")' 1>&2").error.contains("model       photo-fast "))
    #expect(
      run("compress", original, "--effort", "9,0,0,8,0,0,0,0,9000,9000,9000", "-f", "--coding", "networks").status == 0)
    #expect(run("decompress", folder / "in.prnn", "-o", folder / "back.png").status == 0)
    #expect(try Raster(png: folder.read("back.png")) == picture())
    for wrong in ["slow", "1,2,3", "9,16,0,8,0,0,0,0,1,1,1", "9,0,0,8,0,0,0,0,1,1,1,5", ""] {
      #expect(run("compress", original, "--effort", wrong, "-f").status == EX_USAGE)
    }
    let drawn = shell("\(program) inspect '\(folder / "in.prnn")' --heatmap '\(folder / "heat.png")' 1>&2")
    #expect(drawn.status == 0 && drawn.error.contains(" bits a pixel; white: "))
    let heat = try Raster(png: folder.read("heat.png"))
    #expect(heat.width == 24 && heat.height == 16 && Set(heat.samples).count > 3)
    // The costs add up to the streams, but for the coder's last bytes.
    let archive = try Archive(folder.read("in.prnn"))
    let costs = try Codec().costs(archive, image: 0, models: .bundled)
    let bytes = archive.series[0].tiles.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
    #expect(abs(costs.bits / 8 - Double(bytes)) < 8)
    #expect(run("inspect", folder / "in.prnn", "--heatmap", folder / "heat.png").status == EX_CANTCREAT)
    #expect(run("inspect", original, "--heatmap", folder / "b.png").status == EX_DATAERR)
  }

  private func picture() -> Raster {
    Raster(
      width: 24, height: 16, colourType: .rgb,
      samples: (0..<24 * 16 * 3).map { UInt8(truncatingIfNeeded: 60 + $0 / 9 + ($0 * $0) % 7) })
  }
}
