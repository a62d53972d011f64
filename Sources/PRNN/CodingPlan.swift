import ArchiveFormat
import ByteCoding
import IntegerInference
import PixelModels
import Raster

/// A series made ready for coding.
struct CodingPlan: Sendable {
  let header: Archive.Header
  /// Those that networks code.
  let groups: [PlaneGroup]
  /// All channels.
  let whole: PlaneGroup
  /// By tile chunk; empty: all by networks.
  let codings: [Archive.Coding]
  /// By group.
  let weights: [ValueWeights]
  let learning: Learning?
  /// Of the colours.
  let lattice: ColourLattice?
  /// nil: no tile is coded by networks.
  let model: Model?

  /// A plan for coding without networks.
  init(_ header: Archive.Header) {
    self.header = header
    whole = PlaneGroup.whole(header)
    (groups, codings, weights, learning, lattice, model) = ([], [], [], nil, nil, nil)
  }

  /// - Parameter planes: what makes the Y, C1 and C2 of the colours to encode, if these are coded.
  /// - Throws: ``PRNNError`` when the model has no network for the channels, or fewer than the levels; `ArchiveError` when its
  ///   networks cannot learn as the series says.
  init(_ series: Archive.Series, _ model: Model?, planes: ColourPlanes? = nil) throws {
    header = series.header
    whole = PlaneGroup.whole(header)
    codings = series.codings
    let (given, conversion) = (series.lattice.map(ColourLattice.init), series.planeConversion)
    let plain = model == nil ? [] : PlaneGroup.all(of: header, series.rasterChunks)
    groups = plain.map { group in
      group.role == .colour ? conversion.map { group.coding($0, planes) } ?? group : group
    }
    weights = groups.map { $0.weights(series.valueWeights) }
    var learning = Learning(bytes: series.learning)
    guard learning != nil || series.learning.isEmpty else { throw ArchiveError.damaged("how its network learns") }
    learning?.fits = Learning.Fits(bytes: series.fits)
    guard learning?.fits != nil || series.fits.isEmpty else { throw ArchiveError.damaged("fits of its network") }
    self.learning = learning
    lattice = conversion == nil ? given : nil
    self.model = model
    guard let model else { return }
    guard header.bitDepth <= 8 else { throw PRNNError.noNetwork(model: model.name, role: "16-bit") }
    for group in groups {
      guard let network = model.network(for: group.role!) else {
        throw PRNNError.noNetwork(model: model.name, role: "\(group.role!)")
      }
      guard model.levels(of: group.role!) >= header.levels else {
        throw PRNNError.otherLevels(header.levels, model: model.name)
      }
      guard learning == nil || network.isLocal else { throw ArchiveError.damaged("a network that cannot learn") }
      guard given == nil || group.role != .colour || network.isLocal else {
        throw PRNNError.latticeWithoutLocalNetwork(model: model.name)
      }
      if network.isBernoulli {
        guard header.colourType == 0, header.bitDepth == 1 else { throw PRNNError.notBilevel(model: model.name) }
      }
    }
  }

  /// Bytes for the samples of a piece, and for what coders need for a tile or lot for each thread; `Int.max` when they are
  /// more than that.
  ///
  /// - Parameter jobs: streams that may be coded at the same time.
  func bytesNeeded(_ piece: Piece, threads: Int, jobs: Int) -> Int {
    let images = piece.images.count
    let size = LotSize(width: header.tileWidth, height: header.tileHeight, count: images)
    let networks = groups.flatMap { group in
      (0..<header.levels).map {
        let network = model!.network(for: group.role!, level: $0)!
        let together = LotSize(
          width: size.width, height: size.height,
          count: saturatedProduct(images, min(network.lotsTogether(size), piece.units.count)))
        return network.bytesNeeded(together, hasLattice: lattice != nil, learning: learning)
      }
    }
    let mixers = Set(piece.units.map { coding($0) }.filter(\.isMixing))
      .map { MixingCoder(header, $0).bytesNeeded(size) }
    let working = max(networks.max() ?? 0, mixers.max() ?? 0)
    return saturatedSum([
      piece.samples, saturatedProduct(working, min(threads, jobs)),
    ])
  }

  /// How a tile chunk is coded, by its number.
  func coding(_ unit: Int) -> Archive.Coding { codings.isEmpty ? .network : codings[unit] }

  /// The channels of a job.
  func planes(_ job: CodingJob) -> PlaneGroup { job.coding == .network ? groups[job.group] : whole }

  /// Bytes for the largest of some pieces, when all are coded with so many threads.
  static func bytesNeeded(_ pieces: [Piece], _ plans: [CodingPlan], threads: Int) -> Int {
    let jobs = pieces.reduce(0) { $0 + $1.units.count }
    return pieces.map { plans[$0.series].bytesNeeded($0, threads: threads, jobs: jobs) }.max() ?? 0
  }

  /// What both sides know of a job's lot.
  ///
  /// - Parameter withImage: gives the samples of an image, by its number in the series; of those the smaller sizes are read.
  func lot(_ job: CodingJob, _ withImage: @escaping (Int, (UnsafePointer<UInt8>) -> Void) -> Void) -> Lot {
    let (size, group) = (job.lotSize, groups[job.group])
    guard job.level > 0 else {
      return Lot(
        size, weights: weights[job.group], lattice: group.role == .colour ? lattice : nil, learning: learning)
    }
    let rowSamples = header.layout.rowSamples
    return Lot(
      size, weights: weights[job.group],
      smaller: { number, y, row in
        let (unit, image) = job.place(ofImage: number)
        withImage(image) {
          let step = 2 * unit.step
          group.gather($0 + y * step * rowSamples, count: (size.width + 1) / 2, step: step, to: row)
        }
      })
  }

  /// The rows of a job's lot.
  ///
  /// - Parameter pictures: of the series.
  func source(_ job: CodingJob, _ pictures: [[UInt8]]) -> Lot.Source {
    let group = planes(job)
    return { number, y, row in
      let (unit, image) = job.place(ofImage: number)
      pictures[image].withUnsafeBufferPointer {
        group.gather(
          $0.baseAddress! + header.layout.start(unit, row: y), count: unit.tile.width, step: unit.step, to: row)
      }
    }
  }
}

/// Images that are decoded together: a single one with all its tiles, or a lot.
struct Piece: Sendable {
  /// Index of the series.
  let series: Int
  /// Numbers of the tile chunks; those of smaller sizes first.
  var units: [Int]
  /// Numbers of those that it should have and that are not to be decoded, because a damaged archive has lost them.
  var missing: [Int] = []
  /// Of the series.
  let images: Range<Int>
  /// Of each image.
  var layout: SampleLayout

  /// Of all its images; `Int.max` when they are more than any memory holds.
  var samples: Int { saturatedProduct(layout.count, images.count) }

  /// All of an archive.
  static func all(of archive: Archive) -> [Piece] {
    archive.series.indices.flatMap { all(of: archive.series[$0].header, series: $0) }
  }

  /// All of a series.
  static func all(of header: Archive.Header, series: Int) -> [Piece] {
    guard header.count > 1 else {
      return [Piece(series: series, units: Array(0..<header.unitCount), images: 0..<1, layout: header.layout)]
    }
    return (0..<header.unitsOfLevel).map { lot in
      let units = Array(stride(from: lot, to: header.unitCount, by: header.unitsOfLevel))
      return Piece(series: series, units: units, images: header.unit(lot).images, layout: header.layout)
    }
  }

  /// As much of it as a part of one of its images takes: the tiles that the part touches.
  func around(_ part: PixelRectangle, _ header: Archive.Header) -> Piece {
    var result = self
    result.layout = header.layout(of: header.decodedArea(for: part))
    if layout.area != result.layout.area { result.units = units.filter { header.unit($0).tile.overlaps(part) } }
    return result
  }
}

/// Streams that are coded side by side: those of a group of channels of tiles or lots, all of one size.
struct CodingJob: Sendable {
  /// Index of the piece among those at hand.
  let piece: Int
  /// Index of the series.
  let series: Int
  /// Numbers of the tile chunks.
  let indices: [Int]
  /// Of these chunks.
  let units: [Archive.Unit]
  /// Of the streams of each chunk.
  let group: Int
  let coding: Archive.Coding

  var level: Int { units[0].level }

  /// Of all streams together.
  var lotSize: LotSize {
    let one = Shape(units[0]).size
    return LotSize(width: one.width, height: one.height, count: one.count * units.count)
  }

  /// Where an image of the lot is: the unit, and its number in the series.
  func place(ofImage number: Int) -> (unit: Archive.Unit, image: Int) {
    let each = units[0].images.count
    let unit = units[number / each]
    return (unit, unit.images.lowerBound + number % each)
  }

  /// All streams of some pieces.
  ///
  /// - Parameter threads: to share them among; nil: a job for every stream.
  static func all(_ pieces: some Sequence<Piece>, _ plans: [CodingPlan], threads: Int?) -> [CodingJob] {
    pieces.enumerated().flatMap { number, piece in
      let plan = plans[piece.series]
      let all = piece.units.map { (index: $0, unit: plan.header.unit($0)) }
      let others = all.filter { plan.coding($0.index) != .network }.map {
        CodingJob(
          piece: number, series: piece.series, indices: [$0.index], units: [$0.unit], group: 0,
          coding: plan.coding($0.index))
      }
      let units = all.filter { plan.coding($0.index) == .network }
      return others
        + plan.groups.indices.flatMap { group in
          let alike = Dictionary(grouping: units) { Shape($0.unit) }
          return alike.sorted { $0.value[0].index < $1.value[0].index }.flatMap { shape, units in
            let network = plan.model!.network(for: plan.groups[group].role!, level: shape.level)!
            let together = threads.map { min(network.lotsTogether(shape.size), (units.count + $0 - 1) / $0) } ?? 1
            return stride(from: 0, to: units.count, by: together).map {
              let units = units[$0..<min($0 + together, units.count)]
              return CodingJob(
                piece: number, series: piece.series, indices: units.map(\.index), units: units.map(\.unit),
                group: group,
                coding: .network)
            }
          }
        }
    }
  }
}

/// What streams that are coded side by side have in common.
private struct Shape: Hashable {
  let level: Int
  let size: LotSize

  init(_ unit: Archive.Unit) {
    level = unit.level
    size = LotSize(width: unit.tile.width, height: unit.tile.height, count: unit.images.count)
  }
}

/// Pixels in a row of an image.
struct PixelRun {
  let job: CodingJob
  let unit: Archive.Unit
  let group: PlaneGroup
  /// Of the series.
  let image: Int
  /// Of the unit.
  let row: Int
  let pixels: Int
}

extension Archive.Series {
  var rasterChunks: [Raster.Chunk] {
    chunks.map { .init(type: $0.type, place: .init(rawValue: $0.place)!, bytes: $0.bytes) }
  }
}
