import Dispatch
import Synchronization

/// Loss and gradient of a network on a fixed number of pictures; used by one thread at a time.
public protocol GradientSource: AnyObject {
  /// - Parameters:
  ///   - weights: flat, in the order of ``ParameterLayout``.
  ///   - samples: (batch, height, width, channels)
  ///   - small: (batch, ⌈height / 2⌉, ⌈width / 2⌉, channels) for conditional networks, else nil.
  ///   - gradient: what the gradient of the sum of nats is added to; nil to leave it out.
  /// - Returns: the sum of nats.
  func run(
    weights: UnsafePointer<Float>, samples: UnsafePointer<UInt8>, small: UnsafePointer<UInt8>?,
    gradient: UnsafeMutablePointer<Float>?
  ) -> Double
}

/// Runs batches on several threads. A batch is cut into shards of a fixed number of pictures, whose gradients are added in
/// a fixed order: the sums do not depend on the number of threads.
public final class ShardedGradient {
  /// Makes the network for batches of so many pictures.
  public typealias Maker = (_ batch: Int) -> any GradientSource

  public let parameters: Int
  public let shard: Int
  public let threads: Int
  private let make: Maker
  /// For each thread its networks, by batch size.
  private var workers: [[Int: any GradientSource]]
  /// For each shard its gradient.
  private var sums: [UnsafeMutablePointer<Float>] = []

  /// - Parameters:
  ///   - parameters: weights of the network.
  ///   - shard: pictures of a shard; the last of a batch may have fewer.
  public init(parameters: Int, shard: Int, threads: Int, make: @escaping Maker) {
    precondition(parameters > 0 && shard > 0 && threads > 0)
    self.parameters = parameters
    self.shard = shard
    self.threads = threads
    self.make = make
    workers = Array(repeating: [:], count: threads)
  }

  deinit { for sum in sums { sum.deallocate() } }

  /// The sum of nats over a batch; its gradient replaces `gradient`.
  func run(weights: [Float], batch: Batch, gradient: inout [Float]) -> Double {
    let shards = (batch.count + shard - 1) / shard
    while sums.count < shards { sums.append(.allocate(capacity: parameters)) }
    let nats = run(weights, batch, sums: sums)
    gradient.withUnsafeMutableBufferPointer { to in
      to.update(repeating: 0)
      for sum in sums[..<shards] {
        for i in 0..<to.count { to[i] += sum[i] }
      }
    }
    return nats
  }

  /// The sum of nats over a batch.
  func run(weights: [Float], batch: Batch) -> Double { run(weights, batch, sums: nil) }

  private func run(_ weights: [Float], _ batch: Batch, sums: [UnsafeMutablePointer<Float>]?) -> Double {
    precondition(weights.count == parameters)
    let shards = (batch.count + shard - 1) / shard
    let active = min(threads, shards)
    prepare(batch.count, workers: active)
    var nats = [Double](repeating: 0, count: shards)
    let work = Work(
      networks: workers, weights: weights, batch: batch, shard: shard, sums: sums, next: Counter(),
      parameters: parameters)
    nats.withUnsafeMutableBufferPointer { nats in
      nonisolated(unsafe) let nats = nats
      if active == 1 {
        work.run(0, nats)
      } else {
        DispatchQueue.concurrentPerform(iterations: active) { work.run($0, nats) }
      }
    }
    return nats.reduce(0, +)
  }

  /// Makes the networks that the threads will need.
  private func prepare(_ count: Int, workers active: Int) {
    let sizes = [min(shard, count), count % shard].filter { $0 > 0 }
    for worker in 0..<active {
      for size in sizes where workers[worker][size] == nil { workers[worker][size] = make(size) }
    }
  }
}

/// Counts up, from any thread.
private final class Counter: Sendable {
  private let value = Atomic<Int>(0)
  func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// What the threads share. Unchecked: each uses the networks of its own index, and the sums of the shards it took.
private struct Work: @unchecked Sendable {
  let networks: [[Int: any GradientSource]]
  let weights: [Float]
  let batch: Batch
  let shard: Int
  let sums: [UnsafeMutablePointer<Float>]?
  let next: Counter
  let parameters: Int

  /// Takes shards until there are none left; notes the nats of each.
  func run(_ worker: Int, _ nats: UnsafeMutableBufferPointer<Double>) {
    weights.withUnsafeBufferPointer { weights in
      batch.samples.withUnsafeBufferPointer { samples in
        batch.small.withUnsafeBufferPointer { small in
          while case let index = next.next(), index < nats.count {
            let first = index * shard
            sums?[index].update(repeating: 0, count: parameters)
            let network = networks[worker][min(shard, batch.count - first)]!
            nats[index] = network.run(
              weights: weights.baseAddress!, samples: samples.baseAddress! + first * batch.dims,
              small: small.isEmpty ? nil : small.baseAddress! + first * batch.smallDims, gradient: sums?[index])
          }
        }
      }
    }
  }
}
