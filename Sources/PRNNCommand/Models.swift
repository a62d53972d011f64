import ArgumentParser
import ByteCoding
import PRNN
import PixelModels

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models of the program: the first is used when none is asked for.",
    discussion: """
      Examples:
        prnn models
      """)

  @Flag(help: "Print JSON.")
  var json = false

  private struct Row: Encodable {
    struct Network: Encodable {
      let role: String
      let kmacPerPixel: Double
      /// Of its mates.
      let mates: [Double]
    }

    let name: String
    let hash: String
    let bytes: Int
    let networks: [Network]

    init(_ model: Model) {
      name = model.name
      hash = hexadecimal(model.hash)
      bytes = model.file.count
      networks = model.networks.map {
        let kmacs = $0.macsPerPixel.map { Double($0) / 1000 }
        return Network(role: "\($0.role)", kmacPerPixel: kmacs[0], mates: Array(kmacs.dropFirst()))
      }
    }

    var text: String {
      let parts = networks.map {
        ([("\($0.role)", $0.kmacPerPixel)] + $0.mates.map { ("with a mate of", $0) })
          .map { "\($0.0) \(decimals($0.1, 1))" }.joined(separator: " ") + " kMAC/pixel"
      }.joined(separator: ", ")
      return "\(name)  \(hash.prefix(16))  \((bytes + 500) / 1000) kB  \(parts)"
    }
  }

  func run() throws {
    let rows = ModelLibrary.bundled.models.map(Row.init)
    try Failure.reporting(["standard output"]) { _ in
      try printLine(json ? try encoded(rows) : rows.map(\.text).joined(separator: "\n"))
    }
  }
}
