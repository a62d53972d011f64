import ArchiveFormat
import Glibc
import IntegerInference
import PixelModels
import Raster

/// Turns pictures into archives and back.
///
///     let codec = try Codec()
///     let archive = try codec.compress(picture, model: ModelLibrary.bundled.standard)
///     let same = try codec.decompress(archive, models: .bundled)
///
/// The bytes of an archive depend on the pictures, the times, sizes and records of files given with them, and the model only: not on threads, kernels
/// or build. (Names and metadata are deflated by zlib, and versions of it may differ.)
public struct Codec: Sendable {
  /// Tiles are at most this wide and high.
  public static let tileSide = 1024
  /// Those of networks that remember much of each pixel.
  static let smallTileSide = 128

  public var threads: Int
  /// The most bytes a picture may take in memory.
  public var memoryLimit: Int
  /// Called from any thread with the number of samples coded since the last call.
  public var progress: @Sendable (Int) -> Void
  /// Asked from any thread, many times a second: whether to give up; once true it stays so. Any work then ends with
  /// ``PRNNError/cancelled``.
  public var isCancelled: @Sendable () -> Bool = { false }
  let kernels: Kernels

  /// The path through the SIMD kernels: scalar, sse2, avx2, avx512 or neon.
  public var kernelName: String { kernels.name }

  /// - Parameters:
  ///   - threads: at least 1.
  ///   - memoryLimit: the most bytes a picture may take in memory.
  ///   - kernel: the path through the SIMD kernels; nil for that of the environment variable PRNN_KERNEL, or the fastest.
  ///   - progress: called from any thread with the number of samples coded since the last call.
  /// - Throws: ``PRNNError/noSuchKernel(_:available:)``.
  public init(
    threads: Int = 1, memoryLimit: Int = 2 << 30, kernel: String? = nil,
    progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    self.threads = threads
    self.memoryLimit = memoryLimit
    self.progress = progress
    if let name = kernel ?? getenv("PRNN_KERNEL").map({ String(cString: $0) }), !name.isEmpty {
      guard let kernels = Kernels(named: name) else {
        throw PRNNError.noSuchKernel(name, available: Kernels.available)
      }
      self.kernels = kernels
    } else {
      kernels = .fastest
    }
  }
}

/// Memory that several threads write disjoint parts of.
struct SharedBytes: @unchecked Sendable {
  let base: UnsafeMutablePointer<UInt8>
}
