import ArchiveFormat
import IntegerInference
import PixelModels
import Raster

/// A series made ready for coding.
struct CodingPlan: Sendable {
  let header: Archive.Header
  let groups: [PlaneGroup]
  /// By group.
  let weights: [ValueWeights]
  let model: Model

  /// - Throws: ``PRNNError`` when the model has no network for the channels, or the images have several levels.
  init(_ series: Archive.Series, _ model: Model) throws {
    header = series.header
    guard header.levels == 1 else { throw PRNNError.severalLevels(header.levels) }
    groups = PlaneGroup.all(of: header, series.rasterChunks)
    weights = groups.map { $0.weights(series.valueWeights) }
    self.model = model
    for group in groups where model.network(for: group.role) == nil {
      throw PRNNError.noNetwork(model: model.name, role: "\(group.role)")
    }
  }
}

/// Images that are decoded together: a single one with all its tiles, or a lot.
struct Piece: Sendable {
  /// Index of the series.
  let series: Int
  /// Numbers of the tile chunks.
  let units: Range<Int>
  /// Of the series.
  let images: Range<Int>

  /// All of an archive.
  static func all(of archive: Archive) -> [Piece] {
    archive.series.indices.flatMap { all(of: archive.series[$0].header, series: $0) }
  }

  /// All of a series.
  static func all(of header: Archive.Header, series: Int) -> [Piece] {
    let units = 0..<header.unitCount
    guard header.count > 1 else { return [Piece(series: series, units: units, images: 0..<1)] }
    return units.map { Piece(series: series, units: $0..<$0 + 1, images: header.unit($0).images) }
  }
}

extension Archive.Unit {
  /// The size of what is coded together.
  var size: LotSize { LotSize(width: tile.width, height: tile.height, count: images.count) }
}

/// One stream: a group of channels of a tile or lot.
struct CodingJob: Sendable {
  /// Index of the piece among those at hand.
  let piece: Int
  /// Index of the series.
  let series: Int
  /// Number of the tile chunk.
  let index: Int
  let unit: Archive.Unit
  let group: Int

  /// All streams of some pieces.
  static func all(_ pieces: some Sequence<Piece>, _ plans: [CodingPlan]) -> [CodingJob] {
    pieces.enumerated().flatMap { number, piece in
      piece.units.flatMap { index in
        plans[piece.series].groups.indices.map { group in
          let unit = plans[piece.series].header.unit(index)
          return CodingJob(piece: number, series: piece.series, index: index, unit: unit, group: group)
        }
      }
    }
  }
}

/// Pixels in a row of an image.
struct PixelRun {
  let job: CodingJob
  let group: PlaneGroup
  /// Of the series.
  let image: Int
  /// The sample of the image that the first pixel starts with.
  let start: Int
  let pixels: Int
}

/// The coders of a thread, made as they are needed.
final class Coders {
  private struct Key: Hashable {
    let model: [UInt8]
    let role: Model.Role
  }

  private let kernels: Kernels
  private let progress: @Sendable (Int) -> Void
  private var coders: [Key: any NetworkCoder] = [:]

  init(_ kernels: Kernels, progress: @escaping @Sendable (Int) -> Void) {
    self.kernels = kernels
    self.progress = progress
  }

  /// - Precondition: a ``CodingPlan`` has found that the model has a network of this role.
  func coder(_ role: Model.Role, of model: Model) -> any NetworkCoder {
    let key = Key(model: model.hash, role: role)
    if let known = coders[key] { return known }
    let new = coder(for: model.network(for: role)!)
    new.progress = { [progress] in progress($0 * role.channels) }
    coders[key] = new
    return new
  }

  private func coder(for network: Model.Network) -> any NetworkCoder {
    IntegerInference.coder(for: network, kernels: kernels)
  }
}

extension Archive.Series {
  var rasterChunks: [Raster.Chunk] {
    chunks.map { .init(type: $0.type, place: .init(rawValue: $0.place)!, bytes: $0.bytes) }
  }
}
