import Glibc

/// A file as it was before it was read.
struct SourceFile: Sendable {
  let path: String
  private let status: stat

  /// - Returns: nil when there is nothing of this name.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (self.path, self.status) = (path, status)
  }

  /// Whether the name still stands for the file that it stood for, unchanged.
  private var isUnchanged: Bool {
    var now = stat()
    return stat(path, &now) == 0 && now.st_dev == status.st_dev && now.st_ino == status.st_ino
      && now.st_size == status.st_size && now.st_mtim.tv_sec == status.st_mtim.tv_sec
      && now.st_mtim.tv_nsec == status.st_mtim.tv_nsec
  }

  /// Deletes the sources of an archive, if it can be read from where it was written, byte for byte.
  ///
  /// - Parameters:
  ///   - archive: which was decoded and compared with them.
  ///   - isExact: whether all files come back byte for byte, or need not.
  /// - Throws: ``Failure``; what is not deleted stays as it is.
  static func delete(
    _ sources: [SourceFile], _ archive: [UInt8], _ output: String, isExact: Bool, _ label: String
  ) throws {
    guard isExact else { return warn("\(visible(label)): was not deleted, for it does not come back byte for byte") }
    guard try InputFile(output).readAll() == archive else {
      throw Failure(output, "does not hold what was written; the sources were not deleted", status: EX_IOERR)
    }
    if let other = sources.first(where: { !$0.isUnchanged }) {
      throw Failure(other.path, "has changed since it was read; no source was deleted", status: EX_TEMPFAIL)
    }
    for source in sources {
      guard unlink(source.path) == 0 else { throw Failure(source.path, errno: errno, status: EX_NOPERM) }
    }
  }
}
