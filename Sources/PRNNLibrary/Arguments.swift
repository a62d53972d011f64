import ArchiveFormat
import CPRNN
import Glibc
import PRNN
import PixelModels
import Raster
import Synchronization

/// An argument that cannot be taken.
struct Refusal: Error {
  let status: prnn_status
  let text: String

  /// Swift's numbers are signed.
  static let hugeNumber = Refusal(PRNN_INVALID_ARGUMENT, "a size or stride is more than memory has")

  init(_ status: prnn_status, _ text: String) {
    self.status = status
    self.text = text
  }
}

/// Runs the body of a function of prnn.h, and says what it threw.
func answer(_ error: UnsafeMutablePointer<prnn_error>?, _ body: () throws -> Void) -> prnn_status {
  do {
    try body()
    return PRNN_OK
  } catch let thrown {
    let (status, text) = description(of: thrown)
    if let error {
      withUnsafeMutableBytes(of: &error.pointee.text) { room in
        // Cut where a character ends.
        var bytes = Array(text.utf8.prefix(room.count - 1))
        while String(validating: bytes, as: UTF8.self) == nil { bytes.removeLast() }
        room.copyBytes(from: bytes)
        room[bytes.count] = 0
      }
    }
    return status
  }
}

private func description(of error: any Error) -> (prnn_status, String) {
  let status: prnn_status =
    switch error {
    case let refusal as Refusal: refusal.status
    case ArchiveError.empty, ArchiveError.notAnArchive: PRNN_NOT_AN_ARCHIVE
    case ArchiveError.truncated: PRNN_TRUNCATED
    case ArchiveError.damaged, PRNNError.damagedPixels, PRNNError.latticeWithoutLocalNetwork: PRNN_DAMAGED
    case is ArchiveError: PRNN_UNSUPPORTED
    case is ModelError: PRNN_BAD_MODEL
    case RasterError.tooLarge, PRNNError.tooLarge: PRNN_TOO_LARGE
    case is RasterError: PRNN_BAD_PNG
    case PRNNError.unknownModel: PRNN_UNKNOWN_MODEL
    case PRNNError.noNetwork, PRNNError.otherLevels, PRNNError.notBilevel: PRNN_BAD_MODEL
    case PRNNError.outside, PRNNError.noSuchKernel: PRNN_INVALID_ARGUMENT
    case PRNNError.cancelled: PRNN_CANCELLED
    default: PRNN_INTERNAL
    }
  return (status, (error as? Refusal)?.text ?? "\(error)")
}

/// The bytes of an argument, copied.
func bytes(_ pointer: UnsafeRawPointer?, _ size: Int, _ name: String) throws -> [UInt8] {
  guard let pointer else { throw Refusal(PRNN_INVALID_ARGUMENT, "\(name) is null") }
  guard size >= 0 else { throw Refusal(PRNN_INVALID_ARGUMENT, "the size of \(name) is more than memory has") }
  return Array(UnsafeRawBufferPointer(start: pointer, count: size))
}

/// The size that a structure begins with.
func sizeOfStructure<T>(_ pointer: UnsafePointer<T>, _ name: String) throws -> Int {
  let size = UnsafeRawPointer(pointer).load(as: Int.self)
  guard size >= MemoryLayout<Int>.size else {
    throw Refusal(PRNN_INVALID_ARGUMENT, "struct_size of \(name) is not set")
  }
  return size
}

/// A structure as this version has it; what an older program's lacks is as in `standard`.
func structure<T>(_ pointer: UnsafePointer<T>, _ standard: T, _ name: String) throws -> T {
  let size = try sizeOfStructure(pointer, name)
  var result = standard
  withUnsafeMutableBytes(of: &result) {
    $0.baseAddress!.copyMemory(from: pointer, byteCount: min(size, $0.count))
  }
  return result
}

/// What prnn_options ask for.
struct Settings {
  let library: ModelLibrary
  let effort: Effort
  let memoryLimit: Int
  let verifies: Bool
  let strips: Bool
  private let threads: Int
  private let hasModel: Bool
  private let progress: prnn_progress?
  private nonisolated(unsafe) let context: UnsafeMutableRawPointer?

  init(_ pointer: UnsafePointer<prnn_options>?) throws {
    let options = try pointer.map { try structure($0, prnn_options(), "options") } ?? prnn_options()
    var library = ModelLibrary.bundled
    hasModel = options.model != nil
    if hasModel { library.add(try Model(file: bytes(options.model, options.model_size, "model"))) }
    self.library = library
    switch options.effort {
    case PRNN_BALANCED.rawValue: effort = .balanced
    case PRNN_FAST.rawValue: effort = .fast
    case PRNN_MAX.rawValue: effort = .max
    default: throw Refusal(PRNN_INVALID_ARGUMENT, "there is no effort \(options.effort)")
    }
    guard options.flags & ~UInt32(PRNN_NO_VERIFY | PRNN_STRIP) == 0 else {
      throw Refusal(PRNN_INVALID_ARGUMENT, "there are no flags \(options.flags)")
    }
    verifies = options.flags & UInt32(PRNN_NO_VERIFY) == 0
    strips = options.flags & UInt32(PRNN_STRIP) != 0
    memoryLimit = options.memory_limit == 0 ? 2 << 30 : Int(clamping: options.memory_limit)
    guard options.threads <= 1024 else {
      throw Refusal(PRNN_INVALID_ARGUMENT, "\(options.threads) threads; there can be 1024")
    }
    threads = options.threads > 0 ? Int(options.threads) : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    progress = options.progress
    context = options.progress_context
  }

  /// The model to encode with.
  var model: Model { hasModel ? library.standard : effort.model(in: library) }

  /// A codec that reports to the caller.
  ///
  /// - Parameter samples: that will be coded, about.
  func codec(samples total: Int) throws -> Codec {
    guard total > 0, let progress else { return try Codec(threads: threads, memoryLimit: memoryLimit) }
    let meter = Meter(total: UInt64(total), progress, context)
    var codec = try Codec(threads: threads, memoryLimit: memoryLimit, progress: meter.advance)
    codec.isCancelled = { meter.isCancelled.load(ordering: .relaxed) }
    return codec
  }
}

/// Calls a C program back, from one thread at a time.
private final class Meter: Sendable {
  let isCancelled = Atomic(false)
  private let done = Mutex<UInt64>(0)
  private let total: UInt64
  private let callback: @Sendable (UInt64) -> Bool

  init(total: UInt64, _ progress: prnn_progress, _ context: UnsafeMutableRawPointer?) {
    self.total = total
    nonisolated(unsafe) let (progress, context) = (progress, context)
    callback = { progress(context, $0, total) == 0 }
  }

  func advance(_ samples: Int) {
    done.withLock { done in
      done = min(total, done + UInt64(samples))
      if !isCancelled.load(ordering: .relaxed), !callback(done) { isCancelled.store(true, ordering: .relaxed) }
    }
  }
}

extension prnn_buffer {
  /// A copy for the caller, who gives it back by prnn_buffer_free.
  init(_ bytes: [UInt8]) throws {
    guard let data = malloc(max(1, bytes.count)) else { throw Refusal(PRNN_TOO_LARGE, "there is no memory left") }
    bytes.withUnsafeBytes { if let source = $0.baseAddress { memcpy(data, source, $0.count) } }
    self.init(data: data, size: bytes.count)
  }
}

@_cdecl("prnn_buffer_free")
public func freeBuffer(_ buffer: UnsafeMutablePointer<prnn_buffer>?) {
  guard let buffer else { return }
  free(buffer.pointee.data)
  buffer.pointee = prnn_buffer(data: nil, size: 0)
}
