import Glibc
import PRNN
import Raster
import Testing

/// Trees of files, several at once, and what is told of them.
@Suite struct BatchCommandTests {
  private let folder = try! Folder()

  private func picture(_ seed: Int = 0) -> Raster {
    Raster(
      width: 24, height: 16, colourType: .rgb,
      samples: (0..<24 * 16 * 3).map { UInt8(truncatingIfNeeded: 60 + seed + $0 / 9 + ($0 * $0) % 7) })
  }

  /// a.png, b/c.png, b/d/e.png, and bad.png, which is no picture.
  private func makeTree(_ name: String, bad: Bool = true) throws {
    for part in ["", "/b", "/b/d"] { try folder.makeFolder(name + part) }
    for (seed, file) in ["a", "b/c", "b/d/e"].enumerated() {
      _ = try folder.write("\(name)/\(file).png", picture(seed).png())
    }
    if bad { _ = try folder.write("\(name)/b/bad.png", [1, 2, 3]) }
  }

  private func exists(_ name: String) -> Bool { access(folder / name, F_OK) == 0 }

  @Test(arguments: [1, 3]) func treesAreKept(jobs: Int) throws {
    try makeTree("in")
    let result = run("compress", "-r", folder / "in", "-o", folder / "out", "--jobs", "\(jobs)", "-1")
    #expect(result.status == EX_DATAERR)
    #expect(
      result.error == """
        prnn: \(folder / "in/b/bad.png"): not a PNG picture; convert it to PNG first
        prnn: 1 of 4 files was not compressed\n
        """)
    #expect(!exists("out/b/bad.prnn"))
    #expect(run("decompress", "-r", folder / "out", "-o", folder / "back", "-j", "\(jobs)", "-T", "2").status == 0)
    for (seed, file) in ["a", "b/c", "b/d/e"].enumerated() {
      #expect(try Raster(png: folder.read("back/\(file).png")) == picture(seed))
      let single = try Codec().compress(
        picture(seed), model: Effort.fast.model(in: .bundled), effort: .fast, coding: .best)
      #expect(try folder.read("out/\(file).prnn").count <= single.count + 40)
    }
    // Beside the files, once more, where some are there already.
    #expect(run("compress", "-r", folder / "in/b/d").status == 0)
    #expect(exists("in/b/d/e.prnn"))
    let again = run("compress", "-r", folder / "in/b/d")
    #expect(again.status == EX_CANTCREAT && again.error.contains("/e.prnn: exists already"))
  }

  @Test func namesThatWouldClash() throws {
    try folder.makeFolder("in")
    for name in ["x.png", "x.PNG"] { _ = try folder.write("in/\(name)", picture().png()) }
    let result = run("compress", "-r", folder / "in")
    #expect(result.status == EX_USAGE)
    #expect(
      result.error.contains(
        "/x.png: would become \(folder / "in/x.prnn"), as \(folder / "in/x.PNG") does; rename one\n"))
    #expect(exists("in/x.prnn"))
  }

  @Test func oddNames() throws {
    try folder.makeFolder("in")
    _ = try folder.write("in/a\nb.png", [1])
    let file = fopen((folder / "in/c") + String(decoding: [0x2E], as: UTF8.self) + "png", "w")
    fclose(file)
    #expect(shell("printf x > \"$(printf '\(folder / "in")/\\377.png')\"").status == 0)
    let result = run("compress", "-r", folder / "in")
    #expect(result.status == EX_DATAERR)
    #expect(result.error.contains("in/a\\nb.png: not a PNG picture"))
    #expect(result.error.contains("has a name that is not UTF-8; rename it\n"))
    #expect(result.error.split(separator: "\n").count == 4)
  }

  @Test func dryRunsWriteNothing() throws {
    try makeTree("in", bad: false)
    let told = shell("\(program) compress -r '\(folder / "in")' -o '\(folder / "out")' --dry-run 1>&2")
    #expect(
      told.error.split(separator: "\n").sorted()
        == ["a", "b/c", "b/d/e"].map {
          "\(folder / "in/\($0).png") -> \(folder / "out/\($0).prnn")"
        })
    #expect(!exists("out"))
    let original = try folder.write("one.png", picture().png())
    #expect(run("compress", original).status == 0)
    #expect(run("compress", original, "--dry-run").status == EX_CANTCREAT)
    let back = shell("\(program) decompress --dry-run '\(folder / "one.prnn")' -o '\(folder / "two.png")' 1>&2")
    #expect(back.error == "\(folder / "one.prnn") -> \(folder / "two.png")\n")
    #expect(!exists("two.png"))
  }

  @Test func sourcesAreDeletedOnlyWhenTheyAreSafe() throws {
    let original = try folder.write("in.png", picture().png())
    for wrong in [["--no-verify"], ["-o", "-"]] {
      #expect(run(["compress", "--delete-source", original] + wrong).status == EX_USAGE)
    }
    // What was written cannot be read again.
    #expect(run("compress", "--delete-source", "--force", original, "-o", "/dev/null").status == EX_USAGE)
    // A file that does not come back byte for byte.
    var foreign = try picture().png()
    foreign.append(7)
    let other = try folder.write("other.png", foreign)
    let kept = run("compress", "--delete-source", "--exact", other)
    #expect(exists("in.png") && (kept.error.isEmpty != exists("other.png")))
    #expect(run("compress", "--delete-source", original) == .init(status: 0, error: ""))
    #expect(!exists("in.png"))
    #expect(run("decompress", folder / "in.prnn").status == 0)
    #expect(try Raster(png: folder.read("in.png")) == picture())
    // Nothing of a set of which a picture is bad.
    try makeTree("set")
    #expect(run("compress", "--delete-source", "--skip-bad", folder / "set").status == 3)
    #expect(exists("set/a.png") && exists("set/b/c.png"))
  }

  /// Whatever the names lead through: no archive of a run takes the place of another, or of an input.
  @Test func nothingOfARunIsReplaced() throws {
    for (seed, name) in ["x.png", "x.PNG"].enumerated() { _ = try folder.write(name, picture(seed).png()) }
    let twice = run("compress", "-f", "--delete-source", folder / "x.png", folder / "./x.PNG")
    #expect(twice.status == EX_CANTCREAT)
    #expect(twice.error.contains("/x.prnn: was made of another input already; name another output\n"))
    #expect(!exists("x.png") && exists("x.PNG"))
    // Two folders of outputs that are one.
    for name in ["in", "in/p", "in/q", "out", "out/p"] { try folder.makeFolder(name) }
    for (seed, name) in ["p", "q"].enumerated() { _ = try folder.write("in/\(name)/x.png", picture(seed).png()) }
    #expect(symlink("p", folder / "out/q") == 0)
    #expect(run("compress", "-r", "-f", "--delete-source", folder / "in", "-o", folder / "out").status == EX_CANTCREAT)
    #expect(!exists("in/p/x.png") && exists("in/q/x.png"))
    // An output that is a link to an input.
    try folder.makeFolder("tree")
    for name in ["a", "b"] { _ = try folder.write("tree/\(name).png", picture().png()) }
    #expect(symlink("b.png", folder / "tree/a.prnn") == 0)
    for arguments in [["-r", folder / "tree"], [folder / "tree/*.png"]] {
      #expect(run(["compress", "-f"] + arguments).status == EX_CANTCREAT)
      #expect(try Raster(png: folder.read("tree/b.png")) == picture())
    }
  }

  @Test func whatIsTold() throws {
    let original = try folder.write("in.png", picture().png())
    let result = run("compress", "-v", "-2", original)
    let lines = result.error.split(separator: "\n")
    let start = "\(original) -> \(folder / "in.prnn"): \(try folder.read("in.png").count) -> "
    #expect(lines.count == 2 && lines[0].hasPrefix(start))
    #expect(lines[1].hasPrefix("1 file, ") && lines[1].contains(" bits/dim, "))
    let json = shell("\(program) decompress --force --json '\(folder / "in.prnn")' '\(folder / "no.prnn")' 1>&2")
    #expect(json.status == EX_NOINPUT)
    #expect(json.error.contains("\"error\" : \"No such file or directory\""))
    let bytes = try folder.read("in.prnn").count
    #expect(json.error.contains("\"bytesBefore\" : \(bytes)"))
    #expect(json.error.contains("\"failed\" : 1"))
    #expect(run("compress", "--json", original, "-o", "-").status == EX_USAGE)
    // Colours only on terminals.
    let terminal = { (environment: String) in
      shell("\(environment) script -qec \"'\(program)' info nowhere\" /dev/null 1>&2").error
    }
    #expect(terminal("TERM=xterm NO_COLOR=").contains("\u{1B}[1;31mprnn:\u{1B}[0m nowhere"))
    #expect(!terminal("TERM=xterm NO_COLOR=1").contains("\u{1B}[1;31m"))
    #expect(run("info", "nowhere").error == "prnn: nowhere: No such file or directory\n")
  }

  @Test func effortsByNumber() throws {
    let original = try folder.write("in.png", picture().png())
    for (number, name) in [("-1", "fast"), ("-3", "fast"), ("-5", "balanced"), ("-9", "max")] {
      #expect(run("compress", "--no-preserve", number, original, "-o", folder / "n.prnn", "-f").status == 0)
      #expect(run("compress", "--no-preserve", "--effort", name, original, "-o", folder / "w.prnn", "-f").status == 0)
      #expect(try folder.read("n.prnn") == folder.read("w.prnn"), "\(number)")
    }
    #expect(run("compress", "-1", "--effort", "max", original, "-f").status == EX_USAGE)
    #expect(run("compress", "-1", "-9", original, "-f").status == EX_USAGE)
  }

  @Test func patternsThatTheShellDidNotTake() throws {
    try makeTree("in", bad: false)
    #expect(run("compress", folder / "in/*.png").status == 0)
    #expect(exists("in/a.prnn") && !exists("in/b/c.prnn"))
    #expect(run("compress", folder / "in/*.p[n]g", "-o", folder / "set.prnn", "--dry-run").status == 0)
    #expect(run("compress", folder / "in/*.jpg").error.hasSuffix("/in/*.jpg: No such file or directory\n"))
  }
}
