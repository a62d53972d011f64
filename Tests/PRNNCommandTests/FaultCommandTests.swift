import ArchiveFormat
import Glibc
import PRNN
import Raster
import Testing

/// Disks that are full, inputs that end, programs that are killed: nothing half done has the name of the output.
/// bench/faults.py does the same more often.
@Suite struct FaultCommandTests {
  private let folder = try! Folder()

  /// Noise, so that the archive is as large as the samples.
  private func noise(_ side: Int, seed: UInt64 = 1) -> Raster {
    var state = seed
    return Raster(
      width: side, height: side, colourType: .gray,
      samples: (0..<side * side).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(state >> 56)
      })
  }

  /// Whether a file system can be mounted where nobody else sees it.
  private static let canMount = shell("unshare -m mount -t tmpfs -o size=64k none /mnt").status == 0

  /// Runs a command line where a folder is a disk of 64 KiB; where nothing can be mounted no file may be larger than that, which
  /// is told by another error. What is then in the folder comes behind the status.
  private func onSmallDisk(_ disk: String, _ line: String) -> (error: String, cause: String) {
    let rest = "\(line); echo status $? >&2; ls -A '\(disk)' >&2"
    if Self.canMount {
      let mounted =
        "unshare -m sh -c \"mount -t tmpfs -o size=64k none '\(disk)'; \(rest.replacing("$", with: "\\$"))\""
      return (shell(mounted).error, "No space left on device")
    }
    return (shell("\(filesUpTo(blocks: 128)); \(rest)").error, "File too large")
  }

  @Test func fullDisks() throws {
    try folder.makeFolder("disk")
    let disk = folder / "disk"
    let original = try folder.write("in.png", noise(300).png())
    let (error, cause) = onSmallDisk(disk, "\(program) compress '\(original)' -o '\(disk)/out.prnn'")
    #expect(error == "prnn: \(disk)/out.prnn: \(cause)\nstatus \(EX_IOERR)\n")
    #expect(run("compress", original, "-o", folder / "in.prnn").status == 0)
    let (other, _) = onSmallDisk(disk, "\(program) decompress '\(folder / "in.prnn")' -o '\(disk)/out.png'")
    #expect(other == "prnn: \(disk)/out.png: \(cause)\nstatus \(EX_IOERR)\n")
    // Of a set some pictures fit.
    try folder.makeFolder("set")
    for (name, side) in [("a", 40), ("b", 90), ("c", 300)] {
      _ = try folder.write("set/\(name).png", noise(side).png())
    }
    #expect(run("compress", folder / "set", "-o", folder / "set.prnn").status == 0)
    let (third, _) = onSmallDisk(disk, "\(program) decompress '\(folder / "set.prnn")' -o '\(disk)/new'")
    #expect(third == "prnn: \(disk)/new/c.png: \(cause)\nstatus \(EX_IOERR)\n")
    // One that is there stays as it is.
    let kept = "echo mine > '\(disk)/out.prnn'; \(program) compress --force '\(original)' -o '\(disk)/out.prnn'"
    let (fourth, _) = onSmallDisk(disk, "\(kept); cat '\(disk)/out.prnn' >&2")
    #expect(fourth == "prnn: \(disk)/out.prnn: \(cause)\nmine\nstatus 0\nout.prnn\n")
    #expect(
      run("compress", "--force", original, "-o", "/dev/full").error == "prnn: /dev/full: No space left on device\n")
    #expect(try Raster(png: folder.read("in.png")) == noise(300))
  }

  /// The program does not end by SIGXFSZ, whose default is that.
  @Test func filesThatMayNotGrow() throws {
    let original = try folder.write("in.png", noise(300).png())
    let result = shell("\(filesUpTo(blocks: 1)); \(program) compress '\(original)'")
    #expect(result == .init(status: EX_IOERR, error: "prnn: \(folder / "in.prnn"): File too large\n"))
    #expect(folder.all == ["in.png"])
  }

  @Test func inputsThatFail() throws {
    let png = try noise(60).png()
    let half = try folder.write("half", Array(png.prefix(png.count / 2)))
    #expect(mkfifo(folder / "pipe.png", 0o600) == 0)
    let early = shell(
      "cat '\(half)' > '\(folder / "pipe.png")' & \(program) compress '\(folder / "pipe.png")' -o '\(folder / "x.prnn")'"
    )
    #expect(early.status == EX_DATAERR)
    #expect(early.error.hasSuffix("/pipe.png: damaged picture (the file ends too early); get a fresh copy of it\n"))
    #expect(symlink("nowhere", folder / "link.png") == 0)
    try folder.makeFolder("folder.png")
    for (path, status, cause) in [
      ("/proc/self/mem", EX_IOERR, "Input/output error"),
      (folder / "link.png", EX_NOINPUT, "No such file or directory"),
      (folder / "folder.png", EX_NOINPUT, "has no PNG files in it; give a folder that has"),
    ] {
      let result = run("compress", path, "-o", folder / "x.prnn")
      #expect(result == .init(status: status, error: "prnn: \(path): \(cause)\n"))
    }
    let archive = run("decompress", "/proc/self/mem", "-o", folder / "x.png")
    #expect(archive == .init(status: EX_IOERR, error: "prnn: /proc/self/mem: Input/output error\n"))
    #expect(folder.all == ["folder.png", "half", "link.png", "pipe.png"])
  }

  /// Root may read everything, so it becomes nobody.
  @Test func permissions() throws {
    let original = try folder.write("in.png", noise(20).png())
    #expect(chmod(folder.path, 0o755) == 0 && chmod(original, 0) == 0)
    let nobody = getuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : ""
    let unreadable = shell("\(nobody) \(program) compress '\(original)'")
    #expect(unreadable == .init(status: EX_NOPERM, error: "prnn: \(original): Permission denied\n"))
    #expect(chmod(original, 0o644) == 0 && chmod(folder.path, 0o555) == 0)
    let unwritable = shell("\(nobody) \(program) compress '\(original)'")
    #expect(unwritable == .init(status: EX_NOPERM, error: "prnn: \(folder / "in.prnn"): Permission denied\n"))
    #expect(chmod(folder.path, 0o755) == 0)
    #expect(folder.all == ["in.png"])
  }

  @Test(arguments: [SIGKILL, SIGTERM, SIGINT, SIGHUP])
  func killedAtAnyTime(signal: Int32) throws {
    let (png, large) = (try noise(250).png(), try noise(40).png())
    let original = try folder.write("in.png", png)
    try folder.makeFolder("set")
    for i in 0..<60 { _ = try folder.write("set/\(i).png", large) }
    #expect(run("compress", "--quiet", folder / "set").status == 0)
    let (archive, out) = (folder / "in.prnn", folder / "out")
    let start = now()
    #expect(run("compress", original).status == 0)
    let time = now() - start
    let whole = try folder.read("in.prnn")
    var ends: Set<Int32> = []
    for _ in 0..<4 {
      #expect(unlink(archive) == 0 || errno == ENOENT)
      ends.insert(Child("compress", original).end(signal, after: .random(in: 0...time)))
      if access(archive, F_OK) == 0 { #expect(try folder.read("in.prnn") == whole) }
      #expect(try folder.read("in.png") == png)
      #expect(folder.all.filter { $0.hasPrefix(".") } == [])
      ends.insert(Child("decompress", folder / "set.prnn", "-o", out).end(signal, after: .random(in: 0...time / 2)))
      if access(out, F_OK) == 0 {
        let names = Folder.names(in: out)
        for name in names { #expect(try Raster(png: folder.read("out/\(name)")) == noise(40)) }
        // Only what cannot be caught leaves some of them.
        #expect(names.count == 60 || signal == SIGKILL)
      }
      #expect(system("rm -rf '\(out)'") == 0)
    }
    #expect(ends.isSubset(of: [0, 128 + signal]))
  }

  /// Where the file system has no files without names (here: they cannot be named).
  @Test(.enabled(if: canMount), arguments: [SIGTERM, SIGINT, SIGHUP])
  func withTemporaryNames(signal: Int32) throws {
    let original = try folder.write("in.png", noise(250).png())
    func line(_ rest: String) -> [String] {
      ["unshare", "-m", "sh", "-c", "mount -t tmpfs none /proc/$$/fd && exec \(program) \(rest)"]
    }
    let start = now()
    #expect(Child(line("compress '\(original)'")).wait() == 0)
    let time = now() - start
    let whole = try folder.read("in.prnn")
    #expect(folder.all == ["in.png", "in.prnn"])
    #expect(Child(line("compress '\(original)'")).wait() == EX_CANTCREAT)
    #expect(Child(line("compress --force '\(original)'")).wait() == 0)
    #expect(try folder.read("in.prnn") == whole)
    for _ in 0..<4 {
      #expect(unlink(folder / "in.prnn") == 0 || errno == ENOENT)
      let status = Child(line("compress '\(original)'")).end(signal, after: .random(in: 0...time))
      #expect([0, 128 + signal].contains(status))
      #expect(folder.all == ["in.png"] || folder.all == ["in.png", "in.prnn"])
      if folder.all.count > 1 { #expect(try folder.read("in.prnn") == whole) }
    }
  }

  /// Of two programs with one output the first that is done has it, or with `--force` the last.
  @Test func oneOutputOfTwoPrograms() throws {
    var archives: [[UInt8]] = []
    for i in 0..<2 {
      let original = try folder.write("\(i).png", noise(100, seed: UInt64(i)).png())
      #expect(run("compress", original).status == 0)
      archives.append(try folder.read("\(i).prnn"))
    }
    for round in 0..<6 {
      let force = round % 2 == 0 ? [] : ["--force"]
      let both = (0..<2).map { Child([program, "compress", folder / "\($0).png", "-o", folder / "x.prnn"] + force) }
      let ends = both.map { $0.wait() }
      let result = try folder.read("x.prnn")
      if force.isEmpty {
        #expect(ends.sorted() == [0, EX_CANTCREAT])
        #expect(result == archives[ends[0] == 0 ? 0 : 1])
      } else {
        #expect(ends == [0, 0])
        #expect(archives.contains(result))
      }
      #expect(folder.all == ["0.png", "0.prnn", "1.png", "1.prnn", "x.prnn"])
      #expect(unlink(folder / "x.prnn") == 0)
    }
  }

  /// A reader that goes away ends the program as it ends any other.
  @Test func brokenPipes() throws {
    let original = try folder.write("in.png", noise(500).png())
    let line = "\(program) compress '\(original)' -o - | head -c 10 > /dev/null; echo ${PIPESTATUS[0]} >&2"
    #expect(shell("bash -c \"\(line.replacing("$", with: "\\$"))\"").error == "\(128 + SIGPIPE)\n")
    #expect(folder.all == ["in.png"])
  }
}

/// A program at work, silent.
private struct Child {
  private let process: pid_t

  init(_ words: String...) { self.init([program] + words) }

  init(_ words: [String]) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for stream in [STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // The threads of the tests may have signals blocked.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    guard posix_spawnp(&process, words[0], &actions, &attributes, &arguments, environ) == 0 else {
      fatalError("cannot start \(words[0])")
    }
    self.process = process
  }

  /// Its status as a shell has it.
  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  func end(_ signal: Int32, after seconds: Double) -> Int32 {
    usleep(UInt32(seconds * 1e6))
    kill(process, signal)
    return wait()
  }
}

private func now() -> Double {
  var t = timespec()
  clock_gettime(CLOCK_MONOTONIC, &t)
  return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}

extension Folder {
  /// All files, hidden ones too.
  fileprivate var all: [String] { Folder.names(in: path) }

  fileprivate static func names(in path: String) -> [String] {
    let directory = opendir(path)!
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
