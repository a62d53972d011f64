import ArchiveFormat
import IntegerInference
import PixelModels
import Raster
import Synchronization

extension ColourLattice {
  init(_ lattice: Archive.Lattice) {
    switch lattice.colours {
    case .any: self.init()
    case .jfif: self.init(conversion: .jfif, escape: lattice.escape)
    case .conversion(let factors, let offsets):
      self.init(conversion: .init(factors: factors, offsets: offsets), escape: lattice.escape)
    }
  }
}

extension Archive.Series {
  /// What makes the colours of Y, C1 and C2; nil if colours are coded.
  var planeConversion: ColourConversion? { codesPlanes ? lattice.flatMap { ColourLattice($0).conversion } : nil }
}

extension Codec {
  /// For each series, the lattice of its colours when it pays: found by the set of its colours, and tried on a part of its
  /// pictures.
  ///
  /// - Parameter learning: how its networks will learn, by and large.
  func estimateLattices(
    _ set: PictureSet, _ series: [Archive.Series], _ model: Model, _ learning: Learning?
  ) throws -> [Archive.Lattice?] {
    let found = Mutex<[Archive.Lattice?]>(Array(repeating: nil, count: series.count))
    try inParallel(count: series.count, reports: false) { coders, i in
      guard series[i].header.hasColours, let coder = coders.coder(.colour, of: model) as? TileCoder else { return }
      let colours = ColourSet(set.series[i], mostPixels: 1 << 20)
      guard colours.areOnLattice else { return }
      let plan = try CodingPlan(series[i], model)
      let candidates = [Archive.Lattice(.any)] + colours.conversion(of: set.series[i])
      let trial = SeriesTrial(plan, set.series[i], pixels: Codec.latticeTrialPixels)
      // What a newer version and its chunk take, and a margin.
      var least = trial.cost(0, nil, coder) - 8 * (64 + 4 * series[i].header.unitCount) * 256 / trial.share
      var best: Archive.Lattice?
      for candidate in candidates {
        let cost = trial.cost(0, ColourLattice(candidate), coder)
        guard cost < least else { continue }
        (least, best) = (cost, candidate)
      }
      if let conversion = candidates.dropFirst().first,
        let planes = try planesCandidate(conversion, set.series[i], series[i], model)
      {
        // Y, C1 and C2 are new to the networks: how fast they learn them matters.
        let lattice = best.map(ColourLattice.init)
        let colours = trial.cost(0, lattice, learning: learning?.fitting(set.series[i], best), coder)
        let own = SeriesTrial(planes.plan, set.series[i], pixels: Codec.latticeTrialPixels)
        let margin = best == nil ? 8 * (64 + 4 * series[i].header.unitCount) * 256 / trial.share : 0
        if margin + own.cost(0, nil, learning: learning?.fitting(set.series[i], planes.lattice), coder) < colours {
          best = planes.lattice
        }
      }
      found.withLock { $0[i] = best }
    }
    return found.withLock { $0 }
  }

  /// Pixels that are coded to see what is shorter, about.
  private static let latticeTrialPixels = 1 << 16

  /// The Y, C1 and C2 of a conversion that makes all colours of a series, and a plan for them; nil for few pixels.
  private func planesCandidate(
    _ lattice: Archive.Lattice, _ pictures: PictureSet.Series, _ series: Archive.Series, _ model: Model
  ) throws -> (lattice: Archive.Lattice, plan: CodingPlan)? {
    let format = pictures.format
    guard lattice.colours != .any, lattice.escape == 0,
      format.width * format.height * pictures.pictures.count >= 1 << 12
    else { return nil }
    var own = series
    own.lattice = Archive.Lattice(lattice.colours, codesPlanes: true)
    own.valueWeights = own.valueWeights.filter { $0.key > 2 }
    guard let planes = pictures.planes(own), planes.makesAll else { return nil }
    return (own.lattice!, try CodingPlan(own, model, planes: planes))
  }
}

extension Learning {
  /// As it is for a series with such a lattice: where chroma had half the resolution, what is best goes with the phase.
  func fitting(_ series: PictureSet.Series, _ lattice: Archive.Lattice?) -> Learning {
    var own = self
    own.phases = own.phases || own.leastWeight != nil && lattice?.colours ?? .any != .any && series.chromaHasPhases
    return own
  }
}

extension PictureSet.Series {
  /// Whether R − G or B − G change by a tenth more from even to odd columns, or rows, than from odd to even ones, as where chroma was
  /// brought from half the resolution; of its first picture.
  fileprivate var chromaHasPhases: Bool {
    guard format.colourType == .rgb || format.colourType == .rgba, format.bitDepth == 8 else { return false }
    let (pixel, row) = (format.pixelBytes, format.pixelBytes * format.width)
    // By direction, difference, parity.
    var sums = Array(repeating: 1, count: 8)
    pictures[0].withUnsafeBufferPointer { samples in
      func chroma(_ at: Int, _ other: Int) -> Int { Int(samples[at + other]) - Int(samples[at + 1]) }
      for y in 0..<(format.height - 1) & ~1 {
        for x in 0..<(format.width - 1) & ~1 {
          let at = y * row + x * pixel
          for i in 0..<2 {
            let here = chroma(at, 2 * i)
            sums[2 * i + (x & 1)] += abs(chroma(at + pixel, 2 * i) - here)
            sums[4 + 2 * i + (y & 1)] += abs(chroma(at + row, 2 * i) - here)
          }
        }
      }
    }
    return stride(from: 0, to: 8, by: 2).contains { i in
      10 * max(sums[i], sums[i + 1]) > 11 * min(sums[i], sums[i + 1])
    }
  }
}

/// The colours of a series.
struct ColourSet {
  /// (256, 256, 256) bits, and as many again as a step in all channels goes.
  private(set) var words = [UInt64](repeating: 0, count: 1 << 18 + 1 << 11)
  private var list: [Int] = []
  private var pixels = 0

  /// - Parameter mostPixels: some rows are left out of a series with more.
  init(_ series: PictureSet.Series, mostPixels: Int) {
    let (format, row) = (series.format, series.format.width * series.format.pixelBytes)
    let all = format.width * format.height * series.pictures.count
    let step = all / mostPixels + 1
    for (number, picture) in series.pictures.enumerated() {
      for y in stride(from: number % step, to: format.height, by: step) {
        insert(picture[y * row..<(y + 1) * row], pixelBytes: format.pixelBytes)
      }
    }
  }

  init() {}

  /// Adds those of some pixels.
  mutating func insert(_ samples: some Collection<UInt8>, pixelBytes: Int) {
    samples.withContiguousStorageIfAvailable { samples in
      for i in stride(from: 0, to: samples.count, by: pixelBytes) {
        let colour = Int(samples[i]) << 16 | Int(samples[i + 1]) << 8 | Int(samples[i + 2])
        if words[colour >> 6] >> UInt64(colour & 63) & 1 == 0 {
          words[colour >> 6] |= 1 << UInt64(colour & 63)
          list.append(colour)
        }
      }
      pixels += samples.count / pixelBytes
    }!
  }

  private func has(_ colour: Int) -> Bool { words[colour >> 6] >> UInt64(colour & 63) & 1 != 0 }

  /// Whether there are few colours, or the colours one step off in one channel occur much more rarely than those one step
  /// brighter.
  var areOnLattice: Bool {
    guard pixels >= 256 else { return false }
    if list.count * 16 < pixels { return true }
    var (beside, brighter) = (0, 0)
    for colour in list {
      beside += (has(colour + 1) ? 1 : 0) + (has(colour + 1 << 8) ? 1 : 0) + (has(colour + 1 << 16) ? 1 : 0)
      brighter += has(colour + 0x01_01_01) ? 1 : 0
    }
    return beside * 2 < brighter * 3 && brighter * 50 > list.count
  }

  /// The known conversion that makes most of the colours, if it makes nearly all.
  func conversion(of series: PictureSet.Series) -> [Archive.Lattice] {
    var best: (outside: Int, conversion: ColourConversion, reachable: ReachableColours)?
    for conversion in ColourConversion.known {
      let reachable = ReachableColours.of(conversion)
      let outside = list.reduce(0) { $0 + (reachable.contains($1) ? 0 : 1) }
      if outside < best?.outside ?? .max { best = (outside, conversion, reachable) }
      if outside == 0 { break }
    }
    guard let best, best.outside * 8 <= list.count else { return [] }
    let channels = series.format.colourType.channels
    let (all, outside) = series.pictures.reduce(into: (0, 0)) { sum, picture in
      sum.0 += picture.count / channels
      picture.withUnsafeBufferPointer { samples in
        for i in stride(from: 0, to: samples.count, by: channels) {
          let colour = Int(samples[i]) << 16 | Int(samples[i + 1]) << 8 | Int(samples[i + 2])
          sum.1 += best.reachable.contains(colour) ? 0 : 1
        }
      }
    }
    // About as many quarters of a bit as the outside is rare.
    let halvings = outside == 0 ? 0 : Int.bitWidth - (all / outside).leadingZeroBitCount
    let colours: Archive.Lattice.Colours =
      best.conversion == .jfif
      ? .jfif : .conversion(factors: best.conversion.factors, offsets: best.conversion.offsets)
    return [.init(colours, escape: outside == 0 ? 0 : UInt8(max(1, min(60, 4 * halvings))))]
  }
}
