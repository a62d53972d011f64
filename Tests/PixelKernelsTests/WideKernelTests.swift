import Testing

@testable import PixelKernels

@Suite struct WideKernelTests {
  /// Weights in the order of the kernels.
  private func packed(_ rows: [[Int16]]) -> [Int16] {
    let inputs = rows[0].count
    var out = [Int16](repeating: 0, count: rows.count * inputs)
    for (o, row) in rows.enumerated() {
      for (i, w) in row.enumerated() { out[((o / 16 * (inputs / 2) + i / 2) * 16 + o % 16) * 2 + i % 2] = w }
    }
    return out
  }

  private func run(
    _ kernels: prnn_kernels, _ rows: [[Int16]], bias: [Int32], shift: [Int32], _ inputs: [[Int16]],
    _ output: prnn_wide_output
  ) -> [[Int16]] {
    let weights = packed(rows)
    return weights.withUnsafeBufferPointer { w in
      bias.withUnsafeBufferPointer { b in
        shift.withUnsafeBufferPointer { s in
          var layer = prnn_wide_layer(
            inputs: Int32(rows[0].count), outputs: Int32(rows.count), weights: w.baseAddress, bias: b.baseAddress,
            shift: s.baseAddress)
          var out = [Int16](repeating: 99, count: inputs.count * rows.count)
          kernels.wide(&layer, inputs.flatMap { $0 }, rows[0].count, &out, rows.count, inputs.count, output)
          return stride(from: 0, to: out.count, by: rows.count).map { Array(out[$0..<$0 + rows.count]) }
        }
      }
    }
  }

  private static var all: [prnn_kernels] { PixelKernelsTests.paths.map { prnn_kernels_named($0).pointee } }

  @Test(arguments: PixelKernelsTests.paths)
  func smallLayer(name: String) {
    // Two inputs; output o is (o · x0 - 3 · x1 + 1) >> 1.
    let rows = (0..<16).map { [Int16($0), -3] }
    let ones = [Int32](repeating: 1, count: 16)
    let inputs: [[Int16]] = [[10, 2], [-8192, 8192], [8192, -8192]]
    let kernels = prnn_kernels_named(name).pointee
    let signed = run(kernels, rows, bias: ones, shift: ones, inputs, PRNN_WIDE_SIGNED)
    // o = 0: (-6 + 1) >> 1 = -3; o = 4: (40 - 6 + 1) >> 1 = 17.
    #expect(signed[0][0] == -3 && signed[0][4] == 17)
    #expect(signed[1][15] == -8192 && signed[2][15] == 8192)
    let rectified = run(kernels, rows, bias: ones, shift: ones, inputs, PRNN_WIDE_RELU)
    #expect(rectified[0][0] == 0 && rectified[0][4] == 17 && rectified[2][15] == 8192)
    let full = run(kernels, rows, bias: ones, shift: ones, inputs, PRNN_WIDE_FULL)
    // o = 15: (15 · 8192 + 3 · 8192 + 1) >> 1 = 73728, more than 16 bits hold.
    #expect(full[2][15] == 32767 && full[1][15] == -32768 && full[2][0] == 12288)
  }

  /// Every path against sums in 64 bits, for shapes that use all of its block sizes.
  @Test(arguments: [(2, 16, 1), (26, 32, 3), (80, 16, 13), (64, 64, 7), (128, 80, 5), (34, 256, 12)])
  func pathsAgree(inputs: Int, outputs: Int, count: Int) {
    var state = UInt64(inputs * 1000 + outputs)
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % (2 * bound + 1) - bound
    }
    let rows = (0..<outputs).map { _ in (0..<inputs).map { _ in Int16(next(1000)) } }
    let bias = (0..<outputs).map { _ in Int32(next(1_000_000)) }
    let shift = (0..<outputs).map { _ in Int32(next(6) + 8) }
    let x = (0..<count).map { _ in (0..<inputs).map { _ in Int16(next(8192)) } }
    let expected = x.map { x in
      (0..<outputs).map { o in
        let sum = zip(rows[o], x).reduce(Int(bias[o])) { $0 + Int($1.0) * Int($1.1) }
        return Int16(max(-8192, min(8192, sum >> Int(shift[o]))))
      }
    }
    for kernels in Self.all {
      #expect(run(kernels, rows, bias: bias, shift: shift, x, PRNN_WIDE_SIGNED) == expected)
    }
  }

  @Test(arguments: PixelKernelsTests.paths)
  func lstmOfKnownGates(name: String) {
    // Gates of 0: S = 1/2, T = 0, so a cell of 4 (8192) becomes 2 and the hidden state half of tanh 2 = 0.96403.
    var gates = [Int16](repeating: 0, count: 64)
    var cell = [Int16](repeating: 8192, count: 16)
    // Feature 1 forgets all and takes in all: f = -16, i = g = 16, o = 16; the cell is 1, the hidden state tanh 1.
    gates[1] = 32767
    gates[16 + 1] = -32768
    gates[32 + 1] = 32767
    gates[48 + 1] = 32767
    cell[1] = 32767
    var (newCell, hidden) = ([Int16](repeating: 0, count: 16), [Int16](repeating: 0, count: 16))
    prnn_kernels_named(name).pointee.lstm(gates, 16, cell, &newCell, &hidden)
    #expect(newCell[0] == 4096 && hidden[0] == 3949)
    #expect(newCell[1] == 2048 && hidden[1] == 6239)
  }

  @Test func lstmPathsAgree() {
    let gates = (0..<4 * 48).map { Int16(truncatingIfNeeded: $0 * $0 * 7919 - 3 * $0) }
    let cell = (0..<48).map { Int16(truncatingIfNeeded: $0 * 12_345) }
    let results = Self.all.map { kernels in
      var (newCell, hidden) = ([Int16](repeating: 0, count: 48), [Int16](repeating: 0, count: 48))
      kernels.lstm(gates, 48, cell, &newCell, &hidden)
      return [newCell, hidden]
    }
    #expect(results.allSatisfy { $0 == results.last })
  }

  @Test func bernoulliFrequencies() {
    var d = prnn_distribution()
    #expect(prnn_bernoulli(0, &d) == 2 * ((1 << 22) + 1))
    // A logit of 5 bits: 2^22 / 32 + 1 for the other symbol.
    #expect(prnn_bernoulli(160, &d) == (1 << 22) + 1 + (1 << 17) + 1)
    #expect(prnn_frequency(&d, 1) == (1 << 22) + 1 && prnn_frequency(&d, 0) == (1 << 17) + 1)
    #expect(prnn_bernoulli(-32768, &d) == (1 << 22) + 2 && prnn_frequency(&d, 1) == 1)
  }
}
