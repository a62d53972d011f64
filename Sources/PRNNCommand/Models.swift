import ArgumentParser
import ByteCoding
import PRNN
import PixelModels

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the models of the program: the first is used when none is asked for.")

  @Flag(help: "Print JSON.")
  var json = false

  private struct Row: Encodable {
    struct Network: Encodable {
      let role: String
      let kmacPerPixel: Double
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
        Network(role: "\($0.role)", kmacPerPixel: Double($0.macsPerPixel) / 1000)
      }
    }

    var text: String {
      let parts = networks.map { "\($0.role) \(decimals($0.kmacPerPixel, 1)) kMAC/pixel" }.joined(separator: ", ")
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
