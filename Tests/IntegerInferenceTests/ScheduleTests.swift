import PixelModels
import Testing

@testable import IntegerInference

@Suite struct WavefrontTests {
  @Test func exampleOfTheSpecification() {
    let wave = Wavefront(width: 3, height: 2, lag: 2)
    #expect(wave.steps == 5)
    #expect((0..<5).map { wave.rows(step: $0) } == [0..<1, 0..<1, 0..<2, 1..<2, 1..<2])
  }

  @Test(arguments: [(1, 1, 5), (1, 9, 5), (9, 1, 5), (3, 7, 5), (40, 11, 5), (12, 30, 1), (5, 5, 17)])
  func everyPixelOnceAndAfterItsWindow(width: Int, height: Int, lag: Int) {
    let wave = Wavefront(width: width, height: height, lag: lag)
    var step = Array(repeating: Array(repeating: -1, count: width), count: height)
    for t in 0..<wave.steps {
      let rows = wave.rows(step: t)
      for r in rows {
        #expect(step[r][t - lag * r] == -1)
        step[r][t - lag * r] = t
      }
      #expect(rows.count <= wave.widest)
    }
    for r in 0..<height {
      for c in 0..<width {
        #expect(step[r][c] >= 0)
        if c > 0 { #expect(step[r][c - 1] < step[r][c]) }
        if r > 0 { #expect(step[r - 1][min(width - 1, c + lag - 1)] < step[r][c]) }
      }
    }
  }
}

@Suite struct FixedLogarithmTests {
  @Test func powersOfTwoAreExact() {
    for i in 0..<64 { #expect(fixedLog2(1 << UInt64(i)) == 256 * i) }
  }

  @Test func knownValues() {
    // floor(256 · log2 x): 256 · 1.58496... = 405.7, 256 · 3.32192... = 850.4, 256 · 19.93156... = 5102.4
    #expect(fixedLog2(3) == 405)
    #expect(fixedLog2(10) == 850)
    #expect(fixedLog2(1_000_000) == 5102)
  }
}
