import ArchiveFormat
import IntegerInference

/// A part of a series, from the middle of its pictures, that is coded in several ways to see what is shorter.
struct SeriesTrial {
  private let plan: CodingPlan
  private let series: PictureSet.Series
  private let size: LotSize
  /// Pixels of the series for each pixel that is coded, rounded down.
  let share: Int

  /// - Parameter pixels: of the part, about.
  init(_ plan: CodingPlan, _ series: PictureSet.Series, pixels: Int) {
    (self.plan, self.series) = (plan, series)
    let header = plan.header
    let width = min(header.tileWidth, 512)
    let height = min(header.tileHeight, max(1, pixels / width))
    size = LotSize(
      width: width, height: height, count: min(header.lot, max(1, pixels / (width * height))))
    share = max(1, header.width * header.height * header.count / (width * height * size.count))
  }

  /// What a group of channels takes with a local network, in 1/256 bit.
  ///
  /// - Parameters:
  ///   - group: its number.
  ///   - learning: nil: the network stays as it is.
  func cost(
    _ group: Int, _ lattice: ColourLattice?, learning: Learning? = nil, _ coder: any NetworkCoder
  ) -> Int {
    var counter = ValueCounter(channels: plan.groups[group].channels)
    coder.run(
      Lot(size, weights: plan.weights[group], lattice: lattice, learning: learning), through: &counter,
      given: source(plan.groups[group]), result: nil)
    return counter.cost.reduce(0, +)
  }

  /// What all channels take by context mixing, in 1/256 bit.
  func cost(_ coder: MixingCoder) -> Int {
    var meter = CostMeter()
    coder.run(size, through: &meter, given: source(plan.whole), result: nil)
    return meter.costs.reduce(0) { $0 + Int($1) }
  }

  private func source(_ group: PlaneGroup) -> Lot.Source {
    let header = plan.header
    let (left, top) = ((header.width - size.width) / 2, (header.height - size.height) / 2)
    return { image, y, row in
      series.pictures[image].withUnsafeBufferPointer { samples in
        let first = ((top + y) * header.width + left) * header.pixelBytes
        group.gather(samples.baseAddress! + first, count: size.width, to: row)
      }
    }
  }
}
