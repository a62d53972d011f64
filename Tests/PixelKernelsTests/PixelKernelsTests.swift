import Glibc
import PixelKernels
import Testing

/// Every path this CPU has, against a loop in plain Swift, with random numbers of the full range.
@Suite struct PixelKernelsTests {
  static let paths: [String] = {
    var names: [String] = []
    var next = prnn_kernels_available()!
    while let name = next.pointee {
      names.append(String(cString: name))
      next += 1
    }
    return names
  }()

  @Test func scalarIsAlwaysThere() {
    #expect(PixelKernelsTests.paths.last == "scalar")
    #expect(prnn_kernels_named("mmx") == nil)
  }

  @Test(arguments: paths)
  func dense(path: String) throws {
    let kernels = try #require(prnn_kernels_named(path)).pointee
    var random = SplitMix(seed: 7)
    for (inputs, outputs, count) in [(4, 16, 1), (100, 32, 5), (252, 96, 13), (64, 80, 7), (32, 256, 20)] {
      let weights = (0..<inputs * outputs).map { _ in Int8(random.below(255) - 127) }
      let bias = (0..<outputs).map { _ in Int32(random.below(200_000)) - 100_000 }
      let shift = (0..<outputs).map { _ in Int32(random.below(12)) }
      let stride = inputs + 12
      let x = (0..<stride * count).map { _ in UInt8(random.below(128)) }
      var packed = [Int8](repeating: 0, count: weights.count)
      for o in 0..<outputs {
        for i in 0..<inputs {
          packed[((o / 16 * (inputs / 4) + i / 4) * 16 + o % 16) * 4 + i % 4] = weights[o * inputs + i]
        }
      }
      func y(_ pixel: Int, _ o: Int) -> Int {
        let sum = (0..<inputs).reduce(Int(bias[o])) { $0 + Int(weights[o * inputs + $1]) * Int(x[pixel * stride + $1]) }
        return sum >> Int(shift[o])
      }
      var small = [UInt8](repeating: 0, count: outputs * count)
      var logits = [Int16](repeating: 0, count: outputs * count)
      func run(_ out: UnsafeMutableRawPointer, _ kind: prnn_dense_output) {
        withLayer(inputs, outputs, packed, bias, shift) { kernels.dense($0, x, stride, out, outputs, count, kind) }
      }
      run(&logits, PRNN_LOGITS)
      run(&small, PRNN_RELU)
      for p in 0..<count {
        for o in 0..<outputs {
          #expect(Int(logits[p * outputs + o]) == max(-32768, min(32767, y(p, o))))
          #expect(Int(small[p * outputs + o]) == max(0, min(127, y(p, o))))
        }
      }
      guard inputs >= outputs else { continue }
      run(&small, PRNN_RESIDUAL)
      for p in 0..<count {
        for o in 0..<outputs {
          #expect(Int(small[p * outputs + o]) == min(127, max(0, min(127, y(p, o))) + Int(x[p * stride + o])))
        }
      }
    }
  }

  @Test(arguments: paths)
  func softmax(path: String) throws {
    let kernels = try #require(prnn_kernels_named(path)).pointee
    let power = (0..<32).map { UInt32((0x1p22 * pow(2, -Double($0) / 32)).rounded()) }
    var random = SplitMix(seed: 3)
    for spread in [1, 40, 3000, 65_536] {
      let logits = (0..<256).map { _ in Int16(truncatingIfNeeded: random.below(spread) - spread / 2) }
      let weights = (0..<256).map { _ in random.below(3) == 0 ? Int16(PRNN_ABSENT) : Int16(random.below(500) - 250) }
      for table in [nil, weights] {
        var d = prnn_distribution()
        let total = table.map { kernels.softmax(logits, $0, &d) } ?? kernels.softmax(logits, nil, &d)
        let sums = (0..<256).map { s in
          table?[s] == Int16(PRNN_ABSENT) ? -32768 : max(-32768, min(32767, Int(logits[s]) + Int(table?[s] ?? 0)))
        }
        let top = sums.max()!
        let f = withUnsafeBytes(of: &d.frequency) { Array($0.bindMemory(to: UInt32.self)) }
        for s in 0..<256 {
          if table?[s] == Int16(PRNN_ABSENT) {
            #expect(f[s] == 0)
          } else {
            let shift = (top - sums[s]) / 32
            #expect(f[s] == (shift < 32 ? power[(top - sums[s]) % 32] >> UInt32(shift) : 0) + 1)
          }
        }
        #expect(UInt64(total) == f.reduce(0) { $0 + UInt64($1) })
        #expect(total < 1 << 31)
        // Cumulative frequencies in the order 0, 16, 32, ..., 1, 17, ...; every symbol is found at both ends of its part.
        var sum: UInt32 = 0
        for s in (0..<16).flatMap({ lane in (0..<16).map { 16 * $0 + lane } }) where f[s] > 0 {
          #expect(prnn_cumulative(&d, UInt32(s)) == sum)
          for target in [sum, sum + f[s] - 1] {
            var at: UInt32 = 0
            #expect(prnn_locate(&d, target, &at) == UInt32(s))
            #expect(at == sum)
          }
          sum += f[s]
        }
      }
    }
  }

  /// A value that does not occur has no say in the largest logit, however large its own.
  @Test(arguments: paths)
  func absentValuesDoNotCount(path: String) throws {
    let kernels = try #require(prnn_kernels_named(path)).pointee
    var logits = [Int16](repeating: 32767, count: 256)
    var weights = [Int16](repeating: Int16(PRNN_ABSENT), count: 256)
    (logits[3], logits[200]) = (-2000, -2032)
    (weights[3], weights[200]) = (0, 0)
    var d = prnn_distribution()
    #expect(kernels.softmax(logits, weights, &d) == 4_194_305 + 2_097_153)
    #expect(prnn_frequency(&d, 3) == 4_194_305)
    #expect(prnn_frequency(&d, 200) == 2_097_153)
  }

  /// The largest sums: all weights 127 or -127 and all activations 127.
  @Test(arguments: paths)
  func denseExtremes(path: String) throws {
    let kernels = try #require(prnn_kernels_named(path)).pointee
    let (inputs, outputs, count) = (2048, 32, 7)
    let x = [UInt8](repeating: 127, count: inputs * count)
    let weights = (0..<inputs * outputs).map { $0 / 64 / (inputs / 4) == 0 ? Int8(127) : Int8(-127) }
    let bias = [Int32](repeating: 5, count: outputs)
    let shift = [Int32](repeating: 10, count: outputs)
    var logits = [Int16](repeating: 0, count: outputs * count)
    withLayer(inputs, outputs, weights, bias, shift) {
      kernels.dense($0, x, inputs, &logits, outputs, count, PRNN_LOGITS)
    }
    // 2048 · 127 · 127 = 33 032 192: (33 032 197 >> 10) = 32 258, (-33 032 187 >> 10) = -32 258.
    for i in logits.indices { #expect(logits[i] == (i % outputs < 16 ? 32_258 : -32_258)) }
  }

  @Test(arguments: paths, [1, 3])
  func inputs(path: String, channels: Int) throws {
    let kernels = try #require(prnn_kernels_named(path)).pointee
    var random = SplitMix(seed: 11)
    for (up, left, right) in [(1, 1, 0), (4, 4, 4), (6, 6, 6), (2, 13, 9)] {
      let stride = (left + 40 + right) * channels
      let plane = (0..<stride * (up + 4) + 64).map { _ in UInt8(random.below(256)) }
      let at = (up + 1) * stride + (left + 5) * channels
      let prediction = (0..<3).map { _ in UInt8(random.below(256)) }
      var expected: (fine: [UInt8], coarse: [UInt8]) = ([], [])
      for dy in (0...up).reversed() {
        for dx in -left...(dy == 0 ? -1 : right) {
          for c in 0..<channels {
            let d = Int(plane[at - dy * stride + dx * channels + c]) - Int(prediction[c])
            expected.fine.append(UInt8(64 + 4 * max(-15, min(15, d))))
            expected.coarse.append(UInt8(64 + d.signum() * (abs(d) / 4)))
          }
        }
      }
      let all = expected.fine + expected.coarse
      var out = [UInt8](repeating: 0, count: all.count + 32)
      var window = prnn_window(
        channels: Int32(channels), up: Int32(up), row_bytes: Int32((left + 1 + right) * channels),
        own_bytes: Int32(left * channels), left_bytes: Int32(left * channels), stride: stride)
      plane.withUnsafeBufferPointer { kernels.inputs(&window, $0.baseAddress! + at, prediction, &out) }
      #expect(Array(out.prefix(all.count)) == all)
    }
  }
}

/// A layer over arrays, for the time of `body`.
private func withLayer(
  _ inputs: Int, _ outputs: Int, _ weights: [Int8], _ bias: [Int32], _ shift: [Int32],
  _ body: (UnsafePointer<prnn_dense_layer>) -> Void
) {
  weights.withUnsafeBufferPointer { w in
    bias.withUnsafeBufferPointer { b in
      shift.withUnsafeBufferPointer { s in
        var layer = prnn_dense_layer(
          inputs: Int32(inputs), outputs: Int32(outputs), weights: w.baseAddress, bias: b.baseAddress,
          shift: s.baseAddress)
        body(&layer)
      }
    }
  }
}

/// SplitMix64: the same numbers everywhere.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func below(_ n: Int) -> Int { Int(next() % UInt64(n)) }
}
