import FoundationEssentials
import Glibc
import Raster
import Testing

/// Help texts to the letter, and their examples as they stand there.
@Suite struct HelpTests {
  private static let here = URL(filePath: #filePath).deletingLastPathComponent()

  static let commands = [
    "compress", "decompress", "verify", "list", "info", "models", "train", "quantise", "evaluate", "sample", "complete",
    "inspect", "bench",
  ]

  private static func help(_ command: String) -> String {
    let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    return shell("COLUMNS=80 '\(program)' help \(command) 1>&2").error
      .replacing("(default: \(processors))\n  --memory-limit", with: "(default: processors)\n  --memory-limit")
  }

  /// Tests/PRNNCommandTests/Help/NAME.txt; PRNN_WRITE_HELP=1 writes them anew.
  @Test(arguments: [""] + commands)
  func texts(command: String) throws {
    let file = Self.here.appending(path: "Help/\(command.isEmpty ? "prnn" : command).txt")
    let text = Self.help(command)
    #expect(text.hasPrefix("OVERVIEW: "))
    if getenv("PRNN_WRITE_HELP") != nil { try Data(text.utf8).write(to: file) }
    #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
  }

  @Test func everyCommandIsHere() {
    let listed = Self.help("").split(separator: "SUBCOMMANDS:\n")[1].split(separator: "\n")
      .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("See '") }
      .map { $0.split(separator: " ")[0] }
    #expect(listed.map(String.init) == Self.commands)
  }

  /// One after the other: later ones take what earlier ones have made.
  @Test func examples() throws {
    let folder = try Folder()
    func picture(_ seed: Int) -> Raster {
      Raster(
        width: 24, height: 16, colourType: .gray,
        samples: (0..<24 * 16).map { UInt8(truncatingIfNeeded: 60 + seed + $0 % 24 * 3 + $0 / 24 * 5 + ($0 * $0) % 7) })
    }
    try folder.makeFolder("pictures")
    _ = try folder.write("photo.png", picture(0).png())
    for (seed, name) in ["a", "b", "c"].enumerated() {
      _ = try folder.write("pictures/\(name).png", picture(seed).png())
    }
    symlink(program, folder / "prnn")
    for command in Self.commands {
      let examples = Self.help(command).split(separator: "Examples:\n").last?.split(separator: "\n\n")[0] ?? ""
      let lines = examples.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
      #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("prnn ") }, "\(command)")
      for line in lines {
        let result = shell("cd '\(folder.path)' && PATH=\"$PWD:$PATH\" && \(line)")
        #expect(result.status == 0, "\(line): \(result.error)")
      }
    }
    #expect(try Raster(png: folder.read("copy.png")) == picture(0))
    #expect(try Raster(png: folder.read("copies/b.png")) == picture(1))
  }
}
