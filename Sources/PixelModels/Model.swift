import ByteCoding

/// A model file: networks in integers, their architecture, and where they come from. spec/format.md, "Model files".
public struct Model: Sendable {
  static let version = 5
  /// The most networks of a multi-scale model.
  public static let mostLevels = 16
  static let magic: [UInt8] = Array("PRNNMODL".utf8)
  /// Before the float weights that a file of version 2 may end with.
  static let floatMark: [UInt8] = Array("FLTS".utf8)

  /// What a network codes.
  public enum Role: UInt8, Sendable, CaseIterable, CustomStringConvertible {
    case colour = 1
    case gray = 2
    case alpha = 3

    /// Samples of a pixel.
    public var channels: Int { self == .colour ? 3 : 1 }

    public var description: String {
      switch self {
      case .colour: "colour"
      case .gray: "gray"
      case .alpha: "alpha"
      }
    }
  }

  public struct Network: Equatable, Sendable {
    public let role: Role
    /// Of a multi-scale model: 0 for the coarsest picture, one more for each doubling. Else 0.
    public let level: Int
    public let body: Body

    public init(role: Role, level: Int = 0, body: Body) {
      self.role = role
      self.level = level
      self.body = body
    }

    public var isLocal: Bool { if case .local = body { true } else { false } }

    /// Whether it is a local network whose window has all that fits of local least squares see.
    public var allowsFits: Bool { if case .local(let local) = body { local.architecture.allowsFits } else { false } }

    /// Of a network of the paper.
    public var output: PixelRNN.Output? {
      if case .pixelRNN(let network) = body { network.architecture.output } else { nil }
    }

    /// Whether its samples are 0 and 1.
    public var isBernoulli: Bool { output == .bernoulli }

    /// Multiplications and additions for one pixel: of the network, then of its mates.
    public var macsPerPixel: [Int] {
      switch body {
      case .local(let local): local.all.map(\.architecture.macsPerPixel)
      case .pixelRNN(let network): [network.architecture.macsPerPixel]
      }
    }
  }

  /// The kinds of network.
  public enum Body: Equatable, Sendable {
    case local(LocalNetwork)
    case pixelRNN(IntegerPixelRNN)

    /// The first version of model files that can hold it.
    var fileVersion: UInt16 {
      switch self {
      case .local(let local): local.fileVersion
      case .pixelRNN(let network): network.fileVersion
      }
    }
  }

  /// A local PixelCNN in integers.
  public struct LocalNetwork: Equatable, Sendable {
    public let architecture: Architecture
    /// In the order of ``Architecture/shapes``.
    public let layers: [Layer]
    /// Other networks for the same samples, which take turns with this one where several copies code together.
    public let mates: [LocalNetwork]

    /// The most mates of a network.
    public static let mostMates = 3

    /// - Parameter mates: at most ``mostMates``; see ``Architecture/allows(mate:)``.
    /// - Precondition: the layers have the shapes of the architecture; mates have no mates.
    public init(architecture: Architecture, layers: [Layer], mates: [LocalNetwork] = []) {
      precondition(layers.map { [$0.inputs, $0.outputs] } == architecture.shapes.map { [$0.inputs, $0.outputs] })
      precondition(
        mates.count <= LocalNetwork.mostMates
          && mates.allSatisfy { $0.mates.isEmpty && architecture.allows(mate: $0.architecture) })
      self.architecture = architecture
      self.layers = layers
      self.mates = mates
    }

    /// It and its mates.
    public var all: [LocalNetwork] { [self] + mates }
  }

  /// A 1x1 convolution in integers: y = (weights · x + bias) >> shift.
  public struct Layer: Equatable, Sendable {
    public let inputs: Int
    public let outputs: Int
    /// (outputs, inputs), -127 ... 127
    public let weights: [Int8]
    /// (outputs)
    public let bias: [Int32]
    /// (outputs), 0 ... 31
    public let shift: [UInt8]

    public init(inputs: Int, outputs: Int, weights: [Int8], bias: [Int32], shift: [UInt8]) {
      self.inputs = inputs
      self.outputs = outputs
      self.weights = weights
      self.bias = bias
      self.shift = shift
    }

    /// Whether no sum can leave 32 bits: Σ|w|·127 + |b| < 2^31 for every output.
    public var isBounded: Bool {
      weights.withUnsafeBufferPointer { weights in
        (0..<outputs).allSatisfy { o in
          var total = 0
          for i in o * inputs..<(o + 1) * inputs { total += abs(Int(weights[i])) }
          return total * 127 + abs(Int(bias[o])) < 1 << 31
        }
      }
    }
  }

  public let name: String
  /// How the networks were trained: JSON text.
  public let provenance: String
  public let networks: [Network]
  /// SHA-256 of ``file``: what an archive names its model by.
  public let hash: [UInt8]
  /// The model file, without float weights.
  public let file: [UInt8]
  /// A safetensors file with the float weights that the integers were made of; empty when the model file has none.
  public let floats: ArraySlice<UInt8>

  /// The network of a role; of a multi-scale model that of a level.
  public func network(for role: Role, level: Int = 0) -> Network? {
    networks.first { $0.role == role && $0.level == level }
  }

  /// Levels of a role: 1, or more for a multi-scale model.
  public func levels(of role: Role) -> Int { networks.filter { $0.role == role }.count }

  /// Reads a model file.
  ///
  /// - Throws: ``ModelError``.
  public init(file bytes: [UInt8]) throws(ModelError) {
    guard bytes.starts(with: Model.magic) else { throw .notAModel }
    var reader = ByteReader(bytes.dropFirst(Model.magic.count))
    do {
      let version: UInt16 = try reader.integer()
      guard version > 0 else { throw ModelError.truncated }
      guard version <= Model.version else { throw ModelError.newerVersion(Int(version)) }
      name = try reader.text(length: Int(reader.byte()))
      provenance = try reader.text(length: Int(reader.integer(UInt32.self)))
      networks = try (0..<reader.byte()).map { _ in
        try version == 1 ? Network(local: &reader) : Network(&reader, version: version)
      }
      for role in Role.allCases {
        let levels = networks.filter { $0.role == role }.map(\.level)
        guard levels == Array(0..<levels.count) else {
          throw ModelError.unsupported("two networks of one role, or levels out of order")
        }
        guard levels.count < 2 || !networks.contains(where: { $0.role == role && $0.isLocal }) else {
          throw ModelError.unsupported("a local network among levels")
        }
        guard levels.count <= Model.mostLevels else { throw ModelError.unsupported("\(levels.count) levels") }
        let outputs = Set(networks.filter { $0.role == role }.map(\.output))
        guard outputs.count < 2 else { throw ModelError.unsupported("levels of different outputs") }
      }
      let end = Model.magic.count + reader.offset
      if version > 1, reader.remaining > 0 {
        guard try Array(reader.take(4)) == Model.floatMark else { throw ModelError.truncated }
        floats = try reader.take(Int(reader.integer(UInt32.self)))
      } else {
        floats = []
      }
      file = Array(bytes[..<end])
    } catch let error as ModelError {
      throw error
    } catch {
      throw .truncated
    }
    guard reader.remaining == 0 else { throw .truncated }
    hash = sha256(file)
  }
}

extension Model.Network {
  /// Of a file of version 1.
  fileprivate init(local reader: inout ByteReader) throws {
    let role = try Model.Role(&reader)
    self.init(role: role, body: .local(try Model.LocalNetwork(&reader, channels: role.channels, kind: 0)))
  }

  fileprivate init(_ reader: inout ByteReader, version: UInt16) throws {
    let role = try Model.Role(&reader)
    let kind = try reader.byte()
    if kind == 0 || version > 2 && kind == Model.LocalNetwork.extendedKind {
      let local = try Model.LocalNetwork(&reader, channels: role.channels, kind: kind)
      guard version >= local.fileVersion else { throw ModelError.unsupported("a network of another kind") }
      self.init(role: role, body: .local(local))
      return
    }
    let level = Int(try reader.byte())
    let network = try IntegerPixelRNN(&reader, kind: kind)
    guard version >= network.fileVersion else { throw ModelError.unsupported("a network of another kind") }
    guard network.architecture.channels == role.channels, (network.architecture.condition > 0) == (level > 0) else {
      throw ModelError.unsupported("a network of another shape")
    }
    self.init(role: role, level: level, body: .pixelRNN(network))
  }
}

extension Model.Role {
  fileprivate init(_ reader: inout ByteReader) throws {
    let number = try reader.byte()
    guard let role = Model.Role(rawValue: number) else { throw ModelError.unsupported("a network of role \(number)") }
    self = role
  }
}

extension ByteReader {
  fileprivate mutating func text(length: Int) throws -> String { String(decoding: try take(length), as: UTF8.self) }
}
