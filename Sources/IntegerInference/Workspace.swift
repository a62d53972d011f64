import PixelKernels

/// What all networks of a run over a tile share.
final class Workspace {
  /// Pixels whose logits are computed together.
  static let logitRows = 12

  /// (batch): the pixels of the step.
  let pixels: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>>
  let distribution: UnsafeMutablePointer<prnn_distribution>

  static func bytes(_ count: Int) -> UnsafeMutablePointer<UInt8> {
    let p = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64).assumingMemoryBound(to: UInt8.self)
    p.initialize(repeating: 0, count: count)
    return p
  }

  /// Rounded up to whole cache lines.
  static func lines(_ count: Int) -> Int { (count + 63) / 64 * 64 }

  /// - Parameter batch: pixels of a step, at most.
  init(batch: Int) {
    pixels = .allocate(capacity: batch)
    distribution = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<prnn_distribution>.stride, alignment: 64
    ).assumingMemoryBound(to: prnn_distribution.self)
  }

  deinit {
    pixels.deallocate()
    distribution.deallocate()
  }
}
