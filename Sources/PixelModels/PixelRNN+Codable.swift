extension PixelRNN: Codable {
  private enum Key: String, CodingKey {
    case kind, channels, layers, features, headWidth, residual, skip, output, condition
  }

  /// From the JSON that files of tensors have under "architecture"; see ``encode(to:)``.
  ///
  /// - Throws: `DecodingError`, also for values that make no network.
  public init(from decoder: any Decoder) throws {
    let c = try decoder.container(keyedBy: Key.self)
    let kindName = try c.decode(String.self, forKey: .kind)
    let outputName = try c.decode(String.self, forKey: .output)
    guard let kind = Kind(name: kindName), let output = Output(name: outputName) else {
      throw DecodingError.dataCorruptedError(forKey: .kind, in: c, debugDescription: "\(kindName), \(outputName)")
    }
    self.init(
      kind: kind, channels: try c.decode(Int.self, forKey: .channels), layers: try c.decode(Int.self, forKey: .layers),
      features: try c.decode(Int.self, forKey: .features), headWidth: try c.decode(Int.self, forKey: .headWidth),
      residual: try c.decode(Bool.self, forKey: .residual), skip: try c.decode(Bool.self, forKey: .skip),
      output: output, condition: try c.decode(Int.self, forKey: .condition))
    guard isSupported else {
      throw DecodingError.dataCorruptedError(forKey: .features, in: c, debugDescription: "unsupported sizes")
    }
  }

  /// To an object with the names of the properties; `kind` and `output` by name.
  public func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Key.self)
    try c.encode(kind.name, forKey: .kind)
    try c.encode(channels, forKey: .channels)
    try c.encode(layers, forKey: .layers)
    try c.encode(features, forKey: .features)
    try c.encode(headWidth, forKey: .headWidth)
    try c.encode(residual, forKey: .residual)
    try c.encode(skip, forKey: .skip)
    try c.encode(output.name, forKey: .output)
    try c.encode(condition, forKey: .condition)
  }
}

extension PixelRNN.Kind {
  public init?(name: String) {
    guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = kind
  }
}

extension PixelRNN.Output {
  public var name: String {
    switch self {
    case .softmax: "softmax"
    case .bernoulli: "bernoulli"
    case .differences: "differences"
    }
  }

  public init?(name: String) {
    guard let output = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = output
  }
}
