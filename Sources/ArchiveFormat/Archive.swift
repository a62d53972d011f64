import ByteCoding

/// What a `.prnn` file holds, in the terms of spec/format.md. It knows bytes, not networks: streams stay as they are.
public struct Archive: Equatable, Sendable {
  public static let version = 1
  static let signature: [UInt8] = [0x89, 0x50, 0x52, 0x4E, 0x4E, 0x0D, 0x0A, 0x1A]

  /// The model that images were coded with.
  public struct ModelName: Equatable, Sendable {
    /// SHA-256 of the model file.
    public var hash: [UInt8]
    /// For messages only.
    public var name: String

    public init(hash: [UInt8], name: String) {
      self.hash = hash
      self.name = name
    }
  }

  /// How the samples of an image are laid out.
  public struct Header: Equatable, Sendable {
    public var width: Int
    public var height: Int
    /// As in PNG's IHDR.
    public var colourType: UInt8
    public var bitDepth: UInt8
    public var interlaced: Bool
    /// Index into ``Archive/models``.
    public var model: Int
    public var tileWidth: Int
    public var tileHeight: Int
    /// CRC-32 of the samples, one byte each, in raster order.
    public var checksum: UInt32

    public init(
      width: Int, height: Int, colourType: UInt8, bitDepth: UInt8, interlaced: Bool, model: Int, tileWidth: Int,
      tileHeight: Int, checksum: UInt32
    ) {
      self.width = width
      self.height = height
      self.colourType = colourType
      self.bitDepth = bitDepth
      self.interlaced = interlaced
      self.model = model
      self.tileWidth = tileWidth
      self.tileHeight = tileHeight
      self.checksum = checksum
    }

    public var grid: TileGrid { TileGrid(width: width, height: height, tileWidth: tileWidth, tileHeight: tileHeight) }
  }

  /// A chunk of the PNG file beside its picture data.
  public struct PNGChunk: Equatable, Sendable {
    /// 0 before PLTE, 1 before IDAT, 2 after IDAT.
    public var place: UInt8
    public var type: [UInt8]
    public var bytes: [UInt8]

    public init(place: UInt8, type: [UInt8], bytes: [UInt8]) {
      self.place = place
      self.type = type
      self.bytes = bytes
    }
  }

  public struct Image: Equatable, Sendable {
    public var header: Header
    public var chunks: [PNGChunk]
    /// By channel: 256 weights of the values.
    public var valueWeights: [Int: [Int8]]
    /// For each tile, row by row, its streams: one of the colour channels, one of alpha where there is alpha.
    public var tiles: [[ArraySlice<UInt8>]]

    public init(header: Header, chunks: [PNGChunk], valueWeights: [Int: [Int8]], tiles: [[ArraySlice<UInt8>]]) {
      self.header = header
      self.chunks = chunks
      self.valueWeights = valueWeights
      self.tiles = tiles
    }
  }

  public var models: [ModelName]
  public var images: [Image]

  public init(models: [ModelName], images: [Image]) {
    self.models = models
    self.images = images
  }
}

extension Archive {
  /// Samples of all images.
  public var samples: Int { images.reduce(0) { $0 &+ $1.header.width &* $1.header.height &* $1.header.channels } }
}
