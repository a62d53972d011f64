import Glibc

/// The files below a folder, links followed. Hidden ones, whose names begin with a dot, are left out.
struct FolderListing {
  /// Paths relative to the folder, sorted by their bytes. (A name need not consist of whole characters.)
  private(set) var files: [[UInt8]] = []

  static func isFolder(_ path: String) -> Bool { identity(of: path)?.isFolder ?? false }

  /// - Throws: ``Failure`` for a folder that cannot be read.
  init(_ folder: String) throws {
    try add([], of: folder, inside: [])
    files.sort { $0.lexicographicallyPrecedes($1) }
  }

  private struct Identity: Hashable {
    let device: dev_t
    let inode: ino_t
    let isFolder: Bool
  }

  private static func identity(of path: String) -> Identity? {
    var s = stat()
    guard stat(path, &s) == 0 else { return nil }
    return Identity(device: s.st_dev, inode: s.st_ino, isFolder: s.st_mode & S_IFMT == S_IFDIR)
  }

  /// - Parameters:
  ///   - prefix: the path of the folder looked at, relative to the first one, with a "/" at its end.
  ///   - outer: the folders it is in: a link to one of them would lead on for ever.
  private mutating func add(_ prefix: [UInt8], of folder: String, inside outer: Set<Identity>) throws {
    let path = FolderListing.path(of: prefix, in: folder)
    guard let directory = opendir(path) else { throw Failure(path, errno: errno, status: EX_NOINPUT) }
    defer { closedir(directory) }
    let inside = outer.union([FolderListing.identity(of: path)].compactMap { $0 })
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard name.first != UInt8(ascii: ".") else { continue }
      let identity = FolderListing.identity(of: FolderListing.path(of: prefix + name, in: folder))
      if let identity, identity.isFolder {
        if !inside.contains(identity) { try add(prefix + name + [UInt8(ascii: "/")], of: folder, inside: inside) }
      } else {
        files.append(prefix + name)
      }
    }
  }

  /// The path of something in a folder.
  static func path(of name: [UInt8], in folder: String) -> String {
    folder + (folder.hasSuffix("/") ? "" : "/") + String(decoding: name, as: UTF8.self)
  }
}
