import ByteCoding

extension Archive {
  /// The bytes of the file. An archive that nothing else holds gives back the memory of its streams as they are written.
  public consuming func serialised() -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(series.reduce(1 << 12) { $0 + $1.streamBytes + 32 * $1.tiles.count })
    out += Archive.signature
    out.append(integer: UInt16(version))
    for model in models {
      let name = Array(model.name.utf8.prefix(255))
      out.append(.model, model.hash + [UInt8(name.count)] + name)
      if let file = model.file { out.append(.modelFile, file) }
    }
    var room = MetadataList.Room()
    var count: [UInt8] = []
    count.append(integer: UInt32(imageCount))
    for i in series.indices { series[i].moveStreams(to: &out, version: version, &room) }
    out.append(.end, count)
    return out
  }
}

extension Archive.Series {
  /// The chunks of the PNG file as they come in lists: all in one, but for a palette among many other bytes, whose damage is not
  /// to cost the picture.
  private var chunkRuns: [ArraySlice<Archive.PNGChunk>] {
    let others = chunks.reduce(0) { $0 + ($1.isPalette ? 0 : $1.bytes.count) }
    guard header.colourType == 3, others > 4096, let palette = chunks.firstIndex(where: \.isPalette) else {
      return [chunks[...]]
    }
    return [chunks[..<palette], chunks[palette...palette], chunks[(palette + 1)...]]
  }

  /// Writes all of it, and drops each tile chunk's streams when they are written.
  fileprivate mutating func moveStreams(to out: inout [UInt8], version: Int, _ room: inout MetadataList.Room) {
    out.append(.series, header.serialised(version: version, checksum: checksums[0]))
    if !names.isEmpty { out.append(.names, NameList.encode(names)) }
    if !times.isEmpty { out.append(.times, TimeList.encode(times)) }
    if !files.isEmpty { out.append(.files, FileList.encode(files)) }
    for run in version > 4 ? chunkRuns : [chunks[...]] {
      if version > 4, let list = MetadataList.encode(run, &room) {
        out.append(.metadata, list)
      } else {
        for chunk in run { out.append(.pngChunk, [chunk.place] + chunk.type + chunk.bytes) }
      }
    }
    for (channel, weights) in valueWeights.sorted(by: { $0.key < $1.key }) {
      out.append(.valueWeights, [UInt8(channel)] + weights.map { UInt8(bitPattern: $0) })
    }
    if let lattice { out.append(.lattice, lattice.serialised) }
    if !learning.isEmpty { out.append(.learning, learning) }
    if !fits.isEmpty { out.append(.fits, fits) }
    let checksumLength = version == 1 ? 0 : version < 4 ? 4 : 5
    var index: [UInt8] = []
    for tile in tiles { index.append(integer: UInt32(tile.reduce(checksumLength) { $0 + 4 + $1.count })) }
    out.append(.index, index)
    for number in tiles.indices {
      var payload: [UInt8] = []
      if version > 1 { payload.append(integer: checksums[number] ^ (version > 6 ? UInt32(number) : 0)) }
      if version > 3 { payload.append(coding(number).rawValue) }
      for stream in tiles[number] {
        payload.append(integer: UInt32(stream.count))
        payload.append(contentsOf: stream)
      }
      tiles[number] = []
      out.append(.tile, payload)
    }
  }
}

extension Archive.Header {
  fileprivate func serialised(version: Int, checksum: UInt32) -> [UInt8] {
    var out: [UInt8] = []
    out.append(integer: UInt32(width))
    out.append(integer: UInt32(height))
    out += [colourType, bitDepth, interlaced ? 1 : 0, UInt8(model)]
    out.append(integer: UInt32(tileWidth))
    out.append(integer: UInt32(tileHeight))
    guard version > 1 else {
      out.append(integer: checksum)
      return out
    }
    out.append(integer: UInt32(count))
    out.append(integer: UInt32(lot))
    out.append(UInt8(levels))
    // Whether the checksums of tiles are joined with their numbers.
    if version > 3 { out.append(version > 6 && unitCount > 1 ? 1 : 0) }
    return out
  }
}
