import Raster

/// Pictures for tests: smooth slopes with noise, so that the network has something to predict.
func picture(
  _ type: Raster.ColourType, depth: Int = 8, _ width: Int, _ height: Int, interlaced: Bool = false, seed: Int = 12345
) -> Raster {
  var state = UInt32(seed)
  var samples: [UInt8] = []
  samples.reserveCapacity(width * height * type.channels)
  for y in 0..<height {
    for x in 0..<width {
      for c in 0..<type.channels {
        state = state &* 1_664_525 &+ 1_013_904_223
        let noise = Int(state >> 28) - 8
        let isAlpha = c == type.channels - 1 && (type == .rgba || type == .grayAlpha)
        let value = isAlpha ? (x + y) % 40 * 8 : 40 + x * 2 + y + c * 20 + noise
        samples.append(UInt8(max(0, min(255, value)) >> (8 - depth)))
      }
    }
  }
  var chunks: [Raster.Chunk] = []
  if type == .palette {
    chunks = [
      .init(type: Array("PLTE".utf8), place: .beforeData, bytes: (0..<3 << depth).map { UInt8(truncatingIfNeeded: $0) })
    ]
  }
  return Raster(
    width: width, height: height, colourType: type, bitDepth: depth, interlaced: interlaced, samples: samples,
    chunks: chunks)
}
