import Glibc
import PixelModels
import Testing

@testable import PixelTraining

@Suite struct MuonTests {
  /// Singular values from 0.1 to 10 all come near 1, and the singular vectors stay: here those of a diagonal matrix.
  @Test func orthogonal() {
    let values: [Float] = [10, 1, -3, 0.6]
    for columns in [4, 6] {
      var g = [Float](repeating: 0, count: 4 * columns)
      for (i, v) in values.enumerated() { g[i * columns + i] = v }
      let x = Muon.orthogonal(g, rows: 4, columns: columns)
      for r in 0..<4 {
        for c in 0..<columns {
          let y = x[r * columns + c]
          if r == c { #expect(abs(y) > 0.6 && abs(y) < 1.3 && (y > 0) == (values[r] > 0)) } else { #expect(y == 0) }
        }
      }
      // The same of the transposed matrix.
      var turned = [Float](repeating: 0, count: 4 * columns)
      for r in 0..<4 { for c in 0..<columns { turned[c * 4 + r] = g[r * columns + c] } }
      let y = Muon.orthogonal(turned, rows: columns, columns: 4)
      #expect((0..<4 * columns).allSatisfy { abs(y[$0 % columns * 4 + $0 / columns] - x[$0]) < 1e-5 })
    }
  }

  /// A rotation keeps being one, turned as it was: rows stay at right angles.
  @Test func orthogonalOfAFullMatrix() {
    let x = Muon.orthogonal([3, 4, -8, 6], rows: 2, columns: 2)
    #expect(abs(x[0] * x[2] + x[1] * x[3]) < 1e-5)
    #expect(abs(x[0] * 4 - x[1] * 3) < 1e-5)
  }

  /// The gradient of a slow cosine goes to its frequency, that of a constant nowhere; a step at frequency 0 moves all alike.
  @Test func cosines() {
    let cosines = ValueCosines.shared
    let flat = cosines.analysed([Float](repeating: 1, count: 256))
    #expect(flat.allSatisfy { abs($0) < 0.01 })
    let slow = cosines.analysed((0..<256).map { Float(cos(Double.pi * (Double($0) + 0.5) / 256)) })
    // 8 / (1 + 1/8) times the squares of a cosine at 256 places: 128.
    #expect(abs(slow[1] - 8 / 1.125 * 128) < 0.1 && slow.indices.allSatisfy { $0 == 1 || abs(slow[$0]) < 0.01 })
    let moved = cosines.synthesised([0.5] + [Float](repeating: 0, count: 255))
    #expect(moved.allSatisfy { abs($0 - 4) < 1e-5 })
  }

  @Test func masksHoldAndMatricesMove() {
    let network = PixelRNN(kind: .pixelCNN, channels: 3, layers: 1, features: 6, headWidth: 6)
    let layout = ParameterLayout(network)
    let mask = layout.mask()
    var weights = initialWeights(network, seed: 1)
    let before = weights
    var optimiser = Optimiser(.muon, count: layout.count, plan: MuonPlan(network))
    let gradient = mask.enumerated().map { $1 ? Float($0 % 7) - 3 : 0 }
    for step in 1...3 { optimiser.update(&weights, gradient: gradient, scale: 1, rate: 0.01, step: step) }
    #expect(mask.indices.allSatisfy { mask[$0] || weights[$0] == 0 })
    // As large as Adam's steps: about 0.2 · 0.01 · 3 in the root mean square.
    let moved = layout.range("block.0.middle.weight").map { weights[$0] - before[$0] }
    let size = (moved.reduce(0) { $0 + $1 * $1 } / Float(moved.count)).squareRoot()
    #expect(size > 0.001 && size < 0.012)
    #expect(optimiser.second[layout.range("block.0.middle.weight")].allSatisfy { $0 == 0 })
  }
}
