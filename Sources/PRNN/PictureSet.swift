import ArchiveFormat
import ByteCoding
import IntegerInference
import PixelModels
import Raster

/// Pictures that are to be compressed into one archive. It keeps their samples, and what is around them once for all that
/// have it in common.
///
///     var set = PictureSet()
///     for (name, picture) in pictures { set.add(picture, name: ImageName(name)) }
///     let archive = try Codec().compress(set, model: ModelLibrary.bundled.standard)
public struct PictureSet: Sendable {
  /// Samples of the pictures of a lot, about.
  fileprivate static let lotSamples = 1 << 18

  /// What pictures of a series have in common.
  struct Format: Hashable, Sendable {
    let width: Int
    let height: Int
    let colourType: Raster.ColourType
    let bitDepth: Int
    let interlaced: Bool
    let chunks: [Raster.Chunk]

    var samples: Int { width * height * pixelBytes }
    var pixelBytes: Int { colourType.channels * (bitDepth == 16 ? 2 : 1) }
  }

  /// Pictures of one format, in the order they came.
  struct Series: Sendable {
    let format: Format
    var names: [ImageName] = []
    /// When the files were modified, in seconds since 1970 began: of all pictures, or of none.
    var times: [Int64] = []
    /// (pictures): records of the files, empty where there is none.
    var files: [[UInt8]] = []
    /// (pictures): the samples, (height, width, channels) each.
    var pictures: [[UInt8]] = []
  }

  private(set) var series: [Series] = []
  /// Index into `series`.
  private var open: [Format: Int] = [:]
  public private(set) var count = 0
  /// Samples of all pictures.
  public private(set) var samples = 0
  /// Bytes of the files that the pictures come from, if known: more is tried where an archive would be larger.
  public var fileBytes: Int?
  /// Bytes of all records of files, about.
  private var recordBytes = 0

  public init() {}

  /// Adds a picture.
  ///
  /// - Parameters:
  ///   - raster: the picture.
  ///   - name: what it is called in the archive.
  ///   - time: when its file was modified, in seconds since 1970 began (UTC); where one picture has none the set keeps none.
  ///   - file: what makes its file again, byte for byte.
  /// - Returns: whether there was room for that.
  /// - Precondition: all pictures of a set have names, or none has.
  @discardableResult
  public mutating func add(
    _ raster: Raster, name: ImageName? = nil, time: Int64? = nil, file: PNGReconstruction? = nil
  ) -> Bool {
    precondition(count == 0 || isNamed == (name != nil))
    let hadTimes = count > 0 && !series[0].times.isEmpty
    let keepsTimes = time != nil && (count == 0 || hadTimes)
    if hadTimes, !keepsTimes { for i in series.indices { series[i].times = [] } }
    let format = Format(
      width: raster.width, height: raster.height, colourType: raster.colourType, bitDepth: raster.bitDepth,
      interlaced: raster.interlaced, chunks: raster.chunks)
    let place = open[format] ?? series.count
    if place == series.count { series.append(Series(format: format)) }
    // A large picture does better with tiles and value weights of its own.
    if format.samples <= PictureSet.lotSamples / 2 { open[format] = place }
    series[place].pictures.append(raster.samples)
    let record = file?.bytes ?? []
    recordBytes += record.count + 10
    let hasRoom = recordBytes <= Archive.mostFileBytes
    if !hasRoom { recordBytes -= record.count + 10 }
    series[place].files.append(hasRoom ? record : [])
    if let name { series[place].names.append(name) }
    if let time, keepsTimes { series[place].times.append(time) }
    count += 1
    samples += format.samples
    return file == nil || hasRoom
  }

  /// Pixels of all pictures.
  public var pixels: Int { series.reduce(0) { $0 + $1.format.width * $1.format.height * $1.pictures.count } }
  /// Samples of all pictures, one for each channel of a pixel whatever its bits.
  public var dims: Int {
    series.reduce(0) {
      $0 + $1.format.width * $1.format.height * $1.format.colourType.channels * $1.pictures.count
    }
  }

  /// Some of its series, by their numbers.
  func part(_ chosen: [Int]) -> PictureSet {
    var part = PictureSet()
    part.series = chosen.map { series[$0] }
    part.count = part.series.reduce(0) { $0 + $1.pictures.count }
    part.samples = part.series.reduce(0) { $0 + $1.format.samples * $1.pictures.count }
    return part
  }

  /// Whether the pictures have names.
  public var isNamed: Bool { series.first.map { !$0.names.isEmpty } ?? false }
}

extension PictureSet.Series {
  /// What makes Y, C1 and C2 of its colours as an archive of it has them; nil if it codes colours.
  func planes(_ series: Archive.Series) -> ColourPlanes? {
    guard let conversion = series.planeConversion else { return nil }
    return ColourPlanes(conversion, of: ColourSet(self, mostPixels: .max).words)
  }

  /// The records of the files as an archive has them: none at all where all are empty.
  var fileRecords: [[UInt8]] { files.contains { !$0.isEmpty } ? files : [] }

  /// The header of the series in an archive of one model.
  func header(_ model: Model) -> Archive.Header {
    let role: Model.Role = format.colourType == .rgb || format.colourType == .rgba ? .colour : .gray
    let levels = max(1, model.levels(of: role))
    let isLocal = model.network(for: role)?.isLocal ?? true
    let tiles = TileGrid(
      width: format.width, height: format.height, side: isLocal ? Codec.tileSide : Codec.smallTileSide)
    return self.header(tiles: tiles, model: 0, levels: levels)
  }

  func header(tiles: TileGrid, model: Int, levels: Int) -> Archive.Header {
    let lot = min(Archive.Header.largestLot, max(1, PictureSet.lotSamples / format.samples), pictures.count)
    let isOne = pictures.count == 1 && levels == 1
    return .init(
      width: format.width, height: format.height, colourType: format.colourType.rawValue,
      bitDepth: UInt8(format.bitDepth), interlaced: format.interlaced, model: model,
      tileWidth: isOne ? tiles.tileWidth : format.width, tileHeight: isOne ? tiles.tileHeight : format.height,
      count: pictures.count, lot: lot, levels: levels)
  }

  /// CRC-32 of the samples of some tiles or lots.
  func checksums(of parts: some Sequence<Archive.Unit>, _ header: Archive.Header) -> [UInt32] {
    parts.map { part in
      part.images.reduce(0) { crc, image in
        pictures[image].withUnsafeBufferPointer { header.layout.checksum(of: part, $0.baseAddress!, from: crc) }
      }
    }
  }
}

extension Archive.Series {
  /// The parts that have a checksum each.
  func checkedParts(version: Int) -> some Sequence<Archive.Unit> {
    (0..<(version > 1 ? header.unitCount : 1)).lazy.map { checkedPart($0, version: version) }
  }

  /// The part that has the checksum of a number.
  func checkedPart(_ number: Int, version: Int) -> Archive.Unit {
    guard version == 1 else { return header.unit(number) }
    return .init(images: 0..<1, tile: header.frame)
  }
}
