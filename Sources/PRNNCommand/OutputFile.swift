import Glibc
import PRNN

/// A file to write, or standard output, called "-". It appears under its name only when it is whole; nothing stays of it when
/// anything goes wrong, an interruption included.
enum OutputFile {
  /// - Parameter inputs: the files that are read; none of them is ever written over.
  /// - Throws: ``Failure`` if a file of that name exists, unless `force`, or standard output is a terminal.
  static func check(_ path: String, force: Bool, inputs: Set<FileIdentity>...) throws {
    if path == "-" {
      guard isatty(STDOUT_FILENO) == 0 else {
        throw Failure("standard output", "is a terminal; name a file", status: EX_USAGE)
      }
      return
    }
    guard let there = FileIdentity(path) else { return }
    if there.isFolder { throw Failure(path, "is a folder; name a file", status: EX_CANTCREAT) }
    if !force { throw exists(path) }
    if inputs.contains(where: { $0.contains(there) }) {
      throw Failure(path, "is the input itself; name another file", status: EX_CANTCREAT)
    }
  }

  /// Writes a file through `body`, which is given a sink of bytes.
  ///
  /// - Parameters:
  ///   - time: when it is to have been modified, in seconds since 1970 began; nil: now. Pipes, devices and file systems that
  ///     have no such times take what they can.
  ///   - group: the files that it goes with when a signal ends the program before all are written.
  ///   - syncs: wait until it is on the disk.
  static func write(
    _ path: String, force: Bool, time: Int64? = nil, group: Unfinished.Group? = nil, syncs: Bool = true,
    _ body: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    try check(path, force: force)
    if path == "-" { return try body { try put($0, to: STDOUT_FILENO, "standard output") } }
    if isSpecial(path) { return try writeThrough(path, body) }
    var file = try TemporaryFile(resolved(path))
    defer { file.close() }
    let descriptor = file.descriptor
    try body { try put($0, to: descriptor, path) }
    if let time { setTime(of: descriptor, time) }
    try file.synchronise(withDisk: syncs)
    try file.publish(force: force, group: group)
    if syncs { file.synchroniseName() }
  }

  /// Whether a name stands for a pipe or a device, which is written to and not replaced.
  private static func isSpecial(_ path: String) -> Bool {
    var s = stat()
    return stat(path, &s) == 0 && s.st_mode & S_IFMT != S_IFREG
  }

  private static func writeThrough(
    _ path: String, _ body: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(path, errno: errno, status: EX_CANTCREAT) }
    defer { close(descriptor) }
    try body { try put($0, to: descriptor, path) }
  }

  private static func setTime(of descriptor: Int32, _ seconds: Int64) {
    var s = stat()
    guard fstat(descriptor, &s) == 0 else { return }
    futimens(descriptor, [s.st_atim, timespec(tv_sec: time_t(seconds), tv_nsec: 0)])
  }

  /// The file that a symbolic link leads to, so that the link stays one.
  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  static func exists(_ path: String) -> Failure {
    Failure(path, "exists already; choose another name, or overwrite it with --force", status: EX_CANTCREAT)
  }

  /// Writes all bytes.
  static func put(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ name: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      if count < 0 {
        if errno == EINTR { continue }
        // As if the signal were not ignored.
        if errno == EPIPE { Unfinished.end(by: SIGPIPE) }
        throw Failure(name, errno: errno, status: EX_IOERR)
      }
      rest = rest.dropFirst(count)
    }
  }
}
