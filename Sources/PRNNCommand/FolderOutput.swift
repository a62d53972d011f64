import ArchiveFormat
import Glibc

/// The files that one run writes to a folder. Each appears when it is whole; all new ones and new folders can be taken back, and
/// are when a signal ends the program before ``keep()``.
final class FolderOutput {
  private let folder: String
  private let force: Bool
  private let made = Unfinished.Group()
  /// Folders that are there.
  private var known: Set<[UInt8]> = []

  /// - Parameters:
  ///   - names: of all files to come.
  ///   - inputs: the files that are read.
  /// - Throws: ``Failure`` if one of the files exists, unless `force`, or something is where a folder has to be.
  init(_ folder: String, names: [ImageName], force: Bool, inputs: Set<FileIdentity>) throws {
    self.folder = folder
    self.force = force
    // By bytes: Swift's strings are equal when Unicode says so, files' names are not.
    var checked: Set<[UInt8]> = []
    for name in names {
      for parent in parents(of: name, outside: &checked) {
        if let there = FileIdentity(parent), !there.isFolder {
          throw Failure(parent, "is no folder; name another with -o", status: EX_CANTCREAT)
        }
      }
      try OutputFile.check(path(name), force: force, inputs: inputs)
    }
  }

  /// Writes a file through `body`, which is given a sink of bytes; `time` as for ``OutputFile``.
  func write(
    _ name: ImageName, time: Int64?, _ body: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    for parent in parents(of: name, outside: &known) { try make(parent) }
    try OutputFile.write(path(name), force: force, time: time, group: made, syncs: false, body)
  }

  /// Removes what this run has added to the folder. A folder that somebody else has put a file into stays.
  func takeBack() { Unfinished.takeBack(made) }

  /// All files are there, and stay.
  func keep() { Unfinished.keep(made) }

  private func path(_ name: ImageName) -> String { FolderListing.path(of: name.bytes, in: folder) }

  /// The folders a file is in, the outermost first, but for those looked at before; they are noted.
  private func parents(of name: ImageName, outside seen: inout Set<[UInt8]>) -> [String] {
    var new: [[UInt8]] = []
    var rest = name.bytes[...]
    // From the innermost on: what a folder looked at is in has been looked at, too.
    repeat {
      rest = rest[..<(rest.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
      guard seen.insert(Array(rest)).inserted else { break }
      new.append(Array(rest))
    } while !rest.isEmpty
    return new.reversed().map { $0.isEmpty ? folder : FolderListing.path(of: $0, in: folder) }
  }

  private func make(_ folder: String) throws {
    try Unfinished.change { unfinished in
      if mkdir(folder, 0o777) == 0 {
        unfinished.append(.init(path: folder, group: made))
      } else if errno != EEXIST {
        throw Failure(folder, errno: errno, status: EX_CANTCREAT)
      }
    }
  }
}
