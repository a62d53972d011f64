import PixelModels

/// Turns the float weights of a network into integers.
///
/// Every row of weights has its own power of two, as large as the sums allow: Σ|w|·limit + |b| < 2^31. The scales of the
/// activations follow from the largest magnitudes seen on data, and may be chosen finer: what exceeds them is then clamped.
public struct Quantiser {
  private let architecture: PixelRNN
  private let layout: ParameterLayout
  private let weights: [Float]
  /// Fraction bits of activations by their name in `NetworkGradient.maxima`.
  private let fractions: [String: Int]

  /// Fraction bits of what the engine fixes.
  private static let (hidden, cell, gates) = (13, 11, 11)

  /// - Parameters:
  ///   - weights: flat, in the order of `PixelRNN.parameters`.
  ///   - maxima: largest magnitudes seen on data, as `NetworkGradient.maxima`.
  ///   - finer: fraction bits more than those magnitudes leave room for, by the names of `activations(_:)`.
  public init(_ architecture: PixelRNN, weights: [Float], maxima: [String: Float], finer: [String: Int] = [:]) {
    self.architecture = architecture
    layout = ParameterLayout(architecture)
    self.weights = architecture.output == .bernoulli ? weights : Quantiser.centred(weights, layout)
    // Where no picture had a pixel to code nothing was seen.
    var fractions = Dictionary(
      uniqueKeysWithValues: Quantiser.activations(architecture).map { name in
        (name, Quantiser.fraction(maxima[name] ?? 1))
      })
    // Skip connections are added to the stream.
    fractions["stream"] = min(fractions["stream"]!, fractions["skip"]!)
    fractions.merge(finer) { $0 + $1 }
    self.fractions = fractions
  }

  /// The weights with a mean of 0 over the 256 values before each softmax, which does not see that mean: logits stay small.
  private static func centred(_ weights: [Float], _ layout: ParameterLayout) -> [Float] {
    var weights = weights
    for range in [layout.range("output.weight"), layout.range("output.bias")] {
      for first in stride(from: range.lowerBound, to: range.upperBound, by: 256) {
        let mean = weights[first..<first + 256].reduce(0, +) / 256
        for i in first..<first + 256 { weights[i] -= mean }
      }
    }
    return weights
  }

  /// The network in integers whose activations have as many fraction bits as serve pictures best: a few large magnitudes
  /// would leave all others coarse, and clamping them may cost less.
  ///
  /// - Parameter trial: pictures of the network's own level, to compare by.
  /// - Throws: ``TrainingError/unquantisable(_:)``.
  static func best(
    _ architecture: PixelRNN, weights: [Float], maxima: [String: Float], trial: TrainingData
  ) throws(TrainingError) -> IntegerPixelRNN {
    var best = try Quantiser(architecture, weights: weights, maxima: maxima).network()
    var nats = best.likelihood(of: trial)
    var finer: [String: Int] = [:]
    // Skip connections have the scale of the stream.
    for name in activations(architecture) where name != "skip" && (name != "upsample" || architecture.condition > 0) {
      let chosen = finer
      for bits in 1...mostFiner {
        let next = chosen.merging([name: bits]) { $1 }
        // Finer activations leave less room for weights, and may leave none.
        let network = try? Quantiser(architecture, weights: weights, maxima: maxima, finer: next).network()
        guard let network else { break }
        let cost = network.likelihood(of: trial)
        if cost < nats * (1 - leastGain) { (best, nats, finer) = (network, cost, next) }
      }
    }
    return best
  }

  /// The share of the cost that a finer scale has to save: the large magnitudes that it clamps are seldom among few pictures.
  private static let leastGain = 0.001

  /// Fraction bits that a scale may be finer than the largest magnitude asks for.
  private static let mostFiner = 3

  /// The activations that have a scale of their own.
  private static func activations(_ network: PixelRNN) -> [String] {
    let blocks = (0..<network.layers).flatMap { ["block.\($0).reduce", "block.\($0).middle"] }
    return ["stream", "skip", "head.0", "head.1", "upsample"] + (network.kind == .pixelCNN ? blocks : [])
  }

  /// The most fraction bits with which a magnitude, and an eighth more, stays within the limit.
  private static func fraction(_ magnitude: Float) -> Int {
    let room = Float(IntegerPixelRNN.activationLimit) / max(1.125 * magnitude, 1.0 / 16)
    return max(0, Int(room.exponent))
  }

  /// The network in integers.
  ///
  /// - Throws: ``TrainingError/unquantisable(_:)`` when numbers are too large, or are none.
  public func network() throws(TrainingError) -> IntegerPixelRNN {
    for parameter in architecture.parameters where !weights[layout.range(parameter.name)].allSatisfy(\.isFinite) {
      throw .unquantisable(parameter.name)
    }
    var layers: [IntegerPixelRNN.WideLayer] = []
    for fused in architecture.fusedLayers { layers.append(try layer(fused)) }
    return IntegerPixelRNN(
      architecture: architecture, layers: layers,
      states: (0..<architecture.layers).flatMap(architecture.initialStates).map { name in
        let scale = Float(1 << (name.hasSuffix(".h") ? Quantiser.hidden : Quantiser.cell))
        let limit: Float = name.hasSuffix(".h") ? 8192 : 32767
        return weights[layout.range(name)].map { Int16(max(-limit, min(limit, ($0 * scale).rounded()))) }
      })
  }

  /// Fraction bits of what a convolution reads.
  private func inputFraction(_ c: PixelRNN.Convolution) -> Int {
    if c.name == "first" || c.name.hasPrefix("upsample") { return architecture.output == .bernoulli ? 13 : 12 }
    if c.name.hasSuffix("condition") { return fractions["upsample"]! }
    if c.name.hasSuffix("state") { return Quantiser.hidden }
    switch c.name {
    case "head.0": return fractions["stream"]!
    case "head.1": return fractions["head.0"]!
    case "output": return fractions["head.1"]!
    default: break
    }
    let block = c.name.split(separator: ".")[1]
    let isInner = c.name.hasSuffix("expand") || c.name.hasSuffix("skip")
    if isInner { return architecture.kind == .pixelCNN ? fractions["block.\(block).middle"]! : Quantiser.hidden }
    if c.name.hasSuffix("middle") { return fractions["block.\(block).reduce"]! }
    return fractions["stream"]!
  }

  /// Fraction bits of what a layer gives, and what its floats are multiplied by before.
  private func output(_ c: PixelRNN.Convolution) -> (fraction: Int, scale: Float) {
    if c.name == "output" { return (5, 1 / 0.693147180559945) }
    if c.gates == 4 { return (Quantiser.gates, 1) }
    if c.name.hasPrefix("upsample") { return (fractions["upsample"]!, 1) }
    if c.name.hasPrefix("head") || c.name.hasSuffix("reduce") || c.name.hasSuffix("middle") {
      return (fractions[c.name]!, 1)
    }
    return (fractions["stream"]!, 1)
  }

  private func layer(_ fused: PixelRNN.FusedLayer) throws(TrainingError) -> IntegerPixelRNN.WideLayer {
    let (fraction, scale) = output(fused.parts[0])
    var rows: [Int16] = []
    var biases: [Int32] = []
    var shifts: [UInt8] = []
    for o in 0..<fused.outputs {
      // Weights of integers with no fraction bits, for a sum in the unit of the outputs' numbers before their shift.
      let row = fused.parts.flatMap { c in
        let tensor = weights[layout.range(c.name + ".weight")]
        let unit = scale / Float(1 << inputFraction(c))
        return stride(from: tensor.startIndex + o, to: tensor.endIndex, by: c.outputs).map { Double(tensor[$0] * unit) }
      }
      let hasBias = fused.parts[0].hasBias
      let bias = hasBias ? Double(weights[layout.range(fused.parts[0].name + ".bias").lowerBound + o] * scale) : 0
      guard let bits = Quantiser.accumulatorBits(row, bias, limit: fused.inputLimit, least: fraction) else {
        throw .unquantisable(fused.name)
      }
      let unit = Double(sign: .plus, exponent: bits, significand: 1)
      let shift = bits - fraction
      rows += row.map { Int16(($0 * unit).rounded()) }
      biases.append(Int32((bias * unit).rounded()) + (shift > 0 ? 1 << Int32(shift - 1) : 0))
      shifts.append(UInt8(shift))
    }
    return .init(weights: rows, bias: biases, shift: shifts)
  }

  /// The most fraction bits of the sums of a row for which they stay in 32 bits and the weights in 16; nil if there are none.
  private static func accumulatorBits(_ row: [Double], _ bias: Double, limit: Int, least: Int) -> Int? {
    for bits in stride(from: least + 31, through: least, by: -1) {
      let unit = Double(sign: .plus, exponent: bits, significand: 1)
      let total = row.reduce(0) { $0 + abs(($1 * unit).rounded()) } * Double(limit)
      let offset = abs((bias * unit).rounded()) + Double(sign: .plus, exponent: bits - least - 1, significand: 1)
      if total + offset < 0x7FFF_FFFF, row.allSatisfy({ abs(($0 * unit).rounded()) <= 32767 }) { return bits }
    }
    return nil
  }
}
