import ByteCoding
import EntropyCoding
import PixelModels

/// The size of a lot: pictures of one size that are coded in one stream. A tile is a lot of one.
public struct LotSize: Hashable, Sendable {
  public let width: Int
  public let height: Int
  public let count: Int

  public init(width: Int, height: Int, count: Int = 1) {
    self.width = width
    self.height = height
    self.count = count
  }
}

/// What both sides of the coder know of a lot before its first sample.
public struct Lot {
  /// Fills a row of a picture, by the numbers of both, with (width, channels) samples.
  public typealias Source = (_ image: Int, _ row: Int, UnsafeMutablePointer<UInt8>) -> Void
  /// Is given a row of a picture, by the numbers of both: (width, channels) samples.
  public typealias Sink = (_ image: Int, _ row: Int, UnsafePointer<UInt8>) -> Void

  public var size: LotSize
  /// Of the values of each channel.
  public var weights: ValueWeights
  /// How a local network learns on the way; nil: it stays as it is.
  public var learning: Learning?
  /// The pictures of half the size, sides rounded up, for a conditional network; their samples are those of the even rows
  /// and columns of the lot, and are not coded again.
  public var smaller: Source?
  /// Of the colours; only for local networks of three channels. Nothing is learned of pixels that are given.
  public var lattice: ColourLattice?
  /// Whether a pixel (image, row, column) is given to both sides, so that it is not coded.
  public var isGiven: ((Int, Int, Int) -> Bool)?

  public init(
    _ size: LotSize, weights: ValueWeights, lattice: ColourLattice? = nil, learning: Learning? = nil,
    smaller: Source? = nil,
    isGiven: ((Int, Int, Int) -> Bool)? = nil
  ) {
    self.size = size
    self.weights = weights
    self.learning = learning
    self.lattice = lattice
    self.smaller = smaller
    self.isGiven = isGiven
  }
}

/// Codes lots with one network. It owns its weights: every thread has one of its own.
public protocol NetworkCoder: AnyObject {
  /// Samples of a pixel.
  var channels: Int { get }

  /// Called now and then with the number of pixels coded since the last call. If it returns false it ends there, and what was
  /// made is worthless.
  var progress: (Int) -> Bool { get set }

  /// Takes a lot through coders, in the order that the network asks for.
  ///
  /// - Parameters:
  ///   - coders: one for each so many images, as if each had a lot of its own; more than one only for a network of the paper.
  ///   - given: fills the rows before: all samples to encode, or those that are given to both sides.
  ///   - result: is given the rows after.
  func run<Coder: SymbolCoder>(_ lot: Lot, through coders: inout [Coder], given: Lot.Source?, result: Lot.Sink?)

  /// Names the samples of a lot in the order of their coding.
  func forEachSample(of size: LotSize, _ body: (_ image: Int, _ row: Int, _ column: Int, _ channel: Int) -> Void)
}

extension NetworkCoder {
  /// Takes a lot through one coder.
  public func run<Coder: SymbolCoder>(_ lot: Lot, through coder: inout Coder, given: Lot.Source?, result: Lot.Sink?) {
    var coders = [coder]
    run(lot, through: &coders, given: given, result: result)
    coder = coders[0]
  }

  /// Codes lots of one size side by side.
  ///
  /// - Parameters:
  ///   - lot: the images of all, one lot after the other.
  ///   - streams: the number of lots.
  ///   - row: fills every row.
  /// - Returns: the stream of each; empty when every channel has only one value.
  public func encode(_ lot: Lot, streams: Int = 1, row: Lot.Source) -> [[UInt8]] {
    if lot.weights.onlyPixel != nil { return Array(repeating: [], count: streams) }
    var encoders = Array(repeating: RangeEncoder(), count: streams)
    withoutActuallyEscaping(row) { run(lot, through: &encoders, given: $0, result: nil) }
    return encoders.indices.map { encoders[$0].finish() }
  }

  /// Decodes what ``encode(_:streams:row:)`` returned for the same lots.
  ///
  /// - Parameter row: is given every row.
  /// - Returns: for each stream whether it ended where its lot did. If not, the samples of the lot are worthless.
  public func decode(_ streams: [ArraySlice<UInt8>], _ lot: Lot, row: Lot.Sink) -> [Bool] {
    if let pixel = lot.weights.onlyPixel {
      let samples = (0..<lot.size.width).flatMap { _ in pixel }
      for image in 0..<lot.size.count { for y in 0..<lot.size.height { row(image, y, samples) } }
      return streams.map(\.isEmpty)
    }
    var decoders = streams.map { RangeDecoder($0) }
    withoutActuallyEscaping(row) { run(lot, through: &decoders, given: nil, result: $0) }
    return decoders.map(\.isAtEnd)
  }
}

extension NetworkCoder {
  /// Decodes random bits, so that what comes out is distributed as the network says.
  ///
  /// - Parameters:
  ///   - bytes: more than the lot's samples can use up.
  ///   - given: fills every row; only what the lot says is given stays.
  ///   - result: is given every row.
  public func generate(_ bytes: [UInt8], _ lot: Lot, given: Lot.Source, result: Lot.Sink) {
    var decoder = RangeDecoder(bytes[...])
    withoutActuallyEscaping(given) { given in
      withoutActuallyEscaping(result) { run(lot, through: &decoder, given: given, result: $0) }
    }
  }
}

extension Model.Network {
  /// Lots of a size that are worth coding side by side, so that a step has enough pixels for the matrix products.
  public func lotsTogether(_ size: LotSize) -> Int {
    guard case .pixelRNN(let network) = body else { return 1 }
    return max(1, 32 / (PixelRNNState.wave(network.architecture.kind, size).widest * size.count))
  }

  /// Bytes that a coder needs for a lot, its samples included, about; `Int.max` for more than that.
  public func bytesNeeded(_ size: LotSize, hasLattice: Bool = false, learning: Learning? = nil) -> Int {
    let copies = learning?.experts.count ?? 0
    switch body {
    case .local(let local):
      // One picture of the lot after the other, but all samples may be asked for.
      return saturatedSum(
        [
          saturatedProduct(size.width + 32, size.height + 16, local.architecture.channels, size.count),
          hasLattice ? LatticeWeights.bytes : 0,
          local.architecture.allowsFits
            ? learning?.fits.map { FitExperts.bytesNeeded($0, local.architecture, size) } ?? 0 : 0,
        ]
          + local.all.prefix(max(1, copies)).enumerated().map { number, network in
            let own = (copies + local.all.count - 1 - number) / local.all.count
            return Member.bytesNeeded(network.architecture, size, copies: own)
          })
    case .pixelRNN(let network): return PixelRNNState.bytesNeeded(network.architecture, size)
    }
  }
}

/// A coder with a copy of a network's weights.
public func coder(for network: Model.Network, kernels: Kernels) -> any NetworkCoder {
  switch network.body {
  case .local(let network): TileCoder(network, kernels: kernels)
  case .pixelRNN(let network): PixelRNNCoder(network, kernels: kernels)
  }
}
