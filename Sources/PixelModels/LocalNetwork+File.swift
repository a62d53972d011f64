import ByteCoding

// spec/format.md, "Local networks".

extension Model.LocalNetwork {
  /// The fields that follow a network's role, or in a file of version 2 its kind.
  func append(to out: inout [UInt8]) {
    let a = architecture
    out += [UInt8(a.channels), UInt8(a.up), UInt8(a.left), UInt8(a.right)]
    out.append(integer: UInt16(a.hidden))
    out.append(UInt8(a.layers))
    out.append(integer: UInt16(a.bottleneck))
    for layer in layers {
      out += layer.weights.map { UInt8(bitPattern: $0) }
      for bias in layer.bias { out.append(integer: bias) }
      out += layer.shift
    }
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
    let version: UInt16 = others.allSatisfy(\.isLocal) && floats.isEmpty ? 1 : 2
    var out = Model.heading(version: version, name: name, provenance: provenance)
    out.append(UInt8(others.count))
    for network in others {
      out.append(network.role.rawValue)
      switch network.body {
      case .local(let local):
        if version > 1 { out.append(0) }
        local.append(to: &out)
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
