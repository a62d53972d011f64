import PixelKernels
import PixelModels

/// The buffers of one run over a tile; `batch` pixels each.
final class Workspace {
  /// Pixels whose logits are computed together.
  static let logitRows = 12

  /// (batch): the pixels of the step.
  let pixels: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>>
  /// (batch, channels)
  let predictions: UnsafeMutablePointer<UInt8>
  /// (batch): centres of the channel at hand.
  let centres: UnsafeMutablePointer<UInt8>
  /// (batch, inputStride): inputs of the first layer, and room for the kernels to write past them.
  let inputs: UnsafeMutablePointer<UInt8>
  let inputStride: Int
  /// (batch, featureStride) each: features of the first layer, then of each residual one; two that take turns, unless they
  /// are all kept.
  let trunk: [UnsafeMutablePointer<UInt8>]
  /// The last of them; the other inputs of the heads follow each pixel's features.
  let features: UnsafeMutablePointer<UInt8>
  let featureStride: Int
  /// (batch, narrowStride): outputs of a head.
  let narrow: UnsafeMutablePointer<UInt8>
  let narrowStride: Int
  /// (logitRows, 256)
  let logits: UnsafeMutablePointer<Int16>
  let distribution: UnsafeMutablePointer<prnn_distribution>

  /// - Parameter keepsAll: whether the features of all layers stay.
  init(_ a: Architecture, batch: Int, keepsAll: Bool) {
    func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
      let p = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64).assumingMemoryBound(to: UInt8.self)
      p.initialize(repeating: 0, count: count)
      return p
    }
    func lines(_ count: Int) -> Int { (count + 63) / 64 * 64 }
    pixels = .allocate(capacity: batch)
    predictions = bytes(batch * a.channels)
    centres = bytes(batch)
    inputStride = lines(a.inputs + 32)
    inputs = bytes(batch * inputStride)
    featureStride = lines(a.headInputs(channel: a.channels - 1) + 16)
    let size = batch * featureStride
    trunk = (0..<(keepsAll ? a.layers + 1 : min(2, a.layers + 1))).map { _ in bytes(size) }
    features = trunk[a.layers % trunk.count]
    narrowStride = lines(a.bottleneck)
    narrow = bytes(batch * narrowStride)
    logits = UnsafeMutableRawPointer.allocate(byteCount: Workspace.logitRows * 512, alignment: 64)
      .assumingMemoryBound(to: Int16.self)
    distribution = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<prnn_distribution>.stride, alignment: 64
    ).assumingMemoryBound(to: prnn_distribution.self)
  }

  deinit {
    pixels.deallocate()
    for buffer in [predictions, centres, inputs, narrow] + trunk { buffer.deallocate() }
    logits.deallocate()
    distribution.deallocate()
  }
}
