import Glibc
import Testing

/// The program, built beside the tests.
enum Program {
  struct Outcome: Equatable {
    let status: Int32
    let error: String
  }

  static var path: String {
    let tests = CommandLine.arguments[0]
    return tests[..<tests.lastIndex(of: "/")!] + "/prnn"
  }

  static func run(_ words: [String]) -> Outcome {
    shell(([path] + words).map { "'\($0)'" }.joined(separator: " "))
  }

  /// Runs a command line; what it prints on stderr comes back.
  static func shell(_ line: String) -> Outcome {
    let pipe = popen("( \(line) ) 2>&1 >/dev/null", "r")!
    var bytes: [UInt8] = []
    while case let byte = fgetc(pipe), byte != EOF { bytes.append(UInt8(byte)) }
    let status = pclose(pipe)
    return Outcome(status: status >> 8 & 0xFF, error: String(decoding: bytes, as: UTF8.self))
  }
}

/// A folder that is gone when the test is.
final class Scratch: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/prnn-test.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { system("rm -rf '\(path)'") }

  static func / (folder: Scratch, name: String) -> String { folder.path + "/" + name }

  func makeFolder(_ name: String) throws { try #require(mkdir(self / name, 0o700) == 0) }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = try #require(fopen(self / name, "w"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    return self / name
  }

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
