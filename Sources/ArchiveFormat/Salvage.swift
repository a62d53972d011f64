extension Archive {
  /// What is left of an archive that may be damaged or cut short.
  ///
  ///     let salvage = try Archive.Salvage(bytes)
  ///     salvage.archive                 // the series whose headers are whole
  ///     salvage.archive.missingParts    // their tiles and lots that are gone
  ///     salvage.losses                  // all other damage
  public struct Salvage: Sendable {
    /// The series whose chunks before the tiles are whole, but for PNG chunks, names and index. A tile that is not there has
    /// no streams. Checksums of samples are not looked at.
    public let archive: Archive
    /// Damage beside ``Archive/missingParts``; both are empty for a whole archive.
    public let losses: [Loss]
    /// Images that the archive had, as its chunk DONE says; nil if that is lost.
    public let declaredImages: Int?

    /// Linear time.
    ///
    /// - Parameter knownModels: hashes of models at hand: a damaged name of one of them is believed.
    /// - Throws: ``ArchiveError`` when there is nothing of an archive in the bytes, or all chunks are whole and yet it cannot be
    ///   read.
    public init(_ bytes: [UInt8], knownModels: Set<[UInt8]> = []) throws {
      do {
        archive = try Archive(bytes)
        (losses, declaredImages) = ([], archive.imageCount)
      } catch let cause {
        var salvager = Salvager(size: bytes.count, knownModels: knownModels)
        var scan = ChunkScan(bytes, from: Archive.signature.count + 2)
        while let item = try scan.next() { salvager.take(item) }
        salvager.finish(stated: Array(bytes.prefix(Archive.signature.count + 2)))
        archive = salvager.archive
        (losses, declaredImages) = (salvager.losses, salvager.declaredImages)
        guard salvager.hasFoundSomething, !losses.isEmpty || !archive.missingParts.isEmpty else { throw cause }
      }
    }
  }
}
