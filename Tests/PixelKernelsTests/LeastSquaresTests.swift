import PixelKernels
import Testing

/// Local least squares of every path against spec/arithmetic.md word by word, in integers that trap when they overflow.
@Suite struct LeastSquaresTests {
  private static let order = [
    (-1, 0), (-1, 1), (-1, -1), (0, -2), (-2, 0), (-2, 1), (-1, 2), (-2, -1), (-1, -2), (-2, 2), (-2, -2),
  ]
  private static let margin = 2

  struct Case: Sendable, CustomStringConvertible {
    var counts: [Int]
    var vertical = 2
    var horizontal = 4
    var width: Int
    var height: Int
    var lag = 8
    /// Bits that noise keeps.
    var mask: UInt8 = 255
    /// Columns of a block.
    var block = 4
    var description: String {
      "\(counts) \(vertical) \(horizontal) \(width)x\(height) lag \(lag) & \(mask), blocks of \(block)"
    }
  }

  static let cases: [Case] = [
    Case(counts: [3, 3, 3], vertical: 4, horizontal: 8, width: 37, height: 9),
    Case(counts: [5, 10, 5], width: 90, height: 11),
    Case(counts: [8, 11, 10], vertical: 1, width: 40, height: 12, mask: 128),
    Case(counts: [0, 1, 0], vertical: 15, horizontal: 15, width: 9, height: 6, lag: 12),
    Case(counts: [10], width: 33, height: 9),
    Case(counts: [1], vertical: 1, width: 5, height: 7, mask: 0),
    Case(counts: [2, 2, 2], width: 1, height: 5), Case(counts: [2, 2, 2], width: 8, height: 1),
    Case(counts: [2, 2, 2], vertical: 9, horizontal: 9, width: 21, height: 9, block: 1),
    Case(counts: [9, 10, 9], vertical: 1, horizontal: 1, width: 40, height: 12, lag: 3, mask: 128, block: 1),
    Case(counts: [11], vertical: 1, horizontal: 1, width: 13, height: 9, lag: 5, mask: 0, block: 1),
    Case(counts: [1, 1, 1], vertical: 15, horizontal: 1, width: 1, height: 5, lag: 3, block: 1),
    Case(counts: [3], width: 8, height: 1, lag: 4, block: 1),
  ]

  @Test(arguments: PixelKernelsTests.paths, cases)
  func agreesWithTheText(path: String, c: Case) throws {
    let kernels = try #require(prnn_kernels_named(path)).pointee
    let channels = c.counts.count
    let stride = (c.width + 2 * Self.margin) * channels
    var random = SplitMix(seed: UInt64(c.width))
    var level = 99
    var plane = (0..<stride * (c.height + Self.margin)).map { _ -> UInt8 in
      level = max(0, min(255, level + random.below(31) - 15))
      return c.mask == 255 ? UInt8(level) : UInt8(random.below(256)) & c.mask
    }
    plane.withUnsafeMutableBufferPointer { plane in
      let origin = plane.baseAddress! + Self.margin * stride + Self.margin * channels
      run(kernels, c, origin, stride: stride)
    }
  }

  private func run(_ kernels: prnn_kernels, _ c: Case, _ origin: UnsafeMutablePointer<UInt8>, stride: Int) {
    let channels = c.counts.count
    let ring = min(c.height, (c.width - 1) / c.lag + 1)
    var state = prnn_squares()
    state.channels = Int32(channels)
    state.counts.0 = Int32(c.counts[0])
    if channels == 3 { (state.counts.1, state.counts.2) = (Int32(c.counts[1]), Int32(c.counts[2])) }
    (state.vertical, state.horizontal, state.block) = (Int32(c.vertical), Int32(c.horizontal), Int32(c.block))
    (state.width, state.lag, state.ring) = (Int32(c.width), Int32(c.lag), Int32(ring))
    let memory = UnsafeMutableRawPointer.allocate(byteCount: prnn_squares_bytes(&state), alignment: 64)
    defer { memory.deallocate() }
    prnn_squares_start(&state, stride, memory)
    var naive = NaiveSquares(c, origin, stride: stride, order: Self.order)
    var wrong = 0
    for t in 0..<c.width + c.lag * (c.height - 1) {
      let rows = (0..<c.height).filter { (0..<c.width).contains(t - c.lag * $0) }
      guard let first = rows.first else { continue }
      let column = t - c.lag * first
      let step = prnn_squares_step(first: Int32(first), count: Int32(rows.count), column: Int32(column))
      var pixels: [UnsafeMutablePointer<UInt8>?] = rows.map { origin + $0 * stride + (t - c.lag * $0) * channels }
      var predictions = [Int16](repeating: -1, count: rows.count * channels)
      var energies = [UInt8](repeating: 255, count: rows.count * channels)
      if column % c.block == 0 { kernels.squares_begin(&state, step) }
      for k in 0..<channels {
        kernels.squares_predict(&state, step, Int32(k), &pixels, &predictions, &energies, channels)
      }
      for (i, row) in rows.enumerated() {
        let expected = naive.code(row: row, column: t - c.lag * row)
        for k in 0..<channels {
          wrong += Int(predictions[i * channels + k]) == expected[k].prediction ? 0 : 1
          wrong += Int(energies[i * channels + k]) == expected[k].energy ? 0 : 1
        }
      }
      kernels.squares_learn(&state, step, &pixels, predictions, channels)
    }
    #expect(wrong == 0)
  }
}

/// One number at a time.
private struct NaiveSquares {
  private let c: LeastSquaresTests.Case
  private let origin: UnsafeMutablePointer<UInt8>
  private let stride: Int
  private let regressors: [(channel: Int, row: Int, column: Int)]
  /// By block: V of the row at hand, then by row: S, P of the block at hand. The last number is the sum of trusts.
  private var above: [[Int]]
  private var around: [[Int]]
  private var block: [[Int]]
  private var weights: [[[Int]]]
  private var energies: [[Int]]
  private let channels: Int
  private let n: Int
  private var size: Int { n + channels }

  init(_ c: LeastSquaresTests.Case, _ origin: UnsafeMutablePointer<UInt8>, stride: Int, order: [(Int, Int)]) {
    self.c = c
    self.origin = origin
    self.stride = stride
    regressors = c.counts.enumerated().flatMap { k, count in order.prefix(count).map { (k, $0.0, $0.1) } }
    channels = c.counts.count
    n = regressors.count
    let none = [Int](repeating: 0, count: (n + channels) * (n + channels) + 1)
    above = Array(repeating: none, count: (c.width + c.block - 1) / c.block + 1)
    around = Array(repeating: none, count: c.height)
    block = around
    weights = Array(repeating: [], count: c.height)
    energies = Array(repeating: [], count: c.height)
  }

  /// What is predicted of a pixel, which is learned then.
  mutating func code(row: Int, column: Int) -> [(prediction: Int, energy: Int)] {
    if column % c.block == 0 { begin(row, column / c.block) }
    let pixel = origin + row * stride + column * channels
    func west(_ k: Int) -> Int { Int(pixel[k - channels]) }
    var values = regressors.map { Int(pixel[$0.row * stride + $0.column * channels + $0.channel]) - west($0.channel) }
    values += (0..<channels).map { Int(pixel[$0]) - west($0) }
    let predictions = (0..<channels).map { k in
      let sum = zip(weights[row][k], values).reduce(1 << 15) { $0 + $1.0 * $1.1 }
      return max(0, min(4080, 16 * west(k) + (sum >> 16)))
    }
    let error = (0..<channels).reduce(0) { $0 + abs(Int(pixel[$1]) - ((predictions[$1] + 8) >> 4)) }
    let trust = row > 0 ? 768 / (12 + (channels == 1 ? 3 : 1) * error) : 0
    for i in 0..<size { for j in 0..<size { block[row][i * size + j] += trust * values[i] * values[j] } }
    block[row][size * size] += trust
    if (column + 1) % c.block == 0 || column == c.width - 1 {
      above[column / c.block] = zip(above[column / c.block], block[row]).map { $0 - c.vertical * ($0 >> 4) + $1 }
    }
    return zip(predictions, energies[row]).map { ($0, $1) }
  }

  private mutating func begin(_ row: Int, _ b: Int) {
    let before = b > 0 ? around[row] : above[0]
    around[row] = before.indices.map {
      before[$0] - c.horizontal * (before[$0] >> 4) + block[row][$0] + above[b + 1][$0]
    }
    block[row] = block[row].map { _ in 0 }
    solve(row)
  }

  private mutating func solve(_ row: Int) {
    func log(_ x: Int) -> Int { Int.bitWidth - 1 - x.leadingZeroBitCount }
    func clamp(_ x: Int, _ least: Int, _ most: Int) -> Int { max(least, min(most, x)) }
    func eighths(_ x: Int) -> Int { 8 * log(x) + ((8 * x) >> log(x)) % 8 }
    let s = around[row]
    let top = 1 << 28
    let scale = 27 - log((0..<size).map { s[$0 * size + $0] + 16 }.max()!)
    var g = Array(repeating: Array(repeating: 0, count: size), count: size)
    var d = [Int](repeating: 0, count: size)
    var (r, h) = (d, d)
    for i in 0..<size {
      func entry(_ j: Int) -> Int {
        let a = s[i * size + j] + (i == j ? 16 : 0)
        let b = clamp(scale >= 0 ? a << scale : a >> -scale, 1 - top, top - 257)
        return i == j ? b + 256 : b
      }
      for j in 0..<i {
        let u = clamp(entry(j) - ((0..<j).reduce(0) { $0 + g[i][$1] * g[j][$1] } >> 30), 1 - top, top - 1)
        g[i][j] = clamp((u * r[j]) >> (h[j] + 15), 2 - 2 * top, 2 * top - 2)
      }
      d[i] = clamp(entry(i) - ((0..<i).reduce(0) { $0 + g[i][$1] * g[i][$1] } >> 30), 64, top - 1)
      h[i] = log(d[i]) / 2
      let m = d[i] << (28 - 2 * h[i])
      r[i] = 1_181_116_006 - ((171_798_692 * m) >> 28)
      for _ in 0..<4 { r[i] = (r[i] * (1_610_612_736 - ((((r[i] * r[i]) >> 30) * m) >> 29))) >> 30 }
    }
    weights[row] = (0..<channels).map { k in
      let m = n + k
      var w = [Int](repeating: 0, count: m)
      for j in (0..<m).reversed() {
        let sum = (j + 1..<m).reduce(g[m][j] << 20) { $0 - g[$1][j] * w[$1] }
        w[j] = clamp((clamp(sum >> 21, 1 - (1 << 31), (1 << 31) - 1) * r[j]) >> (h[j] + 24), 1 - top, top - 1)
      }
      return w
    }
    energies[row] = (0..<channels).map {
      clamp(32 + eighths(d[n + $0]) - 8 * scale - eighths(s[size * size] + 1), 0, 127)
    }
  }
}
