import ArchiveFormat
import Glibc

/// The files that one run writes to a folder. Each appears when it is whole; all new ones and new folders can be taken back.
final class FolderOutput {
  private let folder: String
  private let force: Bool
  /// Files and folders that were not there before, in the order they were made.
  private var made: [String] = []
  /// Folders that are there.
  private var known: Set<[UInt8]> = []

  /// - Parameters:
  ///   - names: of all files to come.
  ///   - input: the file that is read.
  /// - Throws: ``Failure`` if one of the files exists, unless `force`, or something is where a folder has to be.
  init(_ folder: String, names: [ImageName], force: Bool, input: String) throws {
    self.folder = folder
    self.force = force
    // By bytes: Swift's strings are equal when Unicode says so, files' names are not.
    var checked: Set<[UInt8]> = []
    for name in names {
      for parent in parents(of: name) where checked.insert(Array(parent.utf8)).inserted {
        if access(parent, F_OK) == 0, !FolderListing.isFolder(parent) {
          throw Failure(parent, "is no folder; name another with -o", status: EX_CANTCREAT)
        }
      }
      try OutputFile.check(path(name), force: force, input: input)
    }
  }

  /// Writes a file through `body`, which is given a sink of bytes; `time` as for ``OutputFile``.
  func write(
    _ name: ImageName, time: Int64?, _ body: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    for parent in parents(of: name) where known.insert(Array(parent.utf8)).inserted { try make(parent) }
    let isNew = access(path(name), F_OK) != 0
    try OutputFile.write(path(name), force: force, time: time, body)
    if isNew { made.append(path(name)) }
  }

  /// Removes what this run has added to the folder.
  func takeBack() {
    // Folders after what is in them. One that somebody else has put a file into stays.
    for path in made.reversed() where unlink(path) != 0 { rmdir(path) }
    made = []
  }

  private func path(_ name: ImageName) -> String { FolderListing.path(of: name.bytes, in: folder) }

  /// The folders a file is in, the outermost first.
  private func parents(of name: ImageName) -> [String] {
    [folder]
      + name.bytes.indices.filter { name.bytes[$0] == UInt8(ascii: "/") }.map {
        FolderListing.path(of: Array(name.bytes[..<$0]), in: folder)
      }
  }

  private func make(_ folder: String) throws {
    if mkdir(folder, 0o777) == 0 {
      made.append(folder)
    } else if errno != EEXIST {
      throw Failure(folder, errno: errno, status: EX_CANTCREAT)
    }
  }
}
