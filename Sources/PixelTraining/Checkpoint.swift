import ByteCoding
import FoundationEssentials
import PixelModels

/// All that a run needs to go on: a run that is stopped and resumed gives the same weights as one that is not.
public struct Checkpoint: Equatable, Sendable {
  public let network: TrainedNetwork
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
  /// The mean of the weights at the best validation, of a network that is adapted; else empty.
  public var best: [Float] = []

  private static let form = "prnn checkpoint 1"

  /// The start of a run.
  ///
  /// - Precondition: `weights` are those of the network.
  public init(
    _ network: TrainedNetwork, weights: [Float], configuration: TrainingConfiguration, data: any TrainingSet,
    notes: [String: String] = [:]
  ) {
    precondition(network.parameters.reduce(0) { $0 + $1.count } == weights.count)
    self.network = network
    self.configuration = configuration
    self.data = data.checksum
    self.notes = notes
    progress = TrainingProgress()
    self.weights = weights
    average = weights
    optimiser = Optimiser(
      configuration.optimiser, count: weights.count, plan: network.pixelRNN.map { MuonPlan($0) })
  }

  /// The start of a run of a network of the paper.
  public init(
    _ start: FloatNetwork, configuration: TrainingConfiguration, data: TrainingData, notes: [String: String] = [:]
  ) {
    self.init(
      .pixelRNN(start.network), weights: start.weights, configuration: configuration, data: data, notes: notes)
  }

  /// Whether these are the pictures of the run.
  public func isTrained(on pictures: any TrainingSet) -> Bool { pictures.checksum == data }

  /// Moves the weights and their mean; counts a step.
  mutating func move(against gradient: [Float], scale: Float, rate: Float) {
    progress.step += 1
    optimiser.update(&weights, gradient: gradient, scale: scale, rate: rate, step: progress.step)
    moveAverage(&average, towards: weights, decay: configuration.average, step: progress.step)
  }

  /// The bytes of the file: safetensors.
  public func serialized() -> [UInt8] {
    let named = [
      ("weights.", weights), ("average.", average), ("second.", optimiser.second), ("first.", optimiser.first),
      ("best.", best),
    ]
    let all = named.flatMap { prefix, numbers in
      numbers.isEmpty ? [] : tensors(numbers, of: network.parameters, prefix: prefix)
    }
    let header = Header(
      network: network.pixelRNN, local: network.local, configuration: configuration, data: data, notes: notes,
      progress: progress, numbers: checksum)
    let run = encoded(header)
    let metadata = ["format": Checkpoint.form, "run": run, "check": "\(crc32(Array(run.utf8)))"]
    return SafeTensors(tensors: all, metadata: metadata).serialized()
  }

  /// Reads a file; none is taken of which a byte has changed.
  ///
  /// - Throws: ``TrainingError/notACheckpoint`` or ``TrainingError/damagedCheckpoint(_:)``.
  public init(file: [UInt8]) throws(TrainingError) {
    let file = try Checkpoint.opened(file)
    guard file.metadata["format"] == Checkpoint.form, let json = file.metadata["run"] else { throw .notACheckpoint }
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(json.utf8)), header.configuration.isUsable,
      (0...1 << 48).contains(header.progress.step), header.progress.seconds.isFinite,
      file.metadata["check"].map({ $0 == "\(crc32(Array(json.utf8)))" }) ?? true
    else {
      throw .damagedCheckpoint("its description cannot be read")
    }
    if let paper = header.network {
      network = .pixelRNN(paper)
    } else if let local = header.local, local.isSupported {
      network = .local(local)
    } else {
      throw .damagedCheckpoint("its description cannot be read")
    }
    configuration = header.configuration
    data = header.data
    notes = header.notes
    progress = header.progress
    do {
      let parameters = network.parameters
      weights = try file.numbers(of: parameters, prefix: "weights.")
      average = try file.numbers(of: parameters, prefix: "average.")
      optimiser = Optimiser(configuration.optimiser, count: 0, plan: header.network.map { MuonPlan($0) })
      optimiser.second = try file.numbers(of: parameters, prefix: "second.")
      if optimiser.kind != .rmsprop { optimiser.first = try file.numbers(of: parameters, prefix: "first.") }
      if network.isAdapted, progress.best != nil { best = try file.numbers(of: parameters, prefix: "best.") }
    } catch {
      throw .damagedCheckpoint("tensors are missing")
    }
    guard header.numbers == checksum else { throw .damagedCheckpoint("its checksum is wrong") }
  }

  private static func opened(_ file: [UInt8]) throws(TrainingError) -> SafeTensors {
    guard file.count > 8, file[8] == UInt8(ascii: "{") else { throw .notACheckpoint }
    do throws(SafeTensorsError) { return try SafeTensors(file: file) } catch {
      throw .damagedCheckpoint("cut short or changed")
    }
  }

  /// Of all numbers.
  private var checksum: UInt32 {
    [weights, average, optimiser.first, optimiser.second, best].reduce(0) { sum, array in
      array.withUnsafeBytes { crc32($0, from: sum) }
    }
  }

  private struct Header: Codable {
    /// One of these two.
    let network: PixelRNN?
    let local: Architecture?
    let configuration: TrainingConfiguration
    let data: UInt32
    let notes: [String: String]
    let progress: TrainingProgress
    let numbers: UInt32
  }
}
