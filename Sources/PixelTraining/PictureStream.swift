import ByteCoding

/// The pictures of a run in the order they are trained on: every epoch has each picture once, in an order of its own. Or
/// they are drawn at random.
///
/// Everything follows from the seed and the number of a picture in the run, so that a run can go on at any place.
struct PictureStream: Sendable {
  let count: Int
  let seed: UInt64
  let flips: Bool
  let isDrawn: Bool
  private var epoch = -1
  private var order: [Int] = []

  /// - Parameter count: pictures there are, above 0.
  init(count: Int, seed: UInt64, flips: Bool, isDrawn: Bool = false) {
    self.count = count
    self.seed = seed
    self.flips = flips
    self.isDrawn = isDrawn
  }

  /// Which picture comes at a place of the run, and whether it is mirrored.
  mutating func picture(at place: Int) -> (index: Int, isFlipped: Bool) {
    var coin = SplitMix64(state: ~seed &+ UInt64(place) &* 0x8CB9_2BA7_2F3D_8DD7)
    let isFlipped = flips && coin.next() >> 63 == 1
    if isDrawn { return (coin.below(count), isFlipped) }
    let (epoch, position) = place.quotientAndRemainder(dividingBy: count)
    if epoch != self.epoch {
      self.epoch = epoch
      var generator = SplitMix64(state: seed &+ UInt64(epoch) &* 0xD1B5_4A32_D192_ED03)
      order = Array(0..<count)
      for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, generator.below(i + 1)) }
    }
    return (order[position], isFlipped)
  }
}

extension SplitMix64 {
  /// A number from 0 to `limit` - 1; its unevenness is below limit / 2^64.
  mutating func below(_ limit: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(limit)).high) }
}

/// Pictures side by side in memory, for networks.
public struct Batch {
  let width: Int
  let height: Int
  let channels: Int
  let count: Int
  /// (count, height, width, channels)
  private(set) var samples: [UInt8]
  /// (count, ⌈height / 2⌉, ⌈width / 2⌉, channels) for conditional networks, else empty.
  private(set) var small: [UInt8] = []

  var dims: Int { width * height * channels }
  var smallDims: Int { small.count / max(1, count) }

  /// - Parameter samples: (count, height, width, channels)
  init(width: Int, height: Int, channels: Int, samples: [UInt8]) {
    self.width = width
    self.height = height
    self.channels = channels
    self.samples = samples
    count = samples.count / (width * height * channels)
  }

  init(of data: TrainingData, pictures: [(index: Int, isFlipped: Bool)], conditional: Bool) {
    width = data.width
    height = data.height
    channels = data.channels
    count = pictures.count
    samples = []
    samples.reserveCapacity(data.dims * count)
    for picture in pictures {
      let start = samples.count
      samples += data.samples[picture.index * data.dims..<(picture.index + 1) * data.dims]
      if picture.isFlipped { flip(from: start) }
    }
    if conditional { subsample() }
  }

  /// Mirrors the rows from a place on.
  private mutating func flip(from start: Int) {
    for row in stride(from: start, to: samples.count, by: width * channels) {
      for column in 0..<width / 2 {
        for channel in 0..<channels {
          samples.swapAt(row + column * channels + channel, row + (width - 1 - column) * channels + channel)
        }
      }
    }
  }

  private mutating func subsample() {
    let size = Size(width: width, height: height).halved
    small = [UInt8](repeating: 0, count: count * size.width * size.height * channels)
    let (width, height, channels, count) = (width, height, channels, count)
    small.withUnsafeMutableBufferPointer { to in
      samples.withUnsafeBufferPointer { from in
        PixelTraining.subsample(
          from.baseAddress!, width: width, height: height, channels: channels, count: count, into: to.baseAddress!)
      }
    }
  }
}
