import Raster
import Testing

@Suite struct StripTests {
  @Test func whatIsSeenStays() {
    let kept = [
      "PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI", "pHYs", "acTL", "fcTL", "fdAT", "NEWx",
    ]
    let dropped = ["tEXt", "zTXt", "iTXt", "eXIf", "tIME", "bKGD", "sBIT", "hIST", "sPLT", "prVt", "iDOT", "caBX"]
    var picture = Raster(width: 1, height: 1, colourType: .rgb, samples: [1, 2, 3])
    picture.chunks = zip(kept, dropped + dropped).flatMap { [$0, $1] }.map {
      Raster.Chunk(type: Array($0.utf8), place: .beforePalette, bytes: [1])
    }
    picture.strip()
    #expect(picture.chunks.map { String(decoding: $0.type, as: UTF8.self) } == kept)
  }
}
