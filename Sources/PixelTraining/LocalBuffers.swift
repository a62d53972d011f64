import Glibc
import IntegerInference
import PixelKernels
import PixelModels

/// What a ``LocalGradient`` computes on its way, for `batch` pixels.
final class LocalBuffers {
  let batch: Int
  /// The samples of the windows, with room to read past the last.
  let samples: Memory<UInt8>
  let pixels: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>>
  /// (batch, channels)
  let predictions: Memory<UInt8>
  /// (batch): of the channel at hand.
  let centres: Memory<UInt8>
  /// (batch, inputStride)
  let inputs: Memory<UInt8>
  let inputStride: Int
  /// Outputs of the first layer and of each residual one, (batch, featureStride); the last has the inputs of the heads
  /// behind.
  let features: [Memory<UInt8>]
  let featureStride: Int
  /// Outputs of the head at hand, (batch, narrowStride).
  let narrow: Memory<UInt8>
  let narrowStride: Int
  /// (batch, 256)
  let logits: Memory<Int16>
  /// The gradient of the logits, (batch, 256).
  let logitGradient: Memory<Float>
  private let distribution: UnsafeMutablePointer<prnn_distribution>

  init(_ a: Architecture, batch: Int) {
    func lines(_ count: Int) -> Int { (count + 63) / 64 * 64 }
    self.batch = batch
    samples = Memory(batch * (a.up + 1) * (a.left + 1 + a.right) * a.channels + 64)
    pixels = .allocate(capacity: batch)
    predictions = Memory(batch * a.channels)
    centres = Memory(batch)
    inputStride = lines(a.inputs + 32)
    inputs = Memory(batch * inputStride)
    featureStride = lines(a.headInputs(channel: a.channels - 1) + 4)
    features = (0...a.layers).map { [featureStride] _ in Memory(batch * featureStride) }
    narrowStride = lines(a.bottleneck)
    narrow = Memory(batch * narrowStride)
    logits = Memory(batch * 256)
    logitGradient = Memory(batch * 256)
    distribution = .allocate(capacity: 1)
  }

  deinit {
    pixels.deallocate()
    distribution.deallocate()
  }

  /// What the range coder will spend on a symbol, in nats; its gradient by the logits in bits, if asked for, goes to
  /// ``logitGradient``.
  func loss(pixel: Int, symbol: Int, _ kernels: Kernels, withGradient: Bool) -> Double {
    let total = kernels.table.softmax(logits.start + 256 * pixel, nil, distribution)
    let frequency = UnsafeRawPointer(distribution).assumingMemoryBound(to: Int32.self)
    if withGradient {
      let bits = Float(log(2.0))
      let part = bits / Float(total)
      let gradient = logitGradient.start + 256 * pixel
      for s in 0..<256 { gradient[s] = Float(frequency[s]) * part }
      gradient[symbol] -= bits
    }
    return -log(Double(frequency[symbol]) / Double(total))
  }
}

/// Zeroed memory on a cache line.
final class Memory<Element: BitwiseCopyable> {
  let start: UnsafeMutablePointer<Element>

  init(_ count: Int) {
    let bytes = max(1, count) * MemoryLayout<Element>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
    memset(memory, 0, bytes)
    start = memory.bindMemory(to: Element.self, capacity: count)
  }

  deinit { start.deallocate() }
}
