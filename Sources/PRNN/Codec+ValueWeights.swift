import ArchiveFormat
import IntegerInference
import PixelModels
import Raster

extension Codec {
  /// Weights of the values, for the channels where they save more than they take. Found on bands of the picture, by one
  /// thread, in integers: those of half of the bands must pay on the other half.
  func estimateValueWeights(_ raster: Raster, _ groups: [PlaneGroup], _ model: Model) throws -> [Int: [Int8]] {
    var result: [Int: [Int8]] = [:]
    var quiet = self
    quiet.progress = { _ in }
    let bands = SampleBands(width: raster.width, height: raster.height)
    for (group, coder) in zip(groups, try quiet.coders(groups, model)) {
      let present = group.presentValues(raster)
      guard group.impliedLevelsHold(present) else {
        // A palette index past the palette: only a table of the archive's own can say that it occurs.
        for c in 0..<group.channels {
          result[group.offset + c] = present[c].map { $0 ? 0 : ValueWeights.absent }
        }
        continue
      }
      func count(_ tiles: [TileGrid.Tile], _ weights: ValueWeights) -> ValueCounter {
        var counter = ValueCounter(channels: group.channels)
        raster.samples.withUnsafeBufferPointer { samples in
          for band in tiles {
            coder.count(
              width: band.width, height: band.height, above: band.y, weights: weights, into: &counter
            ) { y, row in
              let at = ((band.y + y) * raster.width + band.x) * raster.channels
              group.gather(samples.baseAddress! + at, count: band.width, to: row)
            }
          }
        }
        return counter
      }
      let plain = group.weights([:])
      var all = count(bands.odd, plain)
      let test = count(bands.even, plain)
      let gained = count(bands.even, all.weights(present: present))
      all.add(test)
      let weights = all.weights(present: present)
      for c in 0..<group.channels {
        let saved = (test.cost[c] - gained.cost[c]) / 256 * bands.share
        if saved > Archive.valueWeightsBits { result[group.offset + c] = weights.tables[c]! }
      }
    }
    return result
  }
}

extension PlaneGroup {
  /// For each channel, whether each value (scaled) occurs.
  fileprivate func presentValues(_ raster: Raster) -> [[Bool]] {
    var present = Array(repeating: Array(repeating: false, count: 256), count: channels)
    raster.samples.withUnsafeBufferPointer { samples in
      for c in 0..<channels {
        present[c].withUnsafeMutableBufferPointer { table in
          for i in stride(from: offset + c, to: samples.count, by: pixelStride) {
            table[Int(samples[i] &* scale)] = true
          }
        }
      }
    }
    return present
  }

  /// Whether all values that occur have a frequency when the archive gives no weights.
  fileprivate func impliedLevelsHold(_ present: [[Bool]]) -> Bool {
    present.indices.allSatisfy { c in
      guard let table = weights([:]).tables[c] else { return true }
      return (0..<256).allSatisfy { !present[c][$0] || table[$0] != ValueWeights.absent }
    }
  }
}

/// Bands that stand for a picture, in two sets that take turns from top to bottom.
private struct SampleBands {
  let odd: [TileGrid.Tile]
  let even: [TileGrid.Tile]
  /// Pixels of the picture for each pixel of the even bands, rounded down.
  let share: Int

  init(width: Int, height: Int) {
    let bandHeight = 4
    let bandWidth = min(width, 1024)
    let count = min(max(1, height / bandHeight), max(4, 32_000 / (bandWidth * bandHeight)))
    let tiles = (0..<count).map { i in
      let y = max(0, height - bandHeight) * i / max(1, count - 1)
      let x = (width - bandWidth) * (i * 5 % count) / max(1, count - 1)
      return TileGrid.Tile(x: x, y: y, width: bandWidth, height: min(bandHeight, height))
    }
    odd = tiles.indices.filter { $0 % 2 == 0 }.map { tiles[$0] }
    let rest = tiles.indices.filter { $0 % 2 == 1 }.map { tiles[$0] }
    even = rest.isEmpty ? odd : rest
    share = max(1, width * height / even.reduce(0) { $0 + $1.width * $1.height })
  }
}
