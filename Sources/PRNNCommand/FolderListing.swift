import Glibc

/// The files below a folder, links followed. Hidden ones, whose names begin with a dot, are left out.
struct FolderListing {
  struct File {
    /// Relative to the folder. (A name need not consist of whole characters.)
    let path: [UInt8]
    /// A pipe, a socket or a device, which must not be opened.
    let isSpecial: Bool

    func hasSuffix(_ suffixes: String...) -> Bool {
      let text = String(decoding: path, as: UTF8.self).lowercased()
      return suffixes.contains { text.hasSuffix($0) }
    }
  }

  /// Sorted by the bytes of their paths.
  private(set) var files: [File] = []
  /// Folders in it that cannot be read, and why.
  private(set) var unreadable: [Failure] = []

  static func isFolder(_ path: String) -> Bool { FileIdentity(path)?.isFolder ?? false }

  /// - Throws: ``Failure`` for a folder that cannot be read.
  init(_ folder: String) throws {
    guard add([], of: folder, inside: []) else { throw unreadable[0] }
    files.sort { $0.path.lexicographicallyPrecedes($1.path) }
  }

  /// - Parameters:
  ///   - prefix: the path of the folder looked at, relative to the first one, with a "/" at its end.
  ///   - outer: the folders it is in: a link to one of them would lead on for ever.
  /// - Returns: whether the folder can be read.
  private mutating func add(_ prefix: [UInt8], of folder: String, inside outer: Set<FileIdentity>) -> Bool {
    let path = FolderListing.path(of: prefix, in: folder)
    guard let directory = opendir(path) else {
      unreadable.append(Failure(path, errno: errno, status: EX_NOINPUT))
      return false
    }
    defer { closedir(directory) }
    let inside = outer.union([FileIdentity(path)].compactMap { $0 })
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard name.first != UInt8(ascii: ".") else { continue }
      // A link that leads nowhere is a file, so that it is an error to read it.
      let identity = FileIdentity(FolderListing.path(of: prefix + name, in: folder))
      if let identity, identity.isFolder {
        if !inside.contains(identity) { _ = add(prefix + name + [UInt8(ascii: "/")], of: folder, inside: inside) }
      } else {
        files.append(File(path: prefix + name, isSpecial: identity.map { !$0.isRegular } ?? false))
      }
    }
    return true
  }

  /// The path of something in a folder.
  static func path(of name: [UInt8], in folder: String) -> String {
    folder + (folder.hasSuffix("/") ? "" : "/") + String(decoding: name, as: UTF8.self)
  }
}
