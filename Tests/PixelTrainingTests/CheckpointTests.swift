import PixelModels
import Testing

@testable import PixelTraining

@Suite struct CheckpointTests {
  private let network = PixelRNN(kind: .diagonalBiLSTM, channels: 3, layers: 1, features: 3, headWidth: 3, skip: true)
  private let data = TrainingData(width: 1, height: 1, channels: 3, samples: [1, 2, 3])

  /// Masked weights are 0 in it.
  private var start: FloatNetwork {
    FloatNetwork(network, weights: ParameterLayout(network).mask().enumerated().map { $1 ? Float($0) / 7 : 0 })
  }

  private func checkpoint(_ kind: Optimiser.Kind = .adam) -> Checkpoint {
    var c = TrainingConfiguration()
    c.optimiser = kind
    c.clip = 0.1
    c.learningRate = 1.0 / 3
    var checkpoint = Checkpoint(start, configuration: c, data: data, notes: ["where": "there \"\\"])
    checkpoint.move(against: start.weights, scale: 1, rate: 0.1)
    checkpoint.progress.best = 2.0 / 3
    checkpoint.progress.seconds = 1e-3
    return checkpoint
  }

  @Test(arguments: Optimiser.Kind.allCases) func comesBack(_ kind: Optimiser.Kind) throws {
    let checkpoint = checkpoint(kind)
    #expect(try Checkpoint(file: checkpoint.serialized()) == checkpoint)
    #expect(checkpoint.isTrained(on: data))
  }

  @Test func everyCutIsSeen() {
    let bytes = checkpoint().serialized()
    for count in stride(from: 0, to: bytes.count, by: 97) + [bytes.count - 1] {
      #expect(throws: TrainingError.self) { try Checkpoint(file: Array(bytes.prefix(count))) }
    }
  }

  @Test func garbage() {
    #expect(throws: TrainingError.notACheckpoint) { try Checkpoint(file: []) }
    #expect(throws: TrainingError.notACheckpoint) { try Checkpoint(file: Array("step,epoch,pictures\n".utf8)) }
    #expect(throws: TrainingError.notACheckpoint) { try Checkpoint(file: FloatNetwork.serialized([start])) }
    var bytes = checkpoint().serialized()
    bytes[bytes.count - 5] ^= 1
    #expect(throws: TrainingError.damagedCheckpoint("its checksum is wrong")) { try Checkpoint(file: bytes) }
  }

  @Test func aFailedWriteLeavesTheOldFile() throws {
    let folder = try Scratch()
    try writeDurably([1, 2], to: folder / "file")
    try writeDurably([3], to: folder / "file")
    #expect(try contents(of: folder / "file") == [3])
    try folder.makeFolder("taken")
    try folder.write("taken/x", [])
    // A folder that is not empty cannot be replaced: the temporary is written, and taken away.
    #expect(throws: FileError.self) { try writeDurably([4], to: folder / "taken") }
    #expect(throws: FileError.self) { try writeDurably([4], to: folder / "nowhere/file") }
    #expect(folder.names == ["file", "taken"])
  }

  @Test func networks() throws {
    #expect(try FloatNetwork.read(FloatNetwork.serialized([start])) == [start])
    let stack = PixelRNN.multiScale(levels: 2, of: network, condition: 2).map { network in
      FloatNetwork(network, weights: ParameterLayout(network).mask().map { $0 ? 0.5 : 0 })
    }
    let bytes = FloatNetwork.serialized(stack)
    #expect(try FloatNetwork.read(bytes) == stack)
    let file = try SafeTensors(file: bytes)
    #expect(file["level.1.upsample.3.weight"]?.shape == [16, 3, 2])
    #expect(throws: TrainingError.noArchitecture) {
      try FloatNetwork.read(SafeTensors(tensors: [], metadata: [:]).serialized())
    }
  }

  @Test func architectureInFiles() throws {
    let file = try SafeTensors(file: FloatNetwork.serialized([start]))
    #expect(
      file.metadata["architecture"]
        == "{\"channels\":3,\"condition\":0,\"features\":3,\"headWidth\":3,\"kind\":\"diagonal-bilstm\",\"layers\":1,"
        + "\"output\":\"softmax\",\"residual\":true,\"skip\":true}")
    let tensors = file.tensors.filter { $0.name != "output.bias" }
    let error = #expect(throws: TrainingError.self) {
      try FloatNetwork.read(SafeTensors(tensors: tensors, metadata: file.metadata).serialized())
    }
    #expect(error == .otherNetwork("it has no output.bias"))
  }

  @Test func maskedWeightsAreReadAsZero() throws {
    let layout = ParameterLayout(network)
    let ones = FloatNetwork(network, weights: Array(repeating: 1, count: layout.count))
    let read = try FloatNetwork.read(FloatNetwork.serialized([ones]))[0]
    #expect(read.weights == layout.mask().map { $0 ? 1 : 0 })
  }
}
