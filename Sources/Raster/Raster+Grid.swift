extension Raster {
  /// Pictures of one size and type side by side, row by row, with 8 bits a sample; the gaps, and places left
  /// over, are white, or gray between pictures of 1 bit.
  ///
  /// - Parameters:
  ///   - columns: pictures in a row, at least 1.
  ///   - gap: pixels between two pictures.
  /// - Precondition: there is at least one picture, and all have the size and colour type of the first, without a palette.
  public init(grid pictures: [Raster], columns: Int, gap: Int) {
    let first = pictures[0]
    precondition(first.colourType != .palette)
    precondition(
      pictures.allSatisfy {
        $0.width == first.width && $0.height == first.height && $0.colourType == first.colourType
          && $0.bitDepth == first.bitDepth
      })
    let rows = (pictures.count + columns - 1) / columns
    let (width, height) = (columns * (first.width + gap) - gap, rows * (first.height + gap) - gap)
    let channels = first.channels
    // 8 bits, so that gaps can be told from pictures of 1 bit.
    let scale = UInt8(255 / ((1 << first.bitDepth) - 1))
    var samples = [UInt8](repeating: first.bitDepth == 1 ? 128 : 255, count: width * height * channels)
    for (i, picture) in pictures.enumerated() {
      let (x, y) = (i % columns * (first.width + gap), i / columns * (first.height + gap))
      for row in 0..<first.height {
        for sample in 0..<first.width * channels {
          samples[((y + row) * width + x) * channels + sample] =
            picture.samples[row * first.width * channels + sample] * scale
        }
      }
    }
    self.init(width: width, height: height, colourType: first.colourType, samples: samples)
  }
}
