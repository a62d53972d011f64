import Glibc
import PRNN
import Raster

/// A file to read, or standard input, called "-".
final class InputFile {
  let name: String
  private let isStandardInput: Bool
  private let descriptor: Int32
  /// So far.
  private(set) var bytesRead = 0

  /// - Throws: ``Failure`` for what cannot be opened, and for folders.
  init(_ path: String) throws {
    isStandardInput = path == "-"
    name = isStandardInput ? "standard input" : path
    descriptor = isStandardInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Failure(name, errno: errno, status: EX_NOINPUT) }
    guard !isFolder else { throw Failure(name, "is a folder; give the files in it", status: EX_NOINPUT) }
  }

  deinit { if !isStandardInput { close(descriptor) } }

  private var status: stat {
    var s = stat()
    fstat(descriptor, &s)
    return s
  }

  private var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }

  /// When it was modified, in seconds since 1970 began; nil for standard input, and for what is no file, such as a pipe.
  var time: Int64? {
    let status = status
    return isStandardInput || status.st_mode & S_IFMT != S_IFREG ? nil : Int64(status.st_mtim.tv_sec)
  }

  /// Fills as much of the buffer as one call gives.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 {
        bytesRead += count
        return count
      }
      if errno != EINTR { throw Failure(name, errno: errno, status: EX_IOERR) }
    }
  }

  /// All bytes.
  ///
  /// - Throws: ``Failure`` also when there are more than `limit`.
  func readAll(limit: Int = .max) throws -> [UInt8] {
    let bytes = try readAll(upTo: limit == .max ? limit : limit + 1, hint: max(0, Int(status.st_size)) + 1)
    guard bytes.count <= limit else { throw InputFile.tooLarge(name) }
    return bytes
  }

  /// The next bytes: as many as asked for, or those up to the end.
  func readAll(upTo count: Int, hint: Int = 0) throws -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(min(count, hint))
    let part = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    defer { part.deallocate() }
    while bytes.count < count {
      let wanted = UnsafeMutableRawBufferPointer(rebasing: part[..<min(part.count, count - bytes.count)])
      let found = try read(into: wanted)
      if found == 0 { break }
      bytes.append(contentsOf: wanted[..<found])
    }
    return bytes
  }

  static func tooLarge(_ name: String) -> Failure {
    Failure(name, "is larger than the memory limit; raise --memory-limit", status: EX_UNAVAILABLE)
  }
}
