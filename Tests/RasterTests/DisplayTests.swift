import Testing

@testable import Raster

@Suite struct DisplayTests {
  private func shown(
    _ type: Raster.ColourType, _ bitDepth: Int, _ samples: [UInt8], _ chunks: [(String, [UInt8])] = []
  ) -> [UInt8] {
    Raster(
      width: samples.count / type.channels / (bitDepth == 16 ? 2 : 1), height: 1, colourType: type, bitDepth: bitDepth,
      samples: samples, chunks: chunks.map { .init(type: Array($0.0.utf8), place: .beforeData, bytes: $0.1) }
    ).displayed()
  }

  @Test func depthsAreScaled() {
    #expect(shown(.gray, 1, [0, 1]) == [0, 0, 0, 255, 255, 255, 255, 255])
    #expect(shown(.gray, 2, [1]) == [85, 85, 85, 255])
    #expect(shown(.gray, 4, [9]) == [153, 153, 153, 255])
    #expect(shown(.rgb, 16, [1, 200, 2, 0, 3, 9]) == [1, 2, 3, 255])
    #expect(shown(.grayAlpha, 8, [7, 8]) == [7, 7, 7, 8])
    #expect(shown(.rgba, 16, [1, 0, 2, 0, 3, 0, 4, 9]) == [1, 2, 3, 4])
  }

  @Test func palettesAreLookedUp() {
    let chunks: [(String, [UInt8])] = [("PLTE", [1, 2, 3, 4, 5, 6]), ("tRNS", [9])]
    #expect(shown(.palette, 2, [1, 0, 3], chunks) == [4, 5, 6, 255, 1, 2, 3, 9, 0, 0, 0, 255])
  }

  @Test func transparentColours() {
    #expect(shown(.gray, 4, [2, 3], [("tRNS", [0, 3])]) == [34, 34, 34, 255, 51, 51, 51, 0])
    #expect(shown(.rgb, 8, [1, 2, 3, 1, 2, 4], [("tRNS", [0, 1, 0, 2, 0, 4])]) == [1, 2, 3, 255, 1, 2, 4, 0])
    // Of 16 bits both bytes count.
    #expect(shown(.gray, 16, [5, 6, 5, 7], [("tRNS", [5, 7])]) == [5, 5, 5, 255, 5, 5, 5, 0])
    #expect(shown(.gray, 8, [5], [("tRNS", [5])]) == [5, 5, 5, 255])
  }
}
