import ByteCoding

extension Archive {
  /// The bytes of the file.
  public func serialised() -> [UInt8] {
    var out = Archive.signature
    out.append(integer: UInt16(Archive.version))
    for model in models {
      let name = Array(model.name.utf8.prefix(255))
      out.append(.model, model.hash + [UInt8(name.count)] + name)
    }
    for image in images {
      out.append(.image, image.header.serialised)
      for chunk in image.chunks { out.append(.pngChunk, [chunk.place] + chunk.type + chunk.bytes) }
      for (channel, weights) in image.valueWeights.sorted(by: { $0.key < $1.key }) {
        out.append(.valueWeights, [UInt8(channel)] + weights.map { UInt8(bitPattern: $0) })
      }
      var index: [UInt8] = []
      for tile in image.tiles { index.append(integer: UInt32(tile.reduce(0) { $0 + 4 + $1.count })) }
      out.append(.index, index)
      for tile in image.tiles {
        var payload: [UInt8] = []
        for stream in tile {
          payload.append(integer: UInt32(stream.count))
          payload.append(contentsOf: stream)
        }
        out.append(.tile, payload)
      }
    }
    var count: [UInt8] = []
    count.append(integer: UInt32(images.count))
    out.append(.end, count)
    return out
  }
}

extension Archive.Header {
  fileprivate var serialised: [UInt8] {
    var out: [UInt8] = []
    out.append(integer: UInt32(width))
    out.append(integer: UInt32(height))
    out += [colourType, bitDepth, interlaced ? 1 : 0, UInt8(model)]
    out.append(integer: UInt32(tileWidth))
    out.append(integer: UInt32(tileHeight))
    out.append(integer: checksum)
    return out
  }
}
