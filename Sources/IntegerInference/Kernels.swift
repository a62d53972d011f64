import PixelKernels

/// One path through the SIMD kernels. All paths compute the same numbers.
public struct Kernels: @unchecked Sendable {
  package let table: prnn_kernels

  /// The kernels of a path.
  ///
  /// - Parameter name: scalar, sse2, avx2, avx512 or neon. Nil when this CPU or build lacks them.
  public init?(named name: String) {
    guard let table = prnn_kernels_named(name) else { return nil }
    self.table = table.pointee
  }

  /// The fastest this CPU has.
  public static var fastest: Kernels { Kernels(named: available[0])! }

  /// Names of all paths this CPU can run, fastest first.
  public static var available: [String] {
    var names: [String] = []
    var next = prnn_kernels_available()!
    while let name = next.pointee {
      names.append(String(cString: name))
      next += 1
    }
    return names
  }

  public var name: String { String(cString: table.name) }
}
