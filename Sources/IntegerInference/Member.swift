import ByteCoding
import PixelKernels
import PixelModels

/// One of the networks that code a tile, alone or with its mates, with the copies of it that learn: what it is told of the pixels of
/// a step, and what it makes of them. In every step: ``begin(rows:column:_:stride:)``, for each channel
/// ``beginChannel(_:_:count:)`` and ``finishChannel(_:count:)``, then ``finish(_:count:)``.
final class Member {
  let architecture: Architecture
  private let kernels: Kernels
  private let inputs: LocalInputs
  /// A network as it is, or copies that learn.
  let experts: [Expert]
  private var squares: LeastSquares?
  /// (batch, channels)
  let predictions: Numbers<UInt8>
  /// (batch): centres of the channel at hand.
  let centres: Numbers<UInt8>
  /// (batch, inputStride): inputs of the first layer, and room for the kernels to write past them.
  private let first: Numbers<UInt8>
  private let inputStride: Int
  /// (batch, 256): slopes of the cost by the logits of the channel at hand, 64 added; nil: no copy learns.
  private let slopes: Numbers<UInt8>?

  /// - Parameters:
  ///   - layers: of the network as it is, where no copy learns.
  ///   - rules: of copies; empty: the network stays as it is.
  ///   - batch: pixels of a step, at most.
  init(_ network: Model.LocalNetwork, _ layers: LayerStack?, _ rules: [Learning.Rule], _ kernels: Kernels, batch: Int) {
    let a = network.architecture
    architecture = a
    self.kernels = kernels
    inputs = LocalInputs(a, kernels)
    predictions = Numbers(batch * a.channels)
    centres = Numbers(batch)
    inputStride = Workspace.lines(a.inputs + 32)
    first = Numbers(batch * inputStride)
    slopes = rules.isEmpty ? nil : Numbers(batch * 256)
    var experts: [Expert] = []
    for rule in rules {
      let learner = Learner(network, rule, kernels, batch: batch)
      let same = learner.learnsTrunk ? nil : experts.first { !$0.learner!.learnsTrunk }
      let activations = Activations(a, batch: batch, keepsAll: learner.learnsTrunk, sharing: same?.activations)
      experts.append(Expert(layers: learner.layers, activations: activations, learner: learner))
    }
    if rules.isEmpty {
      let layers = layers ?? LayerStack(network.layers.map(IntegerLayer.init), a)
      experts = [Expert(layers: layers, activations: Activations(a, batch: batch, keepsAll: false), learner: nil)]
    }
    self.experts = experts
  }

  /// Begins an image.
  func begin(_ planes: TilePlanes, batch: Int) {
    squares =
      architecture.squares.isEmpty
      ? nil
      : LeastSquares(
        architecture, kernels, width: planes.width, height: planes.height, stride: planes.stride, batch: batch)
  }

  /// Begins a step: predictions, and the layers below the heads.
  ///
  /// - Parameters:
  ///   - rows: of the step's pixels.
  ///   - column: of the first row's.
  ///   - stride: samples from a row of the tile to the next.
  func begin(
    rows: Range<Int>, column: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>, stride: Int
  ) {
    squares?.begin(rows: rows, column: column, pixels)
    inputs.setFirst(
      pixels, stride: stride, count: rows.count, predictions: predictions.base, to: first.base, inputStride: inputStride
    )
    squares?.setFirst(predictions: predictions.base, to: first.base + architecture.windowInputs, stride: inputStride)
    for expert in experts { expert.features(kernels, first.base, stride: inputStride, count: rows.count) }
  }

  /// Centres and heads of a channel, whose channels before are in place.
  func beginChannel(_ channel: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>, count: Int) {
    let hidden = architecture.hidden
    let (extra, stride) = (experts[0].activations.features + hidden, experts[0].activations.featureStride)
    inputs.setHead(
      channel, pixels, count: count, predictions: predictions.base, centres: centres.base, to: extra, stride: stride)
    squares?.setHead(channel, pixels, centres: centres.base, to: extra, stride: stride)
    let own = architecture.headInputs(channel: channel) - hidden
    for expert in experts.dropFirst() where !expert.activations.sharesFeatures {
      let other = expert.activations.features + hidden
      for i in 0..<count { (other + i * stride).update(from: extra + i * stride, count: own) }
    }
    for expert in experts { expert.head(channel, kernels, count: count) }
  }

  /// Notes the cost of a sample.
  ///
  /// - Parameter pixel: of the step.
  func note(_ distribution: UnsafePointer<prnn_distribution>, total: UInt32, symbol: UInt8, pixel: Int) {
    guard let slopes else { return }
    let number = experts[0].learner!.number &+ UInt32(pixel)
    kernels.table.slope(distribution, total, UInt32(symbol), number, slopes.base + 256 * pixel)
  }

  /// Notes the cost that another member has noted, whose centre may be another.
  func note(_ pixel: Int, from other: Member) {
    guard let slopes, let given = other.slopes else { return }
    let turn = Int(centres[pixel] &- other.centres[pixel])
    rotate(given.base + 256 * pixel, by: turn, to: slopes.base + 256 * pixel)
  }

  /// Takes the slopes of a channel back, when all samples of the step are noted.
  func finishChannel(_ channel: Int, count: Int) {
    guard let slopes else { return }
    let active = kernels.table.active(slopes.base, 256, count)
    for expert in experts {
      expert.learner!.finishChannel(channel, expert.activations, slopes.base, active: active, count: count)
    }
  }

  /// Ends a step, whose samples are all in place.
  func finish(_ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>, count: Int) {
    for expert in experts {
      expert.learner?.finishStep(first.base, stride: inputStride, expert.activations, count: count)
    }
    squares?.learn(pixels)
  }

  /// Bytes for a tile, about.
  static func bytesNeeded(_ architecture: Architecture, _ size: LotSize, copies: Int) -> Int {
    saturatedSum([
      LeastSquares.bytesNeeded(architecture, size),
      saturatedProduct(copies, Learner.bytesNeeded(architecture, size)),
    ])
  }
}

/// Copies 256 numbers so that the one at `turn` comes first, and the last is followed by the first.
func rotate<Number>(_ numbers: UnsafePointer<Number>, by turn: Int, to out: UnsafeMutablePointer<Number>) {
  out.update(from: numbers + turn, count: 256 - turn)
  (out + 256 - turn).update(from: numbers, count: turn)
}
