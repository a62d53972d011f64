import ByteCoding
import Glibc
import PixelModels

@testable import PixelTraining

/// A local network in double precision after spec/arithmetic.md, without its rounding: for layers of shift 0. An
/// activation is clamped where it is below 1/2 or above 126 1/2, so that near whole numbers it is smooth.
struct LocalReference {
  let a: Architecture
  let width: Int
  let height: Int
  /// (height, width, channels)
  let samples: [UInt8]

  private func sample(_ row: Int, _ column: Int, _ channel: Int) -> Int {
    if row < 0 { return 128 }
    if column < 0 { return row == 0 ? 128 : sample(row - 1, 0, channel) }
    return Int(samples[(row * width + min(column, width - 1)) * a.channels + channel])
  }

  private func fine(_ d: Int) -> Int { 64 + 4 * max(-15, min(15, d)) }
  private func middle(_ d: Int) -> Int { 64 + max(-63, min(63, d)) }
  private func coarse(_ d: Int) -> Int { 64 + d.signum() * (abs(d) >> 2) }
  private func level(_ v: Int) -> [Int] { [v >> 1, 8 * min(v, 15), 8 * min(255 - v, 15)] }

  private func prediction(_ row: Int, _ column: Int, _ channel: Int) -> Int {
    let (w, n) = (sample(row, column - 1, channel), sample(row - 1, column, channel))
    let corner = sample(row - 1, column - 1, channel)
    return corner >= max(w, n) ? min(w, n) : corner <= min(w, n) ? max(w, n) : w + n - corner
  }

  private func activation(_ y: Double) -> Double { y < 0.5 ? 0 : y > 126.5 ? 127 : y }

  /// Σ w a + b with a network in the unit of ``LocalLayout``, of the integers.
  private func sums(_ layer: LocalLayout.Layer, _ weights: [Double], _ inputs: [Double]) -> [Double] {
    let steps = Double(layer.steps)
    return (0..<layer.outputs).map { o in
      var sum = weights[layer.bias.lowerBound + o] * steps
      for i in 0..<layer.inputs {
        let zero = i >= layer.centred ? 64.0 : 0
        sum += weights[layer.weights.lowerBound + i * layer.outputs + o] * steps / 16 * (inputs[i] - zero)
      }
      return sum
    }
  }

  /// The nats of all pixels.
  func nats(_ weights: [Double]) -> Double {
    let layers = LocalLayout(a).layers
    var nats = 0.0
    for row in 0..<height {
      for column in 0..<width {
        let p = (0..<a.channels).map { prediction(row, column, $0) }
        let x = (0..<a.channels).map { sample(row, column, $0) }
        var window: [(Int, Int)] = []
        for r in row - a.up..<row { window += (column - a.left...column + a.right).map { (r, $0) } }
        window += (column - a.left..<column).map { (row, $0) }
        let differences = window.flatMap { r, c in (0..<a.channels).map { sample(r, c, $0) - p[$0] } }
        let levels = p.map(level)
        let inputs = differences.map(fine) + differences.map(coarse) + (0..<3).flatMap { i in levels.map { $0[i] } }
        var t = sums(layers[0], weights, inputs.map(Double.init)).map(activation)
        for l in 1..<1 + a.layers {
          t = zip(t, sums(layers[l], weights, t)).map { t, y in
            t + activation(y) > 126.5 ? 127 : t + activation(y)
          }
        }
        let e = zip(x, p).map { $0 - $1 }
        for channel in 0..<a.channels {
          let move = channel == 0 ? 0 : channel == 1 ? e[0] : (e[0] + e[1]) >> 1
          let centre = channel == 0 ? p[0] : max(0, min(255, p[channel] + move))
          let extra =
            level(centre) + (0..<channel).flatMap { [fine(e[$0]), middle(e[$0]), coarse(e[$0]), p[$0] >> 1] }
          let head = sums(layers[1 + a.layers + 2 * channel], weights, t + extra.map(Double.init)).map(activation)
          let logits = sums(layers[2 + a.layers + 2 * channel], weights, head).map { $0 / 32 }
          nats += surprise(logits, (x[channel] - centre) & 255)
        }
      }
    }
    return nats
  }

  private func surprise(_ bits: [Double], _ symbol: Int) -> Double {
    let top = bits.max()!
    let total = bits.reduce(0) { $0 + exp2($1 - top) }
    return log(total) - log(2) * (bits[symbol] - top)
  }
}

/// A small network of layers of shift 0 with few weights, and activations of all sizes.
func smallLocalNetwork(channels: Int, seed: UInt64) -> Model.LocalNetwork {
  let a = Architecture(channels: channels, up: 1, left: 2, right: 1, hidden: 16, layers: 2, bottleneck: 16)
  var random = SplitMix64(state: seed)
  let layers = LocalLayout(a).layers.map { layer in
    let isLogits = layer.steps == 32
    var weights: [Int8] = []
    var bias: [Int32] = []
    for _ in 0..<layer.outputs {
      let row = (0..<layer.inputs).map { _ in Int8(random.below(8) == 0 ? 2 * random.below(2) - 1 : 0) }
      let zero = row[layer.centred...].reduce(0) { $0 + 64 * Int($1) }
      weights += row
      bias.append(Int32((isLogits ? 0 : random.below(60)) - zero))
    }
    return Model.Layer(
      inputs: layer.inputs, outputs: layer.outputs, weights: weights, bias: bias,
      shift: Array(repeating: 0, count: layer.outputs))
  }
  return Model.LocalNetwork(architecture: a, layers: layers)
}
