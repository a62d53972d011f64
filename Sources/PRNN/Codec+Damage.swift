import ArchiveFormat
import Raster
import Synchronization

extension Codec {
  /// Decodes all of an archive, keeps nothing of it, and compares every checksum of samples.
  ///
  /// - Parameters:
  ///   - archive: parsed; tiles may be missing in it.
  ///   - models: where the archive's model is looked for, unless it is inside.
  ///   - unfaithful: is given the numbers of pictures that are whole and whose files cannot be made again though there is
  ///     a record of them.
  /// - Returns: the parts that are damaged, in the order of the archive; none of a whole archive.
  /// - Throws: `ArchiveError` or ``PRNNError`` when it cannot be decoded for other reasons.
  public func damage(
    in archive: Archive, models: ModelLibrary, unfaithful: (Int) -> Void = { _ in }
  ) throws -> [Archive.Part] {
    let damage = DamageLog()
    var number = 0
    try salvage(archive, Piece.all(of: archive), models, damage) { piece, image, raster in
      defer { number += 1 }
      guard archive.file(ofImage: number) != nil, damage.parts(of: piece).isEmpty else { return }
      if try file(archive, image: number, of: raster()) == .unfaithful { unfaithful(number) }
    }
    return damage.parts
  }

  /// Decodes what is there of some pieces, and notes what is damaged.
  func salvage(
    _ archive: Archive, _ pieces: [Piece], _ models: ModelLibrary, _ log: DamageLog,
    _ body: (Piece, Int, () -> Raster) throws -> Void
  ) throws {
    let present = pieces.map { piece in
      let (header, tiles) = (archive.series[piece.series].header, archive.series[piece.series].tiles)
      var result = piece
      result.missing = piece.units.filter { tiles[$0].isEmpty }
      for unit in result.missing { log.note(Archive.Part(series: piece.series, unit: unit)) }
      // Larger sizes are coded with the smaller ones.
      if header.levels > 1, !result.missing.isEmpty { result.missing = piece.units }
      result.units = result.missing.count == piece.units.count ? [] : piece.units.filter { !tiles[$0].isEmpty }
      return result
    }
    try decompress(archive, present, models, damaged: log.note, body)
  }
}

/// What turns out to be damaged, on any thread.
final class DamageLog: Sendable {
  private let noted = Mutex<Set<Archive.Part>>([])

  @Sendable func note(_ part: Archive.Part) { noted.withLock { _ = $0.insert(part) } }

  /// All, in the order of the archive.
  var parts: [Archive.Part] {
    let all = noted.withLock { $0 }
    let tiled = Set(all.filter { $0.unit != nil }.map(\.series))
    // That all of a picture does not match its checksum is no news when a tile is damaged.
    return all.filter { $0.unit != nil || !tiled.contains($0.series) }
      .sorted { ($0.series, $0.unit ?? -1) < ($1.series, $1.unit ?? -1) }
  }

  /// Those of the pictures of a piece.
  func parts(of piece: Piece) -> [Archive.Part] {
    func noted(_ units: [Int?]) -> [Archive.Part] {
      let parts = units.map { Archive.Part(series: piece.series, unit: $0) }
      return self.noted.withLock { noted in parts.filter(noted.contains) }
    }
    let tiles = noted((piece.units + piece.missing).sorted())
    return tiles.isEmpty ? noted([nil]) : tiles
  }
}
