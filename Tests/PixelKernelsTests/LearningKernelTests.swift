import Testing

@testable import PixelKernels

/// The kernels of learning against plain forms of spec/arithmetic.md, "Learning", in 64 bits.
@Suite struct LearningKernelTests {
  private static var all: [prnn_kernels] { PixelKernelsTests.paths.map { prnn_kernels_named($0).pointee } }

  private struct Numbers {
    var state: UInt64

    mutating func next(_ range: ClosedRange<Int>) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return range.lowerBound + Int(state >> 33) % (range.upperBound - range.lowerBound + 1)
    }
  }

  @Test func slopes() {
    var numbers = Numbers(state: 1)
    for number in [0, 1, 77, 4_000_000_000] {
      var d = prnn_distribution()
      var total = 0
      withUnsafeMutableBytes(of: &d.frequency) { bytes in
        let f = bytes.bindMemory(to: UInt32.self)
        for s in 0..<256 {
          f[s] = UInt32(s % 7 == 3 ? 4_194_305 >> numbers.next(0...22) : numbers.next(0...300))
          total += Int(f[s])
        }
      }
      let symbol = 3 + 7 * numbers.next(0...30)
      let share = min((63 * 64 << 27) / total, Int(UInt32.max))
      let expected = (0..<256).map { s -> UInt8 in
        let f = Int(prnn_frequency(&d, UInt32(s)))
        let q = ((((f >> 7) * share) % (1 << 32)) >> 20) - (s == symbol ? 4032 : 0)
        return UInt8(64 + max(-63, min(63, (q + (39 * number + 23 * s) % 64) >> 6)))
      }
      for kernels in Self.all {
        var out = [UInt8](repeating: 0, count: 256)
        kernels.slope(&d, UInt32(total), UInt32(symbol), UInt32(number), &out)
        #expect(out == expected)
      }
    }
  }

  @Test(arguments: [(16, 16, 1), (16, 32, 4), (48, 16, 7), (80, 32, 13), (256, 96, 30)])
  func products(inputs: Int, outputs: Int, count: Int) {
    var numbers = Numbers(state: UInt64(inputs + count))
    let x = (0..<count * inputs).map { _ in UInt8(numbers.next(0...127)) }
    let g = (0..<count * outputs).map { _ in UInt8(numbers.next(1...127)) }
    let start = (0..<inputs * outputs).map { _ in Int32(numbers.next(-1_000_000...1_000_000)) }
    var expected = start.map { Int($0) }
    var totals = [Int](repeating: 5, count: outputs)
    for b in 0..<count {
      for o in 0..<outputs {
        let slope = Int(g[b * outputs + o]) - 64
        totals[o] += slope
        for i in 0..<inputs { expected[o * inputs + i] += slope * Int(x[b * inputs + i]) }
      }
    }
    let quads = (count + 3) / 4
    for kernels in Self.all {
      var (a, s) = ([UInt8](repeating: 9, count: quads * inputs * 4), [UInt8](repeating: 9, count: quads * outputs * 4))
      kernels.quads(x, inputs, count, inputs, 0, &a)
      kernels.quads(g, outputs, count, outputs, 64, &s)
      var sums = start
      kernels.outer(a, inputs, s, outputs, quads, &sums)
      #expect(sums.map { Int($0) } == expected)
      var found = [Int32](repeating: 5, count: outputs)
      kernels.totals(g, outputs, count, outputs, &found)
      #expect(found.map { Int($0) } == totals)
    }
  }

  @Test func activeBlocks() {
    for blocks: [Int] in [[], [0], [3, 15], [0, 1, 7, 14], Array(0..<16)] {
      var slopes = [UInt8](repeating: 64, count: 5 * 300)
      // Beyond the 256 of a row nothing counts.
      for row in 0..<5 { slopes[row * 300 + 270] = 1 }
      for (i, block) in blocks.enumerated() {
        slopes[(i % 5) * 300 + 16 * block + (i * 7) % 16] = i % 2 == 0 ? 63 : 127
      }
      for kernels in Self.all {
        #expect(kernels.active(slopes, 300, 5) == blocks.reduce(0) { $0 | 1 << UInt32($1) })
      }
    }
  }

  @Test(arguments: [0, 1, 4, 15])
  func gates(shift: Int) {
    var numbers = Numbers(state: UInt64(shift))
    let slopes = (0..<200).map { _ in Int16(numbers.next(-32768...32767) >> numbers.next(0...12)) }
    let below = (0..<200).map { _ in UInt8(numbers.next(0...3)) }
    let above = below.map { UInt8(min(127, Int($0) + numbers.next(0...2) * 63)) }
    let expected = (0..<200).map { i -> UInt8 in
      let y = max(-63, min(63, (Int(slopes[i]) + (1 << shift) / 2) >> shift))
      return UInt8(64 + (below[i] < above[i] && above[i] < 127 ? y : 0))
    }
    let joined = { (shift: Int) in
      (0..<200).map { i -> Int16 in
        let x = Int(slopes[(i * 7) % 200])
        return Int16(max(-32768, min(32767, Int(slopes[i]) + (shift < 0 ? x << -shift : x >> shift))))
      }
    }
    for kernels in Self.all {
      var out = [UInt8](repeating: 0, count: 200)
      kernels.gate(slopes, below, above, Int32(shift), 200, &out)
      #expect(out == expected)
      for signed in [shift, -shift] {
        var sums = slopes
        kernels.join((0..<200).map { slopes[($0 * 7) % 200] }, Int32(signed), 200, &sums)
        #expect(sums == joined(signed))
      }
    }
  }

  @Test(arguments: [(0, 0, 8, 32767), (3, 7, 14, 500), (15, 15, 24, 1), (1, 2, 8, 0)])
  func updates(momentum: Int, square: Int, floor: Int, gain: Int) {
    var numbers = Numbers(state: UInt64(momentum + floor))
    let limit = 127 << 16
    var (m, v) = ([Int](repeating: 0, count: 50), [Int](repeating: 0, count: 50))
    var w = (0..<50).map { _ in numbers.next(-limit...limit) }
    var states = Self.all.map { _ in (m.map { Int32($0) }, v.map { Int32($0) }, w.map { Int32($0) }) }
    var rate = prnn_rate(
      momentum_shift: Int32(momentum), square_shift: Int32(square), floor: Int32(floor), gain: Int32(gain),
      limit: Int32(limit))
    for _ in 0..<30 {
      let sums = (0..<50).map { i in i == 0 ? 0 : numbers.next(-1 << 31...(1 << 31) - 1) >> numbers.next(0...31) }
      for i in 0..<50 {
        let a = 64 * max(-1 << 23, min(1 << 23, sums[i]))
        m[i] += (a - m[i]) >> momentum
        let r = max(-32767, min(32767, a >> 8))
        v[i] += (r * r - v[i]) >> square
        let root = (Int.bitWidth - 1 - max(v[i], 1).leadingZeroBitCount) >> 1
        let e = max(floor, root + 8)
        let n = max(-8 << e, min(8 << e, m[i]))
        let step = e > 12 ? n >> (e - 12) : n << (12 - e)
        w[i] = max(-limit, min(limit, w[i] - ((step * gain + 2048) >> 12)))
      }
      for (k, kernels) in Self.all.enumerated() {
        var left = sums.map { Int32($0) }
        var (a, b, c) = states[k]
        kernels.update(&rate, 50, &left, &a, &b, &c)
        states[k] = (a, b, c)
        #expect(left.allSatisfy { $0 == 0 })
        #expect(states[k].0.map { Int($0) } == m && states[k].1.map { Int($0) } == v)
        #expect(states[k].2.map { Int($0) } == w)
      }
    }
    for kernels in Self.all {
      for shift in [1, 9, 16, 30] {
        var out = [Int8](repeating: 0, count: 50)
        kernels.round_weights(w.map { Int32($0) }, 50, Int32(shift), &out)
        #expect(out.map { Int($0) } == w.map { max(-127, min(127, ($0 + (1 << (shift - 1))) >> shift)) })
      }
    }
  }

  /// Mixing against sums in 64 bits.
  @Test(arguments: 1...4)
  func mixing(count: Int) {
    var numbers = Numbers(state: UInt64(count))
    let logits = (0..<count).map { _ in
      (0..<256).map { _ in Int16(numbers.next(-32768...32767) >> numbers.next(0...8)) }
    }
    let weights = (0..<count).map { _ in Int32(numbers.next(-8192...8191)) }
    var d = prnn_distribution()
    withUnsafeMutableBytes(of: &d.frequency) { bytes in
      let f = bytes.bindMemory(to: UInt32.self)
      for s in 0..<256 { f[s] = UInt32(s == 9 ? 4_194_305 : numbers.next(0...4_194_305) >> numbers.next(0...22)) }
    }
    let mixed = (0..<256).map { s -> Int in
      let sum = (0..<count).reduce(0) { $0 + Int(weights[$1]) * Int(logits[$1][s]) }
      return max(-32768, min(32767, (sum + 2048) >> 12))
    }
    let total = (0..<256).reduce(0) { $0 + Int(prnn_frequency(&d, UInt32($1)) >> 8) }
    let means = logits.map { l -> Int in
      let sum = (0..<256).reduce(0) { $0 + Int(prnn_frequency(&d, UInt32($1)) >> 8) * Int(l[$1]) }
      return Int((Double(sum) / Double(total)).rounded(.down))
    }
    for kernels in Self.all {
      let copies = logits.map { l -> UnsafePointer<Int16>? in
        let p = UnsafeMutablePointer<Int16>.allocate(capacity: 256)
        p.update(from: l, count: 256)
        return UnsafePointer(p)
      }
      defer { for p in copies { p!.deallocate() } }
      var (out, found) = ([Int16](repeating: 0, count: 256), [Int32](repeating: 0, count: count))
      kernels.mix(copies, weights, Int32(count), &out)
      kernels.expectations(&d, copies, Int32(count), &found)
      #expect(out.map { Int($0) } == mixed)
      #expect(found.map { Int($0) } == means)
    }
  }
}
