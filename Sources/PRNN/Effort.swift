import IntegerInference

/// How much time coding may take, both ways.
public struct Effort: Equatable, Sendable {
  /// The network as it is.
  public static let fast = Effort(learning: nil)
  /// Its heads learn while coding.
  public static let balanced = Effort(
    learning: Learning(
      momentumShift: 1, floor: 14, decay: 60, rates: .init(first: 0, residual: 0, head: 629, logits: 629)))
  /// All layers but the first do.
  public static let max = Effort(
    learning: Learning(
      momentumShift: 1, floor: 14, decay: 60, rates: .init(first: 0, residual: 629, head: 629, logits: 629)))

  public static let named: [(name: String, effort: Effort)] = [
    ("fast", .fast), ("balanced", .balanced), ("max", .max),
  ]

  /// How local networks learn; other networks have one effort only.
  public var learning: Learning?

  public init(learning: Learning?) { self.learning = learning }

  /// Series of fewer pixels are coded with and without learning, and the shorter streams kept.
  static let fewPixels = 1 << 16
}
