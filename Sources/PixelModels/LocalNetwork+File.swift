import ByteCoding

// spec/format.md, "Local networks".

extension Model.LocalNetwork {
  /// The kind of a network that has more fields than the first local ones had.
  static let extendedKind: UInt8 = 4
  /// Flags of such a network.
  private static let squaresFlag: UInt8 = 1
  private static let matesFlag: UInt8 = 2

  private var isExtended: Bool { !architecture.squares.isEmpty || !mates.isEmpty }

  /// The first version of model files that can hold it.
  var fileVersion: UInt16 { !mates.isEmpty ? 5 : isExtended ? 3 : 1 }

  /// A network that follows its role in a file.
  func append(to out: inout [UInt8], version: UInt16) {
    if version > 1 { out.append(isExtended ? Self.extendedKind : 0) }
    let a = architecture
    out += [UInt8(a.channels), UInt8(a.up), UInt8(a.left), UInt8(a.right)]
    out.append(integer: UInt16(a.hidden))
    out.append(UInt8(a.layers))
    out.append(integer: UInt16(a.bottleneck))
    if isExtended { appendExtensions(to: &out) }
    for layer in layers {
      out += layer.weights.map { UInt8(bitPattern: $0) }
      for bias in layer.bias { out.append(integer: bias) }
      out += layer.shift
    }
    guard !mates.isEmpty else { return }
    out.append(UInt8(mates.count))
    for mate in mates { mate.append(to: &out, version: version) }
  }

  private func appendExtensions(to out: inout [UInt8]) {
    out.append((architecture.squares.isEmpty ? 0 : Self.squaresFlag) | (mates.isEmpty ? 0 : Self.matesFlag))
    guard !architecture.squares.isEmpty else { return }
    out.append(UInt8(architecture.squares.count))
    for window in architecture.squares {
      out += (window.counts + [window.vertical, window.horizontal]).map(UInt8.init)
    }
  }

  /// Reads what ``append(to:version:)`` wrote, from behind the kind.
  ///
  /// - Parameter isMate: whether it has no mates.
  init(_ reader: inout ByteReader, channels: Int, kind: UInt8, isMate: Bool = false) throws {
    var architecture = Architecture(
      channels: Int(try reader.byte()), up: Int(try reader.byte()), left: Int(try reader.byte()),
      right: Int(try reader.byte()), hidden: Int(try reader.integer(UInt16.self)), layers: Int(try reader.byte()),
      bottleneck: Int(try reader.integer(UInt16.self)))
    var flags: UInt8 = 0
    if kind == Self.extendedKind {
      flags = try reader.byte()
      guard flags & ~(Self.squaresFlag | (isMate ? 0 : Self.matesFlag)) == 0 else {
        throw ModelError.unsupported("what a network's flags \(flags) say")
      }
      if flags & Self.squaresFlag != 0 {
        let count = try reader.byte()
        guard count > 0 else { throw ModelError.unsupported("no fits of least squares") }
        architecture.squares = try (0..<count).map { _ in
          SquaresWindow(
            counts: try (0..<channels).map { _ in Int(try reader.byte()) }, vertical: Int(try reader.byte()),
            horizontal: Int(try reader.byte()))
        }
      }
    }
    guard architecture.isSupported, architecture.channels == channels else {
      throw ModelError.unsupported("a network of another shape")
    }
    let layers = try architecture.shapes.enumerated().map { index, shape in
      let layer = Model.Layer(
        inputs: shape.inputs, outputs: shape.outputs,
        weights: try reader.take(shape.inputs * shape.outputs).withUnsafeBytes { Array($0.bindMemory(to: Int8.self)) },
        bias: try (0..<shape.outputs).map { _ in try reader.integer() }, shift: Array(try reader.take(shape.outputs)))
      guard layer.shift.allSatisfy({ $0 < 32 }), !layer.weights.contains(-128), layer.isBounded else {
        throw ModelError.unbounded(layer: index)
      }
      return layer
    }
    var mates: [Model.LocalNetwork] = []
    if flags & Self.matesFlag != 0 {
      let count = try reader.byte()
      guard (1...Self.mostMates).contains(Int(count)) else {
        throw ModelError.unsupported("\(count) mates of a network")
      }
      for _ in 0..<count {
        let kind = try reader.byte()
        guard kind == 0 || kind == Self.extendedKind else { throw ModelError.unsupported("a mate of another kind") }
        let mate = try Self(&reader, channels: channels, kind: kind, isMate: true)
        guard architecture.allows(mate: mate.architecture) else {
          throw ModelError.unsupported("a mate that looks further to the right than its network")
        }
        mates.append(mate)
      }
    }
    self.init(architecture: architecture, layers: layers, mates: mates)
  }
}

extension Model {
  /// The bytes of a model file in which the local network of a role is another one; all other networks stay as they are.
  ///
  /// - Parameters:
  ///   - name: at most 255 bytes.
  ///   - provenance: JSON text about the training.
  public func file(replacing role: Role, with network: LocalNetwork, name: String, provenance: String) -> [UInt8] {
    let others = networks.map { $0.role == role ? Network(role: role, body: .local(network)) : $0 }
    let version = others.map(\.body.fileVersion).reduce(floats.isEmpty ? 1 : 2, max)
    var out = Model.heading(version: version, name: name, provenance: provenance)
    out.append(UInt8(others.count))
    for network in others {
      out.append(network.role.rawValue)
      switch network.body {
      case .local(let local): local.append(to: &out, version: version)
      case .pixelRNN(let integers): integers.append(to: &out, level: network.level)
      }
    }
    return out + Model.ending(floats: floats)
  }

  /// What a model file begins with, up to the number of its networks.
  static func heading(version: UInt16, name: String, provenance: String) -> [UInt8] {
    var out = magic
    out.append(integer: version)
    let letters = Array(name.utf8.prefix(255))
    out += [UInt8(letters.count)] + letters
    let text = Array(provenance.utf8)
    out.append(integer: UInt32(text.count))
    return out + text
  }

  /// What follows the networks in a model file of version 2.
  static func ending(floats: some Collection<UInt8>) -> [UInt8] {
    guard !floats.isEmpty else { return [] }
    var out = floatMark
    out.append(integer: UInt32(floats.count))
    return out + floats
  }
}
