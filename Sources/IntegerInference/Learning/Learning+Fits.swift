import PixelModels

extension Learning {
  /// Fits of local least squares, of blocks of one column, whose predictions are distributions that are mixed with those of the
  /// networks. spec/arithmetic.md, "Fits that code".
  public struct Fits: Equatable, Sendable {
    /// The most fits.
    public static let most = 4

    public var windows: [Window]
    /// How fast the weights of the fits follow what each would have gained.
    public var mixing: UInt8

    /// - Parameter windows: 1 ... ``most``.
    public init(_ windows: [Window], mixing: UInt8) {
      precondition((1...Fits.most).contains(windows.count) && windows.allSatisfy(\.isSupported))
      self.windows = windows
      self.mixing = mixing
    }
  }

  /// What a fit sees with networks of three channels and of one.
  public struct Window: Equatable, Sendable {
    public var colour: SquaresWindow
    public var gray: SquaresWindow

    /// - Parameters:
    ///   - colour: regressors of each of three channels, 0 ... 11, at most 29 in all.
    ///   - gray: regressors of a single channel, 1 ... 11.
    ///   - vertical: what is forgotten from row to row, in 1/16: 1 ... 15.
    ///   - horizontal: what is forgotten from column to column, in 1/16: 1 ... 15.
    public init(colour: [Int], gray: Int, vertical: Int, horizontal: Int) {
      self.colour = SquaresWindow(counts: colour, vertical: vertical, horizontal: horizontal)
      self.gray = SquaresWindow(counts: [gray], vertical: vertical, horizontal: horizontal)
    }

    func squares(channels: Int) -> SquaresWindow { channels == 3 ? colour : gray }

    fileprivate var isSupported: Bool {
      colour.isSupported(channels: 3, block: 1) && gray.isSupported(channels: 1, block: 1)
    }
  }
}

extension Learning.Fits {
  /// Bytes of a window.
  private static let length = 6

  /// The bytes of a FITS chunk; spec/format.md.
  public var bytes: [UInt8] {
    [mixing]
      + windows.flatMap {
        ($0.colour.counts + $0.gray.counts + [$0.colour.vertical, $0.colour.horizontal]).map { UInt8($0) }
      }
  }

  /// Reads what ``bytes`` returned; nil for numbers that are out of bounds, or another length.
  public init?(bytes: [UInt8]) {
    let count = bytes.count / Self.length
    guard (1...Self.most).contains(count), bytes.count == 1 + count * Self.length else { return nil }
    let windows = stride(from: 1, to: bytes.count, by: Self.length).map { start in
      let numbers = bytes[start..<start + Self.length].map { Int($0) }
      return Learning.Window(
        colour: Array(numbers[..<3]), gray: numbers[3], vertical: numbers[4], horizontal: numbers[5])
    }
    guard windows.allSatisfy(\.isSupported) else { return nil }
    self.init(windows, mixing: bytes[0])
  }
}
