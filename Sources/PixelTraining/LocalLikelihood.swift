import Dispatch
import EntropyCoding
import Glibc
import IntegerInference
import PixelKernels
import PixelModels

extension Model.LocalNetwork {
  /// What the range coder spends on all pixels, in nats, by the coder itself. It does not depend on the number of threads.
  ///
  /// - Parameters:
  ///   - pool: of the network's architecture.
  ///   - isStopped: asked from time to time.
  /// - Returns: nil when it was stopped.
  public func likelihood(of pool: PixelPool, threads: Int = 1, isStopped: () -> Bool = { false }) -> Double? {
    precondition(pool.architecture == architecture && threads > 0)
    nonisolated(unsafe) let coders = (0..<threads).map { _ in TileCoder(self, kernels: .fastest) }
    var nats = [Double](repeating: 0, count: pool.tiles.count)
    for first in stride(from: 0, to: pool.tiles.count, by: threads) {
      if isStopped() { return nil }
      let tiles = pool.tiles[first..<min(first + threads, pool.tiles.count)]
      nats.withUnsafeMutableBufferPointer { nats in
        nonisolated(unsafe) let nats = nats
        DispatchQueue.concurrentPerform(iterations: tiles.count) { i in
          nats[first + i] = PixelTraining.nats(of: tiles[first + i], coders[i])
        }
      }
    }
    return nats.reduce(0, +)
  }
}

private func nats(of tile: PixelPool.Tile, _ coder: TileCoder) -> Double {
  let row = tile.width * coder.channels
  let lot = Lot(
    LotSize(width: tile.width, height: tile.height),
    weights: ValueWeights(Array(repeating: nil, count: coder.channels)))
  var meter = Meter()
  coder.run(
    lot, through: &meter,
    given: { _, y, samples in
      tile.samples.withUnsafeBufferPointer { samples.update(from: $0.baseAddress! + y * row, count: row) }
    }, result: nil)
  return meter.nats
}
