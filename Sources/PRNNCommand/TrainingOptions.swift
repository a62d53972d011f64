import ArgumentParser
import Glibc
import PixelModels
import PixelTraining

extension PixelRNN.Kind: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }
  public static var allValueStrings: [String] { allCases.map(\.name) }
}

extension Optimiser.Kind: ExpressibleByArgument {}

struct NetworkOptions: ParsableArguments {
  @Option(help: "The network.")
  var architecture: PixelRNN.Kind?

  @Option(help: ArgumentHelp("Blocks (7).", valueName: "n"))
  var layers: Int?

  @Option(help: ArgumentHelp("Features h of a block (16).", valueName: "n"))
  var features: Int?

  @Option(help: ArgumentHelp("Features of the head (32).", valueName: "n"))
  var headWidth: Int?

  @Flag(help: "Add no block's input to its output.")
  var noResidual = false

  @Flag(help: "Add what every block makes to the head's input.")
  var skip = false

  @Option(help: ArgumentHelp("1 for gray, 3 for RGB (1).", valueName: "n"))
  var channels: Int?

  @Flag(help: "Samples are 0 and 1.")
  var bernoulli = false

  @Flag(help: "The softmax is over differences from a prediction: fewer epochs reach the same.")
  var differences = false

  @Option(help: ArgumentHelp("Features of the condition at levels above 0 (16).", valueName: "n"))
  var condition: Int?

  var given: [String] {
    [
      architecture.map { _ in "--architecture" }, layers.map { _ in "--layers" }, features.map { _ in "--features" },
      headWidth.map { _ in "--head-width" }, noResidual ? "--no-residual" : nil, skip ? "--skip" : nil,
      channels.map { _ in "--channels" }, bernoulli ? "--bernoulli" : nil,
      differences ? "--differences" : nil, condition.map { _ in "--condition" },
    ].compactMap { $0 }
  }

  /// - Throws: `ValidationError` for networks that cannot be.
  func network(level: Int) throws -> PixelRNN {
    guard let architecture else {
      let names = PixelRNN.Kind.allValueStrings.joined(separator: ", ")
      throw ValidationError("Give --architecture (\(names)), or --resume.")
    }
    guard !bernoulli || !differences else { throw ValidationError("Give --bernoulli or --differences, not both.") }
    let network = PixelRNN(
      kind: architecture, channels: channels ?? 1, layers: layers ?? 7, features: features ?? 16,
      headWidth: headWidth ?? 32, residual: !noResidual, skip: skip,
      output: bernoulli ? .bernoulli : differences ? .differences : .softmax,
      condition: level > 0 ? condition ?? 16 : 0)
    guard network.isSupported, level == 0 || network.condition > 0 else {
      throw ValidationError(
        "No such network: 1 or 3 channels (1 with --bernoulli), 1 to 64 layers, features and condition up to 512, "
          + "a head width up to 2048.")
    }
    return network
  }
}

struct RunOptions: ParsableArguments {
  @Option(help: "The optimiser (adam).")
  var optimiser: Optimiser.Kind?

  @Option(help: ArgumentHelp("Pictures of a step (16).", valueName: "n"))
  var batch: Int?

  @Option(help: ArgumentHelp("Pictures that a thread takes at a time; the result depends on it (16).", valueName: "n"))
  var shard: Int?

  @Option(help: ArgumentHelp("The rate after the warm-up; it falls to 0 along a cosine (0.001).", valueName: "x"))
  var learningRate: Double?

  @Option(help: ArgumentHelp("Steps of the warm-up (100).", valueName: "n"))
  var warmUp: Int?

  @Option(help: ArgumentHelp("The largest norm of a gradient of nats a picture (none).", valueName: "x"))
  var clip: Double?

  @Option(help: ArgumentHelp("Decay of the mean of the weights that is kept (0.999).", valueName: "x"))
  var average: Double?

  @Option(help: ArgumentHelp("Seed of the start weights and of the order of the pictures (1).", valueName: "n"))
  var seed: UInt64?

  @Flag(help: "Mirror half of the pictures.")
  var flip = false

  @Option(help: ArgumentHelp("Steps between validations (an epoch).", valueName: "n"))
  var validateEvery: Int?

  var given: [String] {
    [
      optimiser.map { _ in "--optimiser" }, batch.map { _ in "--batch" }, shard.map { _ in "--shard" },
      learningRate.map { _ in "--learning-rate" }, warmUp.map { _ in "--warm-up" }, clip.map { _ in "--clip" },
      average.map { _ in "--average" }, seed.map { _ in "--seed" }, flip ? "--flip" : nil,
      validateEvery.map { _ in "--validate-every" },
    ].compactMap { $0 }
  }

  func validate() throws {
    for (name, value) in [("batch", batch), ("shard", shard), ("validate-every", validateEvery)] {
      if let value, !(1...1 << 20 ~= value) { throw ValidationError("--\(name) takes a number above 0.") }
    }
    if let warmUp, warmUp < 0 { throw ValidationError("--warm-up takes a number from 0.") }
    for (name, value) in [("learning-rate", learningRate), ("clip", clip)] {
      if let value, !(value > 0 && value.isFinite) { throw ValidationError("--\(name) takes a number above 0.") }
    }
    if let average, !(0..<1 ~= average) { throw ValidationError("--average takes a number from 0 to below 1.") }
  }

  /// - Parameters:
  ///   - standard: what holds unless asked for otherwise.
  ///   - pictures: to train on, for a validation in every epoch; nil to validate as `standard` says.
  func configuration(_ standard: TrainingConfiguration, pictures: Int?) -> TrainingConfiguration {
    var c = standard
    c.optimiser = optimiser ?? c.optimiser
    c.batch = batch ?? c.batch
    c.shard = shard ?? c.shard
    c.learningRate = learningRate ?? c.learningRate
    c.warmUp = warmUp ?? c.warmUp
    c.clip = clip
    c.average = average ?? c.average
    c.seed = seed ?? c.seed
    c.flips = flip
    c.validationSteps = validateEvery ?? pictures.map { max(1, $0 / c.batch) } ?? c.validationSteps
    return c
  }
}

struct LengthOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Train for so many passes over the data (10).", valueName: "x"))
  var epochs: Double?

  @Option(help: ArgumentHelp("Train for so many steps.", valueName: "n"))
  var steps: Int?

  @Option(help: ArgumentHelp("Train for so long.", valueName: "x"))
  var minutes: Double?

  func validate() throws {
    let all = [epochs, steps.map { Double($0) }, minutes].compactMap { $0 }
    guard all.count < 2 else { throw ValidationError("Give one of --epochs, --steps and --minutes.") }
    guard all.allSatisfy({ $0 > 0 && $0 < 1e9 }) else { throw ValidationError("A run has a length above 0.") }
  }

  /// Sets the length asked for, if any.
  func set(_ c: inout TrainingConfiguration) {
    if let epochs { (c.length, c.unit) = (epochs, .epochs) }
    if let steps { (c.length, c.unit) = (Double(steps), .steps) }
    if let minutes { (c.length, c.unit) = (minutes, .minutes) }
  }
}
