import ByteCoding

/// A model file: networks in integers, their architecture, and where they come from. spec/format.md, "Model files".
public struct Model: Sendable {
  static let version = 1
  private static let magic: [UInt8] = Array("PRNNMODL".utf8)

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

  public struct Network: Sendable {
    public let role: Role
    public let architecture: Architecture
    /// In the order of ``Architecture/shapes``.
    public let layers: [Layer]
  }

  /// A 1x1 convolution in integers: y = (weights · x + bias) >> shift.
  public struct Layer: Sendable {
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
    var isBounded: Bool {
      (0..<outputs).allSatisfy { o in
        let total = weights[o * inputs..<(o + 1) * inputs].reduce(0) { $0 + abs(Int($1)) } * 127
        return total + abs(Int(bias[o])) < 1 << 31
      }
    }
  }

  public let name: String
  /// How the networks were trained: JSON text.
  public let provenance: String
  public let networks: [Network]
  /// SHA-256 of the file: what an archive names its model by.
  public let hash: [UInt8]
  /// The bytes of the file.
  public let file: [UInt8]

  public func network(for role: Role) -> Network? { networks.first { $0.role == role } }

  /// Reads a model file.
  ///
  /// - Throws: ``ModelError``.
  public init(file: [UInt8]) throws(ModelError) {
    guard file.starts(with: Model.magic) else { throw .notAModel }
    var reader = ByteReader(file.dropFirst(Model.magic.count))
    do {
      let version: UInt16 = try reader.integer()
      guard version > 0 else { throw ModelError.truncated }
      guard version <= Model.version else { throw ModelError.newerVersion(Int(version)) }
      name = try reader.text(length: Int(reader.byte()))
      provenance = try reader.text(length: Int(reader.integer(UInt32.self)))
      networks = try (0..<reader.byte()).map { _ in try Network(&reader) }
      guard Set(networks.map(\.role)).count == networks.count else {
        throw ModelError.unsupported("two networks of one role")
      }
    } catch let error as ModelError {
      throw error
    } catch {
      throw .truncated
    }
    guard reader.remaining == 0 else { throw .truncated }
    hash = sha256(file)
    self.file = file
  }
}

extension Model.Network {
  fileprivate init(_ reader: inout ByteReader) throws {
    let role = try reader.byte()
    guard let known = Model.Role(rawValue: role) else { throw ModelError.unsupported("a network of role \(role)") }
    let architecture = Architecture(
      channels: Int(try reader.byte()), up: Int(try reader.byte()), left: Int(try reader.byte()),
      right: Int(try reader.byte()), hidden: Int(try reader.integer(UInt16.self)), layers: Int(try reader.byte()),
      bottleneck: Int(try reader.integer(UInt16.self)))
    guard architecture.isSupported, architecture.channels == known.channels else {
      throw ModelError.unsupported("a network of another shape")
    }
    self.role = known
    self.architecture = architecture
    layers = try architecture.shapes.enumerated().map { index, shape in
      let layer = Model.Layer(
        inputs: shape.inputs, outputs: shape.outputs,
        weights: try reader.take(shape.inputs * shape.outputs).map { Int8(bitPattern: $0) },
        bias: try (0..<shape.outputs).map { _ in try reader.integer() }, shift: Array(try reader.take(shape.outputs)))
      guard layer.shift.allSatisfy({ $0 < 32 }), !layer.weights.contains(-128), layer.isBounded else {
        throw ModelError.unbounded(layer: index)
      }
      return layer
    }
  }
}

extension ByteReader {
  fileprivate mutating func text(length: Int) throws -> String { String(decoding: try take(length), as: UTF8.self) }
}
