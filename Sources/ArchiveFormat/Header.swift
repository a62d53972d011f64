import ByteCoding

extension Archive {
  /// How the samples of the images of a series are laid out.
  public struct Header: Equatable, Sendable {
    /// The most images of a lot.
    public static let largestLot = 1024
    /// The most levels of an image.
    public static let mostLevels = 16
    /// Stands for no model.
    public static let noModel = 255

    public var width: Int
    public var height: Int
    /// As in PNG's IHDR.
    public var colourType: UInt8
    public var bitDepth: UInt8
    public var interlaced: Bool
    /// Index into ``Archive/models``; ``noModel`` when no tile is coded by networks.
    public var model: Int
    public var tileWidth: Int
    public var tileHeight: Int
    /// Images of the series. If there are several, each has one tile.
    public var count: Int
    /// Images that are coded in one stream; the last lot may have fewer.
    public var lot: Int
    /// 1, or the number of sizes that each image is coded in, one after the other, from the smallest; it has one tile then.
    public var levels: Int

    public init(
      width: Int, height: Int, colourType: UInt8, bitDepth: UInt8, interlaced: Bool, model: Int, tileWidth: Int,
      tileHeight: Int, count: Int = 1, lot: Int = 1, levels: Int = 1
    ) {
      self.width = width
      self.height = height
      self.colourType = colourType
      self.bitDepth = bitDepth
      self.interlaced = interlaced
      self.model = model
      self.tileWidth = tileWidth
      self.tileHeight = tileHeight
      self.count = count
      self.lot = lot
      self.levels = levels
    }
  }

  /// How a tile chunk is coded.
  public enum Coding: UInt8, Sendable {
    /// By the networks of the series' model.
    case network = 0
    /// By context mixing.
    case mixing = 1
    /// Rows of packed samples, as a zlib stream.
    case plain = 2
    /// The same with PNG's filters, a type in front of each row; from version 9 on.
    case filtered = 3
    /// Samples of 16 bits, by context mixing with predictions of them; from version 10 on.
    case predicted = 4

    /// Whether it is context mixing.
    public var isMixing: Bool { self == .mixing || self == .predicted }
  }

  /// What a tile chunk codes: a tile of one image, or several whole images.
  public struct Unit: Equatable, Sendable {
    /// Of the series.
    public let images: Range<Int>
    /// The same in each of them.
    public let tile: PixelRectangle
    /// 0 is the coarsest.
    public let level: Int
    /// From a pixel to the next, in pixels of the image.
    public let step: Int

    public init(images: Range<Int>, tile: PixelRectangle, level: Int = 0, step: Int = 1) {
      self.images = images
      self.tile = tile
      self.level = level
      self.step = step
    }
  }
}

extension Archive.Header {
  public var grid: TileGrid { TileGrid(width: width, height: height, tileWidth: tileWidth, tileHeight: tileHeight) }

  /// Samples of a pixel; 0 for a colour type that PNG does not have.
  public var channels: Int {
    switch colourType {
    case 0, 3: 1
    case 2: 3
    case 4: 2
    case 6: 4
    default: 0
    }
  }

  /// Whether its pixels have red, green and blue.
  public var hasColours: Bool { colourType == 2 || colourType == 6 }

  /// Bytes of a sample: 2 for 16 bits, the high one first, else 1.
  public var sampleBytes: Int { bitDepth == 16 ? 2 : 1 }

  /// Bytes of the samples of a pixel.
  public var pixelBytes: Int { channels * sampleBytes }

  /// Bytes of the samples of an image; `Int.max` when they are more than any memory holds.
  public var imageSamples: Int { saturatedProduct(width, height, pixelBytes) }
  /// All of an image.
  public var frame: PixelRectangle { PixelRectangle(x: 0, y: 0, width: width, height: height) }

  /// What has to be decoded for a part of an image: whole tiles; all of the image if it is in a lot or has several levels.
  ///
  /// - Precondition: the part is inside.
  public func decodedArea(for part: PixelRectangle) -> PixelRectangle {
    count == 1 && levels == 1 ? grid.tiles(around: part) : frame
  }

  /// Samples that have to be decoded for a part of an image: those of its tiles, or of its lot; 0 if it is not inside.
  public func samples(decodedFor part: PixelRectangle) -> Int {
    guard part.isInside(width: width, height: height) else { return 0 }
    let area = decodedArea(for: part)
    return saturatedProduct(area.width, area.height, channels, min(lot, count))
  }

  /// Streams of a tile: alpha has one of its own.
  public var streams: Int { colourType & 4 != 0 ? 2 : 1 }

  /// What a sample of the image is multiplied by for the network, to reach from 0 to 255: not those of a palette.
  public var scale: Int { colourType == 0 && bitDepth < 8 ? 255 / ((1 << Int(bitDepth)) - 1) : 1 }

  /// Tile chunks of a level: tiles of a single image, lots of several.
  public var unitsOfLevel: Int { count == 1 ? grid.count : (count - 1) / lot + 1 }

  /// Tile chunks.
  public var unitCount: Int { levels * unitsOfLevel }

  /// What a tile chunk codes, by its number: all of one level before those of the next.
  public func unit(_ index: Int) -> Archive.Unit {
    let (level, part) = index.quotientAndRemainder(dividingBy: unitsOfLevel)
    guard levels == 1, count == 1 else {
      // The sizes of the coarser levels are half of the next one's, rounded up.
      let shift = levels - 1 - level
      let size = (width: (width - 1) >> shift + 1, height: (height - 1) >> shift + 1)
      return .init(
        images: part * lot..<min(count, (part + 1) * lot),
        tile: .init(x: 0, y: 0, width: size.width, height: size.height), level: level, step: 1 << shift)
    }
    return .init(images: 0..<1, tile: grid[part])
  }
}
