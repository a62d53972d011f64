import ByteCoding

/// The lengths of the parts that some bytes are cut into: runs of equal ones, then a last part of all that is left, if
/// anything is.
struct LengthRuns: Equatable, Sendable {
  struct Run: Equatable, Sendable {
    var count: Int
    let length: Int
  }

  private(set) var runs: [Run] = []

  init(_ lengths: [Int]) {
    for length in lengths.last ?? 0 > 0 ? lengths.dropLast() : lengths[...] {
      if runs.last?.length == length {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(count: 1, length: length))
      }
    }
  }

  /// - Throws: `ByteReader`'s errors for damaged bytes.
  init(_ reader: inout ByteReader) throws {
    for _ in 0..<(try reader.count()) { runs.append(Run(count: try reader.count(), length: try reader.count())) }
  }

  func encode(to bytes: inout [UInt8]) {
    bytes.append(number: UInt64(runs.count))
    for run in runs {
      bytes.append(number: UInt64(run.count))
      bytes.append(number: UInt64(run.length))
    }
  }

  /// Parts of all runs, at most `Int.max / 2`.
  var count: Int { min(saturatedSum(runs.map(\.count)), .max / 2) }

  /// The lengths one after the other; nil: the rest.
  struct Iterator: IteratorProtocol {
    private var rest: ArraySlice<Run>

    init(_ runs: LengthRuns) { rest = runs.runs[...] }

    /// Whether all runs are through.
    var isAtRest: Bool { !rest.contains { $0.count > 0 } }

    mutating func next() -> Int? {
      while let run = rest.first {
        guard run.count > 0 else {
          rest = rest.dropFirst()
          continue
        }
        rest[rest.startIndex].count -= 1
        return run.length
      }
      return nil
    }
  }
}
