import Raster

/// A picture to draw lines and words on.
struct Canvas {
  struct Colour: Equatable {
    let red: UInt8
    let green: UInt8
    let blue: UInt8

    static let white = Colour(red: 255, green: 255, blue: 255)
    static let black = Colour(red: 0, green: 0, blue: 0)
    static let gray = Colour(red: 225, green: 225, blue: 225)
    static let blue = Colour(red: 31, green: 119, blue: 180)
    static let orange = Colour(red: 255, green: 127, blue: 14)
  }

  static let letterWidth = 12
  static let letterHeight = 14

  let width: Int
  let height: Int
  private var samples: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    samples = [UInt8](repeating: 255, count: width * height * 3)
  }

  var raster: Raster { Raster(width: width, height: height, colourType: .rgb, samples: samples) }

  subscript(x: Int, y: Int) -> Colour {
    get {
      let at = (y * width + x) * 3
      return Colour(red: samples[at], green: samples[at + 1], blue: samples[at + 2])
    }
    set {
      guard (0..<width).contains(x), (0..<height).contains(y) else { return }
      let at = (y * width + x) * 3
      samples[at] = newValue.red
      samples[at + 1] = newValue.green
      samples[at + 2] = newValue.blue
    }
  }

  mutating func fill(x: Int, y: Int, width: Int, height: Int, _ colour: Colour) {
    for row in y..<y + height { for column in x..<x + width { self[column, row] = colour } }
  }

  /// A line, two pixels thick, of which only what lies in `frame` is drawn.
  mutating func line(
    from a: (x: Double, y: Double), to b: (x: Double, y: Double), _ colour: Colour,
    in frame: (x: ClosedRange<Int>, y: ClosedRange<Int>)
  ) {
    let steps = Int(max(abs(b.x - a.x), abs(b.y - a.y)).rounded(.up)) + 1
    for i in 0...steps {
      let t = Double(i) / Double(steps)
      let x = Int((a.x + (b.x - a.x) * t).rounded())
      let y = Int((a.y + (b.y - a.y) * t).rounded())
      for (x, y) in [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)] where frame.x ~= x && frame.y ~= y {
        self[x, y] = colour
      }
    }
  }

  /// Words in letters of 10 × 14; `x` and `y` are their top left. Characters without a shape are left blank.
  mutating func text(_ words: String, x: Int, y: Int, _ colour: Colour = .black) {
    for (i, letter) in words.enumerated() {
      for (column, bits) in (letters[letter] ?? []).enumerated() {
        for row in 0..<7 where bits >> UInt8(row) & 1 == 1 {
          fill(x: x + i * Canvas.letterWidth + 2 * column, y: y + 2 * row, width: 2, height: 2, colour)
        }
      }
    }
  }
}

/// Letters of 5 × 7: columns from the left, the least significant bit on top.
private let letters: [Character: [UInt8]] = [
  "0": [0x3E, 0x51, 0x49, 0x45, 0x3E], "1": [0x00, 0x42, 0x7F, 0x40, 0x00], "2": [0x42, 0x61, 0x51, 0x49, 0x46],
  "3": [0x21, 0x41, 0x45, 0x4B, 0x31], "4": [0x18, 0x14, 0x12, 0x7F, 0x10], "5": [0x27, 0x45, 0x45, 0x45, 0x39],
  "6": [0x3C, 0x4A, 0x49, 0x49, 0x30], "7": [0x01, 0x71, 0x09, 0x05, 0x03], "8": [0x36, 0x49, 0x49, 0x49, 0x36],
  "9": [0x06, 0x49, 0x49, 0x29, 0x1E], ".": [0x00, 0x60, 0x60, 0x00, 0x00], "/": [0x20, 0x10, 0x08, 0x04, 0x02],
  "-": [0x08, 0x08, 0x08, 0x08, 0x08], "a": [0x20, 0x54, 0x54, 0x54, 0x78], "b": [0x7F, 0x48, 0x44, 0x44, 0x38],
  "c": [0x38, 0x44, 0x44, 0x44, 0x20], "d": [0x38, 0x44, 0x44, 0x48, 0x7F], "e": [0x38, 0x54, 0x54, 0x54, 0x18],
  "i": [0x00, 0x44, 0x7D, 0x40, 0x00], "k": [0x7F, 0x10, 0x28, 0x44, 0x00], "l": [0x00, 0x41, 0x7F, 0x40, 0x00],
  "m": [0x7C, 0x04, 0x18, 0x04, 0x78], "n": [0x7C, 0x08, 0x04, 0x04, 0x78], "o": [0x38, 0x44, 0x44, 0x44, 0x38],
  "p": [0x7C, 0x14, 0x14, 0x14, 0x08], "r": [0x7C, 0x08, 0x04, 0x04, 0x08], "s": [0x48, 0x54, 0x54, 0x54, 0x20],
  "t": [0x04, 0x3F, 0x44, 0x40, 0x20], "u": [0x3C, 0x40, 0x40, 0x20, 0x7C], "v": [0x1C, 0x20, 0x40, 0x20, 0x1C],
  "M": [0x7F, 0x02, 0x0C, 0x02, 0x7F],
]
