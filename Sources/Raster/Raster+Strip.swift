extension Raster {
  /// Chunks that a PNG decoder may pass over, and that tell nevertheless what the picture looks like: transparency, colours,
  /// shape of the pixels, and the frames of an animation.
  private static let seen = [
    "tRNS", "cICP", "iCCP", "sRGB", "gAMA", "cHRM", "mDCV", "cLLI", "pHYs", "acTL", "fcTL", "fdAT",
  ].map { Array($0.utf8) }

  /// Drops the chunks that do not change what the picture looks like: texts, dates, Exif, backgrounds, unknown ancillary ones.
  public mutating func strip() {
    // In a critical chunk's type the first letter is a capital.
    chunks.removeAll { $0.type[0] & 0x20 != 0 && !Raster.seen.contains($0.type) }
  }
}
