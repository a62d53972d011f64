/// What a local PixelCNN is: one masked convolution (mask A) over a bounded causal window, residual 1x1 layers, and for
/// each channel a head with a 256-way softmax that sees the channels before it.
///
/// After van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel Recurrent Neural Networks" (2016), sections 3.3 and 3.4.
public struct Architecture: Equatable, Sendable, Codable {
  /// Samples of a pixel: 1 or 3.
  public var channels: Int
  /// Rows of the window above the pixel, and columns to its left and (in those rows) right.
  public var up: Int
  public var left: Int
  public var right: Int
  /// Features of a layer; a multiple of 16.
  public var hidden: Int
  /// Residual layers.
  public var layers: Int
  /// Features before the logits; a multiple of 16.
  public var bottleneck: Int
  /// Fits of local least squares that it is told of, and centred on.
  public var squares: [SquaresWindow] = []

  public init(
    channels: Int, up: Int, left: Int, right: Int, hidden: Int, layers: Int, bottleneck: Int,
    squares: [SquaresWindow] = []
  ) {
    self.channels = channels
    self.up = up
    self.left = left
    self.right = right
    self.hidden = hidden
    self.layers = layers
    self.bottleneck = bottleneck
    self.squares = squares
  }

  /// Activations that describe a sample's level: halved, its distance from 0, its distance from 255.
  public static let levelInputs = 3
  /// Activations that describe the error of a channel before: fine, middle and coarse, and half its prediction.
  public static let errorInputs = 4

  /// Samples in the window.
  public var windowSamples: Int { (up * (left + 1 + right) + left) * channels }

  /// Inputs of the first layer without ``squaresInputs``: the window's differences, fine and coarse, and the levels of the
  /// prediction.
  public var windowInputs: Int { 2 * windowSamples + Architecture.levelInputs * channels }

  /// Inputs of the first layer.
  public var inputs: Int { windowInputs + squaresInputs }

  /// Inputs of the head of a channel.
  public func headInputs(channel: Int) -> Int {
    hidden + Architecture.levelInputs + Architecture.errorInputs * channel + squaresHeadInputs(channel: channel)
  }

  /// Shapes of all layers as (inputs, outputs), in the order of the weights: the first, the residual ones, then for
  /// each channel its head and its logits.
  public var shapes: [(inputs: Int, outputs: Int)] {
    [(inputs, hidden)] + Array(repeating: (hidden, hidden), count: layers)
      + (0..<channels).flatMap { [(headInputs(channel: $0), bottleneck), (bottleneck, 256)] }
  }

  /// Multiplications and additions for one pixel.
  public var macsPerPixel: Int { shapes.reduce(0) { $0 + $1.inputs * $1.outputs } }

  /// Whether the kernels and schedules can run it.
  public var isSupported: Bool {
    (channels == 1 || channels == 3) && (1...16).contains(up) && (1...16).contains(left) && (0...16).contains(right)
      && windowSamples <= 1024 && (16...512).contains(hidden) && hidden % 16 == 0 && (0...32).contains(layers)
      && (16...256).contains(bottleneck) && bottleneck % 16 == 0 && areSquaresSupported
  }
}

extension Architecture {
  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys) throws -> Int { try c.decode(Int.self, forKey: key) }
    self.init(
      channels: try number(.channels), up: try number(.up), left: try number(.left), right: try number(.right),
      hidden: try number(.hidden), layers: try number(.layers), bottleneck: try number(.bottleneck),
      squares: try c.decodeIfPresent([SquaresWindow].self, forKey: .squares) ?? [])
  }
}
