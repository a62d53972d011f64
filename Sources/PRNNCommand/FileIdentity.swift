import Glibc

/// What a name leads to, links followed: two names of one file have the same.
struct FileIdentity: Hashable {
  private let device: dev_t
  private let inode: ino_t
  /// The kind of file: S_IFREG, S_IFDIR, ...
  let kind: mode_t

  private init(_ status: stat) {
    (device, inode, kind) = (status.st_dev, status.st_ino, status.st_mode & S_IFMT)
  }

  /// - Returns: nil when there is nothing, or only a link that leads nowhere.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  var isFolder: Bool { kind == S_IFDIR }
  var isRegular: Bool { kind == S_IFREG }

  /// The regular files among inputs, standard input ("-") included: those that no output may replace.
  static func sources(_ inputs: some Sequence<String>) -> Set<FileIdentity> {
    Set(
      inputs.compactMap { input in
        if input != "-" { return FileIdentity(input) }
        var status = stat()
        return fstat(STDIN_FILENO, &status) == 0 ? FileIdentity(status) : nil
      }
      .filter(\.isRegular))
  }
}
