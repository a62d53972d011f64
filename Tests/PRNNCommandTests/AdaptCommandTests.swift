import Glibc
import PRNN
import PixelModels
import PixelTraining
import Raster
import Testing

/// `prnn train --from`: files, messages to the letter, exit status.
@Suite struct AdaptCommandTests {
  private let folder = try! Folder()

  /// Gray stripes, of different sizes.
  private func pictures() throws -> String {
    try folder.makeFolder("stripes")
    for i in 0..<5 {
      let width = 40 + i
      let samples = (0..<width * 30).map { UInt8(($0 % width / 3 + $0 / width / 5 + i) % 2 == 0 ? 240 + i : 20) }
      _ = try folder.write(
        "stripes/\(i).png", Raster(width: width, height: 30, colourType: .gray, samples: samples).png())
    }
    return folder / "stripes"
  }

  private let short = ["--steps", "12", "--batch", "256", "--shard", "64", "--warm-up", "2", "--average", "0.8"]

  private func train(_ words: String...) -> Outcome { run(["train"] + words + short) }

  @Test func aModelOfTheProgram() throws {
    let result = train("--from", "photo-fast", try pictures(), "-o", folder / "mine.prnnm", "--validate-every", "6")
    #expect(result.status == 0)
    let lines = result.error.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.first?.hasPrefix("start: validation ") == true)
    #expect(lines.last?.hasPrefix("step 12, epoch 0.") == true && lines.last?.contains(" pixels/s  ") == true)
    #expect(folder.names == ["mine.checkpoint", "mine.prnnm", "stripes"])
    let picture = folder / "stripes/0.png"
    let model = ["--model", folder / "mine.prnnm"]
    let compress = ["compress", picture, "--quiet", "--coding", "networks", "-o"]
    #expect(run(compress + [folder / "a.prnn"] + model) == .init(status: 0, error: ""))
    #expect(run(compress + [folder / "b.prnn"]) == .init(status: 0, error: ""))
    #expect(try folder.read("a.prnn").count < folder.read("b.prnn").count)
    #expect(
      run(["decompress", folder / "a.prnn", "-o", folder / "a.png", "--quiet"] + model)
        == .init(status: 0, error: ""))
    #expect(try Raster(png: folder.read("a.png")) == Raster(png: folder.read("stripes/0.png")))
    // And further from there.
    #expect(train("--from", folder / "mine.prnnm", folder / "stripes", "-o", folder / "again.prnnm").status == 0)
  }

  @Test func aRunGoesOnFromItsCheckpoint() throws {
    _ = try folder.write("own.prnnm", ModelLibrary.bundled.model(named: "photo")!.file)
    let words = ["--from", folder / "own.prnnm", try pictures(), "--quiet"]
    #expect(run(["train"] + words + short + ["-o", folder / "whole.prnnm"]).status == 0)
    // The end of a finished run, written again.
    let resume = ["train", "--resume", folder / "whole.checkpoint", "--quiet", "-o"]
    #expect(run(resume + [folder / "again.prnnm"]).status == 0)
    // Equal, but for the name.
    let (whole, again) = (try Model(file: folder.read("whole.prnnm")), try Model(file: folder.read("again.prnnm")))
    #expect(whole.networks == again.networks && whole.provenance == again.provenance)
    _ = try folder.write("own.prnnm", ModelLibrary.bundled.models[0].file)
    #expect(
      run(resume + [folder / "other.prnnm"])
        == .init(
          status: EX_DATAERR,
          error: "prnn: \(folder / "own.prnnm"): is not the model that the run began with; give that one\n"))
    let clash = run(resume + [folder / "other.prnnm", "--from", "photo"])
    #expect(clash.status == EX_USAGE)
    #expect(clash.error.hasPrefix("Error: --from is a setting of the checkpoint; leave it out with --resume.\n"))
  }

  @Test func nothingWorseIsWritten() throws {
    let result = train(
      "--from", "photo-fast", try pictures(), "-o", folder / "mine.prnnm", "--learning-rate", "9", "--quiet")
    #expect(result.status == EX_DATAERR)
    #expect(
      result.error.hasPrefix(
        "prnn: \(folder / "mine.prnnm"): not written: on the validation pictures the trained network is no better "))
    #expect(!folder.names.contains("mine.prnnm"))
  }

  @Test func aModelOfThePaper() throws {
    let samples = (0..<8 * 8).map { UInt8(truncatingIfNeeded: $0 * 5) }
    let picture = try folder.write(
      "p.png", Raster(width: 8, height: 8, colourType: .gray, samples: samples).png())
    let network = ["--architecture", "row-lstm", "--layers", "1", "--features", "3", "--head-width", "3"]
    #expect(
      run(["train", picture, "--steps", "2", "--quiet", "-o", folder / "a.prnnm"] + network)
        == .init(status: 0, error: ""))
    #expect(
      run(
        ["train", "--from", folder / "a.prnnm", picture, "--steps", "2", "--quiet", "-o", folder / "b.prnnm"])
        == .init(status: 0, error: ""))
    let trained = try Model(file: folder.read("b.prnnm"))
    #expect(try FloatNetwork.read(Array(trained.floats))[0].network.kind == .rowLSTM)
    #expect(trained.networks != (try Model(file: folder.read("a.prnnm"))).networks)
    let level = run(
      ["train", "--from", folder / "a.prnnm", picture, "--levels", "2", "--level", "0", "-o", folder / "c.prnnm"])
    #expect(
      level.error == "prnn: \(folder / "a.prnnm"): has one level only; leave out --levels and --level\n")
  }

  @Test func whatCannotBe() throws {
    let stripes = try pictures()
    func error(_ words: String...) -> Outcome { run(["train", "-o", folder / "out.prnnm"] + words) }
    #expect(
      error("--from", "photograph", stripes)
        == .init(
          status: EX_USAGE,
          error: "prnn: photograph: no such model; give one of photo-3, photo-2, photo, photo-fast, or a model file\n"))
    #expect(
      error("--from", stripes + "/0.png", stripes).error
        == "prnn: \(stripes)/0.png: not a prnn model file; give a file made by prnn train or prnn quantise\n")
    #expect(
      error("--from", "photo", stripes, "--role", "colour")
        == .init(
          status: EX_DATAERR,
          error: "prnn: \(stripes): has no PNG pictures of 8 bits that a network for colour takes; "
            + "convert some, or set --role\n"))
    #expect(
      error("--from", "photo", stripes + "/0.png").error
        == "prnn: \(stripes)/0.png: is one picture only, so none can be held out; name others with --validation\n")
    #expect(
      error("--from", "photo", stripes, "--tile", "8x8").error
        == "prnn: photo: is no network of the paper, which --tile is for; leave it out\n")
    #expect(
      error("--from", "photo", stripes, "--optimiser", "muon").error
        == "prnn: photo: is no network of the paper, which --optimiser muon is for; leave it out\n")
    #expect(
      error("--from", "photo", stripes, "--layers", "3").error.hasPrefix(
        "Error: --from says what the network is; leave out --layers.\n"))
    #expect(error("--architecture", "row-lstm", "--role", "gray", stripes).status == EX_USAGE)
    #expect(
      run(["train", "--from", "photo", stripes, "-o", folder / "out.safetensors"]).status == EX_USAGE)
    #expect(error("--from", "photo").status == EX_USAGE)
    #expect(folder.names == ["stripes"])
  }
}
