import Glibc
import PixelModels
import PixelTraining
import Raster
import Testing

/// `prnn train`: files, messages to the letter, exit status.
@Suite struct TrainCommandTests {
  private let folder = try! Folder()
  private let small = ["--layers", "1", "--features", "3", "--head-width", "3"]

  /// 40 pictures of 8 × 6 bits.
  private func bits() throws -> String {
    try folder.write("train.bits", (0..<40 * 6).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 5 | $0) })
  }

  private func train(_ words: String...) -> Outcome { run(["train"] + words) }

  private func trainBits(_ words: String...) throws -> Outcome {
    let network = ["--architecture", "pixel-cnn", "--bernoulli", "--bits", "8x6"] + small
    return run(["train", try bits()] + network + words)
  }

  @Test func aRunOnBits() throws {
    let result = try trainBits(
      "--hold-out", "10", "--batch", "10", "--epochs", "4", "-o", folder / "out.prnnm", "--log", folder / "log.csv")
    #expect(result.status == 0)
    let lines = result.error.split(separator: "\n")
    #expect(lines.count == 4)
    #expect(lines[3].hasPrefix("step 12, epoch 4.00: train "))
    #expect(lines[3].contains(" nats  "))
    #expect(folder.names == ["log.csv", "log.png", "out.checkpoint", "out.prnnm", "train.bits"])
    let model = try Model(file: folder.read("out.prnnm"))
    let networks = try FloatNetwork.read(Array(model.floats))
    #expect(networks.map(\.network.kind) == [.pixelCNN] && model.name == "out")
    #expect(model.network(for: .gray)?.isBernoulli == true)
    #expect(try Raster(png: folder.read("log.png")).width == 960)
    #expect(String(decoding: try folder.read("log.csv"), as: UTF8.self).split(separator: "\n").count == 13)
  }

  @Test func aRunOnTilesOfColour() throws {
    let picture = Raster(
      width: 20, height: 17, colourType: .rgb, samples: (0..<20 * 17 * 3).map { UInt8(truncatingIfNeeded: $0 * 3 / 2) })
    _ = try folder.write("mosaic.png", picture.png())
    let words = [
      "train", "--architecture", "row-lstm", "--channels", "3", "--tile", "4x4", "--steps", "2", "--levels", "2",
      "--level", "1", "--condition", "2", "--flip", "--optimiser", "rmsprop", folder.path, "-o",
      folder / "level1.safetensors",
    ]
    #expect(run(words + small + ["--quiet"]) == .init(status: 0, error: ""))
    let network = try FloatNetwork.read(folder.read("level1.safetensors"))[0].network
    #expect(network.condition == 2 && network.channels == 3)
    let start = run(
      words + small + ["--quiet", "--force", "--start", folder / "level1.safetensors", "--checkpoint", folder / "c"])
    #expect(start == .init(status: 0, error: ""))
    #expect(folder.names == ["c", "level1.checkpoint", "level1.safetensors", "mosaic.png"])
    let moved = run(
      words + small + ["--differences", "--quiet", "--force", "--start", folder / "level1.safetensors"])
    #expect(moved == .init(status: 0, error: ""))
    #expect(try FloatNetwork.read(folder.read("level1.safetensors"))[0].network.output == .differences)
  }

  @Test func aRunThatIsStoppedGoesOn() throws {
    let all = ["--steps", "20", "--batch", "500"]
    #expect(try trainBits(all[0], all[1], all[2], all[3], "-o", folder / "whole.safetensors").status == 0)
    let network = ["--architecture", "pixel-cnn", "--bernoulli", "--bits", "8x6"] + small
    let words = (["train", folder / "train.bits"] + network + all).map { "'\($0)'" }.joined(separator: " ")
    // A checkpoint after every step: the first says that the run is on its way. It may end before the signal comes.
    for _ in 0..<10 {
      let stopped = shell(
        """
        rm -f '\(folder.path)'/parts.*; '\(program)' \(words) --checkpoint-minutes 0 -o '\(folder / "parts.safetensors")' & p=$!
        while [ ! -e '\(folder / "parts.checkpoint")' ]; do sleep 0.005; done; kill -TERM $p; wait $p
        """)
      if stopped.status == 128 + SIGTERM { break }
      #expect(stopped.status == 0)
    }
    #expect(!folder.names.contains("parts.safetensors"))
    let done = try Checkpoint(file: folder.read("parts.checkpoint")).progress.step
    #expect(done > 0 && done < 20)
    let resumed = train("--resume", folder / "parts.checkpoint", "-o", folder / "parts.safetensors", "--threads", "1")
    #expect(resumed.status == 0)
    #expect(try folder.read("parts.safetensors") == folder.read("whole.safetensors"))
  }

  @Test func settingsOfTheCheckpoint() throws {
    #expect(try trainBits("--steps", "1", "-o", folder / "a.prnnm").status == 0)
    let clash = train("--resume", folder / "a.checkpoint", "--layers", "2", "-o", folder / "b")
    #expect(clash.status == EX_USAGE)
    #expect(clash.error.hasPrefix("Error: --layers is a setting of the checkpoint; leave it out with --resume.\n"))
    // Other pictures.
    _ = try folder.write("train.bits", Array(repeating: 7, count: 60))
    let other = train("--resume", folder / "a.checkpoint", "-o", folder / "b")
    #expect(other.status == EX_DATAERR)
    #expect(
      other.error == "prnn: \(folder / "train.bits"): the run began with other pictures; give those again\n")
    let cut = try folder.write("cut", Array(folder.read("a.checkpoint").dropLast(3)))
    let damaged = train("--resume", cut, "-o", folder / "b")
    #expect(damaged.status == EX_DATAERR)
    #expect(
      damaged.error == "prnn: \(cut): the checkpoint is damaged (cut short or changed); go back to an earlier one\n")
    #expect(folder.names == ["a.checkpoint", "a.prnnm", "cut", "train.bits"])
  }

  @Test func nothingIsOverwrittenUnasked() throws {
    let output = try folder.write("out.prnnm", [1])
    let result = try trainBits("--steps", "1", "-o", output)
    #expect(result.status == EX_CANTCREAT)
    #expect(
      result.error == "prnn: \(output): exists already; choose another name, or overwrite it with --force\n")
    _ = try folder.write("a.checkpoint", [1])
    #expect(try trainBits("--steps", "1", "-o", folder / "a").status == EX_CANTCREAT)
    #expect(folder.names == ["a.checkpoint", "out.prnnm", "train.bits"])
  }

  @Test func inputsThatAreNoData() throws {
    let network = ["--architecture", "row-lstm", "-o", folder / "out"]
    func error(_ words: String...) -> Outcome { run(["train"] + network + words) }
    let xz = try folder.write("rows.xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0])
    #expect(
      error(xz, "--bits", "8x8")
        == .init(status: EX_DATAERR, error: "prnn: \(xz): is compressed with xz; decompress it first (xz -d)\n"))
    let gray = try folder.write(
      "gray.png", Raster(width: 2, height: 2, colourType: .gray, samples: [1, 2, 3, 4]).png())
    #expect(
      error(gray, "--channels", "3").error
        == "prnn: \(gray): is gray, but the network takes RGB; convert it, or take another network\n")
    #expect(error(folder / "none").status == EX_NOINPUT)
    #expect(error(gray, "--start", gray).status == EX_DATAERR)
    #expect(error(gray, "--hold-out", "1").status == EX_DATAERR)
    let wrong = ["--bits 8", "--batch 0", "--steps 1 --minutes 1", "--level 1", "--channels 2", "--average 1"]
    for words in wrong.map({ $0.split(separator: " ").map(String.init) }) {
      #expect(run(["train", gray] + network + words).status == EX_USAGE)
    }
    #expect(error().status == EX_USAGE)
    #expect(folder.names == ["gray.png", "rows.xz"])
  }
}
