import Glibc
import Raster

/// Bits/dim over the pictures trained on, as a picture.
struct LossPlot {
  static let width = 960
  static let height = 540
  /// Where the curves are.
  static let frame = (x: 100...930, y: 30...470)

  let train: [(x: Double, y: Double)]
  let validation: [(x: Double, y: Double)]
  /// What the axes show.
  let xRange: ClosedRange<Double>
  let yRange: ClosedRange<Double>

  init(_ rows: [TrainingLog.Row]) {
    train = rows.map { (Double($0.pictures), $0.trainBits) }
    validation = rows.compactMap { row in row.validationBits.map { (Double(row.pictures), $0) } }
    let end = max(1, train.last?.x ?? 1)
    xRange = 0...end
    // The steep start is cut off: the first tenth of the run, once there is more than that.
    let settled = (train + validation).filter { $0.x >= end / 10 }.map(\.y)
    let low = settled.min() ?? 0
    let high = settled.max() ?? 1
    let margin = max((high - low) * 0.05, 1e-4)
    yRange = low - margin...high + margin
  }

  func raster() -> Raster {
    var canvas = Canvas(width: LossPlot.width, height: LossPlot.height)
    drawAxes(&canvas)
    draw(train, .blue, &canvas)
    draw(validation, .orange, &canvas)
    drawLegend(&canvas)
    return canvas.raster
  }

  private func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
    let (x, y) = LossPlot.frame
    let right = (point.x - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound)
    let up = (point.y - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound)
    // Far above the frame a curve need not be drawn to the pixel.
    return (
      Double(x.lowerBound) + right * Double(x.count - 1),
      max(-1e4, Double(y.upperBound) - up * Double(y.count - 1))
    )
  }

  private func draw(_ points: [(x: Double, y: Double)], _ colour: Canvas.Colour, _ canvas: inout Canvas) {
    if points.count == 1 {
      canvas.line(from: place(points[0]), to: place(points[0]), colour, in: LossPlot.frame)
    }
    for (a, b) in zip(points, points.dropFirst()) {
      canvas.line(from: place(a), to: place(b), colour, in: LossPlot.frame)
    }
  }

  private func drawAxes(_ canvas: inout Canvas) {
    let (x, y) = LossPlot.frame
    for tick in ticks(in: yRange, about: 8) {
      let at = Int(place((0, tick.value)).y.rounded())
      canvas.fill(x: x.lowerBound, y: at, width: x.count, height: 1, .gray)
      canvas.text(
        tick.text, x: x.lowerBound - 8 - tick.text.count * Canvas.letterWidth, y: at - Canvas.letterHeight / 2)
    }
    for tick in ticks(in: xRange, about: 6) {
      let at = Int(place((tick.value, yRange.lowerBound)).x.rounded())
      canvas.fill(x: at, y: y.lowerBound, width: 1, height: y.count, .gray)
      canvas.text(tick.text, x: at - tick.text.count * Canvas.letterWidth / 2, y: y.upperBound + 10)
    }
    canvas.fill(x: x.lowerBound, y: y.lowerBound, width: 2, height: y.count, .black)
    canvas.fill(x: x.lowerBound, y: y.upperBound - 1, width: x.count, height: 2, .black)
    canvas.text("bits/dim", x: 6, y: 6)
    let words = "pictures"
    canvas.text(words, x: x.upperBound - words.count * Canvas.letterWidth, y: y.upperBound + 36)
  }

  private func drawLegend(_ canvas: inout Canvas) {
    let left = LossPlot.frame.x.upperBound - 190
    for (line, entry) in [("train", Canvas.Colour.blue), ("validation", .orange)].enumerated() {
      guard line == 0 || !validation.isEmpty else { return }
      let top = LossPlot.frame.y.lowerBound + 14 + 24 * line
      canvas.fill(x: left, y: top + 5, width: 40, height: 3, entry.1)
      canvas.text(entry.0, x: left + 52, y: top)
    }
  }
}

/// Round numbers in a range, about so many, and how they are written: 0.5, 20k, 1.5M.
package func ticks(in range: ClosedRange<Double>, about count: Int) -> [(value: Double, text: String)] {
  let rough = (range.upperBound - range.lowerBound) / Double(count)
  let power = pow(10, floor(log10(rough)))
  let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
  let first = Int((range.lowerBound / step).rounded(.up))
  let last = Int((range.upperBound / step).rounded(.down))
  guard first <= last else { return [] }
  return (first...last).map { i in
    let value = Double(i) * step
    return (value, tickText(value, step: step))
  }
}

private func tickText(_ value: Double, step: Double) -> String {
  let (unit, suffix) = step >= 1e5 ? (1e6, "M") : step >= 100 ? (1e3, "k") : (1, "")
  let digits = max(0, -Int(floor(log10(step / unit) + 1e-9)))
  let scaled = Int((abs(value) / unit * pow(10, Double(digits))).rounded())
  let text = String(scaled)
  let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
  let number = digits == 0 ? padded : padded.dropLast(digits) + "." + padded.suffix(digits)
  return (value < 0 && scaled > 0 ? "-" : "") + number + (scaled == 0 ? "" : suffix)
}
