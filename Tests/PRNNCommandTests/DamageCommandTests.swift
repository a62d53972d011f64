import ArchiveFormat
import ByteCoding
import Glibc
import PRNN
import Raster
import Testing

/// `prnn verify` and `prnn decompress --recover`.
@Suite struct DamageCommandTests {
  private let folder = try! Folder()

  private func picture(_ seed: Int, width: Int = 24) -> Raster {
    Raster(
      width: width, height: 16, colourType: .gray,
      samples: (0..<width * 16).map { UInt8(truncatingIfNeeded: 60 + seed + $0 / 9 + ($0 * $0) % 7) })
  }

  /// An archive of one picture; its path, and its bytes.
  private func single() throws -> (path: String, bytes: [UInt8]) {
    let original = try folder.write("one.png", picture(1).png())
    #expect(run("compress", original, "--effort", "fast", "--coding", "networks").status == 0)
    return (folder / "one.prnn", try folder.read("one.prnn"))
  }

  /// An archive of two series: three pictures, and one.
  private func set() throws -> (path: String, archive: Archive) {
    #expect(mkdir(folder / "set", 0o777) == 0)
    for i in 0..<4 { _ = try folder.write("set/\(i).png", picture(i, width: i == 2 ? 30 : 24).png()) }
    #expect(run("compress", folder / "set", "--effort", "fast", "--coding", "networks").status == 0)
    return (folder / "set.prnn", try Archive(folder.read("set.prnn")))
  }

  /// The first byte of the first chunk of a type from some place on.
  private func place(of type: String, in bytes: [UInt8], from start: Int = 0) throws -> Int {
    try #require((start..<bytes.count).first { bytes[$0...].starts(with: Array(type.utf8)) })
  }

  @Test func wholeArchives() throws {
    let (one, many) = (try single(), try set())
    let lines = shell("\(program) verify '\(one.path)' '\(many.path)' 1>&2")
    #expect(
      lines
        == .init(
          status: 0,
          error: """
            \(one.path): ok (1 picture, the checksums of all chunks)
            \(many.path): ok (4 pictures, the checksums of all chunks)\n
            """))
    let deep = shell("\(program) verify --deep - < '\(one.path)' 1>&2")
    #expect(
      deep == .init(status: 0, error: "standard input: ok (1 picture, the checksums of all chunks and pixels)\n"))
    #expect(shell("\(program) verify --deep --quiet '\(many.path)' 1>&2") == .init(status: 0, error: ""))
    let json = shell("\(program) verify --json '\(one.path)' 1>&2").error
    #expect(json.contains("\"isWhole\" : true") && json.contains("\"file\" : \"\(one.path)\""))
    #expect(run("verify", one.path, "--model", "dream").status == EX_USAGE)
    #expect(folder.names == ["one.png", "one.prnn", "set", "set.prnn"])
  }

  @Test func damagedOnesAreNamedAndTheOthersChecked() throws {
    let (path, bytes) = try single()
    var damaged = bytes
    damaged[try place(of: "TILE", in: bytes) + 20] ^= 1
    let bad = try folder.write("bad.prnn", damaged)
    let cut = try folder.write("cut.prnn", Array(bytes.dropLast(3)))
    let other = try folder.write("other.prnn", Array("no archive".utf8))
    let result = shell("\(program) verify '\(bad)' '\(cut)' '\(other)' '\(path)' nowhere 1>&2")
    #expect(result.status == EX_DATAERR)
    #expect(
      result.error == """
        prnn: \(bad): tile 1 of 1 (24x16+0+0) is damaged
        prnn: \(cut): the archive is cut short
        prnn: \(other): not a prnn archive
        \(path): ok (1 picture, the checksums of all chunks)
        prnn: nowhere: No such file or directory
        prnn: 4 of 5 archives were not found whole\n
        """)
    let json = shell("\(program) verify --json '\(bad)' '\(path)' 2>/dev/null 1>&2")
    #expect(json.status == EX_DATAERR)
    let printed = shell("\(program) verify --json '\(bad)' '\(path)' 2>/dev/null | grep -c isWhole 1>&2")
    #expect(printed.error == "2\n")
  }

  @Test func foldersOfArchives() throws {
    let (bytes, (many, _)) = (try single().bytes, try set())
    #expect(mkdir(folder / "tree", 0o777) == 0 && mkdir(folder / "tree/more", 0o777) == 0)
    let odd = try folder.write("tree/a\u{1B}[1m.prnn", bytes)
    let whole = try folder.write("tree/more/b.prnn", bytes)
    _ = try folder.write("tree/notes.txt", Array("no archive".utf8))
    let all = shell("\(program) verify -r -j 2 --deep '\(folder / "tree")' 1>&2")
    let ok = [odd.replacing("\u{1B}", with: "\\u{1B}"), whole]
      .map { "\($0): ok (1 picture, the checksums of all chunks and pixels)" }
    #expect(all.status == 0 && all.error.split(separator: "\n").sorted() == ok.map { $0[...] }, "\(all.error)")
    let cut = try folder.write("tree/more/cut.prnn", Array(bytes.dropLast(3)))
    #expect(mkdir(folder / "empty", 0o777) == 0 && mkfifo(folder / "tree/pipe.prnn", 0o666) == 0)
    #expect(
      run("verify", "--recursive", "-q", folder / "tree", folder / "empty", many)
        == .init(
          status: EX_DATAERR,
          error: """
            prnn: \(cut): the archive is cut short
            prnn: \(folder / "tree/pipe.prnn"): is a pipe, a socket or a device, not a file
            prnn: \(folder / "empty"): has no files in it that end with .prnn
            prnn: 3 of 6 archives were not found whole\n
            """))
    // The first takes longest.
    let places = "'\(many)' '\(folder / "tree/more")'"
    let json = shell("\(program) verify -r -j 3 --deep --json \(places) 2>/dev/null | grep '\"file\"' 1>&2").error
    let files = json.split(separator: "\n").map { $0.split(separator: "/").last! }
    #expect(files == ["set.prnn\",", "b.prnn\",", "cut.prnn\","])
    let withoutIt = run("verify", folder / "tree").error
    #expect(withoutIt == "prnn: \(folder / "tree"): is a folder; give the files in it\n")
    #expect(shell("\(program) verify '\(folder / "tree/more")/[b]*.prnn' 1>&2").error.hasPrefix("\(whole): ok"))
    #expect(run("verify", "-r", "-").status == EX_USAGE)
    #expect(run("verify", "-j", "0", whole).status == EX_USAGE)
  }

  /// What only decoding finds: a checksum of samples that is wrong in a whole chunk, and a model that is not there.
  @Test func deep() throws {
    var (path, archive) = try set()
    archive.series[0].checksums[0] ^= 1
    let wrong = try folder.write("wrong.prnn", archive.serialised())
    #expect(run("verify", path, wrong) == .init(status: 0, error: ""))
    let result = run("verify", "--deep", wrong)
    let last = archive.series[0].names.last!
    #expect(
      result
        == .init(
          status: EX_DATAERR,
          error: "prnn: \(wrong): lot 1 of 1 (0.png ... \(last)) does not match its checksum\n"))
    archive.models[0].hash[0] ^= 1
    let lost = try folder.write("lost.prnn", archive.serialised())
    #expect(run("verify", lost).status == 0)
    let deep = run("verify", "--deep", lost)
    #expect(deep.status == EX_UNAVAILABLE)
    #expect(deep.error.contains("needs the model photo-fast"))
  }

  /// Every byte of an archive, and every length.
  @Test func allDamageIsReported() throws {
    let bytes = try single().bytes
    var files: [String] = []
    for i in bytes.indices {
      var damaged = bytes
      damaged[i] ^= UInt8(1 << (i % 8))
      files.append(try folder.write("byte\(i)", damaged))
      files.append(try folder.write("cut\(i)", Array(bytes.prefix(i))))
    }
    let result = run(["verify"] + files)
    #expect(result.status == EX_DATAERR)
    let lines = result.error.split(separator: "\n")
    #expect(lines.count == files.count + 1)
    #expect(lines.last! == "prnn: \(files.count) of \(files.count) archives were not found whole")
    for (line, file) in zip(lines, files) { #expect(line.hasPrefix("prnn: \(file): "), "\(line)") }
  }

  @Test func recoverWholeArchives() throws {
    let (one, many) = (try single(), try set())
    #expect(run("decompress", "--recover", one.path, "-o", folder / "a.png") == .init(status: 0, error: ""))
    #expect(try Raster(png: folder.read("a.png")) == picture(1))
    #expect(run("decompress", "--recover", many.path, "-o", folder / "out") == .init(status: 0, error: ""))
    #expect(try Raster(png: folder.read("out/3.png")) == picture(3))
    #expect(run("decompress", "--recover", one.path, "--crop", "1x1+0+0").status == EX_USAGE)
  }

  @Test func recoverATiledPicture() throws {
    let raster = Raster(
      width: 1100, height: 20, colourType: .rgb,
      samples: (0..<1100 * 20 * 3).map { UInt8(truncatingIfNeeded: 60 + $0 / 99 + ($0 * $0) % 7) })
    let original = try folder.write("wide.png", raster.png())
    #expect(run("compress", original, "--effort", "fast", "--coding", "networks").status == 0)
    var bytes = try folder.read("wide.prnn")
    let second = try place(of: "TILE", in: bytes, from: place(of: "TILE", in: bytes) + 4)
    bytes[second + 30] ^= 0x80
    let bad = try folder.write("bad.prnn", bytes)
    #expect(run("decompress", bad).status == EX_DATAERR)
    let result = run("decompress", "--recover", bad, "-o", folder / "out.png")
    #expect(result.status == 3)
    #expect(
      result.error == """
        prnn: \(bad): tile 2 of 2 (550x20+550+0) is damaged
        prnn: \(bad): pictures recovered: 1 in part; damaged tiles are magenta, in gray pictures black\n
        """)
    var expected = raster
    for y in 0..<20 {
      for x in 550..<1100 {
        expected.samples.replaceSubrange((y * 1100 + x) * 3..<(y * 1100 + x) * 3 + 3, with: [255, 0, 255])
      }
    }
    #expect(try Raster(png: folder.read("out.png")) == expected)
    let again = run("decompress", "--recover", bad, "-o", folder / "out.png")
    #expect(again.status == EX_CANTCREAT && again.error.contains("exists already"))
  }

  @Test func recoverASet() throws {
    let (path, archive) = try set()
    var bytes = archive.serialised()
    bytes[try place(of: "TILE", in: bytes) + 15] ^= 1
    let bad = try folder.write("bad.prnn", bytes)
    let result = run("decompress", "--recover", bad, "-o", folder / "out")
    let names = archive.series[0].names
    #expect(result.status == 3)
    #expect(
      result.error
        == names.map { "prnn: \(bad): \($0) is lost: lot 1 of 1 (\(names[0]) ... \(names[2])) is damaged\n" }.joined()
        + "prnn: \(bad): pictures recovered: 1 whole, 3 lost\n")
    #expect(try Raster(png: folder.read("out/2.png")) == picture(2, width: 30))
    #expect(access(folder / "out/0.png", F_OK) != 0)
    #expect(run("decompress", "--recover", bad, "--only", "2.png", "-o", folder / "two.png").status == 0)
    #expect(run("decompress", "--recover", bad, "--only", "1.png", "-o", folder / "one.png").status == EX_DATAERR)
    // Its header.
    bytes = archive.serialised()
    bytes[try place(of: "IMAG", in: bytes) + 9] ^= 1
    let headless = try folder.write("headless.prnn", bytes)
    let other = run("decompress", "--recover", headless, "-o", folder / "rest")
    #expect(
      other
        == .init(
          status: 3,
          error: """
            prnn: \(headless): series 1 is lost with all its pictures (chunk IMAG is damaged)
            prnn: \(headless): 3 of 4 pictures are in series that are lost
            prnn: \(headless): pictures recovered: 1 whole\n
            """))
    #expect(try Raster(png: folder.read("rest/2.png")) == picture(2, width: 30))
    #expect(run("verify", path).status == 0)
  }

  @Test func nothingLeft() throws {
    let (_, bytes) = try single()
    var damaged = bytes
    damaged[try place(of: "MODL", in: bytes) + 9] ^= 1
    let bad = try folder.write("bad.prnn", damaged)
    let result = run("decompress", "--recover", bad)
    #expect(
      result
        == .init(
          status: EX_DATAERR,
          error: """
            prnn: \(bad): a chunk MODL, which names a model, is damaged
            prnn: \(bad): series 1 is lost with all its pictures (chunk MODL is damaged)
            prnn: \(bad): nothing of it can be recovered\n
            """))
    damaged = bytes
    damaged[try place(of: "TILE", in: bytes) + 9] ^= 1
    let blank = try folder.write("blank.prnn", damaged)
    #expect(
      run("decompress", "--recover", blank)
        == .init(
          status: EX_DATAERR,
          error: """
            prnn: \(blank): the picture is lost: tile 1 of 1 (24x16+0+0) is damaged
            prnn: \(blank): nothing of it can be recovered\n
            """))
    #expect(run("decompress", "--recover", try folder.write("x", Array("nothing".utf8))).status == EX_DATAERR)
    #expect(folder.names == ["bad.prnn", "blank.prnn", "one.png", "one.prnn", "x"])
  }
}
