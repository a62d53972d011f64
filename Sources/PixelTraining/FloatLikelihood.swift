import Glibc
import PixelModels

/// The sum of nats of pictures under a network; nil when it was stopped.
///
/// - Parameters:
///   - data: the pictures of the network's own level.
///   - isStopped: asked from time to time.
func likelihood(
  _ gradients: ShardedGradient, weights: [Float], data: TrainingData, conditional: Bool, isStopped: () -> Bool
) -> Double? {
  let part = gradients.shard * gradients.threads * 8
  var sum = 0.0
  for first in stride(from: 0, to: data.count, by: part) {
    if isStopped() { return nil }
    let pictures = (first..<min(first + part, data.count)).map { (index: $0, isFlipped: false) }
    sum += gradients.run(weights: weights, batch: Batch(of: data, pictures: pictures, conditional: conditional))
  }
  return sum
}

/// Bits for a sample, from nats for a picture of `dims` samples.
public func bitsPerDim(nats: Double, dims: Int) -> Double { nats / (log(2) * Double(dims)) }
