import Glibc
import PRNN
import Raster

/// Another lossless coder, run as the tools its makers give.
struct Peer: Sendable {
  let name: String
  private let title: String
  private let family: Coder.Family
  private let tool: String
  private let versionOption: String
  /// The largest bit depth it keeps.
  private let bitDepth: Int
  /// The name of the file it makes.
  private let output: String
  /// Of input, output and threads.
  private let encoding: @Sendable (String, String, Int) -> [String]
  /// Makes a file of raw samples of the output. Nil for PNG, which is read here.
  private let decoding: (@Sendable (String, String, Int) -> [String])?

  private static let all = [
    Peer(
      name: "webp z9", title: "WebP z9", family: .webp, tool: "cwebp", versionOption: "-version", bitDepth: 8,
      output: "out.webp",
      encoding: { ["-quiet", "-lossless", "-z", "9", "-exact", $0, "-o", $1] + ($2 > 1 ? ["-mt"] : []) },
      decoding: { ["dwebp", "-quiet", "-pam", $0, "-o", $1] + ($2 > 1 ? ["-mt"] : []) }),
    jpegXL(effort: 7), jpegXL(effort: 9),
    Peer(
      name: "optipng", title: "optipng", family: .optipng, tool: "optipng", versionOption: "-v", bitDepth: 16,
      output: "out.png", encoding: { input, output, _ in ["-quiet", "-o2", input, "-out", output] }, decoding: nil),
  ]

  private static func jpegXL(effort: Int) -> Peer {
    Peer(
      name: "jxl e\(effort)", title: "JPEG XL e\(effort)", family: .jpegXL, tool: "cjxl", versionOption: "--version",
      bitDepth: 16, output: "out.jxl",
      // To cjxl 0 is no threads but its own, to djxl as many as there are processors.
      encoding: { ["-d", "0", "-e", "\(effort)", "--num_threads=\($2 > 1 ? $2 : 0)", $0, $1] },
      decoding: { ["djxl", $0, $1, "--num_threads=\($2)"] })
  }

  static var names: Set<String> { Set(all.map(\.name)) }

  /// Those whose tools are on PATH.
  static var available: [Peer] {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return all.filter { peer in
      path.split(separator: ":").contains { access("\($0)/\(peer.tool)", X_OK) == 0 }
    }
  }

  /// With what the tool says of its version.
  func coder() throws -> Coder {
    let folder = try TemporaryFolder()
    _ = try execute([tool, versionOption], output: folder / "version.txt")
    let text = String(decoding: try InputFile(folder / "version.txt").readAll(limit: 1 << 16), as: UTF8.self)
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown version"
    return Coder(
      name: name, title: title, family: family,
      version: line.lowercased().contains(tool) ? line : "\(tool) \(line)")
  }

  /// Runs the tool, and the one that decodes what it made; the times are those of the processes.
  ///
  /// - Returns: nil when it refuses the picture, or would not keep all of its samples.
  func measure(_ input: String, in folder: TemporaryFolder, bitDepth depth: Int, threads: Int) throws -> Measured? {
    guard depth <= bitDepth else { return nil }
    let output = folder / output
    unlink(output)
    let start = now()
    guard try execute([tool] + encoding(input, output, threads)) == 0 else { return nil }
    let coded = now()
    var s = stat()
    guard stat(output, &s) == 0 else { return nil }
    return Measured(
      bytes: Int(s.st_size), encodeSeconds: coded - start, decodeSeconds: try decode(output, in: folder, threads))
  }

  private func decode(_ file: String, in folder: TemporaryFolder, _ threads: Int) throws -> Double? {
    guard let decoding else {
      let bytes = try InputFile(file).readAll()
      let start = now()
      _ = try Raster(png: bytes)
      return now() - start
    }
    let start = now()
    // The decoder may be missing.
    let status = try? execute(decoding(file, folder / "out.ppm", threads))
    return status == 0 ? now() - start : nil
  }

  /// Runs a command; returns its exit status.
  ///
  /// - Parameter output: the file that takes what it prints.
  private func execute(_ words: [String], output: String = "/dev/null") throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    let arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, words[0], &actions, nil, arguments, environ)
    guard code == 0 else { throw Failure(words[0], errno: code, status: EX_OSERR) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    return status
  }
}

/// A folder that is gone with its files when this is, or the program.
final class TemporaryFolder {
  let path: String
  private let group = Unfinished.Group()
  private static let files = ["in.png", "out.png", "out.webp", "out.jxl", "out.ppm", "version.txt"]

  init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    path = try Unfinished.change { [group] entries in
      var template = Array("\(parent)/prnn-bench.XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { throw Failure(parent, errno: errno, status: EX_CANTCREAT) }
      let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      entries.append(Unfinished.Entry(path: path, group: group))
      for name in Self.files { entries.append(Unfinished.Entry(path: "\(path)/\(name)", group: group)) }
      return path
    }
  }

  deinit { Unfinished.takeBack(group) }

  static func / (folder: TemporaryFolder, name: String) -> String { folder.path + "/" + name }
}
