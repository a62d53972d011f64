import ArchiveFormat
import EntropyCoding
import IntegerInference
import PixelKernels
import Raster
import Synchronization

/// What each pixel of a picture takes in an archive.
public struct PixelCosts: Sendable {
  public let width: Int
  public let height: Int
  /// (height, width), in 1/256 bit, of all channels together.
  public internal(set) var costs: [UInt32]

  /// Red, green and blue of a heatmap, from nothing to the top, at equal distances.
  public static let colours: [(Double, Double, Double)] = [
    (0, 0, 0), (32, 32, 160), (176, 32, 112), (240, 96, 32), (252, 208, 64), (255, 255, 255),
  ]

  /// Bits that 99 of 100 pixels of all these pictures stay below.
  ///
  /// - Precondition: there are pictures.
  public static func top(of pictures: [PixelCosts]) -> Double {
    let sorted = pictures.flatMap(\.costs).sorted()
    return Double(sorted[(sorted.count - 1) * 99 / 100]) / 256
  }

  /// A smaller picture: the means of boxes of pixels, none of them empty.
  public func reduced(columns: [Range<Int>], rows: [Range<Int>]) -> PixelCosts {
    let means = rows.flatMap { rows in
      columns.map { columns in
        let sum = rows.reduce(0) { sum, y in
          columns.reduce(sum) { $0 + Int(costs[y * width + $1]) }
        }
        let area = rows.count * columns.count
        return UInt32((sum + area / 2) / area)
      }
    }
    return PixelCosts(width: columns.count, height: rows.count, costs: means)
  }

  /// Bits of all pixels.
  public var bits: Double { Double(costs.reduce(0) { $0 + Int($1) }) / 256 }

  /// A picture of the costs: black for nothing, over blue, red and yellow to white for `top` and more.
  ///
  /// - Parameter top: bits of a pixel; nil: what 99 of 100 pixels stay below.
  public func heatmap(top: Double? = nil) -> (picture: Raster, top: Double) {
    let most = max(1, (top ?? PixelCosts.top(of: [self])) * 256)
    let stops = PixelCosts.colours
    var samples: [UInt8] = []
    samples.reserveCapacity(3 * costs.count)
    for cost in costs {
      let place = min(1, Double(cost) / most) * Double(stops.count - 1)
      let i = min(stops.count - 2, Int(place))
      let (a, b, part) = (stops[i], stops[i + 1], place - Double(i))
      for (x, y) in [(a.0, b.0), (a.1, b.1), (a.2, b.2)] { samples.append(UInt8((x + (y - x) * part).rounded())) }
    }
    return (Raster(width: width, height: height, colourType: .rgb, bitDepth: 8, samples: samples), most / 256)
  }
}

extension Codec {
  /// What each pixel of one picture of an archive takes. Other pictures of its lot are decoded too.
  ///
  /// - Parameters:
  ///   - archive: parsed.
  ///   - number: 0 ..< `archive.imageCount`.
  ///   - models: where the archive's model is looked for, unless it is inside.
  /// - Throws: `ArchiveError` or ``PRNNError``.
  public func costs(_ archive: Archive, image number: Int, models: ModelLibrary) throws -> PixelCosts {
    let (place, image) = archive.place(ofImage: number)
    let header = archive.series[place].header
    let raster = try decompress(archive, image: number, models: models)
    let plans = try plans(archive, models)
    let pieces = Piece.all(of: header, series: place).filter { $0.images.contains(image) }
    let jobs = CodingJob.all(pieces, plans, threads: nil)
    let others = try lotmates(archive, place, pieces, models, known: [image: raster.samples])
    let plan = try withPlanes(plans[place], archive.series[place], others)
    let empty = PixelCosts(
      width: raster.width, height: raster.height, costs: Array(repeating: 0, count: raster.width * raster.height))
    let result = Mutex(empty)
    try inParallel(count: jobs.count) { coders, i in
      let (job, unit) = (jobs[i], jobs[i].units[0])
      let given: Lot.Source = { number, y, row in
        others[unit.images.lowerBound + number]!.withUnsafeBufferPointer {
          plan.planes(job).gather(
            $0.baseAddress! + header.layout.start(unit, row: y), count: unit.tile.width, step: unit.step, to: row)
        }
      }
      var meter = CostMeter()
      /// Adds what was noted, where the next place belongs to the picture.
      func add(_ number: Int, _ row: Int, _ column: Int, _ next: inout Int, _ sum: inout PixelCosts) {
        if unit.images.lowerBound + number == image {
          let at = ((unit.tile.y + row) * header.width + unit.tile.x + column) * unit.step
          sum.costs[at] += meter.costs[next]
        }
        next += 1
      }
      switch job.coding {
      case .network:
        let coder = coders.coder(job, plan)
        let lot = plan.lot(job) { image, body in others[image]!.withUnsafeBufferPointer { body($0.baseAddress!) } }
        guard lot.weights.onlyPixel == nil else { return }
        coder.run(lot, through: &meter, given: given, result: nil)
        result.withLock { sum in
          var next = 0
          coder.forEachSample(of: lot.size) { number, row, column, _ in
            // Levels above the coarsest leave out what that one has.
            if unit.level == 0 || (row | column) & 1 == 1 { add(number, row, column, &next, &sum) }
          }
        }
      case .mixing, .predicted, .plain, .filtered:
        let size = job.lotSize
        let pixels = size.width * size.height * size.count
        if job.coding.isMixing {
          coders.mixing(plan, job.coding).run(size, through: &meter, given: given, result: nil)
        } else {
          // Deflate does not say which pixel takes what.
          let bits = archive.series[place].tiles[job.indices[0]][0].count * 8
          meter.costs = Array(repeating: UInt32(min(bits * 256 / pixels, Int(UInt32.max))), count: pixels)
        }
        result.withLock { sum in
          var next = 0
          for i in 0..<size.height * size.count {
            for x in 0..<size.width { add(i / size.height, i % size.height, x, &next, &sum) }
          }
        }
      }
    }
    return result.withLock { $0 }
  }

  /// A plan of a series that can also make Y, C1 and C2 of some pictures, if these are coded.
  private func withPlanes(
    _ plan: CodingPlan, _ series: Archive.Series, _ pictures: [Int: [UInt8]]
  ) throws -> CodingPlan {
    guard let conversion = series.planeConversion else { return plan }
    var colours = ColourSet()
    for samples in pictures.values { colours.insert(samples, pixelBytes: series.header.pixelBytes) }
    return try CodingPlan(series, plan.model, planes: ColourPlanes(conversion, of: colours.words))
  }

  /// The samples of the images that are coded in one stream with some.
  private func lotmates(
    _ archive: Archive, _ series: Int, _ pieces: [Piece], _ models: ModelLibrary, known: [Int: [UInt8]]
  ) throws -> [Int: [UInt8]] {
    var result = known
    let first = archive.series[..<series].reduce(0) { $0 + $1.header.count }
    for image in pieces.flatMap(\.images) where result[image] == nil {
      result[image] = try decompress(archive, image: first + image, models: models).samples
    }
    return result
  }
}

/// A coder that writes nothing: it notes what samples would cost.
struct CostMeter: SymbolCoder, BinaryCoder {
  /// Of samples, or of pixels, in the order of coding, in 1/256 bit.
  var costs: [UInt32] = []
  private var bits: UInt32 = 0

  mutating func code(_ bit: Bool, probability: UInt32) -> Bool {
    bits += UInt32(fixedLog2(1 << 16) - fixedLog2(UInt64(bit ? probability : 1 << 16 - probability)))
    return bit
  }

  mutating func endPixel() {
    costs.append(bits)
    bits = 0
  }

  mutating func code(
    _ sample: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8 {
    let frequency = max(1, prnn_frequency(distribution, UInt32(sample &- centre)))
    costs.append(UInt32(fixedLog2(UInt64(total)) - fixedLog2(UInt64(frequency))))
    return sample
  }
}
