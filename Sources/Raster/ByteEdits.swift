import ByteCoding

/// How some bytes become others that are much like them: what is passed over, dropped and put in, from the first byte to the
/// last. What follows the last edit stays.
struct ByteEdits: Equatable, Sendable {
  struct Edit: Equatable, Sendable {
    /// Bytes that stay, from where the edit before ended.
    let kept: Int
    /// Bytes behind them that go.
    let dropped: Int
    /// What comes instead.
    let inserted: [UInt8]
  }

  private(set) var edits: [Edit] = []

  /// None.
  init() {}

  var isEmpty: Bool { edits.isEmpty }

  /// Bytes that they drop and put in.
  var dropped: Int { saturatedSum(edits.map(\.dropped)) }
  var inserted: Int { edits.reduce(0) { $0 + $1.inserted.count } }

  /// From some bytes to others; where these are more or fewer, one edit of all between the first and the last that differ.
  ///
  /// - Returns: nil when more than `most` bytes would have to be put in.
  init?(from old: [UInt8], to new: [UInt8], most: Int) {
    if old.count == new.count {
      var comparison = Comparison()
      old.withUnsafeBufferPointer { old in new.withUnsafeBufferPointer { comparison.add(old, $0) } }
      guard comparison.inserted <= most else { return nil }
      self = comparison.finish()
    } else {
      let shorter = min(old.count, new.count)
      let start = (0..<shorter).first { old[$0] != new[$0] } ?? shorter
      let ends = 0..<shorter - start
      let end = ends.first { old[old.count - 1 - $0] != new[new.count - 1 - $0] } ?? ends.count
      guard new.count - start - end <= most else { return nil }
      edits = [Edit(kept: start, dropped: old.count - start - end, inserted: Array(new[start..<new.count - end]))]
    }
  }

  /// Finds the places where bytes differ from others, piece by piece.
  struct Comparison {
    private var edits: [Edit] = []
    private var kept = 0
    /// Of a place that has not ended yet.
    private var differing: [UInt8] = []
    private(set) var inserted = 0

    /// - Parameter new: as many as the old ones.
    mutating func add(_ old: UnsafeBufferPointer<UInt8>, _ new: UnsafeBufferPointer<UInt8>) {
      for i in 0..<old.count {
        guard old[i] == new[i] else {
          differing.append(new[i])
          inserted += 1
          continue
        }
        close()
        kept += 1
      }
    }

    private mutating func close() {
      guard !differing.isEmpty else { return }
      edits.append(Edit(kept: kept, dropped: differing.count, inserted: differing))
      (kept, differing) = (0, [])
    }

    /// - Parameter tail: what follows the last byte of the others.
    mutating func finish(tail: ArraySlice<UInt8> = []) -> ByteEdits {
      close()
      var result = ByteEdits()
      result.edits = edits + (tail.isEmpty ? [] : [Edit(kept: kept, dropped: 0, inserted: Array(tail))])
      return result
    }
  }

  func encode(to bytes: inout [UInt8]) {
    bytes.append(number: UInt64(edits.count))
    for edit in edits {
      bytes.append(number: UInt64(edit.kept))
      bytes.append(number: UInt64(edit.dropped))
      bytes.append(number: UInt64(edit.inserted.count))
      bytes += edit.inserted
    }
  }

  /// - Throws: `ByteReader`'s errors for damaged bytes.
  init(_ reader: inout ByteReader) throws {
    for _ in 0..<(try reader.count()) {
      edits.append(
        Edit(
          kept: try reader.count(), dropped: try reader.count(), inserted: Array(try reader.take(try reader.count()))))
    }
  }

  /// Makes edits of bytes that come piece by piece.
  struct Pass {
    private let edits: [Edit]
    private var next = 0
    private var kept = 0
    private var dropped = 0

    init(_ edits: ByteEdits) {
      self.edits = edits.edits
      begin()
    }

    private mutating func begin() {
      guard next < edits.count else { return }
      (kept, dropped) = (edits[next].kept, edits[next].dropped)
    }

    mutating func write(
      _ bytes: UnsafeBufferPointer<UInt8>, _ sink: (UnsafeBufferPointer<UInt8>) throws -> Void
    ) rethrows {
      var rest = bytes[...]
      while !rest.isEmpty, next < edits.count {
        let stays = rest.prefix(kept)
        if !stays.isEmpty { try sink(UnsafeBufferPointer(rebasing: stays)) }
        rest = rest.dropFirst(stays.count)
        let goes = min(rest.count, dropped)
        rest = rest.dropFirst(goes)
        (kept, dropped) = (kept - stays.count, dropped - goes)
        if !rest.isEmpty { try insert(sink) }
      }
      if !rest.isEmpty { try sink(UnsafeBufferPointer(rebasing: rest)) }
    }

    private mutating func insert(_ sink: (UnsafeBufferPointer<UInt8>) throws -> Void) rethrows {
      if !edits[next].inserted.isEmpty { try edits[next].inserted.withUnsafeBufferPointer(sink) }
      next += 1
      begin()
    }

    /// Puts in what comes behind the last byte.
    ///
    /// - Returns: whether there were as many bytes as the edits want.
    mutating func finish(_ sink: (UnsafeBufferPointer<UInt8>) throws -> Void) rethrows -> Bool {
      while next < edits.count, kept == 0, dropped == 0 { try insert(sink) }
      return next == edits.count
    }
  }
}

extension ByteReader {
  /// A number that counts something.
  mutating func count() throws -> Int {
    guard let count = Int(exactly: try number()) else { throw TooLong() }
    return count
  }
}
