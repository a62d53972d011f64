import ByteCoding

/// What a `.prnn` file holds, in the terms of spec/format.md. It knows bytes, not networks: streams stay as they are.
public struct Archive: Equatable, Sendable {
  /// The newest format version.
  public static let newestVersion = 10
  static let signature: [UInt8] = [0x89, 0x50, 0x52, 0x4E, 0x4E, 0x0D, 0x0A, 0x1A]

  /// The model that images were coded with.
  public struct ModelName: Equatable, Sendable {
    /// SHA-256 of the model file.
    public var hash: [UInt8]
    /// For messages only.
    public var name: String
    /// The model file, when it is in the archive; from version 2 on.
    public var file: [UInt8]?

    public init(hash: [UInt8], name: String, file: [UInt8]? = nil) {
      self.hash = hash
      self.name = name
      self.file = file
    }
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

  /// Images that have all but their names and samples in common; in version 1 a single one.
  public struct Series: Equatable, Sendable {
    public var header: Header
    public var chunks: [PNGChunk]
    /// One for each image, or none at all; from version 2 on.
    public var names: [ImageName]
    /// When the files of the images were modified, in seconds since 1970 began (UTC): one for each, or none at all; from
    /// version 5 on.
    public var times: [Int64]
    /// What the images' files have beside samples and chunks, records as `PNGReconstruction` of `Raster` reads them: one for
    /// each image, empty where its file cannot be made again, or none at all; from version 6 on.
    public var files: [[UInt8]]
    /// By channel: 256 weights of the values.
    public var valueWeights: [Int: [Int8]]
    /// How networks learn while they decode: the payload of a LRNG chunk, empty for none; only in version 3.
    public var learning: [UInt8]
    /// Fits that code together with networks that learn: the payload of a FITS chunk, empty for none; only in version 5.
    public var fits: [UInt8]
    /// Only of RGB and RGBA images.
    public var lattice: Lattice?
    /// CRC-32 of samples, one byte each, in raster order. Version 1: one, of the image; later: one for each tile chunk.
    public var checksums: [UInt32]
    /// For each tile chunk, in the order of ``Header/unit(_:)``, its streams: of networks one of the colour channels, one of
    /// alpha where there is alpha; else one of all channels.
    public var tiles: [[ArraySlice<UInt8>]]
    /// How each tile chunk is coded; empty: all by networks. Only in version 4.
    public var codings: [Coding]

    public init(
      header: Header, chunks: [PNGChunk] = [], names: [ImageName] = [], times: [Int64] = [],
      files: [[UInt8]] = [],
      valueWeights: [Int: [Int8]] = [:], lattice: Lattice? = nil, learning: [UInt8] = [], fits: [UInt8] = [],
      checksums: [UInt32], tiles: [[ArraySlice<UInt8>]], codings: [Coding] = []
    ) {
      self.header = header
      self.chunks = chunks
      self.names = names
      self.times = times
      self.files = files
      self.valueWeights = valueWeights
      self.learning = learning
      self.fits = fits
      self.lattice = lattice
      self.checksums = checksums
      self.tiles = tiles
      self.codings = codings
    }
  }

  /// Of the format: 10 when a tile is coded with predictions of its samples; else 9 when a tile's rows are filtered; else 8 when a series is coded as Y, C1 and C2; else 7 when a series of a version from 2 on has several tile chunks, or copies of a network are mixed by phases; else 6 when a series has records of its files, or copies of a network whose weights have a least; else 5 when it
  /// has times, fits, or chunks that are packed; else 4 when a tile is not coded by networks, else 3 when a series has a lattice
  /// or networks that learn, else 1 for a single image without a name and with its model elsewhere, else 2.
  public var version: Int
  public var models: [ModelName]
  public var series: [Series]

  /// - Precondition: in version 1 every series is a single image, and nothing has a name or an embedded model.
  public init(version: Int, models: [ModelName], series: [Series]) {
    self.version = version
    self.models = models
    self.series = series
  }
}

extension Archive.Series {
  /// Whether its networks or frequencies follow what was coded; from version 3 on.
  public var adapts: Bool { lattice != nil || !learning.isEmpty }

  /// Whether the weights of copies of a network that learn have a least: LRNG ends with it, behind rules of 17 bytes and a mixing
  /// rate; from version 6 on.
  public var holdsCopies: Bool { learning.count % 17 == 2 }

  /// Whether there are weights of copies for each phase of a pixel; from version 7 on.
  public var mixesByPhase: Bool { holdsCopies && learning.last! & 16 != 0 }

  /// Whether its colours are coded as Y, C1 and C2; from version 8 on.
  public var codesPlanes: Bool { lattice?.codesPlanes ?? false }

  /// How a tile chunk is coded, by its number.
  public func coding(_ unit: Int) -> Archive.Coding { codings.isEmpty ? .network : codings[unit] }

  /// Bytes of all streams.
  public var streamBytes: Int { tiles.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } } }

  /// Whether any tile chunk has filtered rows; from version 9 on.
  public var hasFilteredTiles: Bool { codings.contains(.filtered) }

  /// Whether any tile chunk is coded with predictions of its samples; from version 10 on.
  public var hasPredictedTiles: Bool { codings.contains(.predicted) }

  /// Whether any tile chunk is coded by networks.
  public var usesNetworks: Bool { codings.isEmpty || codings.contains(.network) }
}

extension Archive {
  /// Images of all series.
  public var imageCount: Int { series.reduce(0) { $0 + $1.header.count } }

  /// Samples of all images; `Int.max` when they are more than any memory holds.
  public var samples: Int { saturatedSum(series.map { saturatedProduct($0.header.imageSamples, $0.header.count) }) }

  /// When the file of an image was modified, in seconds since 1970 began (UTC), by its number in the archive; nil if
  /// that is not known.
  ///
  /// - Precondition: 0 ..< ``imageCount``
  public func time(ofImage number: Int) -> Int64? {
    let (series, image) = place(ofImage: number)
    return self.series[series].times.isEmpty ? nil : self.series[series].times[image]
  }

  /// The record of the file of an image, by its number in the archive; nil if there is none.
  ///
  /// - Precondition: 0 ..< ``imageCount``
  public func file(ofImage number: Int) -> [UInt8]? {
    let (series, image) = place(ofImage: number)
    let files = self.series[series].files
    return files.isEmpty || files[image].isEmpty ? nil : files[image]
  }

  /// Images whose files have a record.
  public var fileCount: Int { series.reduce(0) { $0 + $1.files.count { !$0.isEmpty } } }

  /// The most bytes of all records of files, and of a few more for each.
  public static let mostFileBytes = 1 << 26

  /// ``time(ofImage:)`` of all images, in linear time; empty when none of them has one.
  public var times: [Int64?] {
    guard series.contains(where: { !$0.times.isEmpty }) else { return [] }
    return series.flatMap {
      $0.times.isEmpty ? Array(repeating: nil, count: $0.header.count) : $0.times.map(Optional.some)
    }
  }

  /// Whether the images have names.
  public var isNamed: Bool { series.contains { !$0.names.isEmpty } }

  /// Where an image is, by its number in the archive. O(series).
  ///
  /// - Precondition: 0 ..< ``imageCount``
  public func place(ofImage number: Int) -> (series: Int, image: Int) {
    var first = 0
    for i in series.indices {
      let count = series[i].header.count
      if number < first + count { return (i, number - first) }
      first += count
    }
    preconditionFailure("there is no image \(number)")
  }

  /// The number of the image of a name.
  public func image(named name: ImageName) -> Int? {
    var first = 0
    for s in series {
      if let image = s.names.firstIndex(of: name) { return first + image }
      first += s.header.count
    }
    return nil
  }
}
