import PixelKernels

/// The transposed weights of a layer that learns, with one scale for all: they take slopes by its outputs back to slopes by its first
/// inputs. spec/arithmetic.md, "Backward".
final class PassingLayer {
  private let kernels: Kernels
  /// Of the layer, a multiple of 16.
  private let outputs: Int
  /// Inputs that slopes are asked for; a multiple of 16.
  let passing: Int
  /// (passing / 16, outputs / 4, 16, 4), all and those of some outputs.
  private let weights: Numbers<Int8>
  private let someWeights: Numbers<Int8>
  /// (outputs / 16, passing): what takes 64 off each 16 slopes.
  private let biases: Numbers<Int32>
  /// (passing)
  private let bias: Numbers<Int32>
  private let shifts: Numbers<Int32>

  init(outputs: Int, passing: Int, _ kernels: Kernels) {
    self.kernels = kernels
    (self.outputs, self.passing) = (outputs, passing)
    (weights, someWeights) = (Numbers(passing * outputs), Numbers(passing * outputs))
    biases = Numbers(passing * outputs / 16)
    (bias, shifts) = (Numbers(passing), Numbers(passing))
  }

  /// Takes new weights.
  ///
  /// - Parameters:
  ///   - wide: (outputs, inputs)
  ///   - shifts: (outputs): of these weights.
  ///   - scratch: (4, passing)
  func set(
    _ wide: UnsafePointer<Int32>, inputs: Int, _ shifts: UnsafePointer<Int32>, _ scratch: UnsafeMutablePointer<Int8>
  ) {
    kernels.table.pack_transposed(wide, inputs, outputs, shifts, passing, scratch, weights.base, biases.base)
  }

  /// Slopes by the first inputs of some pixels.
  ///
  /// - Parameters:
  ///   - slopes: (count, stride), 64 added.
  ///   - active: a bit for each 16 outputs, the first ones' lowest: whether any of their slopes is not 0.
  ///   - result: (count, passing)
  func run(
    _ slopes: UnsafePointer<UInt8>, stride: Int, active: UInt32, count: Int, _ scratch: LearningScratch,
    to result: UnsafeMutablePointer<Int16>
  ) {
    let blocks = (0..<outputs / 16).filter { active >> $0 & 1 != 0 }
    bias.base.update(repeating: 0, count: passing)
    for block in blocks {
      let own = biases.base + block * passing
      for i in 0..<passing { bias[i] += own[i] }
    }
    guard blocks.count < outputs / 16 else {
      return multiply(weights, outputs, slopes, stride, count, result)
    }
    for group in 0..<passing / 16 {
      for (place, block) in blocks.enumerated() {
        (someWeights.base + (group * blocks.count + place) * 256)
          .update(from: weights.base + (group * (outputs / 16) + block) * 256, count: 256)
      }
    }
    let own = 16 * blocks.count
    for start in Swift.stride(from: 0, to: count, by: LearningScratch.pixels) {
      let n = min(LearningScratch.pixels, count - start)
      for i in 0..<n {
        let row = UnsafeRawPointer(slopes + (start + i) * stride)
        let to = UnsafeMutableRawPointer(scratch.slopes.base + i * own)
        for (place, block) in blocks.enumerated() {
          let slopes = row.loadUnaligned(fromByteOffset: 16 * block, as: SIMD16<UInt8>.self)
          to.storeBytes(of: slopes, toByteOffset: 16 * place, as: SIMD16<UInt8>.self)
        }
      }
      multiply(someWeights, own, scratch.slopes.base, own, n, result + start * passing)
    }
  }

  private func multiply(
    _ weights: Numbers<Int8>, _ inputs: Int, _ slopes: UnsafePointer<UInt8>, _ stride: Int, _ count: Int,
    _ result: UnsafeMutablePointer<Int16>
  ) {
    var layer = prnn_dense_layer(
      inputs: Int32(inputs), outputs: Int32(passing), weights: weights.base, bias: bias.base, shift: shifts.base)
    kernels.table.dense(&layer, slopes, stride, result, passing, count, PRNN_LOGITS)
  }
}
