/// Why bytes are not an archive that can be read. Messages follow the name of a file and a colon.
public enum ArchiveError: Error, Equatable, CustomStringConvertible {
  case empty
  case notAnArchive
  case newerVersion(Int)
  case newerFeature(String)
  /// Of what; limits of this program, not of the format.
  case tooMany(String)
  case truncated
  case noSmallerSize(levels: Int)
  case damaged(String)

  public var description: String {
    switch self {
    case .empty: "the file is empty; give a .prnn archive"
    case .notAnArchive: "not a prnn archive"
    case .newerVersion(let version):
      "an archive of format version \(version), newer than version \(Archive.newestVersion) that this program reads; get a newer prnn"
    case .newerFeature(let what): "the archive uses \(what), which this program does not know; get a newer prnn"
    case .tooMany(let what): "the archive has more \(what) than this program takes; get a newer prnn"
    case .truncated: "the archive is cut short; get a fresh copy of it"
    case .noSmallerSize(let levels):
      levels == 1
        ? "the archive holds one size only"
        : "the archive holds \(levels) sizes; the smallest is 1/\(1 << (levels - 1))"
    case .damaged(let what): "the archive is damaged (\(what)); get a fresh copy of it"
    }
  }
}
