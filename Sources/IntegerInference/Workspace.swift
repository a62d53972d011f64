import PixelKernels
import PixelModels

/// What all networks of a run over a tile share; `batch` pixels each.
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
  let distribution: UnsafeMutablePointer<prnn_distribution>

  static func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let p = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64).assumingMemoryBound(to: UInt8.self)
    p.initialize(repeating: 0, count: count)
    return p
  }

  /// Rounded up to whole cache lines.
  static func lines(_ count: Int) -> Int { (count + 63) / 64 * 64 }

  init(_ a: Architecture, batch: Int) {
    pixels = .allocate(capacity: batch)
    predictions = Workspace.bytes(batch * a.channels)
    centres = Workspace.bytes(batch)
    inputStride = Workspace.lines(a.inputs + 32)
    inputs = Workspace.bytes(batch * inputStride)
    distribution = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<prnn_distribution>.stride, alignment: 64
    ).assumingMemoryBound(to: prnn_distribution.self)
  }

  deinit {
    pixels.deallocate()
    for buffer in [predictions, centres, inputs] { buffer.deallocate() }
    distribution.deallocate()
  }
}
