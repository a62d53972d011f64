import Glibc
import Testing

/// What became of a command line.
struct Outcome: Equatable {
  let status: Int32
  let error: String
}

/// The program, built beside the tests.
var program: String {
  let tests = CommandLine.arguments[0]
  return tests[..<tests.lastIndex(of: "/")!] + "/prnn"
}

func run(_ words: String...) -> Outcome { run(words) }

func run(_ words: [String]) -> Outcome {
  shell(([program] + words).map { "'\($0)'" }.joined(separator: " "))
}

/// Runs a command line; what it prints on stderr comes back.
func shell(_ line: String) -> Outcome {
  let pipe = popen("( \(line) ) 2>&1 >/dev/null", "r")!
  var bytes: [UInt8] = []
  while case let byte = fgetc(pipe), byte != EOF { bytes.append(UInt8(byte)) }
  let status = pclose(pipe)
  return Outcome(status: status >> 8 & 0xFF, error: String(decoding: bytes, as: UTF8.self))
}

/// For a shell: no file may grow beyond so many blocks. (Nor may that which the thread sanitizer would make below TMPDIR.)
func filesUpTo(blocks: Int) -> String { "ulimit -f \(blocks); export TMPDIR=/nowhere" }

/// A folder that is gone when the test is.
final class Folder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/prnn-test.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { system("rm -rf '\(path)'") }

  static func / (folder: Folder, name: String) -> String { folder.path + "/" + name }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = try #require(fopen(self / name, "w"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    return self / name
  }

  func makeFolder(_ name: String) throws { try #require(mkdir(self / name, 0o700) == 0) }

  func read(_ name: String) throws -> [UInt8] {
    let file = try #require(fopen(self / name, "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return bytes
  }

  /// All files, sorted.
  var names: [String] {
    let directory = opendir(path)!
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}
