import ArchiveFormat
import Glibc
import PRNN
import PixelModels
import Raster
import Testing

/// Folders and sets of pictures through the program.
@Suite struct SetCommandTests {
  private let folder = try! Folder()

  /// A folder of five pictures of two sizes, and a file that is none.
  private func pictures() throws -> String {
    for path in ["set", "set/b", "set/b/c"] { #expect(mkdir(folder / path, 0o777) == 0) }
    for (i, name) in ["1.png", "2.png", "b/x.PNG", "b/c/3.png", "b/ä.png"].enumerated() {
      _ = try folder.write("set/" + name, picture(i).png())
    }
    _ = try folder.write("set/notes.txt", [1])
    return folder / "set"
  }

  private func picture(_ seed: Int) -> Raster {
    let side = seed % 2 == 0 ? 6 : 9
    return Raster(
      width: side, height: 5, colourType: .gray,
      samples: (0..<side * 5).map { UInt8(truncatingIfNeeded: 60 + seed * 20 + $0 / 3 + ($0 * $0) % 7) })
  }

  @Test func aFolderThereAndBack() throws {
    let set = try pictures()
    let made = run("compress", set + "/")
    #expect(made == .init(status: 0, error: "prnn: \(set)/: 1 other file is not PNG and not in the archive\n"))
    #expect(run("decompress", folder / "set.prnn", "-o", folder / "out") == .init(status: 0, error: ""))
    #expect(folder.tree("out") == ["out/1.png", "out/2.png", "out/b/c/3.png", "out/b/x.PNG", "out/b/ä.png"])
    for (i, name) in ["1.png", "2.png", "b/x.PNG", "b/c/3.png", "b/ä.png"].enumerated() {
      #expect(try Raster(png: folder.read("out/" + name)) == picture(i))
    }
    // Beside the archive, where the pictures are still.
    let again = run("decompress", folder / "set.prnn")
    #expect(again.status == EX_CANTCREAT)
    #expect(
      again.error.hasSuffix("/set/1.png: exists already; choose another name, or overwrite it with --force\n"))
    #expect(run("decompress", folder / "set.prnn", "--force").status == 0)
  }

  @Test func severalFilesInOneArchive() throws {
    let set = try pictures()
    let result = run("compress", set + "/1.png", set + "/b", "-o", folder / "some.prnn")
    #expect(result == .init(status: 0, error: ""))
    #expect(run("decompress", folder / "some.prnn").status == 0)
    #expect(folder.tree("some") == ["some/1.png", "some/b/c/3.png", "some/b/x.PNG", "some/b/ä.png"])
    let clash = run("compress", set + "/1.png", set + "/../set/1.png", "-o", folder / "twice.prnn")
    #expect(
      clash == .init(status: EX_USAGE, error: "prnn: 1.png: two of the pictures would have this name; rename one\n"))
    #expect(run("compress", set + "/1.png", "-", "-o", folder / "x.prnn").status == EX_USAGE)
    let input = run("compress", "--force", set + "/1.png", set + "/2.png", "-o", set + "/2.png")
    #expect(input.error.hasSuffix("/2.png: is the input itself; name another file\n"))
    #expect(folder.names == ["set", "some", "some.prnn"])
  }

  @Test func onePictureOfMany() throws {
    #expect(run("compress", try pictures(), "--quiet").status == 0)
    #expect(run("decompress", folder / "set.prnn", "--only", "b/c/3.png") == .init(status: 0, error: ""))
    #expect(try Raster(png: folder.read("3.png")) == picture(3))
    #expect(run("decompress", folder / "set.prnn", "--only", "2.png", "-o", folder / "two.png").status == 0)
    #expect(try Raster(png: folder.read("two.png")) == picture(1))
    let lost = run("decompress", folder / "set.prnn", "--only", "3.png")
    #expect(lost.status == EX_NOINPUT)
    #expect(lost.error.hasSuffix("/set.prnn: has no picture called 3.png; prnn list shows their names\n"))
    let output = run("decompress", folder / "set.prnn", "-o", "-")
    #expect(output.status == EX_USAGE)
    #expect(output.error.contains("takes one picture; choose it with --only"))
  }

  @Test func partsOfPictures() throws {
    #expect(run("compress", try pictures(), "--quiet").status == 0)
    let set = folder / "set.prnn"
    #expect(run("decompress", set, "--only", "2.png", "--crop", "2x3+7+1", "-o", folder / "part.png").status == 0)
    let part = try Raster(png: folder.read("part.png"))
    #expect(part.width == 2 && part.height == 3)
    #expect(part.samples == (1..<4).flatMap { y in (7..<9).map { picture(1).samples[y * 9 + $0] } })
    let all = run("decompress", set, "--crop", "1x1+0+0")
    #expect(all.status == EX_USAGE)
    #expect(all.error.hasSuffix("/set.prnn: has 5 pictures; choose one for --crop with --only\n"))
    let outside = run("decompress", set, "--only", "2.png", "--crop", "2x3+8+1", "-o", folder / "none.png")
    #expect(outside.status == EX_USAGE)
    #expect(
      outside.error.hasSuffix(
        "/set.prnn: 2x3+8+1 is not inside the picture, which has 9x5 pixels; choose another part\n"))
    #expect(run("decompress", set, "--crop", "2x3").status == EX_USAGE)
    #expect(folder.names == ["part.png", "set", "set.prnn"])
  }

  @Test func listing() throws {
    #expect(run("compress", "--coding", "networks", try pictures()).status == 0)
    let list = shell("\(program) list '\(folder / "set.prnn")' 1>&2").error.split(separator: "\n")
    #expect(list.prefix(2) == ["6 × 5  gray  8 bits  1.png", "6 × 5  gray  8 bits  b/x.PNG"])
    // 3 · 6 · 5 + 2 · 9 · 5
    #expect(list.last?.hasPrefix("5 pictures, 180 samples, ") == true)
    #expect(shell("\(program) list --json '\(folder / "set.prnn")' 1>&2").error.contains("\"name\" : \"b/c/3.png\""))
    let info = shell("\(program) info '\(folder / "set.prnn")' 1>&2").error
    #expect(info.contains("5 pictures in 2 series\n3 of 6 × 5, gray, 8 bits\nmodel       photo-3 "))
    #expect(info.contains("names       1.png ... b/ä.png"))
    #expect(run("compress", folder / "set/1.png").status == 0)
    #expect(
      shell("\(program) list '\(folder / "set/1.prnn")' 1>&2").error.hasPrefix("6 × 5  gray  8 bits  1.png\n1 picture,")
    )
  }

  /// All that are bad are named at once; without them there is an archive only if that is asked for.
  @Test func badPictures() throws {
    let set = try pictures()
    let bad = try folder.write("set/b/c/bad.png", Array("no picture".utf8))
    let cut = try folder.write("set/cut.png", Array(picture(0).png().dropLast(20)))
    #expect(symlink("nowhere", set + "/lost.png") == 0)
    // A pipe would be waited for.
    #expect(mkfifo(set + "/pipe.png", 0o600) == 0 && mkfifo(set + "/pipe", 0o600) == 0)
    let lines = """
      prnn: \(bad): not a PNG picture; convert it to PNG first
      prnn: \(cut): damaged picture (the file ends too early); get a fresh copy of it
      prnn: \(set)/lost.png: No such file or directory
      prnn: \(set)/pipe.png: is a pipe, a socket or a device, not a file\n
      """
    let result = run("compress", set)
    #expect(result.status == EX_DATAERR)
    #expect(
      result.error == lines
        + "prnn: \(set): 4 of 9 pictures cannot be compressed, so there is no archive; replace them, or leave them out with --skip-bad\n"
    )
    #expect(folder.names == ["set"])
    let rest = run("compress", "--skip-bad", set)
    #expect(
      rest
        == .init(
          status: 3,
          error: lines
            + "prnn: \(set): 2 other files are not PNG and not in the archive\nprnn: \(set): 4 of 9 pictures are not in the archive\n"
        ))
    #expect(shell("\(program) list '\(folder / "set.prnn")' 1>&2").error.contains("5 pictures, "))
    // None is left.
    let none = run("compress", "--skip-bad", bad, cut, "-o", folder / "none.prnn")
    #expect(none.status == EX_DATAERR)
    #expect(
      none.error.hasSuffix("/none.prnn: 2 of 2 pictures cannot be compressed, so there is no archive\n"))
    #expect(folder.names == ["set", "set.prnn"])
  }

  @Test func picturesTooLargeForTheMemory() throws {
    let set = try pictures()
    // 30 and 45 bytes each: all of them are too many, or some of them too large.
    let all = run("compress", set, "--memory-limit", "100", "--skip-bad")
    #expect(all.status == EX_UNAVAILABLE)
    #expect(all.error.contains("more than the limit of") && all.error.split(separator: "\n").count == 1)
    let each = run("compress", set, "--memory-limit", "40")
    #expect(each.status == EX_UNAVAILABLE)
    #expect(each.error.contains("2 of 5 pictures cannot be compressed"))
    #expect(folder.names == ["set"])
  }

  @Test func foldersWithoutPictures() throws {
    #expect(mkdir(folder / "empty", 0o777) == 0)
    let result = run("compress", folder / "empty")
    #expect(result.status == EX_NOINPUT)
    #expect(result.error.hasSuffix("/empty: has no PNG files in it; give a folder that has\n"))
    let here = shell("cd '\(folder.path)' && \(program) compress .")
    #expect(here == .init(status: EX_USAGE, error: "prnn: .: name the archive of this folder with -o\n"))
  }

  @Test func linksInCircles() throws {
    let set = try pictures()
    #expect(symlink("..", set + "/b/up") == 0)
    #expect(run("compress", set, "-o", folder / "x.prnn").status == 0)
    #expect(shell("\(program) list '\(folder / "x.prnn")' 1>&2").error.contains("5 pictures, "))
  }

  @Test func namesThatAnArchiveCannotKeep() throws {
    let set = try pictures()
    _ = try folder.write("set/line\nfeed.png", picture(0).png())
    let result = run("compress", set)
    #expect(result.error.contains(": 1 of 6 pictures cannot be compressed"))
    #expect(result.status == EX_DATAERR)
    #expect(result.error.contains("has a name that an archive cannot keep"))
  }

  /// Nothing is decoded when a file is in the way, and nothing stays when the last lot is damaged.
  @Test func allOrNothing() throws {
    #expect(run("compress", try pictures()).status == 0)
    #expect(mkdir(folder / "out", 0o777) == 0)
    _ = try folder.write("out/b", [1])
    let file = run("decompress", folder / "set.prnn", "-o", folder / "out")
    #expect(
      file == .init(status: EX_CANTCREAT, error: "prnn: \(folder / "out/b"): is no folder; name another with -o\n"))
    #expect(folder.tree("out") == ["out/b"])
    var archive = try Archive(folder.read("set.prnn"))
    archive.series[1].checksums[0] ^= 1
    let damaged = try folder.write("damaged.prnn", archive.serialised())
    let result = run("decompress", damaged, "-o", folder / "new")
    #expect(result.status == EX_DATAERR)
    #expect(
      result.error.hasSuffix("/damaged.prnn: the pixels do not match their checksum; get a fresh copy of the archive\n")
    )
    #expect(folder.names == ["damaged.prnn", "out", "set", "set.prnn"])
  }

  /// A disk that is full before the last picture is written.
  @Test func filesWrittenBeforeAFailureAreTakenBack() throws {
    let set = try pictures()
    let noise = (0..<4096).map { UInt8(truncatingIfNeeded: ($0 * $0 * 2_654_435_761) >> 13) }
    let large = Raster(width: 64, height: 64, colourType: .gray, samples: noise)
    _ = try folder.write("set/z.png", large.png())
    #expect(run("compress", set).status == 0)
    #expect(mkdir(folder / "out", 0o777) == 0)
    _ = try folder.write("out/mine", [1])
    // Files of at most 1024 bytes; SIGXFSZ is ignored as a full disk sends none.
    let archive = folder / "set.prnn"
    let full = shell("trap '' XFSZ; \(filesUpTo(blocks: 2)); \(program) decompress '\(archive)' -o '\(folder / "out")'")
    #expect(full == .init(status: EX_IOERR, error: "prnn: \(folder / "out/z.png"): File too large\n"))
    #expect(folder.tree("out") == ["out/mine"])
    #expect(shell("ls -d '\(folder / "out")'/*/").status != 0)
  }

  @Test func modelsInTheArchive() throws {
    let set = try pictures()
    let tiny = #filePath.replacing("Tests/PRNNCommandTests/SetCommandTests.swift", with: "spec/vectors/tiny.prnnmodel")
    #expect(run("compress", set, "--model", tiny, "--coding", "networks", "-o", folder / "without.prnn").status == 0)
    let lost = run("decompress", folder / "without.prnn")
    #expect(lost.status == EX_UNAVAILABLE)
    #expect(lost.error.contains("needs the model tiny"))
    let embedded = ["--model", tiny, "--embed-model", "--coding", "networks"]
    #expect(run(["compress", set, "-o", folder / "with.prnn"] + embedded).status == 0)
    #expect(run("decompress", folder / "with.prnn", "-o", folder / "out").status == 0)
    #expect(shell("\(program) info '\(folder / "with.prnn")' 1>&2").error.contains(" (in the archive)\n"))
    #expect(run(["compress", set + "/1.png", "-o", folder / "one.prnn"] + embedded).status == 0)
    #expect(run("decompress", folder / "one.prnn").status == 0)
    #expect(try Raster(png: folder.read("one.png")) == picture(0))
  }
}

extension Folder {
  /// All files below one of its folders, sorted by their bytes.
  fileprivate func tree(_ name: String) -> [String] {
    let pipe = popen("cd '\(path)' && find '\(name)' -type f | LC_ALL=C sort", "r")!
    defer { pclose(pipe) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(pipe), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
