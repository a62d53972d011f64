import ArchiveFormat
import IntegerInference
import PixelModels
import Raster

/// Channels of a picture that are coded together: by a network the colours, or alpha; else all.
struct PlaneGroup {
  /// Of the network; nil: none.
  let role: Model.Role?
  let channels: Int
  /// The first channel in a pixel of the picture.
  let offset: Int
  /// Channels in a pixel of the picture.
  let pixelStride: Int
  /// What a sample of the picture is multiplied by, to reach from 0 to 255.
  let scale: UInt8
  /// Weights when the archive gives none: nil, or the levels that the bit depth or palette allows.
  private let implied: [Int8]?
  /// What makes the colours of the samples, if these are Y, C1 and C2.
  private var conversion: ColourConversion?
  /// What makes these of the colours; nil: no encoder asks.
  private var planes: ColourPlanes?

  init(role: Model.Role?, channels: Int, offset: Int, pixelStride: Int, scale: UInt8, implied: [Int8]?) {
    (self.role, self.channels, self.offset, self.pixelStride) = (role, channels, offset, pixelStride)
    (self.scale, self.implied) = (scale, implied)
  }

  /// All channels, with the samples as they are; the bytes of 16-bit samples count as channels.
  static func whole(_ header: Archive.Header) -> PlaneGroup {
    PlaneGroup(
      role: nil, channels: header.pixelBytes, offset: 0, pixelStride: header.pixelBytes, scale: 1, implied: nil)
  }

  /// The groups that networks code, in the order of their streams.
  static func all(of header: Archive.Header, _ chunks: [Raster.Chunk]) -> [PlaneGroup] {
    let isPalette = header.colourType == 3
    let isColour = header.colourType & 2 != 0 && !isPalette
    let top = (1 << Int(header.bitDepth)) - 1
    let palette = chunks.first { $0.type == Array("PLTE".utf8) }
    let paletteEntries = (palette?.bytes.count ?? 0) / 3
    let levels = isPalette ? min(top + 1, max(1, paletteEntries)) : top + 1
    var implied: [Int8]?
    if levels < 256 {
      implied = Array(repeating: ValueWeights.absent, count: 256)
      for level in 0..<levels { implied![level * header.scale] = 0 }
    }
    let colours = PlaneGroup(
      role: isColour ? .colour : .gray, channels: isColour ? 3 : 1, offset: 0, pixelStride: header.channels,
      scale: UInt8(header.scale),
      implied: implied)
    guard header.streams == 2 else { return [colours] }
    return [
      colours,
      PlaneGroup(
        role: .alpha, channels: 1, offset: header.channels - 1, pixelStride: header.channels, scale: 1, implied: nil),
    ]
  }

  /// The same channels, coded as Y, C1 and C2.
  func coding(_ conversion: ColourConversion, _ planes: ColourPlanes?) -> PlaneGroup {
    precondition(channels == 3 && scale == 1)
    var result = self
    (result.conversion, result.planes) = (conversion, planes)
    return result
  }

  /// The weights that hold for this group: those of the archive, else the implied ones.
  func weights(_ given: [Int: [Int8]]) -> ValueWeights {
    ValueWeights((0..<channels).map { given[offset + $0] ?? implied })
  }

  /// Copies `count` pixels of a row of the picture, every `step`th, to samples of the group.
  ///
  /// - Precondition: if they are coded as Y, C1 and C2, the group knows how to make these.
  func gather(_ pixels: UnsafePointer<UInt8>, count: Int, step: Int = 1, to samples: UnsafeMutablePointer<UInt8>) {
    if conversion != nil {
      for i in 0..<count {
        let pixel = pixels + i * step * pixelStride + offset
        let triple = planes!.triple(red: pixel[0], green: pixel[1], blue: pixel[2])
        for c in 0..<3 { samples[3 * i + c] = UInt8(truncatingIfNeeded: triple >> UInt32(8 * c)) }
      }
      return
    }
    for i in 0..<count {
      for c in 0..<channels { samples[i * channels + c] = pixels[i * step * pixelStride + offset + c] &* scale }
    }
  }

  /// The inverse of ``gather(_:count:step:to:)``.
  func scatter(_ samples: UnsafePointer<UInt8>, count: Int, step: Int = 1, to pixels: UnsafeMutablePointer<UInt8>) {
    if let conversion {
      conversion.forEachColour(samples, count: count) { i, red, green, blue in
        let pixel = pixels + i * step * pixelStride + offset
        (pixel[0], pixel[1], pixel[2]) = (red, green, blue)
      }
      return
    }
    for i in 0..<count {
      for c in 0..<channels { pixels[i * step * pixelStride + offset + c] = samples[i * channels + c] / scale }
    }
  }

  /// Whether pixels of a row of the picture have these samples.
  func matches(_ samples: UnsafePointer<UInt8>, count: Int, step: Int = 1, _ pixels: UnsafePointer<UInt8>) -> Bool {
    if let conversion {
      var matches = true
      conversion.forEachColour(samples, count: count) { i, red, green, blue in
        let pixel = pixels + i * step * pixelStride + offset
        if pixel[0] != red || pixel[1] != green || pixel[2] != blue { matches = false }
      }
      return matches
    }
    for i in 0..<count {
      for c in 0..<channels where pixels[i * step * pixelStride + offset + c] &* scale != samples[i * channels + c] {
        return false
      }
    }
    return true
  }
}
