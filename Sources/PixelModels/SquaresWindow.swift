/// One fit of local least squares: which samples around a sample it is predicted from, and how fast the fit forgets.
/// spec/arithmetic.md, "Local least squares".
public struct SquaresWindow: Equatable, Sendable, Codable {
  /// (channels): regressors from each channel, 0 ... 11.
  public var counts: [Int]
  /// What is forgotten from row to row, in 1/16: 1 ... 15.
  public var vertical: Int
  /// What is forgotten from block to block, in 1/16: from the columns of a block on, to 15.
  public var horizontal: Int

  public init(counts: [Int], vertical: Int, horizontal: Int) {
    self.counts = counts
    self.vertical = vertical
    self.horizontal = horizontal
  }

  /// The most regressors of a channel, and regressors and channels together.
  static let mostOfChannel = 11
  static let most = 32

  /// - Parameter block: columns that share their weights: 4, or 1 for fits that are no network's inputs.
  public func isSupported(channels: Int, block: Int = 4) -> Bool {
    counts.count == channels && counts.allSatisfy { (0...SquaresWindow.mostOfChannel).contains($0) }
      && (1...SquaresWindow.most - channels).contains(counts.reduce(0, +)) && (1...15).contains(vertical)
      && (block...15).contains(horizontal)
  }
}

extension Architecture {
  /// Fits of a network, at most.
  public static let mostSquares = 2

  /// Columns that a row is coded behind the row above: all that its pixels see must be known, and of fits whole blocks.
  public var lag: Int { squares.isEmpty ? right + 1 : max(8, (right + 4) / 4 * 4) }

  /// Whether a network of another architecture can be coded in the order of this one, as its mate.
  public func allows(mate: Architecture) -> Bool {
    mate.channels == channels && (mate.squares.isEmpty ? mate.lag <= lag : mate.lag == lag)
  }

  /// Inputs of the first layer beyond those of a network without fits: of each fit two for its first prediction and an
  /// energy for each channel; the errors of four neighbours.
  public var squaresInputs: Int { squares.isEmpty ? 0 : squares.count * (2 + channels) + 4 * channels }

  /// The same of the head of a channel: two for the other centre, three for each fit, two for each channel before.
  public func squaresHeadInputs(channel: Int) -> Int {
    squares.isEmpty ? 0 : 2 + 3 * squares.count + 2 * channel
  }

  /// Whether the window has all that fits see.
  public var allowsFits: Bool { up >= 2 && left >= 2 && right >= 2 }

  var areSquaresSupported: Bool {
    squares.count <= Architecture.mostSquares && squares.allSatisfy { $0.isSupported(channels: channels) }
      && (squares.isEmpty || allowsFits)
  }
}
