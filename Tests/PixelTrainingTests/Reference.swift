import Glibc
import PixelModels
import PixelTraining

/// The networks from their definition, one number at a time in double precision, and slow.
struct Reference {
  typealias Features = [Double]
  /// A picture of features: `at(row, column)` is nil outside.
  typealias Picture = [[Features]]

  let network: PixelRNN
  let layout: ParameterLayout
  let weights: [Double]

  init(_ network: PixelRNN, _ weights: [Double]) {
    self.network = network
    self.weights = weights
    layout = ParameterLayout(network)
  }

  func tensor(_ name: String) -> [Double] { Array(weights[layout.range(name)]) }

  /// The convolution at one pixel; `at` gives what is at a place, nil for 0.
  func convolve(_ c: PixelRNN.Convolution, _ row: Int, _ column: Int, _ at: (Int, Int) -> Features?) -> Features {
    var y = c.hasBias ? tensor(c.name + ".bias") : Array(repeating: 0, count: c.outputs)
    let start = layout.range(c.name + ".weight").lowerBound
    weights.withUnsafeBufferPointer { weights in
      y.withUnsafeMutableBufferPointer { y in
        for (t, tap) in c.taps.enumerated() {
          guard let x = at(row + tap.row, column + tap.column) else { continue }
          var w = weights.baseAddress! + start + t * c.inputs * c.outputs
          for i in 0..<c.inputs {
            for o in 0..<c.outputs { y[o] += x[i] * w[o] }
            w += c.outputs
          }
        }
      }
    }
    return y
  }

  func convolve(_ c: PixelRNN.Convolution, _ x: Picture) -> Picture {
    x.indices.map { row in
      x[row].indices.map { column in
        convolve(c, row, column) { r, c in
          x.indices.contains(r) && x[r].indices.contains(c) ? x[r][c] : nil
        }
      }
    }
  }

  func map(_ x: Picture, _ f: (Double) -> Double) -> Picture { x.map { $0.map { $0.map(f) } } }
  func relu(_ x: Picture) -> Picture { map(x) { max(0, $0) } }
  func add(_ a: Picture, _ b: Picture) -> Picture {
    zip(a, b).map { zip($0, $1).map { zip($0, $1).map { $0 + $1 } } }
  }

  /// All states of an LSTM whose cells come from (row + cell.row, column + cell.column), in the order given.
  func lstm(
    _ prefix: String, _ sums: Picture, state: PixelRNN.Convolution, cell: (row: Int, column: Int), columns: [Int]
  ) -> Picture {
    let h = network.features
    let startH = tensor(prefix + "initial.h")
    let startC = tensor(prefix + "initial.c")
    let nothing: Picture = sums.map { $0.map { _ in [] } }
    var hidden = nothing
    var cells = nothing
    func inside(_ r: Int, _ c: Int) -> Bool { r >= 0 && c >= 0 && c < sums[0].count }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    for r in sums.indices {
      for c in columns {
        let fromStates = convolve(state, r, c) { inside($0, $1) ? hidden[$0][$1] : startH }
        let z = zip(sums[r][c], fromStates).map { $0 + $1 }
        let before = inside(r + cell.row, c + cell.column) ? cells[r + cell.row][c + cell.column] : startC
        cells[r][c] = (0..<h).map { sigmoid(z[h + $0]) * before[$0] + sigmoid(z[2 * h + $0]) * tanh(z[3 * h + $0]) }
        hidden[r][c] = (0..<h).map { sigmoid(z[$0]) * tanh(cells[r][c][$0]) }
      }
    }
    return hidden
  }

  func inner(_ l: Int, _ x: Picture, _ condition: Picture?) -> Picture {
    let all = Dictionary(uniqueKeysWithValues: network.block(l).map { ($0.name, $0) })
    let name = "block.\(l)."
    func conditioned(_ y: Picture, _ prefix: String) -> Picture {
      condition.map { add(y, convolve(all[prefix + "condition"]!, $0)) } ?? y
    }
    let columns = Array(x[0].indices)
    func side(_ prefix: String, _ columns: [Int], _ cell: (row: Int, column: Int)) -> Picture {
      let sums = conditioned(convolve(all[prefix + "input"]!, x), prefix)
      return lstm(prefix, sums, state: all[prefix + "state"]!, cell: cell, columns: columns)
    }
    switch network.kind {
    case .pixelCNN:
      let reduced = relu(convolve(all[name + "reduce"]!, relu(x)))
      return relu(conditioned(convolve(all[name + "middle"]!, reduced), name))
    case .rowLSTM: return side(name, columns, (-1, 0))
    case .diagonalBiLSTM:
      let left = side(name + "left.", columns, (0, -1))
      let right = side(name + "right.", columns.reversed(), (0, 1))
      let above = [columns.map { _ in tensor(name + "right.initial.h") }] + right.dropLast()
      return add(left, above)
    }
  }

  func inputs(_ samples: [UInt8], width: Int, height: Int) -> Picture {
    (0..<height).map { r in
      (0..<width).map { c in
        (0..<network.channels).map {
          let v = Double(samples[(r * width + c) * network.channels + $0])
          return network.output == .softmax ? (v - 128) / 64 : 2 * v - 1
        }
      }
    }
  }

  /// The logits of one picture.
  func logits(_ samples: [UInt8], small: [UInt8]?, width: Int, height: Int) -> Picture {
    var condition: Picture?
    if let small {
      let x = inputs(small, width: (width + 1) / 2, height: (height + 1) / 2)
      let phases = network.upsample.map { relu(convolve($0, x)) }
      condition = (0..<height).map { r in (0..<width).map { phases[2 * (r % 2) + $0 % 2][r / 2][$0 / 2] } }
    }
    var x = convolve(network.first, inputs(samples, width: width, height: height))
    var skipped = map(x) { _ in 0 }
    for l in 0..<network.layers {
      let inner = inner(l, x, condition)
      let all = network.block(l)
      let y = convolve(all.first { $0.name.hasSuffix("expand") }!, inner)
      x = network.residual ? add(x, y) : y
      if network.skip { skipped = add(skipped, convolve(all.last!, inner)) }
    }
    return network.head.reduce(add(x, skipped)) { convolve($1, relu($0)) }
  }

  /// The loss of one picture in nats.
  func loss(_ samples: [UInt8], small: [UInt8]?, width: Int, height: Int) -> Double {
    let logits = logits(samples, small: small, width: width, height: height)
    var nats = 0.0
    for r in 0..<height {
      for c in 0..<width where small == nil || r % 2 == 1 || c % 2 == 1 {
        for channel in 0..<network.channels {
          let v = Int(samples[(r * width + c) * network.channels + channel])
          let all =
            network.output == .softmax
            ? Array(logits[r][c][256 * channel..<256 * (channel + 1)]) : [0, logits[r][c][0]]
          nats += log(all.reduce(0) { $0 + exp($1) }) - all[v]
        }
      }
    }
    return nats
  }
}
