/// A trained network of the paper in integers. Activations have 16 bits and stay within ±8192; spec/arithmetic.md.
public struct IntegerPixelRNN: Equatable, Sendable {
  public let architecture: PixelRNN
  /// In the order of ``PixelRNN/fusedLayers``.
  public let layers: [WideLayer]
  /// In the order of the blocks' ``PixelRNN/initialStates(_:)``; (h) each: hidden states with 13 fraction bits, cells with 11.
  public let states: [[Int16]]

  public init(architecture: PixelRNN, layers: [WideLayer], states: [[Int16]]) {
    self.architecture = architecture
    self.layers = layers
    self.states = states
  }

  /// y = (weights · x + bias) >> shift
  public struct WideLayer: Equatable, Sendable {
    /// (outputs, inputs), -32767 ... 32767
    public let weights: [Int16]
    /// (outputs)
    public let bias: [Int32]
    /// (outputs), 0 ... 31
    public let shift: [UInt8]

    public init(weights: [Int16], bias: [Int32], shift: [UInt8]) {
      self.weights = weights
      self.bias = bias
      self.shift = shift
    }
  }

  /// Activations, and the inputs, are at most this large.
  public static let activationLimit = 8192

  /// The first layer whose sums may leave 32 bits: Σ|w|·limit + |b| ≥ 2^31 for an output.
  public func unboundedLayer() -> Int? {
    zip(architecture.fusedLayers, layers).enumerated().first { _, pair in
      let (fused, layer) = pair
      return !(0..<fused.outputs).allSatisfy { o in
        let row = layer.weights[o * fused.inputs..<(o + 1) * fused.inputs]
        let total = row.reduce(0) { $0 + abs(Int($1)) } * fused.inputLimit
        return total + abs(Int(layer.bias[o])) < 1 << 31 && layer.shift[o] < 32 && !row.contains(.min)
      }
    }?.offset
  }
}

extension IntegerPixelRNN {
  /// Whether every weight that a mask takes away is 0.
  public var obeysMasks: Bool {
    zip(architecture.fusedLayers, layers).allSatisfy { fused, layer in
      let c = fused.parts[0]
      guard c.mask != nil else { return true }
      // The masked convolution comes first, its last tap is the pixel itself.
      let start = (c.taps.count - 1) * c.inputs
      return (0..<c.outputs).allSatisfy { o in
        (0..<c.inputs).allSatisfy { i in
          layer.weights[o * fused.inputs + start + i] == 0 || architecture.allows(c, input: i, output: o)
        }
      }
    }
  }
}

extension PixelRNN {
  /// Convolutions whose sums are one sum: one layer of the integer network. Its inputs are those of the parts one after the
  /// other, each by tap, then feature.
  public struct FusedLayer: Equatable, Sendable {
    public let parts: [Convolution]
    /// The largest magnitude of an input.
    public let inputLimit: Int

    public init(parts: [Convolution], inputLimit: Int = IntegerPixelRNN.activationLimit) {
      self.parts = parts
      self.inputLimit = inputLimit
    }

    public var inputs: Int { parts.reduce(0) { $0 + $1.taps.count * $1.inputs } }
    public var outputs: Int { parts[0].outputs }
    public var name: String { parts[0].name }
  }

  /// The layers of the integer network, in the order of the file.
  public var fusedLayers: [FusedLayer] {
    (upsample + [first]).map { .init(parts: [$0]) } + (0..<layers).flatMap(fusedBlock) + head.map { .init(parts: [$0]) }
  }

  /// The fused layers of a block: its inner ones, `expand`, and `skip` if it has one.
  public func fusedBlock(_ index: Int) -> [FusedLayer] {
    var groups: [[Convolution]] = []
    for c in block(index) {
      // A state or condition is added to the convolution before it.
      if !c.hasBias, !c.name.hasSuffix("skip") { groups[groups.count - 1].append(c) } else { groups.append([c]) }
    }
    return groups.map { parts in
      // Two hidden states are added before the Diagonal BiLSTM's last convolutions.
      let isSum = kind == .diagonalBiLSTM && parts[0].mask == .b && parts[0].gates == 1
      return .init(parts: parts, inputLimit: IntegerPixelRNN.activationLimit * (isSum ? 2 : 1))
    }
  }
}
