import FoundationEssentials
import PRNN
import Raster

/// The page of `prnn bench --report`: one file without scripts, which asks for nothing from anywhere.
struct HTMLReport {
  /// Heatmaps on a page.
  static let mostDrawings = 8
  /// Pictures whose bars are seen at once, and those with bars at all; the table has every picture.
  private static let (openBars, mostBars) = (24, 240)

  let command: [String]
  /// When it began, in seconds since 1970 began.
  let date: Int64
  let machine: Machine
  let threads: Int
  let coders: [Coder]
  let rows: [BenchRow]
  /// Pictures that could not be measured.
  let failed: Int
  let mean: BenchRow
  let drawings: [BitDrawing]

  func text() throws -> String {
    let heading = "\(coders.count) lossless coders on \(counted(rows.count, "picture"))"
    return try """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <link rel="icon" href="data:,">
    <title>prnn bench: \(heading)</title>
    <style>
    \(HTMLStyle.text)
    </style>
    </head>
    <body>
    <main>
    <header>
    <p class="soft">prnn bench · \(utc(date))</p>
    <h1>\(heading)</h1>
    \(lead)
    \(failed > 0 ? "<p class=\"lead\">\(counted(failed, "more picture")) could not be measured.</p>" : "")
    </header>
    \(plots)
    \(summary)
    \(bars)
    \(heatmaps())
    \(method)
    \(table)
    </main>
    </body>
    </html>

    """
  }

  /// The coders that took all pictures, the smallest files first.
  private var ranking: [(coder: Coder, score: Score)] {
    coders.compactMap { coder in mean.score(of: coder).map { (coder, $0) } }
      .sorted { $0.score.bitsPerDim < $1.score.bitsPerDim }
  }

  private var lead: String {
    let first = ranking[0]
    func ratio(_ other: Double) -> String { decimals(first.score.bitsPerDim / other, 3) }
    var text = "<strong>\(escaped(first.coder.title))</strong> makes the smallest files: "
    text += "<strong>\(decimals(first.score.bitsPerDim, 3))</strong> bits/dim"
    if first.coder.family != .png { text += ", \(ratio(mean.png)) of PNG" }
    // The next of another family says more than its own next effort.
    if let other = ranking.first(where: { ![first.coder.family, .png].contains($0.coder.family) }) {
      text += ", \(ratio(other.score.bitsPerDim)) of \(escaped(other.coder.title))"
    }
    return "<p class=\"lead\">\(text).</p>"
  }

  // MARK: - All pictures together

  private var plots: String {
    let values = ranking.map(\.score.bitsPerDim)
    func plot(_ heading: String, _ speed: (Score) -> Double?) -> String {
      let marks = ranking.compactMap { coder, score in
        speed(score).map { ScatterPlot.Mark(coder: coder, megapixelsPerSecond: $0, bitsPerDim: score.bitsPerDim) }
      }
      let untimed = ranking.first { speed($0.score) == nil && $0.coder.family == .png }
      return ScatterPlot(
        heading: heading, marks: marks, level: untimed.map { ($0.coder.title, $0.score.bitsPerDim) },
        bitsPerDim: values.min()!...values.max()!
      ).svg
    }
    return """
      <section aria-labelledby="frontier">
      <h2 id="frontier">Size against speed</h2>
      <p class="soft">Bits/dim, the mean over the pictures, against pixels coded in a second, all pictures together: lower is smaller, further right is faster. \(threads == 1 ? "One thread" : "\(threads) threads").</p>
      <div class="plots">
      <figure><figcaption>Encoding</figcaption>\(plot("Encoding", \.encodeMPixelPerSecond))</figure>
      <figure><figcaption>Decoding</figcaption>\(plot("Decoding", \.decodeMPixelPerSecond))</figure>
      </div>
      </section>
      """
  }

  private var summary: String {
    let all = ranking.flatMap { [$0.score.encodeMPixelPerSecond, $0.score.decodeMPixelPerSecond] }.compactMap { $0 }
    let digits = all.contains { $0 < 0.1 } ? 3 : 2
    func cell(_ value: Double?, _ digits: Int) -> String {
      "<td>\(value.map { decimals($0, digits) } ?? "–")</td>"
    }
    let ranked = ranking.map(\.coder) + coders.filter { mean.score(of: $0) == nil }
    let lines = ranked.enumerated().map { place, coder in
      let score = mean.score(of: coder)
      let taken = rows.count { $0.score(of: coder) != nil }
      let note = score == nil ? " <span class=\"soft\">took \(taken) of \(rows.count)</span>" : ""
      return """
        <tr\(place == 0 ? " class=\"best\"" : "")><th scope="row">\(ScatterPlot.key(coder.family)) \(escaped(coder.title))\(note)</th>\
        \(cell(score?.bitsPerDim, 3))\(cell(score.map { $0.bitsPerDim / mean.png }, 3))\
        \(cell(score?.encodeMPixelPerSecond, digits))\(cell(score?.decodeMPixelPerSecond, digits))</tr>
        """
    }
    return """
      <section class="scroll" tabindex="0" role="region" aria-label="All pictures together">
      <table class="summary">
      <caption class="hidden">All pictures together, the smallest first</caption>
      <thead><tr><th scope="col">Coder</th><th scope="col">bits/dim</th><th scope="col">of PNG</th><th scope="col">encode<br><small>MPixel/s</small></th><th scope="col">decode<br><small>MPixel/s</small></th></tr></thead>
      <tbody>
      \(lines.joined(separator: "\n"))
      </tbody>
      </table>
      </section>
      """
  }

  // MARK: - Picture by picture

  private var bars: String {
    let shown = rows.prefix(Self.mostBars)
    let names = naming()
    func cards(_ rows: some Sequence<BenchRow>) -> String {
      rows.map { card($0, name: names($0.file)) }.joined(separator: "\n")
    }
    let open = cards(shown.prefix(Self.openBars))
    let rest = shown.dropFirst(Self.openBars)
    let folded =
      rest.isEmpty
      ? ""
      : """
      <details><summary>\(counted(rest.count, "more picture"))</summary>
      <div class="cards">
      \(cards(rest))
      </div>
      </details>
      """
    let left = rows.count - shown.count
    let note = left > 0 ? " The table below has \(left) more." : ""
    return """
      <section aria-labelledby="pictures">
      <h2 id="pictures">Picture by picture</h2>
      <p class="soft">Bits/dim; the longest bar of a picture is its largest file.\(note)</p>
      <div class="cards">
      \(open)
      </div>
      \(folded)
      </section>
      """
  }

  private func card(_ row: BenchRow, name: String) -> String {
    let most = max(row.scores.map(\.bitsPerDim).max()!, 1e-9)
    let least = row.scores.map(\.bitsPerDim).min()!
    let bars = coders.compactMap { coder -> String? in
      guard let value = row.score(of: coder)?.bitsPerDim else { return nil }
      return """
        <li\(value == least ? " class=\"best\"" : "")><span>\(escaped(coder.title))</span>\
        <span class="track"><i class="\(coder.family.rawValue)" style="width:\(decimals(value / most * 100, 1))%"></i></span>\
        <span class="value">\(decimals(value, 3))</span></li>
        """
    }
    return """
      <article class="card"><h3>\(name)</h3><p class="soft">\(row.shape ?? "")</p>
      <ul>\(bars.joined())</ul></article>
      """
  }

  private func heatmaps() throws -> String {
    guard !drawings.isEmpty else { return "" }
    let top = PixelCosts.top(of: drawings.map(\.costs))
    let names = naming()
    let figures = try drawings.map { drawing in
      let name = names(drawing.file)
      let mean = "\(decimals(drawing.bitsPerPixel, 2)) bits a pixel"
      func image(_ raster: Raster, _ alternative: String) throws -> String {
        let bytes = Data(try raster.png()).base64EncodedString()
        return """
          <img alt="\(alternative)" width="\(raster.width)" height="\(raster.height)"\
          \(drawing.isWhole ? " class=\"whole\"" : "") src="data:image/png;base64,\(bytes)">
          """
      }
      return try """
      <figure class="pair">\(image(drawing.picture, name))\(image(drawing.costs.heatmap(top: top).picture, "Where the bits of \(name) go"))
      <figcaption>\(name) <span class="soft">\(mean)</span></figcaption></figure>
      """
    }
    let stops = PixelCosts.colours.map { "rgb(\(Int($0.0)) \(Int($0.1)) \(Int($0.2)))" }.joined(separator: ", ")
    let digits = top < 1 ? 3 : top < 10 ? 2 : 1
    let scale = (0...4).map { "<span>\(decimals(top * Double($0) / 4, digits))\($0 == 4 ? "+" : "")</span>" }.joined()
    let others = drawings.count < rows.count ? ", of \(drawings.count) of the pictures" : ""
    return """
      <section aria-labelledby="bits">
      <h2 id="bits">Where the bits go</h2>
      <p class="soft">What \(escaped(coders[1].title)) spends on each pixel, all channels together\(others). One scale for all.</p>
      <div class="scale"><div class="ramp" style="background:linear-gradient(to right, \(stops))"></div><div class="ticks">\(scale)</div><p>bits per pixel</p></div>
      <div class="pairs">
      \(figures.joined(separator: "\n"))
      </div>
      </section>
      """
  }

  private var table: String {
    let names = naming()
    let head = coders.map { "<th scope=\"col\">\(escaped($0.title))</th>" }.joined()
    func line(_ row: BenchRow, _ name: String, of count: Int = 1) -> String {
      let least = row.scores.map(\.bitsPerDim).min()!
      let cells = coders.map { coder in
        guard let value = row.score(of: coder)?.bitsPerDim else { return "<td>–</td>" }
        return "<td\(value == least ? " class=\"best\"" : "")>\(decimals(value, 3))</td>"
      }
      return
        "<tr><th scope=\"row\">\(name)</th><td>\(decimals(Double(row.pixels / count) / 1e6, 3))</td>\(cells.joined())</tr>"
    }
    return """
      <section aria-labelledby="numbers">
      <h2 id="numbers">All numbers</h2>
      <details\(rows.count <= Self.openBars ? " open" : "")><summary>Bits/dim of \(counted(rows.count, "picture"))</summary>
      <div class="scroll" tabindex="0" role="region" aria-labelledby="numbers">
      <table>
      <thead><tr><th scope="col">Picture</th><th scope="col">MPixel</th>\(head)</tr></thead>
      <tbody>
      \(rows.map { line($0, names($0.file)) }.joined(separator: "\n"))
      </tbody>
      <tfoot>\(line(mean, "mean", of: rows.count))</tfoot>
      </table>
      </div>
      </details>
      </section>
      """
  }

  // MARK: - How it was measured

  private var method: String {
    let facts = machine.facts + [("Threads", "\(threads)"), ("Began", utc(date))]
    let versions = coders.map { ($0.title, $0.version) }
    func list(_ pairs: [(String, String)]) -> String {
      "<dl>"
        + pairs.map { "<div><dt>\(escaped($0))</dt><dd>\(escaped(printable($1.unicodeScalars)))</dd></div>" }.joined()
        + "</dl>"
    }
    let others = coders.filter { ![.png, .prnn].contains($0.family) }
    let processes =
      others.isEmpty
      ? ""
      : """
      <p>\(others.map { escaped($0.title) }.joined(separator: ", ")): whole processes, which start, read PNG and write a file, or \
      read that and write raw samples (PNG files are read as above). Small pictures make them look slow. WebP and JPEG XL leave out \
      texts and other metadata, which prnn and PNG keep.</p>
      """
    return """
      <section aria-labelledby="method">
      <h2 id="method">How it was measured</h2>
      <div class="columns">
      <div><h3>Machine</h3>\(list(facts))</div>
      <div><h3>Coders</h3>\(list(versions))</div>
      <div><h3>Figures</h3>
      <p>Bits/dim are the bits of a whole file for each sample (a pixel has one for each channel). Seconds are those of the wall clock, of one run.</p>
      <p>prnn codes in memory, without starting and without PNG; each archive was decoded and compared with the picture. PNG files are read in memory, by libpng.</p>
      \(processes)</div>
      </div>
      <h3>Command</h3>
      <pre tabindex="0"><code>\(escaped(command.map(quoted).joined(separator: " ")))</code></pre>
      </section>
      """
  }

  /// Names a file, without the folder that all are in.
  private func naming() -> (_ file: String) -> String {
    var common = Array((rows.first?.file ?? "").unicodeScalars)
    for row in rows {
      common = zip(common, row.file.unicodeScalars).prefix { $0 == $1 }.map(\.0)
    }
    let folder = (common.lastIndex(of: "/") ?? -1) + 1
    return { escaped(printable($0.unicodeScalars.dropFirst(folder), most: 4096)) }
  }
}

private func counted(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

/// A word as a shell takes it.
private func quoted(_ word: String) -> String {
  let plain = word.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "-_./=:,+@%".utf8.contains(byte)
    }
  }
  if plain, !word.isEmpty { return word }
  return "'" + word.unicodeScalars.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
}

/// Text for HTML, in elements and in quoted attributes.
func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
