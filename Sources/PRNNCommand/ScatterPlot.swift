import Glibc
import PixelTraining

/// Coders by speed and size, as SVG; colours and sizes of letters are those of ``HTMLStyle``.
struct ScatterPlot {
  struct Mark {
    let coder: Coder
    let megapixelsPerSecond: Double
    let bitsPerDim: Double
  }

  private struct Box {
    let left, top, right, bottom: Double

    func overlap(_ other: Box) -> Double {
      max(0, min(right, other.right) - max(left, other.left)) * max(0, min(bottom, other.bottom) - max(top, other.top))
    }
  }

  private typealias Point = (x: Double, y: Double)

  private static let (width, height) = (480.0, 364.0)
  /// Where the marks are.
  private static let frame = Box(left: 54, top: 28, right: 466, bottom: 312)
  /// Of the letters on narrow screens, where they are largest.
  private static let (letterWidth, letterHeight) = (10.2, 18.0)

  /// What is plotted, for those who do not see it.
  let heading: String
  let marks: [Mark]
  /// A size that has no speed.
  let level: (title: String, bitsPerDim: Double)?
  private let yRange: ClosedRange<Double>
  /// Decimal logarithms.
  private let xRange: ClosedRange<Double>

  init(
    heading: String, marks: [Mark], level: (title: String, bitsPerDim: Double)?, bitsPerDim: ClosedRange<Double>
  ) {
    (self.heading, self.marks, self.level) = (heading, marks, level)
    let margin = max((bitsPerDim.upperBound - bitsPerDim.lowerBound) * 0.1, 0.01)
    // Most marks are near the smallest, and need room for their names.
    yRange = max(0, bitsPerDim.lowerBound - 2 * margin)...bitsPerDim.upperBound + margin
    let speeds = marks.map { log10($0.megapixelsPerSecond) }
    let (slowest, fastest) = (speeds.min() ?? 0, speeds.max() ?? 0)
    let range = fastest - slowest
    // A decade at least; and names stand at the right of most marks.
    let extra = max(0, 0.8 - range) / 2
    xRange = slowest - 0.15 - range * 0.05 - extra...fastest + 0.3 + range * 0.15 + extra
  }

  var svg: String {
    let id = heading.lowercased()
    let words = marks.map {
      "\($0.coder.title) \(decimals($0.bitsPerDim, 3)) bits/dim at \(decimals($0.megapixelsPerSecond, 3)) MPixel/s"
    }
    return """
      <svg class="plot" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" aria-labelledby="\(id)-title \(id)-desc">
      <title id="\(id)-title">\(heading): bits/dim against MPixel/s</title>
      <desc id="\(id)-desc">\(escaped(words.joined(separator: "; "))).</desc>
      \(axes)
      \(lines)
      \(labels)
      \(marks.map(drawn).joined(separator: "\n"))
      </svg>
      """
  }

  /// A mark by itself, for legends.
  static func key(_ family: Coder.Family) -> String {
    "<svg class=\"key\" viewBox=\"-8 -8 16 16\" aria-hidden=\"true\"><path class=\"\(family.rawValue)\" d=\"\(shape(family))\"/></svg>"
  }

  /// A path around (0, 0): no two families have one shape.
  private static func shape(_ family: Coder.Family) -> String {
    switch family {
    case .prnn: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0z"
    case .png: "M-5-5h10v10h-10z"
    case .jpegXL: "M0-7l7 7l-7 7l-7-7z"
    case .webp: "M0-7l7 12h-14z"
    case .optipng: "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z"
    }
  }

  private func place(_ mark: Mark) -> Point { place(log10(mark.megapixelsPerSecond), mark.bitsPerDim) }

  private func place(_ x: Double, _ y: Double) -> Point {
    let frame = Self.frame
    let right = (x - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound)
    let up = (y - yRange.lowerBound) / (yRange.upperBound - yRange.lowerBound)
    return (frame.left + right * (frame.right - frame.left), frame.bottom - up * (frame.bottom - frame.top))
  }

  private var axes: String {
    let frame = Self.frame
    var parts: [String] = []
    for tick in ticks(in: yRange, about: 5) {
      let y = decimals(place(0, tick.value).y, 1)
      parts.append("<path class=\"grid\" d=\"M\(Int(frame.left)) \(y)H\(Int(frame.right))\"/>")
      parts.append(
        "<text class=\"tick\" x=\"\(Int(frame.left) - 8)\" y=\"\(y)\" dy=\".35em\" text-anchor=\"end\">\(tick.text)</text>"
      )
    }
    for tick in speeds {
      let x = decimals(place(log10(tick.value), 0).x, 1)
      parts.append("<path class=\"grid\" d=\"M\(x) \(Int(frame.top))V\(Int(frame.bottom))\"/>")
      parts.append(
        "<text class=\"tick\" x=\"\(x)\" y=\"\(Int(frame.bottom) + 20)\" text-anchor=\"middle\">\(tick.text)</text>")
    }
    parts.append(
      "<path class=\"axis\" d=\"M\(Int(frame.left)) \(Int(frame.top))V\(Int(frame.bottom))H\(Int(frame.right))\"/>")
    parts.append(
      "<text class=\"tick\" x=\"\(Int(frame.right))\" y=\"\(Int(frame.bottom) + 44)\" text-anchor=\"end\">MPixel/s</text>"
    )
    parts.append(
      "<text class=\"tick\" x=\"4\" y=\"14\">bits/dim</text>"
    )
    return parts.joined(separator: "\n")
  }

  /// Powers of ten, and where these are few what lies between.
  private var speeds: [(value: Double, text: String)] {
    let steps =
      xRange.upperBound - xRange.lowerBound > 2.2
      ? [1.0] : xRange.upperBound - xRange.lowerBound > 1 ? [1, 3] : [1, 2, 5]
    return (Int(floor(xRange.lowerBound))...Int(floor(xRange.upperBound))).flatMap { power in
      steps.map { $0 * pow(10, Double(power)) }.filter { xRange.contains(log10($0)) }
        .map { ($0, decimals($0, max(0, -power))) }
    }
  }

  /// Through those marks of one family that no other of it beats in both, by speed; and the size that has no speed.
  private var lines: String {
    var parts: [String] = []
    for family in [Coder.Family.prnn, .jpegXL] {
      let points = frontier(of: family)
      guard points.count > 1 else { continue }
      let path = points.map { "\(decimals($0.x, 1)) \(decimals($0.y, 1))" }.joined(separator: "L")
      parts.append("<path class=\"line \(family.rawValue)\" d=\"M\(path)\"/>")
    }
    if let level {
      let y = decimals(place(0, level.bitsPerDim).y, 1)
      parts.append("<path class=\"level\" d=\"M\(Int(Self.frame.left)) \(y)H\(Int(Self.frame.right))\"/>")
    }
    return parts.joined(separator: "\n")
  }

  private func frontier(of family: Coder.Family) -> [Point] {
    let all = marks.filter { $0.coder.family == family }.map(place)
    return all.filter { a in !all.contains { $0.x > a.x && $0.y > a.y } }.sorted { $0.x < $1.x }
  }

  private func drawn(_ mark: Mark) -> String {
    let (x, y) = place(mark)
    let words =
      "\(mark.coder.title): \(decimals(mark.bitsPerDim, 3)) bits/dim, \(decimals(mark.megapixelsPerSecond, 3)) MPixel/s"
    return """
      <path class="mark \(mark.coder.family.rawValue)" transform="translate(\(decimals(x, 1)) \(decimals(y, 1)))" d="\(Self.shape(mark.coder.family))"><title>\(escaped(words))</title></path>
      """
  }

  /// A name beside its mark.
  private struct Label {
    let side: Side
    let box: Box
    /// What is bad about the place, whatever other names do.
    let cost: Double
  }

  /// Where a name may stand, from its mark; the anchor is 0 for its start, 1 for its end.
  private struct Side {
    let x, y, anchor, cost: Double

    /// So far that a line leads to it.
    var isFar: Bool { cost > 50 }

    static let all = [
      Side(x: 11, y: 5, anchor: 0, cost: 0), Side(x: -11, y: 5, anchor: 1, cost: 4),
      Side(x: 0, y: -13, anchor: 0.5, cost: 8), Side(x: 0, y: 24, anchor: 0.5, cost: 8),
      Side(x: 9, y: -9, anchor: 0, cost: 12), Side(x: 9, y: 20, anchor: 0, cost: 12),
      Side(x: -9, y: -9, anchor: 1, cost: 16), Side(x: -9, y: 20, anchor: 1, cost: 16),
      Side(x: 0, y: -36, anchor: 0.5, cost: 90), Side(x: 0, y: 46, anchor: 0.5, cost: 90),
      Side(x: 24, y: -30, anchor: 0, cost: 100), Side(x: -24, y: -30, anchor: 1, cost: 100),
      Side(x: 24, y: 40, anchor: 0, cost: 100), Side(x: -24, y: 40, anchor: 1, cost: 100),
      Side(x: 0, y: -62, anchor: 0.5, cost: 150), Side(x: 40, y: -54, anchor: 0, cost: 160),
      Side(x: -40, y: -54, anchor: 1, cost: 160),
    ]
  }

  /// Names beside the marks: each where it covers least of marks, lines, other names and the edge.
  private var labels: String {
    var parts: [String] = []
    var fixed = lineBoxes
    if let level {
      let (right, y) = (Self.frame.right, place(0, level.bitsPerDim).y - 6)
      fixed.append(Box(left: right - width(level.title), top: y - Self.letterHeight, right: right, bottom: y + 6))
      parts.append(
        "<text class=\"name\" x=\"\(Int(right))\" y=\"\(decimals(y, 1))\" text-anchor=\"end\">\(escaped(level.title))</text>"
      )
    }
    let places = marks.map { choices(for: $0, beside: fixed) }
    var labels = places.map { $0.min { $0.cost < $1.cost }! }
    // A few rounds: each name has the best place given those of the others.
    for _ in 0..<8 {
      for i in labels.indices {
        func cost(_ label: Label) -> Double {
          labels.indices.reduce(label.cost) { $0 + ($1 == i ? 0 : 2 * label.box.overlap(labels[$1].box)) }
        }
        labels[i] = places[i].min { cost($0) < cost($1) }!
      }
    }
    return (parts + zip(marks, labels).map(drawn)).joined(separator: "\n")
  }

  private func choices(for mark: Mark, beside fixed: [Box]) -> [Label] {
    let (x, y) = place(mark)
    // Other marks keep a distance, so that each name is seen to belong to its own.
    let others = marks.map(place).filter { $0 != (x, y) }
      .map { Box(left: $0.x - 10, top: $0.y - 10, right: $0.x + 10, bottom: $0.y + 10) }
    return Side.all.map { side in
      let left = x + side.x - width(mark.coder.title) * side.anchor
      let box = Box(
        left: left, top: y + side.y - Self.letterHeight * 0.8, right: left + width(mark.coder.title),
        bottom: y + side.y + Self.letterHeight * 0.2)
      let covered = others.reduce(0) { $0 + 2 * $1.overlap(box) } + fixed.reduce(0) { $0 + $1.overlap(box) }
      return Label(side: side, box: box, cost: side.cost + outside(box) + covered)
    }
  }

  private func drawn(_ mark: Mark, _ label: Label) -> String {
    let (x, y) = place(mark)
    let side = label.side
    let (textX, textY) = (x + side.x, y + side.y)
    var text = ""
    if side.isFar {
      let end = side.y < 0 ? label.box.bottom + 1 : label.box.top - 1
      text +=
        "<path class=\"leader\" d=\"M\(decimals(x, 1)) \(decimals(y, 1))L\(decimals(textX, 1)) \(decimals(end, 1))\"/>"
    }
    let anchor = ["start", "middle", "end"][Int(side.anchor * 2)]
    text += """
      <text class="name\(mark.coder.family == .prnn ? " own" : "")" x="\(decimals(textX, 1))" \
      y="\(decimals(textY, 1))" text-anchor="\(anchor)">\(escaped(mark.coder.title))</text>
      """
    return text
  }

  /// Along the lines.
  private var lineBoxes: [Box] {
    [Coder.Family.prnn, .jpegXL].flatMap { family in
      let points = frontier(of: family)
      return zip(points, points.dropFirst()).flatMap { a, b in
        stride(from: 0, through: 1, by: 0.02).map { part in
          let (x, y) = (a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part)
          return Box(left: x - 1.5, top: y - 1.5, right: x + 1.5, bottom: y + 1.5)
        }
      }
    }
  }

  private func width(_ text: String) -> Double { Double(text.count) * Self.letterWidth }

  /// How much of a box is beside the frame; it counts for more than an overlap.
  private func outside(_ box: Box) -> Double {
    let area = (box.right - box.left) * (box.bottom - box.top)
    return 4 * (area - box.overlap(Self.frame))
  }
}
