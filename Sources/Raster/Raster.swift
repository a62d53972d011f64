/// A picture in memory: its samples as PNG holds them, one byte a sample (two for 16 bits), and the chunks around them.
public struct Raster: Equatable, Sendable {
  /// PNG's colour types, with their numbers in IHDR.
  public enum ColourType: UInt8, Sendable, CaseIterable {
    case gray = 0
    case rgb = 2
    case palette = 3
    case grayAlpha = 4
    case rgba = 6

    /// Samples in a pixel, alpha included.
    public var channels: Int {
      switch self {
      case .gray, .palette: 1
      case .grayAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }

    public var name: String {
      switch self {
      case .gray: "gray"
      case .rgb: "RGB"
      case .palette: "palette"
      case .grayAlpha: "gray + alpha"
      case .rgba: "RGBA"
      }
    }

    /// Whether PNG allows this many bits a sample.
    public func allows(bitDepth: Int) -> Bool {
      switch self {
      case .gray: [1, 2, 4, 8, 16].contains(bitDepth)
      case .palette: [1, 2, 4, 8].contains(bitDepth)
      case .rgb, .grayAlpha, .rgba: bitDepth == 8 || bitDepth == 16
      }
    }
  }

  /// A PNG chunk beside the picture data, PLTE and tRNS included.
  public struct Chunk: Hashable, Sendable {
    public enum Place: UInt8, Sendable {
      case beforePalette = 0
      case beforeData = 1
      case afterData = 2
    }

    /// Four ASCII letters.
    public var type: [UInt8]
    public var place: Place
    public var bytes: [UInt8]

    public init(type: [UInt8], place: Place, bytes: [UInt8]) {
      self.type = type
      self.place = place
      self.bytes = bytes
    }
  }

  public var width: Int
  public var height: Int
  public var colourType: ColourType
  /// Bits a sample in the file: 1, 2, 4, 8 or 16. Samples are not scaled: a 1-bit sample is 0 or 1 here.
  public var bitDepth: Int
  /// Whether the PNG file was (and will be) interlaced.
  public var interlaced: Bool
  /// (height, width, channels), of 16 bits (height, width, channels, 2): the high byte first.
  public var samples: [UInt8]
  public var chunks: [Chunk]

  public var channels: Int { colourType.channels }

  /// Bytes of a pixel.
  public var pixelBytes: Int { channels * (bitDepth == 16 ? 2 : 1) }

  /// - Precondition: sides are above 0, the bit depth is one that the colour type allows, and there are
  ///   width · height · channels samples, each of which fits the bit depth, in one byte, or two for 16 bits.
  public init(
    width: Int, height: Int, colourType: ColourType, bitDepth: Int = 8, interlaced: Bool = false,
    samples: [UInt8], chunks: [Chunk] = []
  ) {
    precondition(width > 0 && height > 0 && colourType.allows(bitDepth: bitDepth))
    precondition(samples.count == width * height * colourType.channels * (bitDepth == 16 ? 2 : 1))
    self.width = width
    self.height = height
    self.colourType = colourType
    self.bitDepth = bitDepth
    self.interlaced = interlaced
    self.samples = samples
    self.chunks = chunks
  }
}
