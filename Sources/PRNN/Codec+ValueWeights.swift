import ArchiveFormat
import IntegerInference
import PixelModels
import Raster
import Synchronization

extension Codec {
  /// For each series, weights of the values, for the channels where they save more than they take. Found on bands of its
  /// pictures, in integers: those of half of the bands must pay on the other half.
  func estimateValueWeights(_ set: PictureSet, _ series: [Archive.Series], _ model: Model) throws -> [[Int: [Int8]]] {
    let plans = try zip(series, set.series).map { try CodingPlan($0, model, planes: $1.planes($0)) }
    let found = Mutex<[[Int: [Int8]]]>(Array(repeating: [:], count: plans.count))
    try inParallel(count: plans.count, reports: false) { coders, i in
      let pictures = set.series[i].pictures
      for group in plans[i].groups {
        let weights = estimate(pictures, plans[i].header, group, coders.coder(group.role!, of: model))
        found.withLock { $0[i].merge(weights) { $1 } }
      }
    }
    return found.withLock { $0 }
  }

  /// The weights of one group of channels.
  private func estimate(
    _ pictures: [[UInt8]], _ header: Archive.Header, _ group: PlaneGroup, _ coder: any NetworkCoder
  ) -> [Int: [Int8]] {
    var result: [Int: [Int8]] = [:]
    let present = group.presentValues(pictures, header)
    guard group.impliedLevelsHold(present) else {
      // A palette index past the palette: only a table of the archive's own can say that it occurs.
      for c in 0..<group.channels {
        result[group.offset + c] = present[c].map { $0 ? 0 : ValueWeights.absent }
      }
      return result
    }
    // The networks of the paper know the values themselves.
    guard let coder = coder as? TileCoder else { return result }
    let bands = SampleBands(width: header.width, height: header.height, images: pictures.count)
    func count(_ bands: [SampleBands.Band], _ weights: ValueWeights) -> ValueCounter {
      var counter = ValueCounter(channels: group.channels)
      for (image, band) in bands {
        pictures[image].withUnsafeBufferPointer { samples in
          coder.count(width: band.width, height: band.height, above: band.y, weights: weights, into: &counter) {
            y, row in
            let at = ((band.y + y) * header.width + band.x) * header.channels
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
    return result
  }
}

extension PlaneGroup {
  /// For each channel, whether each value (scaled) occurs in any of the pictures.
  fileprivate func presentValues(_ pictures: [[UInt8]], _ header: Archive.Header) -> [[Bool]] {
    var present = [Bool](repeating: false, count: channels << 8)
    var row = [UInt8](repeating: 0, count: header.width * channels)
    let rowSamples = header.width * pixelStride
    present.withUnsafeMutableBufferPointer { present in
      row.withUnsafeMutableBufferPointer { row in
        for picture in pictures {
          picture.withUnsafeBufferPointer { samples in
            for y in 0..<header.height {
              gather(samples.baseAddress! + y * rowSamples, count: header.width, to: row.baseAddress!)
              for c in 0..<channels {
                for i in stride(from: c, to: row.count, by: channels) { present[c << 8 | Int(row[i])] = true }
              }
            }
          }
        }
      }
    }
    return (0..<channels).map { Array(present[$0 << 8..<($0 + 1) << 8]) }
  }

  /// Whether all values that occur have a frequency when the archive gives no weights.
  fileprivate func impliedLevelsHold(_ present: [[Bool]]) -> Bool {
    present.indices.allSatisfy { c in
      guard let table = weights([:]).tables[c] else { return true }
      return (0..<256).allSatisfy { !present[c][$0] || table[$0] != ValueWeights.absent }
    }
  }
}

/// Bands that stand for the pictures of a series, in two sets that take turns from the first picture's top to the last one's
/// bottom.
private struct SampleBands {
  typealias Band = (image: Int, tile: PixelRectangle)

  let odd: [Band]
  let even: [Band]
  /// Pixels of the pictures for each pixel of the even bands, rounded down.
  let share: Int

  init(width: Int, height: Int, images: Int) {
    let bandHeight = 4
    let bandWidth = min(width, 1024)
    let slots = max(1, height / bandHeight)
    let count = min(images * slots, max(4, 32_000 / (bandWidth * bandHeight)))
    let bands: [Band] = (0..<count).map { i in
      // Of many pictures a band each, at another height each time.
      let (slot, last) = images == 1 ? (i, count - 1) : ((i + i / slots) % slots, slots - 1)
      let y = max(0, height - bandHeight) * slot / max(1, last)
      let x = (width - bandWidth) * (i * 5 % count) / max(1, count - 1)
      return (i * images / count, PixelRectangle(x: x, y: y, width: bandWidth, height: min(bandHeight, height)))
    }
    odd = bands.indices.filter { $0 % 2 == 0 }.map { bands[$0] }
    let rest = bands.indices.filter { $0 % 2 == 1 }.map { bands[$0] }
    even = rest.isEmpty ? odd : rest
    share = max(1, images * width * height / even.reduce(0) { $0 + $1.tile.width * $1.tile.height })
  }
}
