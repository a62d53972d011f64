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
