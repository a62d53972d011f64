import ByteCoding
import PRNN
import PixelModels
import Testing

@testable import PixelTraining

/// The adaptation of local networks: the loss is the coder's, the gradient that of a smooth network.
@Suite struct LocalGradientTests {
  static let bundled = ModelLibrary.bundled.models.flatMap { model in
    // Networks with least squares are not trained here.
    Model.Role.allCases.compactMap { Adaptation(model, role: $0) }.filter { $0.start.architecture.squares.isEmpty }
  }

  /// A slope with noise.
  static func samples(_ width: Int, _ height: Int, _ channels: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(state: seed)
    return (0..<width * height * channels).map { i in
      let pixel = i / channels
      return UInt8(truncatingIfNeeded: 60 + pixel % width * 3 + pixel / width * 2 + i % channels * 9 + random.below(9))
    }
  }

  static func pool(_ a: Architecture, _ width: Int, _ height: Int, seed: UInt64 = 1) -> PixelPool {
    var pool = PixelPool(a)
    pool.append(
      width: width, height: height, samples: samples(width, height, a.channels, seed: seed), stride: a.channels)
    return pool
  }

  /// The loss of all pixels of a pool, and the gradient.
  static func run(
    _ network: Model.LocalNetwork, _ weights: [Float], _ pool: PixelPool, gradient: inout [Float], flipped: Bool = false
  ) -> Double {
    let batch = pool.batch((0..<pool.count).map { ($0, flipped) }, conditional: false)
    return LocalGradient(network, batch: batch.count).run(
      weights: weights, samples: batch.samples, small: nil, gradient: &gradient)
  }

  @Test func everyNetworkOfTheProgramComesBackFromItsFloats() {
    #expect(Self.bundled.count == 10)
    for one in Self.bundled {
      let layout = LocalLayout(one.start.architecture)
      #expect(layout.network(layout.weights(of: one.start), like: one.start) == one.start)
      #expect(layout.parameters.reduce(0) { $0 + $1.count } == layout.count)
    }
  }

  @Test(arguments: [(1, 1), (1, 7), (9, 1), (23, 17)])
  func theLossIsThatOfTheCoder(width: Int, height: Int) throws {
    for one in Self.bundled {
      let weights = LocalLayout(one.start.architecture).weights(of: one.start)
      let pool = Self.pool(one.start.architecture, width, height)
      var gradient = [Float](repeating: 0, count: weights.count)
      let nats = Self.run(one.start, weights, pool, gradient: &gradient)
      let coded = try #require(one.start.likelihood(of: pool))
      // The same numbers, added up in another order.
      #expect(abs(nats - coded) < 1e-12 * coded)
    }
  }

  @Test(arguments: [1, 3]) func differences(channels: Int) {
    for seed in 1...3 as ClosedRange<UInt64> {
      let network = smallLocalNetwork(channels: channels, seed: seed)
      let layout = LocalLayout(network.architecture)
      let weights = layout.weights(of: network)
      let pool = Self.pool(network.architecture, 5, 4, seed: seed)
      var gradient = [Float](repeating: 0, count: weights.count)
      let nats = Self.run(network, weights, pool, gradient: &gradient)
      let reference = LocalReference(
        a: network.architecture, width: 5, height: 4, samples: pool.tiles[0].samples)
      let whole = weights.map(Double.init)
      // The coder gives improbable symbols a little more.
      #expect(abs(reference.nats(whole) - nats) < 5e-4 * nats)
      var offset = 0
      for parameter in layout.parameters {
        let range = offset..<offset + parameter.count
        offset = range.upperBound
        let length = range.reduce(0.0) { $0 + Double(gradient[$1]) * Double(gradient[$1]) }.squareRoot()
        #expect(length > 0, "\(parameter.name)")
        func moved(_ step: Double) -> Double {
          var moved = whole
          for i in range { moved[i] += Double(gradient[i]) / length * step }
          return reference.nats(moved)
        }
        let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5
        #expect(abs(slope - length) < 2e-3 * length, "\(parameter.name), seed \(seed)")
      }
    }
  }

  @Test func weightsStayInRange() {
    let network = smallLocalNetwork(channels: 1, seed: 4)
    let layout = LocalLayout(network.architecture)
    let pool = Self.pool(network.architecture, 6, 6)
    for limit in [127, -127] as [Float] {
      var weights = layout.weights(of: network)
      let logits = layout.layers.last!
      for i in logits.weights { weights[i] = limit * 16 / 32 }
      var gradient = [Float](repeating: 0, count: weights.count)
      _ = Self.run(network, weights, pool, gradient: &gradient)
      // Adam moves against the gradient: it may only lead inwards.
      #expect(logits.weights.allSatisfy { gradient[$0] * limit >= 0 })
      #expect(logits.weights.contains { gradient[$0] != 0 })
    }
  }

  @Test func mirroredPixels() {
    let a = Adaptation(ModelLibrary.bundled.model(named: "photo")!, role: .colour)!.start.architecture
    let (width, height) = (7, 5)
    let samples = Self.samples(width, height, 3)
    var mirrored = PixelPool(a)
    let turned = (0..<height).flatMap { row in
      (0..<width).reversed().flatMap { column in samples[((row * width + column) * 3)...].prefix(3) }
    }
    mirrored.append(width: width, height: height, samples: turned, stride: 3)
    let all = (0..<width * height).map { (index: $0, isFlipped: true) }
    let plain = all.map { (index: $0.index, isFlipped: false) }
    #expect(
      Self.pool(a, width, height).batch(all, conditional: false).samples
        == mirrored.batch(plain, conditional: false).samples)
  }

  @Test func largePicturesAreCutIntoTiles() {
    let a = Architecture(channels: 1, up: 1, left: 1, right: 1, hidden: 16, layers: 0, bottleneck: 16)
    var pool = PixelPool(a)
    // Of gray with alpha: every second sample.
    let samples = (0..<1030 * 1025 * 2).map { UInt8(truncatingIfNeeded: $0 / 2 % 1030 + $0 % 2 * 7) }
    pool.append(width: 1030, height: 1025, samples: samples, offset: 1, stride: 2)
    #expect(pool.tiles.map { [$0.width, $0.height] } == [[1024, 1024], [6, 1024], [1024, 1], [6, 1]])
    #expect(pool.count == 1030 * 1025)
    // The last pixel: above and left of it are other tiles.
    let last = pool.batch([(pool.count - 1, false)], conditional: false)
    let row = [1028, 1029, 1029].map { UInt8(truncatingIfNeeded: $0 + 7) }
    #expect(last.samples == [128, 128, 128] + row)
  }
}
