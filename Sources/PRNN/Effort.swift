import IntegerInference
import PixelModels

/// How much time coding may take, both ways.
public struct Effort: Equatable, Sendable {
  /// The network as it is.
  public static let fast = Effort(learning: nil)
  /// Its heads learn while coding.
  public static let balanced = Effort(
    learning: Learning([
      .init(
        interval: 128, momentumShift: 1, floor: 14, decay: 40,
        rates: .init(first: 0, residual: 0, head: 600, logits: 400))
    ]))
  /// Four copies of the network, or in turns of it and its mates, code together, and three fits. One copy stays as it is, one learns
  /// its heads, the others all layers but the first, slowly and fast. The fits see little next to a sample, more, and much around it.
  public static let max = Effort(
    learning: Learning(
      [
        rule(heads: 0), rule(heads: 419), rule(heads: 629, residual: 629), rule(heads: 3146, residual: 3146),
      ], mixing: 10, leastWeight: 1,
      fits: Learning.Fits(
        [
          Learning.Window(colour: [1, 1, 1], gray: 2, vertical: 9, horizontal: 9),
          Learning.Window(colour: [3, 3, 3], gray: 4, vertical: 6, horizontal: 6),
          Learning.Window(colour: [9, 10, 9], gray: 11, vertical: 1, horizontal: 1),
        ], mixing: 40)))

  public static let named: [(name: String, effort: Effort)] = [
    ("fast", .fast), ("balanced", .balanced), ("max", .max),
  ]

  /// How local networks learn; other networks have one effort only.
  public var learning: Learning?

  public init(learning: Learning?) { self.learning = learning }

  /// The model for new archives where none is asked for.
  ///
  /// - Precondition: the library has the models of the program.
  public func model(in library: ModelLibrary) -> Model {
    self == .fast ? library.model(named: "photo-fast")! : library.standard
  }

  private static func rule(heads: UInt16, residual: UInt16 = 0) -> Learning.Rule {
    .init(
      momentumShift: 1, floor: 14, decay: 60,
      rates: .init(first: 0, residual: residual, head: heads, logits: heads))
  }

  /// Series of fewer pixels are coded with and without learning, and the shorter streams kept.
  static let fewPixels = 1 << 16
}
