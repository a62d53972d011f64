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

extension Codec {
  /// For each series, the lattice of its colours when it pays: found by the set of its colours, and tried on a part of its
  /// pictures.
  func estimateLattices(_ set: PictureSet, _ series: [Archive.Series], _ model: Model) throws -> [Archive.Lattice?] {
    let found = Mutex<[Archive.Lattice?]>(Array(repeating: nil, count: series.count))
    try parallel(count: series.count, threads: threads, context: Coders(kernels)) { coders, i in
      guard series[i].header.hasColours, let coder = coders.coder(.colour, of: model) as? TileCoder else { return }
      guard let colours = ColourSet(set.series[i]), colours.areOnLattice else { return }
      let plan = try CodingPlan(series[i], model)
      let candidates = [Archive.Lattice(.any)] + colours.conversion(of: set.series[i])
      let trial = SeriesTrial(plan, set.series[i], pixels: 1 << 16)
      // What a newer version and its chunk take, and a margin.
      var least = trial.cost(0, nil, coder) - 8 * (64 + 4 * series[i].header.unitCount) * 256 / trial.share
      for candidate in candidates {
        let cost = trial.cost(0, ColourLattice(candidate), coder)
        guard cost < least else { continue }
        least = cost
        found.withLock { $0[i] = candidate }
      }
    }
    return found.withLock { $0 }
  }
}

/// The colours of a series, of some rows when it is large.
private struct ColourSet {
  private static let mostPixels = 1 << 20

  /// (256, 256, 256) bits, and as many again as a step in all channels goes.
  private var words = [UInt64](repeating: 0, count: 1 << 18 + 1 << 11)
  private var list: [Int] = []
  private var pixels = 0

  /// Nil when there are too few pixels.
  init?(_ series: PictureSet.Series) {
    let (format, channels) = (series.format, series.format.colourType.channels)
    let all = format.width * format.height * series.pictures.count
    guard all >= 256 else { return nil }
    let step = all / ColourSet.mostPixels + 1
    for (number, picture) in series.pictures.enumerated() {
      for y in stride(from: number % step, to: format.height, by: step) {
        picture.withUnsafeBufferPointer { samples in
          for x in 0..<format.width {
            let i = (y * format.width + x) * channels
            let colour = Int(samples[i]) << 16 | Int(samples[i + 1]) << 8 | Int(samples[i + 2])
            if words[colour >> 6] >> UInt64(colour & 63) & 1 == 0 {
              words[colour >> 6] |= 1 << UInt64(colour & 63)
              list.append(colour)
            }
          }
        }
        pixels += format.width
      }
    }
  }

  private func has(_ colour: Int) -> Bool { words[colour >> 6] >> UInt64(colour & 63) & 1 != 0 }

  /// Whether there are few colours, or the colours one step off in one channel occur much more rarely than those one step
  /// brighter.
  var areOnLattice: Bool {
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
      let reachable = conversion == .jfif ? .jfif : ReachableColours(conversion)
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
