import ByteCoding

/// How local networks go on learning while they code: after some pixels, whose samples both sides know, their weights move
/// against the slopes of the cost. Several copies of a network that learn by different rules can code together. spec/arithmetic.md,
/// "Learning" and "Mixing".
public struct Learning: Equatable, Sendable {
  /// The most copies of a network.
  public static let mostExperts = 4
  /// The most that ``leastWeight`` can be: four copies begin with as much.
  static let mostLeastWeight = 4
  private static let phasesBit: UInt8 = 16

  /// One for each copy of the network.
  public var experts: [Rule]
  /// How fast the weights of several copies follow what each would have gained.
  public var mixing: UInt8
  /// What the weights of several copies do not fall below, in sixteenths; nil: they may be negative. A copy that counted for less than
  /// nothing would learn to be wrong.
  public var leastWeight: UInt8?
  /// Whether there are weights of copies and fits for each of the four phases of a pixel: even or odd row, even or odd column. Only with
  /// a ``leastWeight``.
  public var phases: Bool
  /// Fits whose predictions code together with the networks; nil: none.
  public var fits: Fits?

  /// - Parameters:
  ///   - experts: 1 ... ``mostExperts``.
  ///   - leastWeight: at most 4; only with several copies.
  public init(_ experts: [Rule], mixing: UInt8 = 0, leastWeight: UInt8? = nil, phases: Bool = false, fits: Fits? = nil)
  {
    precondition((1...Learning.mostExperts).contains(experts.count))
    precondition(leastWeight.map { $0 <= Learning.mostLeastWeight && experts.count > 1 } ?? !phases)
    self.experts = experts
    self.mixing = mixing
    self.leastWeight = leastWeight
    self.phases = phases
    self.fits = fits
  }

  /// How the weights of a network move.
  public struct Rule: Equatable, Sendable {
    /// Pixels from an update to the next, at least.
    public var interval: UInt16
    /// The mean slope of a weight forgets with 2^-momentumShift, that of the squares with 2^-squareShift.
    public var momentumShift: UInt8
    public var squareShift: UInt8
    /// log2 of the least root of a mean square that a mean slope is divided by.
    public var floor: UInt8
    /// Shifts of the slopes at the heads' outputs and at the features, before they are rounded to 7 bits.
    public var headShift: UInt8
    public var trunkShift: UInt8
    /// The steps of update y are smaller by the root of 1 + y / decay; 0: they stay.
    public var decay: UInt16
    /// Steps of a weight in 2^-20, by the kind of its layer; 0 where nothing is learned.
    public var rates: Rates

    public struct Rates: Equatable, Sendable {
      public var first: UInt16
      public var residual: UInt16
      public var head: UInt16
      public var logits: UInt16

      public init(first: UInt16, residual: UInt16, head: UInt16, logits: UInt16) {
        self.first = first
        self.residual = residual
        self.head = head
        self.logits = logits
      }
    }

    public init(
      interval: UInt16 = 256, momentumShift: UInt8 = 3, squareShift: UInt8 = 7, floor: UInt8 = 12, headShift: UInt8 = 3,
      trunkShift: UInt8 = 3, decay: UInt16, rates: Rates
    ) {
      self.interval = interval
      self.momentumShift = momentumShift
      self.squareShift = squareShift
      self.floor = floor
      self.headShift = headShift
      self.trunkShift = trunkShift
      self.decay = decay
      self.rates = rates
    }

    /// The steps of an update in 1/1024 of those of the first.
    func share(ofUpdate number: Int) -> Int {
      guard decay > 0 else { return 1024 }
      return integerSquareRoot((Int(decay) << 20) / (Int(decay) + number))
    }
  }
}

extension Learning {
  /// The bytes of a LRNG chunk, which does not hold the fits; spec/format.md.
  public var bytes: [UInt8] {
    experts.flatMap(\.bytes) + (experts.count > 1 ? [mixing] : [])
      + (leastWeight.map { [$0 | (phases ? Learning.phasesBit : 0)] } ?? [])
  }

  /// Reads what ``bytes`` returned, without fits; nil for numbers that are out of bounds, or another length.
  public init?(bytes: [UInt8]) {
    let count = bytes.count / Rule.length
    guard (1...Learning.mostExperts).contains(count) else { return nil }
    let rest = bytes[(count * Rule.length)...]
    guard (count > 1 ? 1...2 : 0...0).contains(rest.count) else { return nil }
    let phases = rest.count > 1 && rest.last! & Learning.phasesBit != 0
    let leastWeight = rest.count > 1 ? rest.last! & ~Learning.phasesBit : nil
    guard leastWeight ?? 0 <= Learning.mostLeastWeight else { return nil }
    let rules = (0..<count).map { Rule(bytes: Array(bytes[$0 * Rule.length..<($0 + 1) * Rule.length])) }
    guard !rules.contains(nil) else { return nil }
    self.init(rules.map { $0! }, mixing: rest.first ?? 0, leastWeight: leastWeight, phases: phases)
  }
}

extension Learning.Rule {
  /// Bytes of a rule.
  static let length = 17

  fileprivate var bytes: [UInt8] {
    var out: [UInt8] = []
    out.append(integer: interval)
    out += [momentumShift, squareShift, floor, headShift, trunkShift]
    out.append(integer: decay)
    for rate in [rates.first, rates.residual, rates.head, rates.logits] { out.append(integer: rate) }
    return out
  }

  fileprivate init?(bytes: [UInt8]) {
    var reader = ByteReader(bytes[...])
    guard let interval: UInt16 = try? reader.integer(), let shifts = try? Array(reader.take(5)),
      let decay: UInt16 = try? reader.integer(),
      let rates = try? (0..<4).map({ _ in try reader.integer(UInt16.self) }), interval > 0, shifts[0] < 16,
      shifts[1] < 16, (8...24).contains(shifts[2]), shifts[3] < 16, shifts[4] < 16
    else { return nil }
    self.init(
      interval: interval, momentumShift: shifts[0], squareShift: shifts[1], floor: shifts[2], headShift: shifts[3],
      trunkShift: shifts[4], decay: decay,
      rates: .init(first: rates[0], residual: rates[1], head: rates[2], logits: rates[3]))
  }
}

/// The root of a number of at most 40 bits, rounded down.
private func integerSquareRoot(_ x: Int) -> Int {
  var root = 0
  for bit in (0..<20).reversed() {
    let next = root | 1 << bit
    if next * next <= x { root = next }
  }
  return root
}
