import ArgumentParser
import FoundationEssentials

/// `--json` of commands that write a file: what they did, on standard output.
struct JSONOption: ParsableArguments {
  @Flag(help: "Print what was done as JSON.")
  var json = false

  /// - Throws: `ValidationError` when the output would come between.
  func check(_ output: String) throws {
    if json, output == "-" { throw ValidationError.outputBesideJSON }
  }

  /// Prints a report, if asked to.
  func print(_ report: some Encodable) throws { if json { try printLine(try encoded(report)) } }
}

extension ValidationError {
  /// Both would be standard output.
  static let outputBesideJSON = ValidationError("--json prints to standard output; name a file with -o.")
}

/// JSON with sorted keys.
func encoded(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
