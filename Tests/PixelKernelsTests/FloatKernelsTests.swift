import Glibc
import PixelKernels
import Testing

/// Every path of the float kernels this CPU has, against loops in double precision.
@Suite struct FloatKernelsTests {
  static let paths: [String] = ["avx512", "avx2", "plain"].filter { (name: String) in
    prnn_float_kernels_named(name) != nil
  }

  /// Numbers in -1 ..< 1.
  static func random(_ count: Int, seed: UInt64) -> [Float] {
    var random = SplitMix(seed: seed)
    return (0..<count).map { _ in Float(random.below(2000)) / 1000 - 1 }
  }

  static func copy(_ x: [Float]) -> UnsafeMutablePointer<Float> {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: x.count)
    memory.initialize(from: x, count: x.count)
    return memory
  }

  static func kernels(_ path: String) throws -> prnn_float_kernels {
    try #require(prnn_float_kernels_named(path)).pointee
  }

  @Test func fastestIsTheFirst() {
    #expect(String(cString: prnn_float_kernels_fastest().pointee.name) == FloatKernelsTests.paths[0])
    #expect(FloatKernelsTests.paths.last == "plain")
    #expect(prnn_float_kernels_named("mmx") == nil)
  }

  /// Two products, the second with spans, and everything that may follow.
  @Test(arguments: paths)
  func products(path: String) throws {
    let kernels = try FloatKernelsTests.kernels(path)
    for (rows, columns, k) in [(1, 1, 1), (3, 5, 2), (17, 16, 9), (13, 55, 33), (29, 100, 16)] {
      let stride = k + 3
      let a = FloatKernelsTests.random(rows * stride, seed: 1)
      let b = FloatKernelsTests.random(k * columns, seed: 2)
      var masked = FloatKernelsTests.random(k * columns, seed: 3)
      var spans: [prnn_span] = []
      for first in Swift.stride(from: 0, to: columns, by: Int(PRNN_SPAN_COLUMNS)) {
        let begin = first / 16 % 3 * k / 4
        let end = begin + (k - begin) / 2
        spans.append(prnn_span(begin: UInt32(begin), end: UInt32(end)))
        for column in first..<min(first + 16, columns) {
          for i in 0..<k where i < begin || i >= end { masked[i * columns + column] = 0 }
        }
      }
      let bias = FloatKernelsTests.random(columns, seed: 4)
      let gate = FloatKernelsTests.random(rows * columns, seed: 5)
      let addend = FloatKernelsTests.random(rows * columns, seed: 6)
      func expected(_ row: Int, _ column: Int, plain: Bool) -> Double {
        let sum = (0..<k).reduce(0.0) {
          $0 + Double(a[row * stride + $1]) * (Double(b[$1 * columns + column]) + Double(masked[$1 * columns + column]))
        }
        guard !plain else { return sum }
        let open = gate[row * columns + column] > 0
        return (open ? sum + Double(bias[column]) : 0) + Double(addend[row * columns + column])
      }
      for plain in [true, false] {
        let y = FloatKernelsTests.copy(Array(repeating: 9, count: rows * columns))
        let positive = FloatKernelsTests.copy(Array(repeating: 9, count: rows * columns))
        let inputs = [a, b, masked, bias, gate, addend].map(FloatKernelsTests.copy)
        defer { for memory in inputs + [y, positive] { memory.deallocate() } }
        var result = prnn_result()
        result.y = y
        result.y_stride = columns
        if !plain {
          result.bias = UnsafePointer(inputs[3])
          result.gate = UnsafePointer(inputs[4])
          result.gate_stride = columns
          result.addend = UnsafePointer(inputs[5])
          result.addend_stride = columns
          result.positive = positive
          result.positive_stride = columns
        }
        spans.withUnsafeBufferPointer { spans in
          let terms = [(1, nil), (2, spans.baseAddress)].map { index, spans in
            prnn_term(a: inputs[0], a_stride: stride, b: inputs[index], b_stride: columns, k: k, spans: spans)
          }
          kernels.products(terms, 2, &result, rows, columns)
        }
        for row in 0..<rows {
          for column in 0..<columns {
            let value = expected(row, column, plain: plain)
            #expect(abs(Double(y[row * columns + column]) - value) < 1e-5)
            let clamped = plain ? 9 : max(0, value)
            #expect(abs(Double(positive[row * columns + column]) - clamped) < 1e-5)
          }
        }
      }
    }
  }

  @Test(arguments: paths)
  func gradientAndSums(path: String) throws {
    let kernels = try FloatKernelsTests.kernels(path)
    for (rows, columns, k) in [(1, 1, 1), (5, 3, 2), (300, 40, 21), (140, 96, 33)] {
      let a = FloatKernelsTests.random(rows * k, seed: 1)
      let d = FloatKernelsTests.random(rows * columns, seed: 2)
      var w = [Float](repeating: 0.5, count: k * columns)
      var sums = [Float](repeating: 0.5, count: columns)
      let spans = (0..<(columns + 15) / 16).map { prnn_span(begin: UInt32($0), end: UInt32($0 + k / 2 + 1)) }
      kernels.gradient(a, k, d, columns, rows, k, columns, nil, &w, columns)
      kernels.sums(d, columns, rows, columns, &sums)
      var spanned = [Float](repeating: 0.5, count: k * columns)
      kernels.gradient(a, k, d, columns, rows, k, columns, spans, &spanned, columns)
      for column in 0..<columns {
        let sum = (0..<rows).reduce(0.5) { $0 + Double(d[$1 * columns + column]) }
        #expect(abs(Double(sums[column]) - sum) < 1e-4)
        for i in 0..<k {
          let sum = (0..<rows).reduce(0.5) { $0 + Double(a[$1 * k + i]) * Double(d[$1 * columns + column]) }
          #expect(abs(Double(w[i * columns + column]) - sum) < 1e-4)
          let span = spans[column / 16]
          if i >= span.begin && i < span.end { #expect(spanned[i * columns + column] == w[i * columns + column]) }
        }
      }
      // Far outside its span nothing is touched.
      if k == 33 { #expect(spanned[32 * columns] == 0.5) }
    }
  }

  @Test(arguments: paths)
  func lstm(path: String) throws {
    let kernels = try FloatKernelsTests.kernels(path)
    for (rows, h) in [(1, 1), (3, 5), (2, 16), (4, 37)] {
      let sums = FloatKernelsTests.random(rows * 4 * h, seed: 1).map { $0 * 6 }
      let before = FloatKernelsTests.random(rows * h, seed: 2)
      let dy = FloatKernelsTests.random(rows * h, seed: 3)
      let later = FloatKernelsTests.random(rows * h, seed: 4)
      var gates = sums
      var c = [Float](repeating: 0, count: rows * h)
      var y = c
      kernels.lstm(&gates, before, &c, &y, rows, h)
      var dc = later
      var dz = [Float](repeating: 0, count: rows * 4 * h)
      kernels.lstm_backward(gates, before, c, dy, &dc, &dz, rows, h)
      func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
      for r in 0..<rows {
        for j in 0..<h {
          func at(_ gate: Int) -> Int { (r * 4 + gate) * h + j }
          let z = (0..<4).map { Double(sums[at($0)]) }
          let (o, f, i, g) = (sigmoid(z[0]), sigmoid(z[1]), sigmoid(z[2]), tanh(z[3]))
          let earlier = Double(before[r * h + j])
          let cell = f * earlier + i * g
          #expect(abs(Double(c[r * h + j]) - cell) < 2e-6)
          #expect(abs(Double(y[r * h + j]) - o * tanh(cell)) < 2e-6)
          // By the chain rule.
          let d = Double(dy[r * h + j])
          let total = Double(later[r * h + j]) + d * o * (1 - tanh(cell) * tanh(cell))
          let expected = [
            d * tanh(cell) * o * (1 - o), total * earlier * f * (1 - f), total * g * i * (1 - i),
            total * i * (1 - g * g),
          ]
          for gate in 0..<4 { #expect(abs(Double(dz[at(gate)]) - expected[gate]) < 2e-6) }
          #expect(abs(Double(dc[r * h + j]) - total * f) < 2e-6)
        }
      }
    }
  }

  @Test(arguments: paths)
  func losses(path: String) throws {
    let kernels = try FloatKernelsTests.kernels(path)
    // One logit far above the others, far below, and equal ones.
    var logits = FloatKernelsTests.random(4 * 300, seed: 1)
    logits[7] = 200
    logits[300 + 7] = -200
    for i in 0..<256 { logits[900 + i] = -50 }
    let targets: [UInt8] = [7, 0, 7, 0, 255, 0, 100, 0]
    var gradient = logits
    let nats = kernels.softmax_loss(&gradient, 300, targets, 2, 4)
    var expected = 0.0
    for r in 0..<4 {
      let row = (0..<256).map { Double(logits[300 * r + $0]) }
      let top = row.max()!
      let sum = row.reduce(0) { $0 + exp($1 - top) }
      let target = Int(targets[2 * r])
      expected += log(sum) + top - row[target]
      for i in 0..<256 {
        #expect(abs(Double(gradient[300 * r + i]) - (exp(row[i] - top) / sum - (i == target ? 1 : 0))) < 1e-6)
      }
      #expect(gradient[300 * r + 256] == logits[300 * r + 256])
    }
    #expect(abs(nats - expected) < 1e-6 * expected)
    // ln(1 + e^0) = ln 2; a sure and right answer costs nothing, a sure and wrong one its logit.
    var two: [Float] = [0, 90, 90, -90, -90]
    let cost = kernels.bernoulli_loss(&two, [1, 1, 0, 0, 1], 5)
    #expect(abs(cost - (M_LN2 + 180)) < 1e-5)
    #expect(zip(two, [-0.5, 0, 1, 0, -1]).allSatisfy { abs($0 - $1) < 1e-30 })
  }

  @Test(arguments: paths)
  func elementwise(path: String) throws {
    let kernels = try FloatKernelsTests.kernels(path)
    for count in [1, 15, 16, 17, 100] {
      let x = FloatKernelsTests.random(count, seed: 1)
      var y = FloatKernelsTests.random(count, seed: 2)
      let sum = zip(x, y).map { $0 + $1 }
      kernels.add(x, &y, count)
      #expect(y == sum)
      kernels.relu(x, &y, count)
      #expect(y == x.map { max(0, $0) })
      #expect(kernels.magnitude(x, count) == x.map(abs).max())
    }
    #expect(kernels.magnitude([Float](), 0) == 0)
  }
}
