import ArchiveFormat
import Raster

extension Codec {
  /// What is whole of all pictures of an archive, in their order. No more of them than the threads need are in memory at a
  /// time.
  ///
  ///     let salvage = try Archive.Salvage(bytes)
  ///     try codec.recover(salvage.archive, models: .bundled) { number, picture, damage in print(number, damage) }
  ///
  /// - Parameters:
  ///   - archive: tiles may be missing in it, as in `Archive.Salvage`.
  ///   - only: the number of a single picture to give, 0 ..< `archive.imageCount`; nil: all.
  ///   - models: where the archive's model is looked for, unless it is inside.
  ///   - body: is given each picture and its number, on the thread of the caller, and the parts of it that are damaged. Such
  ///     tiles have the colour `mark` of `Raster`. A part without a number says that the checksum of a picture of version 1 is wrong
  ///     although all its tiles seem whole. The picture is nil when nothing of it is left.
  /// - Throws: `ArchiveError`, ``PRNNError``, or what `body` throws; not for damaged samples.
  public func recover(
    _ archive: Archive, only: Int? = nil, models: ModelLibrary,
    _ body: (_ number: Int, _ picture: Raster?, _ damage: [Archive.Part]) throws -> Void
  ) throws {
    let chosen = only.map { archive.place(ofImage: $0) }
    let pieces = Piece.all(of: archive).filter { piece in
      chosen.map { piece.series == $0.series && piece.images.contains($0.image) } ?? true
    }
    let log = DamageLog()
    var number = only ?? 0
    try salvage(archive, pieces, models, log) { piece, image, raster in
      guard chosen?.image ?? image == image else { return }
      defer { number += 1 }
      let header = archive.series[piece.series].header
      let damage = log.parts(of: piece)
      let lost = damage.compactMap(\.unit)
      // What is in one stream with damage is lost, and so are the larger sizes of a damaged one.
      let isGone = header.count > 1 || header.levels > 1 ? !lost.isEmpty : lost.count == header.unitCount
      guard !isGone else { return try body(number, nil, damage) }
      var picture = raster()
      for unit in lost { picture.fill(header.unit(unit).tile, with: picture.mark) }
      try body(number, picture, damage)
    }
  }
}

extension Raster {
  /// A pixel that stands for what is lost: magenta, opaque; in gray pictures black; of a palette the entry that is nearest to
  /// magenta, the first of several.
  public var mark: [UInt8] {
    guard bitDepth < 16 else { return mark8.flatMap { [$0, $0] } }
    return mark8
  }

  /// In 8 bits a sample or fewer.
  private var mark8: [UInt8] {
    switch colourType {
    case .gray: return [0]
    case .grayAlpha: return [0, 255]
    case .rgb: return [255, 0, 255]
    case .rgba: return [255, 0, 255, 255]
    case .palette:
      let palette = chunks.first { $0.type == Array("PLTE".utf8) }?.bytes ?? []
      let distances = (0..<min(palette.count / 3, 1 << bitDepth)).map { entry in
        zip(palette[(3 * entry)...], [255, 0, 255]).reduce(0) { sum, pair in
          let difference = Int(pair.0) - pair.1
          return sum + difference * difference
        }
      }
      return [UInt8(distances.indices.min { distances[$0] < distances[$1] } ?? 0)]
    }
  }

  /// - Parameter pixel: the bytes of its samples.
  fileprivate mutating func fill(_ part: PixelRectangle, with pixel: [UInt8]) {
    for y in part.y..<part.y + part.height {
      for x in part.x..<part.x + part.width {
        for (c, sample) in pixel.enumerated() { samples[(y * width + x) * pixelBytes + c] = sample }
      }
    }
  }
}
