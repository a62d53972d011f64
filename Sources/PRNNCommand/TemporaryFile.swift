import Glibc
import Synchronization

/// A file that gets its name when it is whole. Until then it has none at all, so that nothing stays of it however the program
/// ends; where the file system has no such files (O_TMPFILE), it is called `.prnn-` and eight letters, and a signal that can be
/// caught removes it.
struct TemporaryFile {
  /// O_TMPFILE, which Swift's Glibc has not.
  private static let withoutName = 0o20_000_000 | O_DIRECTORY
  private static let writing = O_WRONLY | O_CLOEXEC

  /// The files that this run has named, whatever their names lead through: one is never put in the place of another.
  private static let published = Mutex<Set<FileIdentity>>([])

  let descriptor: Int32
  /// Of the file that it becomes.
  private let target: String
  /// nil: it has none.
  private var name: String?

  /// - Throws: ``Failure`` when there can be no file beside the target.
  init(_ target: String) throws {
    self.target = target
    let folder = TemporaryFile.folder(of: target)
    Unfinished.listen()
    let nameless = open(folder, Self.withoutName | Self.writing, 0o666)
    // It gets its name by this.
    if nameless >= 0, access(TemporaryFile.place(of: nameless), F_OK) == 0 {
      (descriptor, name) = (nameless, nil)
    } else {
      if nameless >= 0 { Glibc.close(nameless) }
      (descriptor, name) = try TemporaryFile.named(in: folder, for: target)
    }
  }

  private static func named(in folder: String, for target: String) throws -> (descriptor: Int32, name: String?) {
    try Unfinished.change { unfinished in
      while true {
        let name = anyName(in: folder)
        let descriptor = open(name, O_CREAT | O_EXCL | writing, 0o666)
        if descriptor >= 0 {
          unfinished.append(.init(path: name))
          return (descriptor, name)
        }
        guard errno == EEXIST else { throw Failure(target, errno: errno, status: EX_CANTCREAT) }
      }
    }
  }

  /// Gives the file its name.
  ///
  /// - Parameters:
  ///   - force: replace a file that has this name.
  ///   - group: it goes with these when the run does not come to its end, if it replaces none.
  /// - Throws: ``Failure``, also if there is such a file and not `force`.
  mutating func publish(force: Bool, group: Unfinished.Group?) throws {
    try Unfinished.change { unfinished in
      if let there = FileIdentity(target), TemporaryFile.published.withLock({ $0.contains(there) }) {
        throw Failure(target, "was made of another input already; name another output", status: EX_CANTCREAT)
      }
      let isNew = !force || access(target, F_OK) != 0
      if force { try replace(&unfinished) } else { try add(&unfinished) }
      if let made = FileIdentity(target) { TemporaryFile.published.withLock { _ = $0.insert(made) } }
      if let group, isNew { unfinished.append(.init(path: target, group: group)) }
    }
  }

  /// Closes it and, if it has not got its name, lets it go.
  mutating func close() {
    Glibc.close(descriptor)
    Unfinished.change { forget(&$0) }
  }

  private mutating func forget(_ unfinished: inout [Unfinished.Entry]) {
    guard let name else { return }
    unlink(name)
    drop(&unfinished)
  }

  /// It does not have its temporary name any more.
  private mutating func drop(_ unfinished: inout [Unfinished.Entry]) {
    unfinished.removeAll { $0.path == name }
    name = nil
  }

  /// Takes the name if no other file has it: of two programs one.
  private mutating func add(_ unfinished: inout [Unfinished.Entry]) throws {
    guard let name else {
      guard link(as: target) == 0 else { throw failure }
      return
    }
    if Glibc.link(name, target) == 0 { return forget(&unfinished) }
    guard errno != EEXIST else { throw failure }
    // Some file systems have no links: then by an empty file.
    let empty = open(target, O_CREAT | O_EXCL | Self.writing, 0o666)
    guard empty >= 0 else { throw failure }
    Glibc.close(empty)
    guard rename(name, target) == 0 else {
      let failure = failure
      unlink(target)
      throw failure
    }
    drop(&unfinished)
  }

  private mutating func replace(_ unfinished: inout [Unfinished.Entry]) throws {
    if name == nil, link(as: target) == 0 { return }
    while name == nil {
      let any = TemporaryFile.anyName(in: TemporaryFile.folder(of: target))
      guard link(as: any) == 0 else {
        if errno == EEXIST { continue }
        throw failure
      }
      name = any
      unfinished.append(.init(path: any))
    }
    guard rename(name!, target) == 0 else { throw failure }
    drop(&unfinished)
  }

  /// Gives a file without a name one that no other has.
  private func link(as path: String) -> Int32 {
    linkat(AT_FDCWD, TemporaryFile.place(of: descriptor), AT_FDCWD, path, AT_SYMLINK_FOLLOW)
  }

  private static func place(of descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

  /// Why it does not get its name.
  private var failure: Failure {
    errno == EEXIST ? OutputFile.exists(target) : Failure(target, errno: errno, status: EX_CANTCREAT)
  }

  /// With a "/" at its end.
  private static func folder(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "./"
  }

  private static func anyName(in folder: String) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
    return folder + ".prnn-" + String((0..<8).map { _ in letters.randomElement()! })
  }
}

extension TemporaryFile {
  /// Waits until the bytes are where they are to be, so that what only shows there is an error now.
  ///
  /// - Throws: ``Failure``
  func synchronise(withDisk: Bool) throws {
    // Network file systems send the bytes when the file is closed by any name.
    guard Glibc.close(dup(descriptor)) == 0 else { throw Failure(target, errno: errno, status: EX_IOERR) }
    guard withDisk, fsync(descriptor) != 0 else { return }
    // Some file systems cannot, and need not.
    guard [EINVAL, ENOSYS, ENOTSUP, EROFS].contains(errno) else {
      throw Failure(target, errno: errno, status: EX_IOERR)
    }
  }

  /// The same for the name.
  func synchroniseName() {
    let folder = open(TemporaryFile.folder(of: target), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    Glibc.close(folder)
  }
}
