import PixelModels
import Raster

/// Pictures of any sizes to train a local network on, by the role of the network.
public struct AdaptationPictures: Sendable {
  public let role: Model.Role
  public private(set) var rasters: [Raster]
  /// Pictures that were found and that networks of this role do not take.
  public let leftOut: Int

  /// Reads all pictures of files and folders; folders are searched for PNG files, in the order of their names.
  ///
  /// - Parameter role: nil for that which most of the pictures have: colour, or gray.
  /// - Throws: ``FileError``.
  public init(reading paths: [String], role: Model.Role?) throws {
    var all: [Raster] = []
    for file in try paths.flatMap({ try files(at: $0, searched: true) }) {
      let bytes = try contents(of: file)
      do { all.append(try Raster(png: bytes, deepest: 8)) } catch { throw FileError(file, error) }
    }
    guard !all.isEmpty else { throw FileError(paths.first ?? "", TrainingError.noPictures) }
    func taken(_ role: Model.Role) -> [Raster] { all.filter { role.offset(in: $0) != nil } }
    let chosen = role ?? (taken(.colour).count >= taken(.gray).count ? .colour : .gray)
    rasters = taken(chosen)
    guard !rasters.isEmpty else {
      throw FileError(paths.first ?? "", TrainingError.noSuchPictures(role.map { "\($0)" } ?? "colour or gray"))
    }
    self.role = chosen
    leftOut = all.count - rasters.count
  }

  /// Takes the last pictures away: `number`, or one in eight.
  ///
  /// - Throws: ``TrainingError``, unless some are left.
  public mutating func holdOut(_ number: Int?) throws(TrainingError) -> AdaptationPictures {
    if number == nil, rasters.count == 1 { throw .tooFewPictures }
    let number = number ?? max(1, rasters.count / 8)
    guard number > 0, number < rasters.count else { throw .holdOut(number, of: rasters.count) }
    var held = self
    held.rasters = Array(rasters.suffix(number))
    rasters.removeLast(number)
    return held
  }

  /// Keeps the first so many.
  public mutating func limit(to number: Int) { rasters = Array(rasters.prefix(number)) }

  /// Their pixels.
  public func pool(_ architecture: Architecture) -> PixelPool {
    var pool = PixelPool(architecture)
    for raster in rasters {
      pool.append(
        width: raster.width, height: raster.height, samples: raster.samples, offset: role.offset(in: raster)!,
        stride: raster.channels)
    }
    return pool
  }
}

extension Model.Role {
  /// Where in a picture's pixel the samples of a network of this role begin; nil for pictures it does not take.
  func offset(in raster: Raster) -> Int? {
    guard raster.bitDepth == 8 else { return nil }
    switch (self, raster.colourType) {
    case (.colour, .rgb), (.colour, .rgba), (.gray, .gray), (.gray, .grayAlpha): return 0
    case (.alpha, .rgba), (.alpha, .grayAlpha): return raster.channels - 1
    default: return nil
    }
  }
}
