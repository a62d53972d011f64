import Glibc

/// What a report says of the computer it was made on.
struct Machine {
  /// (name, value), for a reader.
  let facts: [(name: String, value: String)]

  /// - Parameter kernel: the path through the SIMD kernels that was taken.
  init(kernel: String) {
    var system = utsname()
    uname(&system)
    func text(_ field: some Any) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    let architecture = text(system.machine)
    let processor = Machine.value(of: "model name", in: "/proc/cpuinfo", separator: ":")
    let distribution = Machine.value(of: "PRETTY_NAME", in: "/etc/os-release", separator: "=")
    let kernelOfSystem = "\(text(system.sysname)) \(text(system.release)), \(architecture)"
    var loads = [0.0]
    facts = [
      ("Processor", processor ?? architecture),
      ("Processors", "\(sysconf(Int32(_SC_NPROCESSORS_ONLN)))"),
      ("SIMD kernels of prnn", kernel),
      ("System", [distribution, kernelOfSystem].compactMap { $0 }.joined(separator: ", ")),
      ("Load average before", getloadavg(&loads, 1) == 1 ? "\(decimals(loads[0], 2)) (of a minute)" : "unknown"),
    ]
  }

  /// The value of the first line with a name, without quotes.
  private static func value(of name: String, in file: String, separator: Character) -> String? {
    guard let bytes = try? InputFile(file).readAll(limit: 1 << 24) else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: separator, maxSplits: 1)
      guard parts.count == 2, parts[0].trimmed == name else { continue }
      return parts[1].trimmed.filter { $0 != "\"" }
    }
    return nil
  }
}

extension Substring {
  fileprivate var trimmed: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
