import Glibc
import PRNN

/// Another lossless coder, run as the tool its makers give.
struct Peer: Sendable {
  let name: String
  private let tool: String
  private let arguments: @Sendable (String, String) -> [String]

  private static let all = [
    Peer(name: "webp z9", tool: "cwebp") { ["-quiet", "-lossless", "-z", "9", "-exact", $0, "-o", $1] },
    Peer(name: "jxl e7", tool: "cjxl") { ["-d", "0", "-e", "7", $0, $1] },
    Peer(name: "jxl e9", tool: "cjxl") { ["-d", "0", "-e", "9", $0, $1] },
    Peer(name: "optipng", tool: "optipng") { ["-quiet", "-o2", $0, "-out", $1] },
  ]

  /// Those whose tools are on PATH.
  static var available: [Peer] {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return all.filter { peer in
      path.split(separator: ":").contains { access("\($0)/\(peer.tool)", X_OK) == 0 }
    }
  }

  /// Bytes of the file the tool makes; nil when it refuses the picture.
  func size(of input: String, in folder: String) throws -> Int? {
    let output = folder + "/out." + (tool == "optipng" ? "png" : tool == "cwebp" ? "webp" : "jxl")
    unlink(output)
    guard try execute([tool] + arguments(input, output)) == 0 else { return nil }
    var s = stat()
    return stat(output, &s) == 0 ? Int(s.st_size) : nil
  }

  /// Runs a command without its output; returns its exit status.
  private func execute(_ words: [String]) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
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

/// A folder that is gone with its files when this is.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/prnn-bench.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure("/tmp", errno: errno, status: EX_CANTCREAT) }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in ["in.png", "out.png", "out.webp", "out.jxl"] { unlink(path + "/" + name) }
    rmdir(path)
  }
}
