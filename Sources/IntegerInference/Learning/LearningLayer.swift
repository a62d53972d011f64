import PixelKernels
import PixelModels

/// A layer whose weights change: those of the product are rounded from wider ones. spec/arithmetic.md, "Learning".
final class LearningLayer {
  /// Fraction bits of the wide weights and biases.
  private static let weightBits = 16
  private static let biasBits = 8
  private static let largestBias = Int32(1) << 29

  /// What the forward pass runs.
  let layer: IntegerLayer
  /// nil where nothing is passed back.
  let passing: PassingLayer?
  /// log2 of the scale of its weights.
  let scale: Int
  private let kernels: Kernels
  private let inputs: Int
  private let shift: [UInt8]
  private let rate: Int
  /// (outputs, padded inputs) each.
  private let weights: Numbers<Int32>
  private let sums: Numbers<Int32>
  private let momenta: Numbers<Int32>
  private let squares: Numbers<Int32>
  /// (outputs) each.
  private let biases: Numbers<Int32>
  private let biasSums: Numbers<Int32>
  private let biasMomenta: Numbers<Int32>
  private let biasSquares: Numbers<Int32>
  /// (outputs): of the weights that are passed back.
  private let passingShifts: Numbers<Int32>
  /// (16, padded inputs)
  private let rounded: Numbers<Int8>

  /// - Parameters:
  ///   - rate: 0 for a layer that only passes slopes on.
  ///   - scale: log2 of the scale of the transposed weights; ``scale(of:)`` of the layer, or a smaller one.
  ///   - passing: inputs, from the first, whose slopes are asked for; a multiple of 16.
  init(_ model: Model.Layer, rate: Int, scale: Int, passing: Int, _ kernels: Kernels) {
    self.kernels = kernels
    self.rate = rate
    self.scale = scale
    inputs = model.inputs
    shift = model.shift
    let padded = (model.inputs + 15) / 16 * 16
    let outputs = model.outputs
    layer = IntegerLayer(inputs: padded, outputs: outputs, shift: model.shift)
    self.passing = passing > 0 ? PassingLayer(outputs: outputs, passing: passing, kernels) : nil
    (weights, sums) = (Numbers(padded * outputs), Numbers(padded * outputs))
    (momenta, squares) = (Numbers(padded * outputs), Numbers(padded * outputs))
    (biases, biasSums) = (Numbers(outputs), Numbers(outputs))
    (biasMomenta, biasSquares) = (Numbers(outputs), Numbers(outputs))
    rounded = Numbers(16 * padded)
    passingShifts = Numbers(outputs)
    for o in 0..<outputs {
      passingShifts[o] = Int32(max(1, min(30, LearningLayer.weightBits + Int(model.shift[o]) - scale)))
    }
    for o in 0..<outputs {
      for i in 0..<inputs { weights[o * padded + i] = Int32(model.weights[o * inputs + i]) << LearningLayer.weightBits }
      let most = LearningLayer.largestBias >> LearningLayer.biasBits
      biases[o] = max(-most, min(most, model.bias[o])) << LearningLayer.biasBits
    }
    round()
  }

  /// The largest scale with which no start weight leaves 8 bits.
  static func scale(of layer: Model.Layer) -> Int {
    (0..<layer.outputs).map { o in
      let most = layer.weights[o * layer.inputs..<(o + 1) * layer.inputs].map { abs(Int($0)) }.max()!
      // The largest n with most · 2^n <= 127.
      return Int(layer.shift[o]) + (most == 0 ? 31 : 6 - (Int.bitWidth - 1 - most.leadingZeroBitCount))
    }.min()!
  }

  /// Adds the products of some pixels' slopes and activations to the sums.
  ///
  /// - Parameters:
  ///   - activations: (count, stride), the padded inputs of each.
  ///   - slopes: (count, slopeStride), by the outputs.
  ///   - active: a bit for each 16 outputs, the first ones' lowest: whether any of their slopes is not 0.
  func collect(
    _ activations: UnsafePointer<UInt8>, stride: Int, _ slopes: UnsafePointer<UInt8>, slopeStride: Int,
    active: UInt32 = .max, count: Int, _ scratch: LearningScratch
  ) {
    guard rate > 0 else { return }
    let table = kernels.table
    for start in Swift.stride(from: 0, to: count, by: LearningScratch.pixels) {
      let n = min(LearningScratch.pixels, count - start)
      table.quads(activations + start * stride, stride, n, layer.inputs, 0, scratch.activations.base)
      var block = 0
      while let run = active.ones(from: block, below: layer.outputs / 16) {
        block = run.upperBound
        let (first, some) = (16 * run.lowerBound, 16 * run.count)
        let own = slopes + start * slopeStride + first
        table.totals(own, slopeStride, n, some, biasSums.base + first)
        table.quads(own, slopeStride, n, some, 64, scratch.slopes.base)
        table.outer(
          scratch.activations.base, layer.inputs, scratch.slopes.base, some, (n + 3) / 4,
          sums.base + first * layer.inputs)
      }
    }
  }

  /// Moves the weights against the sums, which are 0 then.
  ///
  /// - Parameter number: updates before this one.
  func update(_ learning: Learning.Rule, number: Int) {
    guard rate > 0 else { return }
    let young = Int32(Int.bitWidth - 1 - (number + 2).leadingZeroBitCount)
    var rule = prnn_rate(
      momentum_shift: min(Int32(learning.momentumShift), young), square_shift: min(Int32(learning.squareShift), young),
      floor: Int32(learning.floor), gain: 0, limit: 127 << Int32(LearningLayer.weightBits))
    let padded = layer.inputs
    let share = learning.share(ofUpdate: number)
    for o in 0..<layer.outputs {
      rule.gain = gain(o, bits: LearningLayer.weightBits, share)
      let row = o * padded
      kernels.table.update(
        &rule, inputs, sums.base + row, momenta.base + row, squares.base + row, weights.base + row)
    }
    rule.limit = LearningLayer.largestBias
    for o in 0..<layer.outputs {
      // A bias is the weight of an activation of 16.
      rule.gain = gain(o, bits: LearningLayer.biasBits + 4, share)
      kernels.table.update(&rule, 1, biasSums.base + o, biasMomenta.base + o, biasSquares.base + o, biases.base + o)
    }
    round()
  }

  /// The step of an output's weights with so many fraction bits.
  private func gain(_ output: Int, bits: Int, _ share: Int) -> Int32 {
    Int32((min(32767, (rate << Int(shift[output])) >> (20 - bits)) * share) >> 10)
  }

  /// Makes the weights of the products.
  private func round() {
    let (padded, outputs) = (layer.inputs, layer.outputs)
    kernels.table.pack(weights.base, padded, outputs, rounded.base, layer.weights)
    for o in 0..<outputs {
      layer.bias[o] = (biases[o] + (1 << Int32(LearningLayer.biasBits - 1))) >> Int32(LearningLayer.biasBits)
    }
    passing?.set(weights.base, inputs: padded, passingShifts.base, rounded.base)
  }
}

extension UInt32 {
  /// The next run of bits that are 1.
  fileprivate func ones(from start: Int, below end: Int) -> Range<Int>? {
    guard let first = (start..<end).first(where: { self >> $0 & 1 != 0 }) else { return nil }
    return first..<((first..<end).first { self >> $0 & 1 == 0 } ?? end)
  }
}

/// Numbers, 0 at first, that live as long as this does.
final class Numbers<Number: FixedWidthInteger> {
  let base: UnsafeMutablePointer<Number>

  init(_ count: Int, of number: Number = 0) {
    let size = (count * MemoryLayout<Number>.stride + 127) / 64 * 64
    base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64).bindMemory(
      to: Number.self, capacity: size / MemoryLayout<Number>.stride)
    base.initialize(repeating: number, count: size / MemoryLayout<Number>.stride)
  }

  deinit { base.deallocate() }

  subscript(_ i: Int) -> Number {
    get { base[i] }
    set { base[i] = newValue }
  }
}

/// Activations and slopes of some pixels in the order that the kernels multiply them.
final class LearningScratch {
  /// Pixels taken together.
  static let pixels = 256

  let activations: Numbers<UInt8>
  let slopes: Numbers<UInt8>

  /// - Parameter features: the most inputs or outputs of a layer, rounded up to a multiple of 16.
  init(features: Int) {
    activations = Numbers(features * LearningScratch.pixels)
    slopes = Numbers(features * LearningScratch.pixels)
  }
}
