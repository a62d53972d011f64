import Glibc
import Testing

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

  func write(_ name: String, _ bytes: [UInt8]) throws {
    let file = try #require(fopen(self / name, "w"))
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
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
