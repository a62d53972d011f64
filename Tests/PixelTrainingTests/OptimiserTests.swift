import Testing

@testable import PixelTraining

/// Numbers worked out by hand from the papers' formulas.
@Suite struct OptimiserTests {
  private func near(_ a: Float, _ b: Float) -> Bool { abs(a - b) < 1e-5 }

  @Test func adam() {
    var optimiser = Optimiser(.adam, count: 1)
    var weights: [Float] = [1]
    // m = 0.2, v = 0.004; corrected 2 and 4: one step of the whole rate.
    optimiser.update(&weights, gradient: [4], scale: 0.5, rate: 0.1, step: 1)
    #expect(near(weights[0], 0.9))
    // m = 0.9·0.2 − 0.1 = 0.08, over 1 − 0.9² 0.421053; v = 0.999·0.004 + 0.001 = 0.004996, over 1 − 0.999² 2.499250.
    optimiser.update(&weights, gradient: [-1], scale: 1, rate: 0.1, step: 2)
    #expect(near(optimiser.first[0], 0.08))
    #expect(near(optimiser.second[0], 0.004996))
    #expect(near(weights[0], 0.9 - 0.1 * 0.421053 / 1.580902))
  }

  @Test func rmsProp() {
    var optimiser = Optimiser(.rmsprop, count: 1)
    var weights: [Float] = [1]
    // v = 0.01·4 = 0.04
    optimiser.update(&weights, gradient: [2], scale: 1, rate: 0.1, step: 1)
    #expect(near(weights[0], 0))
    // v = 0.99·0.04 + 0.01 = 0.0496
    optimiser.update(&weights, gradient: [1], scale: 1, rate: 0.1, step: 2)
    #expect(near(weights[0], -0.1 / 0.222711))
    #expect(optimiser.first.isEmpty)
  }

  @Test(arguments: Optimiser.Kind.allCases) func weightsWithoutGradientStay(_ kind: Optimiser.Kind) {
    var optimiser = Optimiser(kind, count: 11)
    var weights = [Float](repeating: 0, count: 11)
    var gradient = weights
    gradient[10] = 1
    for step in 1...3 { optimiser.update(&weights, gradient: gradient, scale: 1, rate: 0.1, step: step) }
    #expect(weights.dropLast().allSatisfy { $0 == 0 })
    #expect(weights[10] < 0)
  }

  @Test func clippingByTheNorm() {
    #expect(norm([3, 4]) == 5)
    #expect(norm([Float](repeating: 2, count: 25)) == 10)
    #expect(clipping(norm: 5, limit: 1) == 0.2)
    #expect(clipping(norm: 5, limit: 5) == 1)
    #expect(clipping(norm: 5, limit: nil) == 1)
  }

  @Test func averageOfWeights() {
    var average: [Float] = [0, 8]
    // The first decay is 2 / 11.
    moveAverage(&average, towards: [11, 8], decay: 0.9, step: 1)
    #expect(near(average[0], 9))
    // 1001 / 1010 is above 0.9.
    moveAverage(&average, towards: [19, 8], decay: 0.9, step: 1000)
    #expect(near(average[0], 10))
    #expect(average[1] == 8)
  }

  @Test func learningRate() {
    var c = TrainingConfiguration()
    c.learningRate = 2
    c.warmUp = 4
    #expect(c.rate(step: 0, progress: 0) == 0.5)
    #expect(c.rate(step: 3, progress: 0) == 2)
    #expect(abs(c.rate(step: 100, progress: 0.5) - 1) < 1e-12)
    #expect(c.rate(step: 100, progress: 1) == 0)
  }

  @Test func lengthOfARun() {
    var c = TrainingConfiguration()
    c.batch = 16
    (c.length, c.unit) = (3, .epochs)
    #expect(c.steps(pictures: 100) == 19)
    #expect(c.progress(step: 19, seconds: 0, pictures: 100) == 1)
    (c.length, c.unit) = (40, .steps)
    #expect(c.progress(step: 10, seconds: 0, pictures: 100) == 0.25)
    (c.length, c.unit) = (2, .minutes)
    #expect(c.steps(pictures: 100) == nil)
    #expect(c.progress(step: 10, seconds: 30, pictures: 100) == 0.25)
  }
}
