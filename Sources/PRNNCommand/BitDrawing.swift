import PRNN
import Raster

/// A picture and where its bits go, small enough for a page.
struct BitDrawing {
  /// Of the longer side, in pixels.
  private static let mostSide = 320

  let file: String
  let picture: Raster
  let costs: PixelCosts
  /// Whether pixels of the picture are pixels of this one.
  let isWhole: Bool
  /// The mean over the picture.
  let bitsPerPixel: Double

  init(file: String, _ raster: Raster, _ costs: PixelCosts) {
    let longer = max(raster.width, raster.height)
    let isWhole = longer <= Self.mostSide
    func boxes(_ side: Int) -> [Range<Int>] {
      let count = isWhole ? side : max(1, (side * Self.mostSide + longer / 2) / longer)
      return (0..<count).map { $0 * side / count..<($0 + 1) * side / count }
    }
    let (columns, rows) = (boxes(raster.width), boxes(raster.height))
    (self.file, self.isWhole) = (file, isWhole)
    picture = raster.reduced(columns: columns, rows: rows)
    self.costs = costs.reduced(columns: columns, rows: rows)
    bitsPerPixel = costs.bits / Double(costs.costs.count)
  }
}

extension Raster {
  /// The picture as it is shown, smaller: the means of boxes of pixels, none of them empty. RGBA where some of it is
  /// transparent, else RGB.
  fileprivate func reduced(columns: [Range<Int>], rows: [Range<Int>]) -> Raster {
    let shown = displayed()
    let isOpaque = stride(from: 3, to: shown.count, by: 4).allSatisfy { shown[$0] == 255 }
    var samples: [UInt8] = []
    samples.reserveCapacity(columns.count * rows.count * 4)
    for rows in rows {
      for columns in columns {
        // Colours count by their alpha.
        var (red, green, blue, alpha) = (0, 0, 0, 0)
        for y in rows {
          for x in columns {
            let at = 4 * (y * width + x)
            let weight = Int(shown[at + 3])
            red += Int(shown[at]) * weight
            green += Int(shown[at + 1]) * weight
            blue += Int(shown[at + 2]) * weight
            alpha += weight
          }
        }
        for sum in [red, green, blue] { samples.append(UInt8((sum + alpha / 2) / max(1, alpha))) }
        let area = rows.count * columns.count
        if !isOpaque { samples.append(UInt8((alpha + area / 2) / area)) }
      }
    }
    return Raster(
      width: columns.count, height: rows.count, colourType: isOpaque ? .rgb : .rgba, samples: samples)
  }
}
