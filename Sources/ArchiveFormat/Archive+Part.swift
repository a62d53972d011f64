extension Archive {
  /// What has a checksum of its own: a tile, a lot, or in version 1 a picture.
  public struct Part: Hashable, Sendable {
    /// Index into ``Archive/series``.
    public let series: Int
    /// Number of the tile chunk; nil for all of a picture.
    public let unit: Int?

    public init(series: Int, unit: Int?) {
      self.series = series
      self.unit = unit
    }
  }

  /// The tile chunks that are not there; there are none but in what ``Salvage`` has found.
  public var missingParts: [Part] {
    series.enumerated().flatMap { number, series in
      series.tiles.indices.filter { series.tiles[$0].isEmpty }.map { Part(series: number, unit: $0) }
    }
  }

  /// A part as messages name it: "tile 3 of 6 (512x400+0+400)" or "lot 2 of 4 (a.png ... b.png)", with the name of the picture
  /// where there are several.
  public func describe(_ part: Part) -> String {
    let (series, header) = (series[part.series], series[part.series].header)
    func name(_ image: Int) -> String {
      if !series.names.isEmpty { return "\(series.names[image])" }
      return "picture \(self.series[..<part.series].reduce(image + 1) { $0 + $1.header.count })"
    }
    let owner = imageCount > 1 || isNamed ? " of \(name(0))" : ""
    guard let unit = part.unit else { return "the whole picture\(owner)" }
    let what = header.unit(unit)
    if header.count == 1, header.levels == 1 { return "tile \(unit + 1) of \(header.unitCount) (\(what.tile))\(owner)" }
    let size = header.levels > 1 ? "size \(what.level + 1) of \(header.levels) (1/\(what.step))" : nil
    guard header.count > 1 else { return (size ?? "") + owner }
    let (first, last) = (what.images.lowerBound, what.images.upperBound - 1)
    let names = first == last ? name(first) : "\(name(first)) ... \(name(last))"
    let lot = "lot \(unit % header.unitsOfLevel + 1) of \(header.unitsOfLevel) (\(names))"
    return [size, lot].compactMap { $0 }.joined(separator: " of ")
  }
}
