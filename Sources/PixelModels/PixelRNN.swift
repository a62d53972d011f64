/// What a network of the paper is: PixelCNN, Row LSTM or Diagonal BiLSTM, with the paper's masks, residual and skip
/// connections.
///
///     first      7×7, mask A                    channels → 2h
///     block × L  see ``Kind``                   2h → 2h, plus its input when `residual`
///     skip × L   1×1, mask B, when `skip`       h of each block → 2h, all added to the last block's output
///     head       ReLU, 1×1, mask B, twice       2h → w → w
///     output     ReLU, 1×1, mask B              w → 256 for each channel, or 1 when Bernoulli
///
/// The features of every layer are split into one group for each channel (``group(_:of:)``). In a masked convolution the
/// weights at the pixel itself lead from group to group: with mask A only to later groups, with mask B to its own as well.
/// Outside the picture a convolution sees 0, and a state is the learned initial state.
///
/// After van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel Recurrent Neural Networks" (2016), sections 3 and 4, table 1.
public struct PixelRNN: Equatable, Hashable, Sendable {
  /// What a block is; all start with 2h features and end with a 1×1 convolution (`expand`, mask B) from h to 2h.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// ReLU, 1×1 to h (`reduce`, mask B), ReLU, 3×3 (`middle`, mask B), ReLU. Section 3.3 and figure 5.
    case pixelCNN = 1
    /// A row at a time: 3×1 along the row (`input`, mask B) and 3×1 on the states of the row above (`state`). Section 3.1.
    case rowLSTM = 2
    /// Twice, from the left and from the right: 1×1 (`input`, mask B) and the states beside and above (`state`); the map
    /// from the right is moved down one row before the two are added. Section 3.2.
    case diagonalBiLSTM = 3

    /// As on the command line.
    public var name: String {
      switch self {
      case .pixelCNN: "pixel-cnn"
      case .rowLSTM: "row-lstm"
      case .diagonalBiLSTM: "diagonal-bilstm"
      }
    }
  }

  public enum Output: UInt8, Sendable, CaseIterable {
    /// 256 logits for each channel; samples of 8 bits, which the network sees as (sample - 128) / 64.
    case softmax = 1
    /// One logit; samples 0 and 1, which the network sees as -1 and 1.
    case bernoulli = 2
    /// As `softmax`, but the 256 logits are those of the sample's difference, mod 256, from a prediction: that of the median
    /// edge detector, moved with the errors of the channels before (spec/arithmetic.md, "Networks of the paper"). Not in the
    /// paper; such a network need not learn where every value's logits have their maximum, and is trained in fewer epochs.
    case differences = 3
  }

  public var kind: Kind
  /// Samples of a pixel: 1 or 3.
  public var channels: Int
  /// Blocks, L.
  public var layers: Int
  /// h; between blocks there are 2h features.
  public var features: Int
  /// w
  public var headWidth: Int
  public var residual: Bool
  public var skip: Bool
  public var output: Output
  /// Features of the map that a conditional network is given beside the picture, made from a picture of half its size;
  /// 0 for an unconditional one. Section 3.4.
  public var condition: Int

  public init(
    kind: Kind, channels: Int, layers: Int, features: Int, headWidth: Int, residual: Bool = true, skip: Bool = false,
    output: Output = .softmax, condition: Int = 0
  ) {
    self.kind = kind
    self.channels = channels
    self.layers = layers
    self.features = features
    self.headWidth = headWidth
    self.residual = residual
    self.skip = skip
    self.output = output
    self.condition = condition
  }

  /// The networks of a Multi-Scale PixelRNN, coarsest first: one without condition, then for each doubling one that is given
  /// the picture of half its size.
  public static func multiScale(levels: Int, of network: PixelRNN, condition: Int) -> [PixelRNN] {
    (0..<levels).map { level in
      var network = network
      network.condition = level == 0 ? 0 : condition
      return network
    }
  }

  /// The channel whose group the feature `index` of `count` belongs to.
  public func group(_ index: Int, of count: Int) -> Int { index * channels / count }

  /// Whether the integer engine can run it.
  public var isSupported: Bool {
    (channels == 1 || channels == 3) && (1...64).contains(layers) && (channels...512).contains(features)
      && (channels...2048).contains(headWidth) && (output != .bernoulli || channels == 1)
      && (0...512).contains(condition)
  }
}

extension PixelRNN {
  public enum Mask: Sendable {
    case a
    case b
  }

  /// A place that a convolution looks at, from the pixel itself.
  public struct Tap: Equatable, Sendable {
    public let row: Int
    public let column: Int
  }

  /// A convolution as its weights are stored: (taps, inputs, outputs), only taps that the mask leaves.
  public struct Convolution: Equatable, Sendable {
    public let name: String
    /// A mask holds for the last of them, which is the pixel itself then.
    public let taps: [Tap]
    public let inputs: Int
    public let outputs: Int
    public let mask: Mask?
    /// 4 for the gates of an LSTM, in the order o, f, i, g of `outputs` / 4 features each; else 1.
    public var gates = 1
    public var hasBias = true
  }

  /// A tensor of trained numbers, by its name in a file.
  public struct Parameter: Equatable, Sendable {
    public let name: String
    public let shape: [Int]
    public var count: Int { shape.reduce(1, *) }

    public init(name: String, shape: [Int]) {
      self.name = name
      self.shape = shape
    }
  }

  /// Whether a masked convolution's weight from input to output at the pixel itself is there.
  public func allows(_ c: Convolution, input: Int, output: Int) -> Bool {
    guard let mask = c.mask else { return true }
    let from = group(input, of: c.inputs)
    let to = group(output % (c.outputs / c.gates), of: c.outputs / c.gates)
    return mask == .a ? from < to : from <= to
  }

  /// The convolutions of a block, in the order of the file; of a Diagonal BiLSTM those of the left come first.
  public func block(_ index: Int) -> [Convolution] {
    let h = features
    let here = Tap(row: 0, column: 0)
    let left = Tap(row: 0, column: -1)
    let above = (-1...1).map { Tap(row: -1, column: $0) }
    func name(_ part: String) -> String { "block.\(index).\(part)" }
    func conditional(_ part: String, _ outputs: Int, gates: Int) -> [Convolution] {
      condition == 0
        ? []
        : [
          .init(
            name: name(part), taps: [here], inputs: condition, outputs: outputs, mask: nil, gates: gates, hasBias: false
          )
        ]
    }
    func lstm(_ prefix: String, input: [Tap], state: [Tap]) -> [Convolution] {
      [
        .init(name: name(prefix + "input"), taps: input, inputs: 2 * h, outputs: 4 * h, mask: .b, gates: 4),
        .init(
          name: name(prefix + "state"), taps: state, inputs: h, outputs: 4 * h, mask: nil, gates: 4, hasBias: false),
      ] + conditional(prefix + "condition", 4 * h, gates: 4)
    }
    let inner: [Convolution] =
      switch kind {
      case .pixelCNN:
        [
          .init(name: name("reduce"), taps: [here], inputs: 2 * h, outputs: h, mask: .b),
          .init(name: name("middle"), taps: above + [left, here], inputs: h, outputs: h, mask: .b),
        ] + conditional("condition", h, gates: 1)
      case .rowLSTM: lstm("", input: [left, here], state: above)
      case .diagonalBiLSTM:
        lstm("left.", input: [here], state: [left, Tap(row: -1, column: 0)])
          + lstm("right.", input: [here], state: [Tap(row: 0, column: 1), Tap(row: -1, column: 0)])
      }
    return inner + [.init(name: name("expand"), taps: [here], inputs: h, outputs: 2 * h, mask: .b)]
      + (skip ? [.init(name: name("skip"), taps: [here], inputs: h, outputs: 2 * h, mask: .b, hasBias: false)] : [])
  }

  /// The first convolution: 7×7, mask A.
  public var first: Convolution {
    let above = (-3...(-1)).flatMap { row in (-3...3).map { Tap(row: row, column: $0) } }
    return .init(
      name: "first", taps: above + (-3...0).map { Tap(row: 0, column: $0) }, inputs: channels, outputs: 2 * features,
      mask: .a)
  }

  /// The 1×1 convolutions after the blocks.
  public var head: [Convolution] {
    let here = [Tap(row: 0, column: 0)]
    let last = output == .bernoulli ? 1 : 256 * channels
    return [
      .init(name: "head.0", taps: here, inputs: 2 * features, outputs: headWidth, mask: .b),
      .init(name: "head.1", taps: here, inputs: headWidth, outputs: headWidth, mask: .b),
      .init(name: "output", taps: here, inputs: headWidth, outputs: last, mask: .b),
    ]
  }

  /// The upsampling of a conditional network, followed by a ReLU: a transposed convolution of stride 2, kernel 8 and padding
  /// 3, as one convolution of the small picture for each of the four phases (row parity, column parity) of the large one.
  public var upsample: [Convolution] {
    guard condition > 0 else { return [] }
    return (0..<4).map { phase in
      let taps = (-2...1).flatMap { row in (-2...1).map { Tap(row: row + phase / 2, column: $0 + phase % 2) } }
      return .init(name: "upsample.\(phase)", taps: taps, inputs: channels, outputs: condition, mask: nil)
    }
  }

  /// All convolutions, in the order of the file.
  public var convolutions: [Convolution] { upsample + [first] + (0..<layers).flatMap(block) + head }

  /// The names of the learned initial states of a block: (h) each, hidden state and cell.
  public func initialStates(_ block: Int) -> [String] {
    switch kind {
    case .pixelCNN: []
    case .rowLSTM: ["block.\(block).initial.h", "block.\(block).initial.c"]
    case .diagonalBiLSTM:
      ["left", "right"].flatMap { ["block.\(block).\($0).initial.h", "block.\(block).\($0).initial.c"] }
    }
  }

  /// All tensors: weights (taps, inputs, outputs) and biases (outputs) of the convolutions, then the initial states.
  public var parameters: [Parameter] {
    convolutions.flatMap { c in
      [Parameter(name: c.name + ".weight", shape: [c.taps.count, c.inputs, c.outputs])]
        + (c.hasBias ? [Parameter(name: c.name + ".bias", shape: [c.outputs])] : [])
    } + (0..<layers).flatMap(initialStates).map { Parameter(name: $0, shape: [features]) }
  }

  /// Multiplications and additions for one pixel, masked ones included.
  public var macsPerPixel: Int {
    // Of the four phases of the upsampling a pixel has one.
    convolutions.reduce(0) { $0 + $1.taps.count * $1.inputs * $1.outputs }
      - upsample.dropFirst().reduce(0) { $0 + $1.taps.count * $1.inputs * $1.outputs }
  }
}
