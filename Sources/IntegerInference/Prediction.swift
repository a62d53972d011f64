import PixelModels

/// The median edge detector (Weinberger, Seroussi, Sapiro: LOCO-I, 2000): the median of W, N and W + N - NW.
@inline(__always)
func medianEdge(west: UInt8, north: UInt8, northWest: UInt8) -> UInt8 {
  let low = min(west, north)
  let high = max(west, north)
  if northWest >= high { return low }
  if northWest <= low { return high }
  return west &+ north &- northWest
}

/// The value that a channel's softmax is centred on: its prediction, moved with the errors of the channels before.
@inline(__always)
func softmaxCentre(_ channel: Int, _ pixel: UnsafePointer<UInt8>, _ prediction: UnsafePointer<UInt8>) -> UInt8 {
  guard channel > 0 else { return prediction[0] }
  guard channel == 1 else { return blueCentre(red: Int(pixel[0]), green: Int(pixel[1]), prediction) }
  return UInt8(max(0, min(255, Int(prediction[1]) + Int(pixel[0]) - Int(prediction[0]))))
}

/// The centre of B when R and G are these.
@inline(__always)
func blueCentre(red: Int, green: Int, _ prediction: UnsafePointer<UInt8>) -> UInt8 {
  let move = (red - Int(prediction[0]) + green - Int(prediction[1])) >> 1
  return UInt8(max(0, min(255, Int(prediction[2]) + move)))
}

/// The centre of a channel in a picture without a margin: outside it are 128 above and, left of a row, the first pixel of
/// the row above.
///
/// - Parameters:
///   - pixel: its samples, and before them those of the rows above and of its own row, (width, channels) each.
///   - channels: 1 to 3
package func softmaxCentre(
  _ channel: Int, _ pixel: UnsafePointer<UInt8>, row: Int, column: Int, width: Int, channels: Int
) -> UInt8 {
  var prediction: (UInt8, UInt8, UInt8) = (128, 128, 128)
  return withUnsafeMutableBytes(of: &prediction) { bytes in
    let prediction = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
    for c in 0...channel {
      let sample = pixel + c
      let north = row > 0 ? sample[-width * channels] : 128
      let west = column > 0 ? sample[-channels] : north
      let northWest = row == 0 ? 128 : column > 0 ? sample[-(width + 1) * channels] : north
      prediction[c] = medianEdge(west: west, north: north, northWest: northWest)
    }
    return softmaxCentre(channel, pixel, prediction)
  }
}

/// A sample as three activations, `stride` apart: halved, and its distances from 0 and from 255 near those.
@inline(__always)
func setLevel(_ value: UInt8, _ out: UnsafeMutablePointer<UInt8>, stride: Int) {
  out[0] = value >> 1
  out[stride] = min(value, 15) * 8
  out[2 * stride] = min(255 - value, 15) * 8
}

/// The error of a channel already coded as activations: fine, middle and coarse, then half its prediction.
@inline(__always)
func setError(_ value: UInt8, _ prediction: UInt8, _ out: UnsafeMutablePointer<UInt8>) {
  let error = Int(value) - Int(prediction)
  out[0] = fine(error)
  out[1] = middle(error)
  out[2] = coarse(error)
  out[3] = prediction >> 1
}

/// The three ways in which a difference becomes an activation.
@inline(__always)
func fine(_ difference: Int) -> UInt8 { UInt8(truncatingIfNeeded: 64 + 4 * max(-15, min(15, difference))) }

@inline(__always)
func middle(_ difference: Int) -> UInt8 { UInt8(truncatingIfNeeded: 64 + max(-63, min(63, difference))) }

/// Of a difference of two samples.
@inline(__always)
func coarse(_ difference: Int) -> UInt8 {
  UInt8(truncatingIfNeeded: 64 + (difference < 0 ? -(-difference >> 2) : difference >> 2))
}
