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

  /// The weights that hold for this group: those of the archive, else the implied ones.
  func weights(_ given: [Int: [Int8]]) -> ValueWeights {
    ValueWeights((0..<channels).map { given[offset + $0] ?? implied })
  }

  /// Copies `count` pixels of a row of the picture, every `step`th, to samples of the group.
  func gather(_ pixels: UnsafePointer<UInt8>, count: Int, step: Int = 1, to samples: UnsafeMutablePointer<UInt8>) {
    for i in 0..<count {
      for c in 0..<channels { samples[i * channels + c] = pixels[i * step * pixelStride + offset + c] &* scale }
    }
  }

  /// The inverse of ``gather(_:count:step:to:)``.
  func scatter(_ samples: UnsafePointer<UInt8>, count: Int, step: Int = 1, to pixels: UnsafeMutablePointer<UInt8>) {
    for i in 0..<count {
      for c in 0..<channels { pixels[i * step * pixelStride + offset + c] = samples[i * channels + c] / scale }
    }
  }

  /// Whether pixels of a row of the picture have these samples.
  func matches(_ samples: UnsafePointer<UInt8>, count: Int, step: Int = 1, _ pixels: UnsafePointer<UInt8>) -> Bool {
    for i in 0..<count {
      for c in 0..<channels where pixels[i * step * pixelStride + offset + c] &* scale != samples[i * channels + c] {
        return false
      }
    }
    return true
  }
}
