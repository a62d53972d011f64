import Glibc

/// All bytes of a file.
///
/// - Throws: ``FileError``.
public func contents(of path: String) throws -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw FileError(path, TrainingError.unreadable(errno)) }
  defer { close(descriptor) }
  var status = stat()
  fstat(descriptor, &status)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(max(0, Int(status.st_size)) + 1)
  let part = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
  defer { part.deallocate() }
  while true {
    let count = read(descriptor, part.baseAddress, part.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw FileError(path, TrainingError.unreadable(errno)) }
    if count == 0 { return bytes }
    bytes.append(contentsOf: part[..<count])
  }
}

/// Writes a file so that at every moment, also after a power failure, its name leads to the whole new file or to the old
/// one: to a temporary beside it, which is synchronised with the disk and renamed.
///
/// - Throws: ``FileError``; the temporary is gone then.
public func writeDurably(_ bytes: [UInt8], to path: String) throws {
  var temporary = Array((path + ".XXXXXX").utf8CString)
  let descriptor = mkstemp(&temporary)
  guard descriptor >= 0 else { throw unwritable(path) }
  var isOpen = true
  do {
    let mask = umask(0)
    umask(mask)
    fchmod(descriptor, 0o666 & ~mask)
    try bytes.withUnsafeBytes { try put($0, to: descriptor, path) }
    guard fsync(descriptor) == 0 else { throw unwritable(path) }
    isOpen = false
    guard close(descriptor) == 0 else { throw unwritable(path) }
    guard rename(temporary, path) == 0 else { throw unwritable(path) }
  } catch {
    if isOpen { close(descriptor) }
    unlink(temporary)
    throw error
  }
  synchroniseFolder(of: path)
}

func put(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
  var rest = bytes[...]
  while !rest.isEmpty {
    let part = UnsafeRawBufferPointer(rebasing: rest)
    let count = write(descriptor, part.baseAddress, part.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw unwritable(path) }
    rest = rest.dropFirst(count)
  }
}

/// Makes the renaming itself last; some file systems cannot, and need not.
private func synchroniseFolder(of path: String) {
  let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}

func unwritable(_ path: String) -> FileError { FileError(path, TrainingError.unwritable(errno)) }
