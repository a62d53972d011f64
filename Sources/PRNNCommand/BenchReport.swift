/// One picture of `prnn bench`, or the mean of all.
struct BenchRow: Encodable {
  let file: String
  let pixels: Int
  /// Samples: pixels times channels.
  let dims: Int
  /// Bits/dim.
  let png: Double
  let prnn: Double
  let encodeSeconds: Double
  let decodeSeconds: Double
  /// Bits/dim by tool.
  let peers: [String: Double]

  enum Keys: String, CodingKey {
    case file, pixels, dims, png, prnn, ratio, encodeMPixelPerSecond, decodeMPixelPerSecond, peers
  }

  func encode(to encoder: any Encoder) throws {
    var c = encoder.container(keyedBy: Keys.self)
    try c.encode(file, forKey: .file)
    try c.encode(pixels, forKey: .pixels)
    try c.encode(dims, forKey: .dims)
    try c.encode(png, forKey: .png)
    try c.encode(prnn, forKey: .prnn)
    try c.encode(ratio, forKey: .ratio)
    try c.encode(speed(encodeSeconds), forKey: .encodeMPixelPerSecond)
    try c.encode(speed(decodeSeconds), forKey: .decodeMPixelPerSecond)
    if !peers.isEmpty { try c.encode(peers, forKey: .peers) }
  }

  var ratio: Double { prnn / png }

  private func speed(_ seconds: Double) -> Double { Double(pixels) / seconds / 1e6 }

  static func heading(_ tools: [Peer]) -> String {
    let columns = ["PNG", "prnn", "ratio", "enc MP/s", "dec MP/s"] + tools.map(\.name)
    return columns.map(column).joined() + "  file"
  }

  func text(_ tools: [Peer]) -> String {
    let numbers = [
      decimals(png, 3), decimals(prnn, 3), decimals(ratio, 3), decimals(speed(encodeSeconds), 2),
      decimals(speed(decodeSeconds), 2),
    ]
    let others = tools.map { tool in peers[tool.name].map { decimals($0, 3) } ?? "-" }
    return (numbers + others).map(BenchRow.column).joined() + "  \(file)"
  }

  private static func column(_ text: String) -> String {
    String(repeating: " ", count: max(1, 10 - text.count)) + text
  }
}

extension BenchRow {
  /// Means of the files' bits/dim, and of those peers that coded all of them; nil without files.
  init?(meanOf rows: [BenchRow]) {
    guard !rows.isEmpty else { return nil }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    var peers: [String: Double] = [:]
    for name in rows[0].peers.keys {
      let values = rows.compactMap { $0.peers[name] }
      if values.count == rows.count { peers[name] = mean(values) }
    }
    self.init(
      file: "mean of \(rows.count)", pixels: rows.reduce(0) { $0 + $1.pixels }, dims: rows.reduce(0) { $0 + $1.dims },
      png: mean(rows.map(\.png)), prnn: mean(rows.map(\.prnn)),
      encodeSeconds: rows.reduce(0) { $0 + $1.encodeSeconds }, decodeSeconds: rows.reduce(0) { $0 + $1.decodeSeconds },
      peers: peers)
  }
}

struct BenchReport: Encodable {
  let model: String
  let modelHash: String
  let threads: Int
  let files: [BenchRow]
  let mean: BenchRow?
}
