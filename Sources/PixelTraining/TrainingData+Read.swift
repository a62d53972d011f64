import Glibc
import Raster

extension TrainingData {
  /// What files of pictures are.
  public enum Format: Equatable, Sendable {
    /// PNG pictures, all of one size.
    case pictures
    /// PNG pictures to be cut into tiles; what is left at the right and bottom edges is dropped.
    case tiles(Size)
    /// Rows of bits, samples 0 and 1, most significant bit first, each picture padded to whole bytes.
    case bits(Size)
  }

  /// Reads all pictures of files and folders; folders are searched for PNG files, in the order of their names.
  ///
  /// - Parameters:
  ///   - channels: 1 for gray, 3 for RGB.
  ///   - bitDepth: bits a sample of the pictures must have: 8, or 1 for networks of bits.
  /// - Throws: ``FileError``.
  public init(reading paths: [String], as format: Format, channels: Int, bitDepth: Int) throws {
    var all: TrainingData?
    for file in try paths.flatMap({ try files(at: $0, searched: format.isPNG) }) {
      do {
        let bytes = try contents(of: file)
        let part = try TrainingData(file: bytes, as: format, channels: channels, bitDepth: bitDepth)
        if let first = all {
          guard part.width == first.width, part.height == first.height else {
            throw TrainingError.differentSize(
              width: part.width, height: part.height, expected: first.width, other: first.height)
          }
        }
        if all?.append(part) == nil { all = part }
      } catch let error as FileError { throw error } catch { throw FileError(file, error) }
    }
    guard let all, all.count > 0 else { throw FileError(paths.first ?? "", TrainingError.noPictures) }
    self = all
  }

  /// Reads one file; see ``init(reading:as:channels:bitDepth:)``.
  ///
  /// - Throws: ``TrainingError`` or `RasterError`.
  public init(file bytes: [UInt8], as format: Format, channels: Int, bitDepth: Int) throws {
    if bytes.starts(with: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) { throw TrainingError.compressed }
    switch format {
    case .bits(let size): try self.init(bits: bytes, size: size)
    case .pictures: try self.init(Raster(png: bytes, deepest: 8), channels: channels, bitDepth: bitDepth)
    case .tiles(let size):
      try self.init(Raster(png: bytes, deepest: 8), channels: channels, bitDepth: bitDepth, tile: size)
    }
  }

  /// Unpacks rows of bits.
  ///
  /// - Throws: ``TrainingError/bitRows(bytes:picture:)`` when they are not whole pictures.
  public init(bits: [UInt8], size: Size) throws {
    let dims = size.width * size.height
    let row = (dims + 7) / 8
    guard !bits.isEmpty, bits.count % row == 0 else {
      throw TrainingError.bitRows(bytes: bits.count, picture: row)
    }
    let count = bits.count / row
    let samples = [UInt8](unsafeUninitializedCapacity: count * dims) { buffer, filled in
      for picture in 0..<count {
        for i in 0..<dims { buffer[picture * dims + i] = bits[picture * row + i / 8] >> UInt8(7 - i % 8) & 1 }
      }
      filled = count * dims
    }
    self.init(width: size.width, height: size.height, channels: 1, samples: samples)
  }

  /// A picture, or the tiles of it in raster order.
  ///
  /// - Throws: ``TrainingError`` when its samples are not those asked for, or it is smaller than a tile.
  public init(_ raster: Raster, channels: Int, bitDepth: Int, tile: Size? = nil) throws {
    guard raster.colourType == (channels == 3 ? .rgb : .gray) else {
      throw TrainingError.channels(raster.colourType.name, expected: channels)
    }
    guard raster.bitDepth == bitDepth else { throw TrainingError.bitDepth(raster.bitDepth, expected: bitDepth) }
    let size = tile ?? Size(width: raster.width, height: raster.height)
    guard raster.width >= size.width, raster.height >= size.height else {
      throw TrainingError.smallerThanTile(width: raster.width, height: raster.height)
    }
    var samples: [UInt8] = []
    for top in stride(from: 0, through: raster.height - size.height, by: size.height) {
      for left in stride(from: 0, through: raster.width - size.width, by: size.width) {
        for row in top..<top + size.height {
          let start = (row * raster.width + left) * channels
          samples += raster.samples[start..<start + size.width * channels]
        }
      }
    }
    self.init(width: size.width, height: size.height, channels: channels, samples: samples)
  }

  /// Takes the last pictures away.
  ///
  /// - Throws: ``TrainingError/holdOut(_:of:)`` unless some are left.
  public mutating func holdOut(_ number: Int) throws -> TrainingData {
    guard number > 0, number < count else { throw TrainingError.holdOut(number, of: count) }
    let last = self[count - number..<count]
    self = self[0..<count - number]
    return last
  }
}

extension TrainingData.Format {
  fileprivate var isPNG: Bool { if case .bits = self { false } else { true } }
}

/// The file itself, or the PNG files below a folder, sorted.
///
/// - Parameter outer: the folders that this one is in, by device and number: a link back to one of them is left out.
func files(at path: String, searched: Bool, outer: [[UInt64]] = []) throws -> [String] {
  guard let folder = opendir(path) else { return [path] }
  defer { closedir(folder) }
  var status = stat()
  fstat(dirfd(folder), &status)
  let own = [UInt64(status.st_dev), UInt64(status.st_ino)]
  if outer.contains(own) { return [] }
  guard searched else { throw FileError(path, TrainingError.bitFolder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if !name.hasPrefix(".") { names.append(name) }
  }
  return try names.sorted().flatMap { name in
    let inside = path + (path.hasSuffix("/") ? "" : "/") + name
    if let below = opendir(inside) {
      closedir(below)
      return try files(at: inside, searched: searched, outer: outer + [own])
    }
    return name.lowercased().hasSuffix(".png") ? [inside] : []
  }
}
