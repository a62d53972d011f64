extension Raster {
  /// The picture as it is shown: red, green, blue and alpha of 8 bits, (height, width, 4). Palettes and transparent colours are
  /// looked up, and depths scaled to 8 bits (of 16 the high byte); colour profiles are not applied. Indices behind the end of
  /// a palette are black.
  public func displayed() -> [UInt8] {
    let palette = bytes(of: "PLTE") ?? []
    let transparency = bytes(of: "tRNS") ?? []
    let sampleBytes = bitDepth == 16 ? 2 : 1
    // As the samples of a pixel are stored; the chunk has two bytes for each.
    var keyed: [UInt8]?
    if colourType == .gray || colourType == .rgb, transparency.count == 2 * channels {
      keyed = (0..<2 * channels).filter { sampleBytes == 2 || $0 % 2 == 1 }.map { transparency[$0] }
    }
    let scale = bitDepth < 8 ? UInt8(255 / ((1 << bitDepth) - 1)) : 1
    return [UInt8](unsafeUninitializedCapacity: 4 * width * height) { out, count in
      count = 4 * width * height
      for i in 0..<width * height {
        let pixel = samples[i * pixelBytes..<(i + 1) * pixelBytes]
        func sample(_ channel: Int) -> UInt8 { pixel[pixel.startIndex + channel * sampleBytes] * scale }
        let colour: (UInt8, UInt8, UInt8, UInt8)
        switch colourType {
        case .palette:
          let index = Int(pixel.first!)
          func entry(_ part: Int) -> UInt8 { 3 * index + part < palette.count ? palette[3 * index + part] : 0 }
          colour = (entry(0), entry(1), entry(2), index < transparency.count ? transparency[index] : 255)
        case .gray: colour = (sample(0), sample(0), sample(0), 255)
        case .grayAlpha: colour = (sample(0), sample(0), sample(0), sample(1))
        case .rgb: colour = (sample(0), sample(1), sample(2), 255)
        case .rgba: colour = (sample(0), sample(1), sample(2), sample(3))
        }
        let isKeyed = keyed.map { pixel.elementsEqual($0) } ?? false
        (out[4 * i], out[4 * i + 1], out[4 * i + 2], out[4 * i + 3]) =
          (colour.0, colour.1, colour.2, isKeyed ? 0 : colour.3)
      }
    }
  }

  /// The bytes of the first chunk of a type.
  private func bytes(of type: String) -> [UInt8]? { chunks.first { $0.type == Array(type.utf8) }?.bytes }
}
