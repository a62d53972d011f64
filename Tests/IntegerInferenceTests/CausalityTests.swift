import EntropyCoding
import FoundationEssentials
import PRNN
import PixelKernels
import PixelModels
import Testing

@testable import IntegerInference

/// Records what the coder is shown.
struct Recorder: SymbolCoder {
  /// In the order of coding: a sum over the frequencies of a symbol's distribution that tells any two apart.
  var seen: [UInt64] = []

  mutating func code(
    _ sample: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8 {
    var hash = UInt64(centre) &+ UInt64(total) &* 0x100_0193
    for s in 0..<256 { hash = (hash ^ UInt64(prnn_frequency(distribution, UInt32(s)))) &* 0x100_0000_01B3 }
    seen.append(hash)
    return sample
  }
}

@Suite struct CausalityTests {
  /// Changing a sample changes no frequency of a sample coded before it, nor its own, and some of those after it.
  @Test(arguments: Model.Role.allCases)
  func onlyLaterFrequenciesChange(role: Model.Role) throws { try check(local(role), role) }

  @Test(arguments: [Model.Role.colour, .gray])
  func onlyLaterFrequenciesChangeWithLeastSquares(role: Model.Role) throws { try check(squares(role), role) }

  private func check(_ network: Model.LocalNetwork, _ role: Model.Role) throws {
    let (width, height, channels) = (14, 6, role.channels)
    let plain = ValueWeights(Array(repeating: nil, count: channels))
    func frequencies(changing index: Int?) -> [UInt64] {
      let coder = TileCoder(network, kernels: .fastest)
      let planes = TilePlanes(width: width, height: height, [network.architecture])
      for y in 0..<height {
        for i in 0..<width * channels { planes.pixel(row: y, column: 0)[i] = UInt8((y * 31 + i * 7 + i * i) & 255) }
      }
      if let index {
        let row = index / (width * channels)
        planes.pixel(row: row, column: 0)[index % (width * channels)] ^= 0x15
      }
      var recorder = Recorder()
      coder.run(planes, plain, &recorder)
      return recorder.seen
    }
    // Where each sample comes in the order of coding.
    let wave = Wavefront(width: width, height: height, lag: network.architecture.lag)
    var order: [Int] = []
    for t in 0..<wave.steps {
      for c in 0..<channels {
        for r in wave.rows(step: t) {
          order.append((r * width + t - wave.lag * r) * channels + c)
        }
      }
    }
    let original = frequencies(changing: nil)
    #expect(original.count == width * height * channels)
    for index in stride(from: 0, to: width * height * channels, by: 5) {
      let changed = frequencies(changing: index)
      let place = try #require(order.firstIndex(of: index))
      #expect(Array(changed[...place]) == Array(original[...place]))
      if place + channels * 8 < order.count { #expect(changed != original) }
    }
  }

  /// Every tile coder owns its weights: two run side by side give what one gives.
  @Test func codersShareNothing() throws {
    let network = try local(.gray)
    let plain = ValueWeights([nil])
    func stream(_ coder: TileCoder, _ seed: Int) -> [UInt8] {
      coder.encode(Lot(LotSize(width: 20, height: 9), weights: plain)) { _, y, row in
        for x in 0..<20 { row[x] = UInt8((x * seed + y * 3) & 255) }
      }[0]
    }
    let (a, b) = (TileCoder(network, kernels: .fastest), TileCoder(network, kernels: .fastest))
    let first = stream(a, 5)
    _ = stream(b, 9)
    #expect(stream(a, 5) == first)
    #expect(stream(b, 5) == first)
  }
}

/// A network with least squares, of the vectors.
private func squares(_ role: Model.Role) throws -> Model.LocalNetwork {
  let file = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../spec/vectors/tiny-squares.prnnmodel")
  guard case .local(let network) = try Model(file: Array(Data(contentsOf: file))).network(for: role)?.body else {
    throw ModelError.notAModel
  }
  return network
}

/// A network of the bundled model.
private func local(_ role: Model.Role) throws -> Model.LocalNetwork {
  guard case .local(let network) = ModelLibrary.bundled.standard.network(for: role)?.body else {
    throw ModelError.notAModel
  }
  return network
}
