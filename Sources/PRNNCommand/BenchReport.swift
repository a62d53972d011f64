/// What `prnn bench` measures: PNG files as they are, prnn with a model and an effort, or another program.
struct Coder: Sendable, Encodable {
  enum Family: String, Encodable {
    case png, prnn, webp
    case jpegXL = "jxl"
    case optipng
  }

  /// Short, for tables and JSON.
  let name: String
  /// For a page.
  let title: String
  let family: Family
  /// Of the program, as it calls itself; of prnn also the model.
  let version: String
}

/// How one coder did on a picture.
struct Measured {
  let bytes: Int
  var encodeSeconds: Double?
  var decodeSeconds: Double?
}

/// How one coder did on a picture, or on all.
struct Score: Encodable {
  let coder: String
  let bitsPerDim: Double
  /// MPixel/s; nil when not measured.
  let encodeMPixelPerSecond: Double?
  let decodeMPixelPerSecond: Double?
  fileprivate let encodeSeconds: Double?
  fileprivate let decodeSeconds: Double?

  private enum CodingKeys: String, CodingKey {
    case coder, bitsPerDim, encodeMPixelPerSecond, decodeMPixelPerSecond
  }

  init(coder: String, bitsPerDim: Double, pixels: Int, encodeSeconds: Double?, decodeSeconds: Double?) {
    func speed(_ seconds: Double) -> Double { Double(pixels) / max(seconds, 1e-9) / 1e6 }
    (self.coder, self.bitsPerDim) = (coder, bitsPerDim)
    (self.encodeSeconds, self.decodeSeconds) = (encodeSeconds, decodeSeconds)
    (encodeMPixelPerSecond, decodeMPixelPerSecond) = (encodeSeconds.map(speed), decodeSeconds.map(speed))
  }
}

/// One picture of `prnn bench`, or the mean of all.
struct BenchRow: Encodable {
  let file: String
  /// Width, height and kind of samples; nil for the mean.
  var shape: String?
  let pixels: Int
  /// Samples: pixels times channels.
  let dims: Int
  /// Of PNG, prnn with each model and effort, and those other coders that took the picture.
  let scores: [Score]

  private enum Keys: String, CodingKey {
    case file, pixels, dims, png, prnn, ratio, encodeMPixelPerSecond, decodeMPixelPerSecond, peers, coders
  }

  func score(of coder: Coder) -> Score? { scores.first { $0.coder == coder.name } }

  var png: Double { scores[0].bitsPerDim }

  /// Of prnn with the first model and effort.
  private var prnn: Score { scores[1] }

  func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Keys.self)
    try c.encode(file, forKey: .file)
    try c.encode(pixels, forKey: .pixels)
    try c.encode(dims, forKey: .dims)
    try c.encode(png, forKey: .png)
    try c.encode(prnn.bitsPerDim, forKey: .prnn)
    try c.encode(prnn.bitsPerDim / png, forKey: .ratio)
    try c.encode(prnn.encodeMPixelPerSecond, forKey: .encodeMPixelPerSecond)
    try c.encode(prnn.decodeMPixelPerSecond, forKey: .decodeMPixelPerSecond)
    let others = scores.filter { score in Peer.names.contains(score.coder) }
    if !others.isEmpty {
      try c.encode(Dictionary(uniqueKeysWithValues: others.map { ($0.coder, $0.bitsPerDim) }), forKey: .peers)
    }
    try c.encode(scores, forKey: .coders)
  }

  static func heading(_ coders: [Coder]) -> String {
    coders.map { coder in
      column(name(coder, coders), coder, coders)
        + (coder.family == .prnn ? ["ratio", "enc MP/s", "dec MP/s"].map { padded($0) }.joined() : "")
    }.joined() + "  file"
  }

  func text(_ coders: [Coder]) -> String {
    coders.map { coder in
      let score = score(of: coder)
      let bits = BenchRow.column(score.map { decimals($0.bitsPerDim, 3) } ?? "-", coder, coders)
      guard let score, coder.family == .prnn else { return bits }
      let speeds = [score.encodeMPixelPerSecond, score.decodeMPixelPerSecond].map { decimals($0 ?? 0, 2) }
      return bits + ([decimals(score.bitsPerDim / png, 3)] + speeds).map { BenchRow.padded($0) }.joined()
    }.joined() + "  \(visible(file))"
  }

  /// Where there is only one model and effort the columns say prnn.
  private static func name(_ coder: Coder, _ coders: [Coder]) -> String {
    coder.family == .prnn && coders.count { $0.family == .prnn } == 1 ? "prnn" : coder.name
  }

  /// Text as wide as the coder's name, and two blanks.
  private static func column(_ text: String, _ coder: Coder, _ coders: [Coder]) -> String {
    padded(text, to: max(10, name(coder, coders).count + 2))
  }

  private static func padded(_ text: String, to width: Int = 10) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}

extension BenchRow {
  /// Means of the files' bits/dim, of those coders that took all of them; nil without files.
  init?(meanOf rows: [BenchRow], _ coders: [Coder]) {
    guard !rows.isEmpty else { return nil }
    let pixels = rows.reduce(0) { $0 + $1.pixels }
    let scores = coders.compactMap { coder -> Score? in
      let all = rows.compactMap { $0.score(of: coder) }
      guard all.count == rows.count else { return nil }
      func sum(_ seconds: [Double?]) -> Double? {
        seconds.contains(nil) ? nil : seconds.reduce(0) { $0 + $1! }
      }
      return Score(
        coder: coder.name, bitsPerDim: all.reduce(0) { $0 + $1.bitsPerDim } / Double(all.count), pixels: pixels,
        encodeSeconds: sum(all.map(\.encodeSeconds)), decodeSeconds: sum(all.map(\.decodeSeconds)))
    }
    self.init(file: "mean of \(rows.count)", pixels: pixels, dims: rows.reduce(0) { $0 + $1.dims }, scores: scores)
  }
}

/// What `prnn bench --json` prints.
struct BenchReport: Encodable {
  /// Of the first coder that is prnn.
  let model: String
  let modelHash: String
  let threads: Int
  let coders: [Coder]
  let files: [BenchRow]
  let mean: BenchRow?
}
