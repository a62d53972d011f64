import ByteCoding

/// Looks for the parameters with which zlib makes a known deflate stream of known bytes.
struct DeflateSearch {
  /// Bytes that are deflated at a time, before what came out is compared.
  private static let piece = 1 << 14

  let data: [UInt8]
  /// What the parameters should make of it.
  let stream: ArraySlice<UInt8>
  /// CMF and FLG, which tell of the window and the level.
  let zlibHeader: [UInt8]
  private let firstBlock: DeflateBlock?

  init(data: [UInt8], stream: ArraySlice<UInt8>, zlibHeader: [UInt8]) {
    self.data = data
    self.stream = stream
    self.zlibHeader = zlibHeader
    firstBlock = DeflateBlock(firstOf: stream)
  }

  /// The parameters that give the whole stream, or those that agree with it for the most bytes.
  ///
  /// Each trial ends at the first byte that differs; all together take no more than 8 times the bytes and 64 MB.
  ///
  /// - Returns: nil when none agree at all.
  func best(hint: DeflateParameters?) -> (parameters: DeflateParameters, matching: Int)? {
    var best: (parameters: DeflateParameters, matching: Int)?
    var work = 8 * data.count + 1 << 26
    for parameters in [hint].compactMap({ $0 }) + candidates {
      let matching = matchingBytes(parameters, &work)
      if matching > best?.matching ?? 0 { best = (parameters, matching) }
      if matching == stream.count || work < 0 { break }
    }
    return best
  }

  /// In the order of how likely they are.
  private var candidates: [DeflateParameters] {
    // Of windows that are larger than the data, all do the same.
    let stated = min(15, max(9, Int(zlibHeader[0] >> 4) + 8))
    let largest = (9...15).first { (1 << $0) - 262 >= data.count } ?? 15
    let windows = unique([stated, 15].map { min($0, largest) } + (9...largest).reversed())
    let memory = ([8, 9] + (1...7).reversed()).filter(mayHave)
    // Usual memory with usual windows first.
    let usual = memory.flatMap { memory in windows.prefix(2).map { (memory, $0) } }
    let others = memory.flatMap { memory in windows.dropFirst(2).map { (memory, $0) } }
    return (usual + others).flatMap { memory, window in
      strategies.compactMap { level, strategy in
        DeflateParameters(level: level, strategy: strategy, memoryLevel: memory, windowBits: window)
      }
    }
  }

  /// Whether blocks may end where they do with a memory level.
  private func mayHave(memoryLevel: Int) -> Bool {
    let most = 1 << (memoryLevel + 6) - 1
    return firstBlock.map { $0.isLast ? $0.symbols <= most : $0.symbols == most } ?? true
  }

  /// Levels and strategies. With runs and Huffman codes only the level does not matter.
  private var strategies: [(level: Int, strategy: Int)] {
    let stated = [[1], [2, 3, 4, 5], [6], [9, 8, 7]][Int(zlibHeader[1] >> 6)]
    let levels = unique(stated + [6, 9, 1, 8, 7, 5, 4, 3, 2])
    return levels.flatMap { [($0, 0), ($0, 1)] } + [(6, 3), (6, 2)] + levels.map { ($0, 4) }
  }

  private func unique(_ numbers: [Int]) -> [Int] {
    numbers.enumerated().filter { !numbers[..<$0.offset].contains($0.element) }.map(\.element)
  }

  private struct Difference: Error {}

  /// Bytes of the stream that come out before one that differs; all of them only if nothing follows.
  private func matchingBytes(_ parameters: DeflateParameters, _ work: inout Int) -> Int {
    let deflate = DeflateStream(parameters)
    var done = 0
    func compare(_ bytes: UnsafeBufferPointer<UInt8>) throws {
      let same = stream.withUnsafeBufferPointer { stream in
        let count = min(bytes.count, stream.count - done)
        return (0..<count).first { stream[done + $0] != bytes[$0] } ?? count
      }
      done += same
      if same < bytes.count { throw Difference() }
    }
    do {
      try data.withUnsafeBufferPointer { data in
        for start in stride(from: 0, to: data.count, by: DeflateSearch.piece) {
          let part = data[start..<min(start + DeflateSearch.piece, data.count)]
          work -= part.count
          try deflate.write(UnsafeBufferPointer(rebasing: part), compare)
        }
        try deflate.finish(compare)
      }
      return done
    } catch {
      return min(done, stream.count - 1)
    }
  }

  /// A whole stream.
  static func deflated(_ data: [UInt8], _ parameters: DeflateParameters) -> [UInt8] {
    var result: [UInt8] = []
    let deflate = DeflateStream(parameters)
    data.withUnsafeBufferPointer { deflate.write($0) { result += $0 } }
    deflate.finish { result += $0 }
    return result
  }
}
