import PixelKernels
import Testing

@testable import IntegerInference

@Suite struct ReachableColoursTests {
  /// numpy's count, of spec/reference/lattice.py.
  @Test func coloursOfJFIF() {
    #expect(ReachableColours.of(.jfif).words.reduce(0) { $0 + $1.nonzeroBitCount } == 4_261_968)
  }

  @Test func knownColours() {
    let colours = ReachableColours.of(.jfif)
    for gray in 0..<256 { #expect(colours.contains(gray * 0x01_01_01)) }
    // Y = 100, Cb = 129, Cr = 130 by hand: R = 100 + 2.80, G = 100 - 0.34 - 1.43, B = 100 + 1.77.
    #expect(colours.contains(103 << 16 | 98 << 8 | 102))
    // spec/reference: with red 128 and green 128 blue goes 0, 4, 6, 8, 14.
    #expect((0..<15).filter { colours.contains(128 << 16 | 128 << 8 | $0) } == [0, 4, 6, 8, 14])
  }

  @Test func offsetsOfJFIF() {
    #expect(ColourConversion.jfif.offsets == [-11_728_000, 8_910_336, -14_831_872])
  }
}

@Suite struct LatticeWeightsTests {
  /// Even frequencies around a gray picture.
  private func weigh(_ weights: LatticeWeights, _ channel: Int, _ pixel: [UInt8]) -> [Int16] {
    var d = prnn_distribution()
    withUnsafeMutableBytes(of: &d.frequency) { bytes in
      for symbol in 0..<256 { bytes.storeBytes(of: 10, toByteOffset: 4 * symbol, as: UInt32.self) }
    }
    // Two rows of two pixels; the last one is at hand.
    let samples = [UInt8](repeating: 128, count: 9) + pixel
    let prediction: [UInt8] = [128, 128, 128]
    return samples.withUnsafeBufferPointer { samples in
      let result = weights.weigh(
        channel, index: 0, pixel: samples.baseAddress! + 9, stride: 6, prediction: prediction, centre: 0, given: nil,
        &d,
        total: 2560)
      let all = (0..<256).map { result[$0] }
      weights.learn(channel, pixel: samples.baseAddress! + 9, centre: 0, &d, total: 2560)
      return all
    }
  }

  @Test func nothingIsKnownAtFirst() {
    let weights = LatticeWeights(ColourLattice())
    for channel in 0..<3 { #expect(weigh(weights, channel, [9, 8, 7]).allSatisfy { $0 == 0 }) }
  }

  @Test func reachableOnly() {
    let weights = LatticeWeights(ColourLattice(conversion: .jfif))
    let blues = weigh(weights, 2, [128, 128, 128])
    #expect((0..<15).filter { blues[$0] != PRNN_ABSENT } == [0, 4, 6, 8, 14])
    let lenient = LatticeWeights(ColourLattice(conversion: .jfif, escape: 5))
    #expect(weigh(lenient, 2, [128, 128, 128])[0..<5] == [0, -40, -40, -40, 0])
  }

  @Test func seenColoursWeighMore() {
    let weights = LatticeWeights(ColourLattice())
    for _ in 0..<20 { _ = weigh(weights, 2, [9, 8, 7]) }
    let blues = weigh(weights, 2, [9, 8, 7])
    #expect(blues[7] > 100 && blues[6] < 0 && blues[6] == blues[200])
  }
}
