import FoundationEssentials
import Glibc
import PixelModels
import Raster
import Testing

/// What commands that write a file print with --json.
@Suite struct JSONCommandTests {
  private let folder = try! Folder()

  /// The JSON that a command prints, and nothing else; it says nothing on stderr.
  private func printed<Value: Decodable>(_ words: [String], as: Value.Type = Value.self) throws -> Value {
    let line = ([program] + words + ["--json"]).map { "'\($0)'" }.joined(separator: " ")
    #expect(shell("\(line) > '\(folder / "out")'") == .init(status: 0, error: ""))
    return try JSONDecoder().decode(Value.self, from: Data(folder.read("out")))
  }

  private func picture(_ name: String = "in.png") throws -> String {
    let samples = (0..<6 * 5 * 3).map { UInt8(truncatingIfNeeded: $0 * $0 / 3 + $0 * 5) }
    return try folder.write(name, Raster(width: 6, height: 5, colourType: .rgb, samples: samples).png())
  }

  private struct Drawing: Decodable, Equatable {
    let output, model: String
    let drawn, width, height, seed: Int
  }

  @Test func drawings() throws {
    let model = ["--model", "photo-fast", "-q"]
    let sample = ["sample", "--size", "6x5", "--count", "3", "--seed", "4", "-o", folder / "a.png"] + model
    #expect(
      try printed(sample)
        == Drawing(output: folder / "a.png", model: "photo-fast", drawn: 3, width: 6, height: 5, seed: 4))
    let complete = ["complete", try picture(), "--count", "2", "-o", folder / "b.png"] + model
    #expect(
      try printed(complete)
        == Drawing(output: folder / "b.png", model: "photo-fast", drawn: 2, width: 6, height: 5, seed: 1))
    #expect(run("sample", "--json", "-o", "-").status == EX_USAGE)
  }

  @Test func costs() throws {
    struct Costs: Decodable {
      let heatmap: String
      let width, height: Int
      let bits, bitsPerPixel, white: Double
    }
    #expect(run("compress", try picture(), "--coding", "networks", "-q").status == 0)
    let words = ["inspect", folder / "in.prnn", "--heatmap", folder / "heat.png", "--top", "20"]
    let costs = try printed(words, as: Costs.self)
    #expect(costs.heatmap == folder / "heat.png" && costs.width == 6 && costs.height == 5 && costs.white == 20)
    #expect(costs.bits > 30 && costs.bitsPerPixel == costs.bits / 30)
    #expect(run("inspect", folder / "in.prnn", "--heatmap", "-", "--json").status == EX_USAGE)
  }

  @Test func training() throws {
    struct Loss: Decodable { let natsPerPicture, bitsPerDim: Double }
    struct Training: Decodable {
      let output, checkpoint: String
      let bytes, steps: Int
      let epochs, seconds: Double
      let start, best: Loss?
    }
    struct Quantised: Decodable, Equatable {
      let output: String
      let bytes, pictures: Int
      let networks: [String]
    }
    try folder.makeFolder("pictures")
    for name in ["a", "b", "c", "d"] { _ = try picture("pictures/\(name).png") }
    let train = [
      "train", "--architecture", "pixel-cnn", "--channels", "3", "--layers", "1", "--features", "4", "--head-width",
      "8", "-q",
    ]
    let run = ["--steps", "2", "--batch", "2", "--hold-out", "1", folder / "pictures", "-o", folder / "n.safetensors"]
    let trained = try printed(train + run, as: Training.self)
    #expect(trained.output == folder / "n.safetensors" && trained.checkpoint == folder / "n.checkpoint")
    #expect(trained.bytes == (try folder.read("n.safetensors").count) && trained.steps == 2 && trained.seconds > 0)
    let best = try #require(trained.best)
    #expect(trained.start == nil && abs(best.natsPerPicture / log(2) / 90 - best.bitsPerDim) < 1e-9)

    let quantise = ["quantise", "--weights", folder / "n.safetensors", folder / "pictures", "-o", folder / "n.prnnm"]
    let quantised = try printed(quantise, as: Quantised.self)
    #expect(
      quantised
        == Quantised(
          output: folder / "n.prnnm", bytes: try folder.read("n.prnnm").count, pictures: 4, networks: ["pixel-cnn"]))
  }
}
