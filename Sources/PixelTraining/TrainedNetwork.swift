import PixelModels

/// What a run trains.
public enum TrainedNetwork: Equatable, Sendable {
  /// A network of the paper, from the start.
  case pixelRNN(PixelRNN)
  /// A local network, from the integers of a model.
  case local(Architecture)

  /// Its tensors, in the order in which they lie in a flat array.
  var parameters: [PixelRNN.Parameter] {
    switch self {
    case .pixelRNN(let network): network.parameters
    case .local(let architecture): LocalLayout(architecture).parameters
    }
  }

  var pixelRNN: PixelRNN? { if case .pixelRNN(let network) = self { network } else { nil } }
  var local: Architecture? { if case .local(let architecture) = self { architecture } else { nil } }

  var isConditional: Bool { if case .pixelRNN(let network) = self { network.condition > 0 } else { false } }

  /// Whether samples are 0 and 1.
  public var isBernoulli: Bool { if case .pixelRNN(let network) = self { network.output == .bernoulli } else { false } }

  /// Whether the run starts from a network that works: it is validated before the first step then, and the best weights
  /// are kept.
  public var isAdapted: Bool { if case .local = self { true } else { false } }
}
