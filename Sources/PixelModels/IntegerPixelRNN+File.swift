import ByteCoding

// spec/format.md, "Networks of the paper".

extension IntegerPixelRNN {
  /// Reads the fields that follow a network's level.
  ///
  /// - Throws: ``ModelError``, `ByteReader.PastEnd`.
  init(_ reader: inout ByteReader, kind: UInt8) throws {
    let channels = Int(try reader.byte())
    let output = PixelRNN.Output(rawValue: try reader.byte())
    let flags = try reader.byte()
    let layers = Int(try reader.byte())
    let features = Int(try reader.integer(UInt16.self))
    let headWidth = Int(try reader.integer(UInt16.self))
    let condition = Int(try reader.integer(UInt16.self))
    guard let kind = PixelRNN.Kind(rawValue: kind), let output, flags < 4 else {
      throw ModelError.unsupported("a network of another kind")
    }
    let architecture = PixelRNN(
      kind: kind, channels: channels, layers: layers, features: features, headWidth: headWidth,
      residual: flags & 1 != 0, skip: flags & 2 != 0, output: output, condition: condition)
    guard architecture.isSupported else { throw ModelError.unsupported("a network of another shape") }
    let length = Int(try reader.integer(UInt32.self))
    guard length == architecture.integerBytes else {
      throw ModelError.shapes(expected: architecture.integerBytes, found: length)
    }
    var body = ByteReader(try reader.take(length))
    self.init(
      architecture: architecture,
      layers: try architecture.fusedLayers.map { fused in
        WideLayer(
          weights: try body.integers(fused.outputs * fused.inputs), bias: try body.integers(fused.outputs),
          shift: Array(try body.take(fused.outputs)))
      }, states: try (0..<architecture.stateCount).map { _ in try body.integers(features) })
    if let layer = unboundedLayer() { throw ModelError.unbounded(layer: layer) }
    guard obeysMasks else { throw ModelError.unsupported("weights from a channel to an earlier one") }
    // Hidden states are activations.
    for index in states.indices where index % 2 == 0 {
      guard states[index].allSatisfy({ abs(Int($0)) <= IntegerPixelRNN.activationLimit }) else {
        throw ModelError.unbounded(layer: layers)
      }
    }
  }

  /// The first version of model files that can hold it.
  var fileVersion: UInt16 { architecture.output == .differences ? 4 : 2 }

  /// The fields from the kind on.
  func append(to out: inout [UInt8], level: Int) {
    let a = architecture
    out += [a.kind.rawValue, UInt8(level), UInt8(a.channels), a.output.rawValue]
    out += [(a.residual ? 1 : 0) | (a.skip ? 2 : 0), UInt8(a.layers)]
    for number in [a.features, a.headWidth, a.condition] { out.append(integer: UInt16(number)) }
    out.append(integer: UInt32(a.integerBytes))
    for layer in layers {
      for weight in layer.weights { out.append(integer: weight) }
      for bias in layer.bias { out.append(integer: bias) }
      out += layer.shift
    }
    for number in states.joined() { out.append(integer: number) }
  }
}

extension PixelRNN {
  fileprivate var stateCount: Int { layers * initialStates(0).count }

  /// Bytes of the numbers of an integer network.
  fileprivate var integerBytes: Int {
    fusedLayers.reduce(0) { $0 + $1.outputs * (2 * $1.inputs + 5) } + 2 * features * stateCount
  }
}

extension ByteReader {
  fileprivate mutating func integers<T: FixedWidthInteger>(_ count: Int) throws(PastEnd) -> [T] {
    var reader = ByteReader(try take(count * T.bitWidth / 8))
    var numbers: [T] = []
    numbers.reserveCapacity(count)
    for _ in 0..<count { numbers.append(try reader.integer()) }
    return numbers
  }
}

extension Model {
  /// The bytes of a model file with networks of the paper.
  ///
  /// - Parameters:
  ///   - name: at most 255 bytes.
  ///   - provenance: JSON text about the training.
  ///   - networks: of a multi-scale model by rising level.
  ///   - floats: a safetensors file with the float weights, or nothing.
  public static func file(
    name: String, provenance: String, networks: [(role: Role, level: Int, network: IntegerPixelRNN)],
    floats: [UInt8] = []
  ) -> [UInt8] {
    let version = networks.map(\.network.fileVersion).max() ?? 2
    var out = heading(version: version, name: name, provenance: provenance) + [UInt8(networks.count)]
    for entry in networks {
      out.append(entry.role.rawValue)
      entry.network.append(to: &out, level: entry.level)
    }
    return out + ending(floats: floats)
  }
}
