import EntropyCoding
import PixelKernels
import PixelModels
import Testing

@testable import IntegerInference

/// Networks of the paper with random weights.
@Suite struct PixelRNNTests {
  static let networks: [PixelRNN] = PixelRNN.Kind.allCases.flatMap { kind in
    [
      PixelRNN(kind: kind, channels: 1, layers: 2, features: 5, headWidth: 6, output: .bernoulli),
      PixelRNN(kind: kind, channels: 3, layers: 2, features: 7, headWidth: 9, residual: false, skip: true),
    ]
  }

  /// Weights that obey the masks; large enough that the network's output depends on everything.
  static func random(_ network: PixelRNN) -> IntegerPixelRNN {
    var state: UInt64 = 12345
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % (2 * bound + 1) - bound
    }
    let layers = network.fusedLayers.map { fused in
      let c = fused.parts[0]
      let weights = (0..<fused.outputs).flatMap { o in
        (0..<fused.inputs).map { i -> Int16 in
          let own = i - (c.taps.count - 1) * c.inputs
          let isMasked = own >= 0 && own < c.inputs && !network.allows(c, input: own, output: o)
          return isMasked ? 0 : Int16(next(3000))
        }
      }
      return IntegerPixelRNN.WideLayer(
        weights: weights, bias: (0..<fused.outputs).map { _ in Int32(next(1 << 20)) },
        shift: Array(repeating: fused.name == "output" ? 17 : 13, count: fused.outputs))
    }
    let states = (0..<network.layers).flatMap(network.initialStates).map { _ in
      (0..<network.features).map { _ in Int16(next(4000)) }
    }
    return IntegerPixelRNN(architecture: network, layers: layers, states: states)
  }

  private func lot(_ network: PixelRNN, width: Int, height: Int, count: Int, filled: Bool = true) -> LotSamples {
    let lot = LotSamples(
      LotSize(width: width, height: height, count: count), channels: network.channels,
      isBernoulli: network.output == .bernoulli)
    guard filled else { return lot }
    for i in 0..<width * height * count * network.channels {
      let v = UInt8(truncatingIfNeeded: i * i * 31 + i * 7 + i / 5)
      lot.samples[i] = network.output == .bernoulli ? v >> 7 : v
    }
    return lot
  }

  private func plain(_ network: PixelRNN) -> ValueWeights {
    ValueWeights(Array(repeating: nil, count: network.channels))
  }

  @Test(arguments: networks)
  func roundTrip(network: PixelRNN) {
    let integers = Self.random(network)
    #expect(integers.unboundedLayer() == nil && integers.obeysMasks)
    for (width, height, count) in [(1, 1, 1), (5, 7, 3), (9, 4, 2), (2, 9, 1)] {
      var streams: [[UInt8]] = []
      for name in Kernels.available {
        let coder = PixelRNNCoder(integers, kernels: Kernels(named: name)!)
        var encoders = [RangeEncoder()]
        coder.run(lot(network, width: width, height: height, count: count), small: nil, plain(network), &encoders)
        streams.append(encoders[0].finish())
      }
      #expect(streams.allSatisfy { $0 == streams[0] })
      let decoded = lot(network, width: width, height: height, count: count, filled: false)
      var decoders = [RangeDecoder(streams[0][...])]
      PixelRNNCoder(integers, kernels: .fastest).run(decoded, small: nil, plain(network), &decoders)
      let original = lot(network, width: width, height: height, count: count)
      #expect(decoders[0].isAtEnd)
      #expect(
        (0..<width * height * count * network.channels).allSatisfy { original.samples[$0] == decoded.samples[$0] })
    }
  }

  /// A picture has the same frequencies alone as among others: nothing leaks from picture to picture.
  @Test(arguments: networks)
  func picturesAreIndependent(network: PixelRNN) {
    let coder = PixelRNNCoder(Self.random(network), kernels: .fastest)
    let (width, height) = (6, 5)
    let all = lot(network, width: width, height: height, count: 3)
    // In one stream, and in a stream for each.
    var (together, each) = ([Recorder()], Array(repeating: Recorder(), count: 3))
    coder.run(all, small: nil, plain(network), &together)
    coder.run(all, small: nil, plain(network), &each)
    for image in 0..<3 {
      let one = lot(network, width: width, height: height, count: 1)
      one.samples.update(from: all.pixel(image, 0, 0), count: width * height * network.channels)
      var alone = [Recorder()]
      coder.run(one, small: nil, plain(network), &alone)
      #expect(each[image].seen == alone[0].seen)
    }
    #expect(together[0].seen.sorted() == each.flatMap(\.seen).sorted())
  }

  /// Changing a sample changes no frequency of a sample before it in raster order, nor its own.
  @Test(arguments: networks)
  func onlyLaterFrequenciesChange(network: PixelRNN) {
    let coder = PixelRNNCoder(Self.random(network), kernels: .fastest)
    let (width, height, channels) = (6, 4, network.channels)
    func frequencies(changing index: Int?) -> [UInt64] {
      let lot = lot(network, width: width, height: height, count: 1)
      if let index { lot.samples[index] ^= 1 }
      var recorders = [Recorder()]
      coder.run(lot, small: nil, plain(network), &recorders)
      // From the order of coding to raster order.
      var raster = [UInt64](repeating: 0, count: width * height * channels)
      let lag = network.kind == .diagonalBiLSTM ? width : 4
      let wave = Wavefront(width: width, height: height, lag: lag)
      var next = recorders[0].seen.makeIterator()
      for t in 0..<wave.steps {
        for c in 0..<channels {
          for r in wave.rows(step: t) { raster[(r * width + t - lag * r) * channels + c] = next.next()! }
        }
      }
      return raster
    }
    let original = frequencies(changing: nil)
    var changes = 0
    for index in original.indices {
      let changed = frequencies(changing: index)
      #expect(changed[...index] == original[...index])
      changes += zip(changed, original).filter { $0 != $1 }.count
    }
    #expect(changes > original.count)
  }
}
