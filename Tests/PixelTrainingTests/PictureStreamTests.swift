import ByteCoding
import Testing

@testable import PixelTraining

@Suite struct PictureStreamTests {
  @Test func everyEpochHasEveryPictureOnce() {
    var stream = PictureStream(count: 10, seed: 3, flips: false)
    let all = (0..<30).map { stream.picture(at: $0).index }
    for epoch in 0..<3 { #expect(all[epoch * 10..<epoch * 10 + 10].sorted() == Array(0..<10)) }
    #expect(all[0..<10] != all[10..<20])
    var again = PictureStream(count: 10, seed: 3, flips: false)
    #expect(again.picture(at: 25).index == all[25])
    #expect(again.picture(at: 4).index == all[4])
    var other = PictureStream(count: 10, seed: 4, flips: false)
    #expect((0..<30).map { other.picture(at: $0).index } != all)
  }

  @Test func halfAreMirrored() {
    var stream = PictureStream(count: 7, seed: 1, flips: true)
    let flips = (0..<1000).filter { stream.picture(at: $0).isFlipped }.count
    #expect((420...580).contains(flips))
    var plain = PictureStream(count: 7, seed: 1, flips: false)
    #expect(!(0..<100).contains { plain.picture(at: $0).isFlipped })
  }

  @Test func splitMix() {
    // The first numbers for seed 0 of the authors' program.
    var generator = SplitMix64(state: 0)
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
  }

  @Test func batches() {
    // Two pictures of 3 × 2: sample = picture · 100 + pixel · 10 + channel.
    let samples = (0..<36).map { (i: Int) -> UInt8 in UInt8(i / 18 * 100 + i % 18 / 3 * 10 + i % 3) }
    let data = TrainingData(width: 3, height: 2, channels: 3, samples: samples)
    let batch = Batch(of: data, pictures: [(1, false), (0, true)], conditional: true)
    #expect(batch.count == 2)
    #expect(Array(batch.samples[0..<18]) == Array(samples[18...]))
    #expect(Array(batch.samples[18...]) == [20, 21, 22, 10, 11, 12, 0, 1, 2, 50, 51, 52, 40, 41, 42, 30, 31, 32])
    #expect(batch.small == [100, 101, 102, 120, 121, 122, 20, 21, 22, 0, 1, 2])
    #expect(batch.smallDims == 6)
    #expect(Batch(of: data, pictures: [(1, false)], conditional: false).small.isEmpty)
  }

  @Test func smallPicturesReachTheNetwork() {
    let data = TrainingData(width: 2, height: 2, channels: 1, samples: [16, 0, 0, 0, 48, 0, 0, 0])
    let gradients = ShardedGradient(parameters: 1, shard: 1, threads: 2) {
      Quadratic(parameters: 1, dims: 4, smallDims: 1, batch: $0)
    }
    let batch = Batch(of: data, pictures: [(0, false), (1, false)], conditional: true)
    var gradient: [Float] = [7]
    // (0 - 1)² / 2 + (0 - 3)² / 2 = 5
    #expect(gradients.run(weights: [0], batch: batch, gradient: &gradient) == 5)
    #expect(gradient == [-4])
    #expect(gradients.run(weights: [0], batch: batch) == 5)
  }
}
