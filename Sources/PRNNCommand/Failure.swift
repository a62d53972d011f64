import ArchiveFormat
import ArgumentParser
import Dispatch
import Glibc
import PRNN
import PixelModels
import PixelTraining
import Raster
import Synchronization

/// What went wrong with one file, for one line on stderr, with the exit status of sysexits.h.
struct Failure: Error {
  let file: String
  let cause: String
  let status: Int32

  /// The exit status when what is whole of a damaged archive was written, or an archive without the pictures that are bad;
  /// sysexits.h begins at 64.
  static let damageStatus: Int32 = 3

  init(_ file: String, _ cause: String, status: Int32) {
    self.file = file
    self.cause = cause
    self.status = status
  }

  /// A failed system call.
  init(_ file: String, errno code: Int32, status: Int32) {
    self.init(file, String(cString: strerror(code)), status: code == EACCES ? EX_NOPERM : status)
  }

  /// Any error that the libraries throw about a file.
  init(_ file: String, _ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as RasterError: self.init(file, "\(error)", status: error.status)
    case let error as ArchiveError: self.init(file, "\(error)", status: EX_DATAERR)
    case let error as ModelError: self.init(file, "\(error)", status: EX_DATAERR)
    case let error as SafeTensorsError: self.init(file, "\(error)", status: EX_DATAERR)
    case let error as TrainingError: self.init(file, "\(error)", status: error.status)
    case let error as FileError: self.init(error.file, error.cause)
    case let error as PRNNError: self.init(file, "\(error)", status: error.status)
    default: self.init(file, "\(error)", status: EX_SOFTWARE)
    }
  }

  /// Runs an action for each file; reports those that fail, in a line each, and goes on with the others. How many they were
  /// stands in a last line, if there is more than one file.
  ///
  /// - Parameter undone: what they are and what did not become of them, for that line.
  /// - Throws: the exit status of the first that failed.
  static func reporting(
    _ files: [String], undone: (files: String, deed: String)? = nil, _ action: (String) throws -> Void
  ) throws {
    var failures: [Failure] = []
    for file in files {
      do { try action(file) } catch { failures.append(warned(Failure(file, error))) }
    }
    try report(failures, of: files.count, undone)
  }

  /// The same for the numbers of files, from several threads.
  ///
  /// - Parameters:
  ///   - jobs: how many at once.
  ///   - action: throws nothing but failures.
  static func reporting(
    _ files: Range<Int>, jobs: Int, undone: (files: String, deed: String),
    _ action: @escaping @Sendable (Int) throws -> Void
  ) throws {
    let next = Atomic(files.lowerBound)
    let failures = Mutex<[(number: Int, failure: Failure)]>([])
    DispatchQueue.concurrentPerform(iterations: max(1, min(jobs, files.count))) { _ in
      while case let number = next.wrappingAdd(1, ordering: .relaxed).oldValue, number < files.upperBound {
        do { try action(number) } catch {
          let failure = warned(Failure("file \(number)", error))
          failures.withLock { $0.append((number, failure)) }
        }
      }
    }
    let inOrder = failures.withLock { $0.sorted { $0.number < $1.number } }
    try report(inOrder.map(\.failure), of: files.count, undone)
  }

  private static func warned(_ failure: Failure) -> Failure {
    warn("\(visible(failure.file)): \(failure.cause)")
    return failure
  }

  /// Says how many failed, and throws the status of the first.
  private static func report(_ failures: [Failure], of count: Int, _ undone: (files: String, deed: String)?) throws {
    guard let first = failures.first else { return }
    if let undone, count > 1 {
      warn("\(failures.count) of \(count) \(undone.files) \(failures.count == 1 ? "was" : "were") not \(undone.deed)")
    }
    throw ExitCode(first.status)
  }
}

/// Lines on stdout.
///
/// - Throws: ``Failure`` when they cannot be written.
func printLine(_ text: String) throws {
  try Array((text + "\n").utf8).withUnsafeBytes { try OutputFile.put($0, to: STDOUT_FILENO, "standard output") }
}

/// One line on stderr; on a terminal the name of the program is red (https://no-color.org).
func warn(_ message: String) {
  // A bar may stand there.
  let start = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[K" : ""
  writeError(start + (isColoured ? "\u{1B}[1;31mprnn:\u{1B}[0m" : "prnn:") + " \(message)\n")
}

private let isColoured: Bool = {
  func value(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
  return isatty(STDERR_FILENO) == 1 && value("NO_COLOR").isEmpty && value("TERM") != "dumb"
}()

func writeError(_ text: String) {
  let bytes = Array(text.utf8)
  _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
}

extension RasterError {
  fileprivate var status: Int32 {
    switch self {
    case .unwritable: EX_IOERR
    case .tooLarge: EX_UNAVAILABLE
    default: EX_DATAERR
    }
  }
}

extension PRNNError {
  fileprivate var status: Int32 {
    switch self {
    case .damagedPixels: EX_DATAERR
    case .unfaithful: EX_SOFTWARE
    case .noSuchKernel: EX_CONFIG
    case .outside: EX_USAGE
    default: EX_UNAVAILABLE
    }
  }
}

extension TrainingError {
  fileprivate var status: Int32 {
    switch self {
    case .unreadable(let code): code == EACCES ? EX_NOPERM : EX_NOINPUT
    case .unwritable(let code): code == EACCES ? EX_NOPERM : EX_CANTCREAT
    case .diverged: EX_SOFTWARE
    default: EX_DATAERR
    }
  }
}
