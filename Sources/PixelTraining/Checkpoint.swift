import ByteCoding
import FoundationEssentials
import PixelModels

/// All that a run needs to go on: a run that is stopped and resumed gives the same weights as one that is not.
public struct Checkpoint: Equatable, Sendable {
  public let network: PixelRNN
  public var configuration: TrainingConfiguration
  /// CRC-32 of the samples trained on.
  public let data: UInt32
  /// What the caller wants to have kept.
  public var notes: [String: String]
  public var progress: TrainingProgress
  public var weights: [Float]
  /// The running mean of the weights.
  public var average: [Float]
  public var optimiser: Optimiser

  private static let form = "prnn checkpoint 1"

  /// The start of a run.
  ///
  /// - Precondition: `weights` are those of the network.
  public init(
    _ start: FloatNetwork, configuration: TrainingConfiguration, data: TrainingData, notes: [String: String] = [:]
  ) {
    network = start.network
    self.configuration = configuration
    self.data = crc32(data.samples)
    self.notes = notes
    progress = TrainingProgress()
    weights = start.weights
    average = start.weights
    optimiser = Optimiser(
      configuration.optimiser, count: start.weights.count, plan: MuonPlan(start.network))
  }

  /// Whether these are the pictures of the run.
  public func isTrained(on pictures: TrainingData) -> Bool { crc32(pictures.samples) == data }

  /// Moves the weights and their mean; counts a step.
  mutating func move(against gradient: [Float], scale: Float, rate: Float) {
    progress.step += 1
    optimiser.update(&weights, gradient: gradient, scale: scale, rate: rate, step: progress.step)
    moveAverage(&average, towards: weights, decay: configuration.average, step: progress.step)
  }

  /// The bytes of the file: safetensors.
  public func serialized() -> [UInt8] {
    var all = tensors(weights, of: network, prefix: "weights.") + tensors(average, of: network, prefix: "average.")
    all += tensors(optimiser.second, of: network, prefix: "second.")
    if !optimiser.first.isEmpty { all += tensors(optimiser.first, of: network, prefix: "first.") }
    let header = Header(
      network: network, configuration: configuration, data: data, notes: notes, progress: progress,
      numbers: Checkpoint.checksum([weights, average, optimiser.first, optimiser.second]))
    return SafeTensors(tensors: all, metadata: ["format": Checkpoint.form, "run": encoded(header)]).serialized()
  }

  /// Reads a file; none is taken of which a byte of the numbers has changed.
  ///
  /// - Throws: ``TrainingError/notACheckpoint`` or ``TrainingError/damagedCheckpoint(_:)``.
  public init(file: [UInt8]) throws(TrainingError) {
    let file = try Checkpoint.opened(file)
    guard file.metadata["format"] == Checkpoint.form, let json = file.metadata["run"] else { throw .notACheckpoint }
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(json.utf8)) else {
      throw .damagedCheckpoint("its description cannot be read")
    }
    network = header.network
    configuration = header.configuration
    data = header.data
    notes = header.notes
    progress = header.progress
    do {
      weights = try file.numbers(of: network, prefix: "weights.")
      average = try file.numbers(of: network, prefix: "average.")
      optimiser = Optimiser(configuration.optimiser, count: 0, plan: MuonPlan(header.network))
      optimiser.second = try file.numbers(of: network, prefix: "second.")
      if optimiser.kind != .rmsprop { optimiser.first = try file.numbers(of: network, prefix: "first.") }
    } catch {
      throw .damagedCheckpoint("tensors are missing")
    }
    guard header.numbers == Checkpoint.checksum([weights, average, optimiser.first, optimiser.second]) else {
      throw .damagedCheckpoint("its checksum is wrong")
    }
  }

  private static func opened(_ file: [UInt8]) throws(TrainingError) -> SafeTensors {
    guard file.count > 8, file[8] == UInt8(ascii: "{") else { throw .notACheckpoint }
    do throws(SafeTensorsError) { return try SafeTensors(file: file) } catch {
      throw .damagedCheckpoint("cut short or changed")
    }
  }

  private static func checksum(_ arrays: [[Float]]) -> UInt32 {
    arrays.reduce(0) { sum, array in array.withUnsafeBytes { crc32($0, from: sum) } }
  }

  private struct Header: Codable {
    let network: PixelRNN
    let configuration: TrainingConfiguration
    let data: UInt32
    let notes: [String: String]
    let progress: TrainingProgress
    let numbers: UInt32
  }
}
