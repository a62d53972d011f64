/// Tells which tile each tile chunk of a damaged series is.
enum TilePlacement {
  /// - Parameters:
  ///   - found: the payloads of tile chunks, in the order of the file.
  ///   - lengths: of the payloads of all tiles.
  ///   - start: the byte where the first tile chunk should start.
  /// - Returns: for each tile its payload, if it was found: at its place; or near it, if no other tile has its length.
  static func place(
    _ found: [ArraySlice<UInt8>], lengths: [Int], from start: Int
  ) -> [ArraySlice<UInt8>?] {
    var places: [Int] = []
    places.reserveCapacity(lengths.count)
    var next = start
    for length in lengths {
      places.append(next)
      next += length + chunkOverhead
    }
    var placed = [ArraySlice<UInt8>?](repeating: nil, count: lengths.count)
    var strays: [ArraySlice<UInt8>] = []
    var number = 0
    for payload in found {
      while number < places.count, places[number] < place(of: payload) { number += 1 }
      if number < places.count, places[number] == place(of: payload), lengths[number] == payload.count {
        placed[number] = payload
      } else {
        strays.append(payload)
      }
    }
    guard !strays.isEmpty else { return placed }
    // Bytes were lost or came in before these. A wrong place would give wrong pixels, so it must be certain.
    let only = Dictionary(lengths.enumerated().map { ($1, $0) }) { _, _ in -1 }
    for payload in strays {
      guard let number = only[payload.count], number >= 0, placed[number] == nil,
        abs(places[number] - place(of: payload)) < payload.count + chunkOverhead
      else { continue }
      placed[number] = payload
    }
    return placed
  }

  private static func place(of payload: ArraySlice<UInt8>) -> Int { payload.startIndex - 8 }
}
