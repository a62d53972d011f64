import Glibc
import PRNN

/// A file to write, or standard output, called "-". It appears under its name only when it is whole: it is written to a
/// temporary beside that name, which is removed when anything goes wrong, an interruption included.
enum OutputFile {
  /// - Parameter input: the file that is read; it is never written over.
  /// - Throws: ``Failure`` if a file of that name exists, unless `force`, or standard output is a terminal.
  static func check(_ path: String, force: Bool, input: String? = nil) throws {
    if path == "-" {
      guard isatty(STDOUT_FILENO) == 0 else {
        throw Failure("standard output", "is a terminal; name a file with -o", status: EX_USAGE)
      }
      return
    }
    var s = stat()
    guard stat(path, &s) == 0 else { return }
    if s.st_mode & S_IFMT == S_IFDIR { throw Failure(path, "is a folder; name a file with -o", status: EX_CANTCREAT) }
    if !force { throw exists(path) }
    var t = stat()
    if let input, stat(input, &t) == 0, s.st_dev == t.st_dev, s.st_ino == t.st_ino {
      throw Failure(path, "is the input itself; name another file with -o", status: EX_CANTCREAT)
    }
  }

  /// Writes a file through `body`, which is given a sink of bytes.
  ///
  /// - Parameter time: when it is to have been modified, in seconds since 1970 began; nil: now. Pipes, devices and file
  ///   systems that have no such times take what they can.
  static func write(
    _ path: String, force: Bool, time: Int64? = nil,
    _ body: (@escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    try check(path, force: force)
    if path == "-" { return try body { try put($0, to: STDOUT_FILENO, "standard output") } }
    if isSpecial(path) { return try writeThrough(path, body) }
    let target = resolved(path)
    var template = Array((target + ".XXXXXX").utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Failure(path, errno: errno, status: EX_CANTCREAT) }
    Interruption.willRemove(template)
    var isOpen = true
    do {
      let mask = umask(0)
      umask(mask)
      fchmod(descriptor, 0o666 & ~mask)
      try body { try put($0, to: descriptor, path) }
      if let time { setTime(of: descriptor, time) }
      isOpen = false
      guard close(descriptor) == 0 else { throw Failure(path, errno: errno, status: EX_IOERR) }
      try publish(template, as: target, force: force)
    } catch {
      if isOpen { close(descriptor) }
      unlink(template)
      Interruption.willRemove(nil)
      throw error
    }
    Interruption.willRemove(nil)
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

  /// Gives the finished file its name; without `force`, only if no other file took it in the meantime.
  private static func publish(_ temporary: [CChar], as path: String, force: Bool) throws {
    if !force {
      if link(temporary, path) == 0 {
        unlink(temporary)
        return
      }
      if errno == EEXIST { throw exists(path) }
      // Some file systems have no links; then rename.
    }
    guard rename(temporary, path) == 0 else { throw Failure(path, errno: errno, status: EX_CANTCREAT) }
  }

  private static func exists(_ path: String) -> Failure {
    Failure(path, "exists already; choose another name with -o, or overwrite it with --force", status: EX_CANTCREAT)
  }

  /// Writes all bytes.
  static func put(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ name: String) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure(name, errno: errno, status: EX_IOERR)
      }
      rest = rest.dropFirst(count)
    }
  }
}

/// Removes a temporary file when the program is interrupted.
private enum Interruption {
  // Read by the signal handler only; set before and cleared after the file exists.
  nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?

  static func willRemove(_ file: [CChar]?) {
    signal(SIGPIPE, SIG_IGN)
    let old = path
    path = file.flatMap { strdup($0) }
    free(old)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var old = sigaction()
      sigaction(number, nil, &old)
      // Under nohup a hangup stays ignored.
      if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == 1 { continue }
      signal(number) { number in
        if let path = Interruption.path { unlink(path) }
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }
}
