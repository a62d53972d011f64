import PixelModels

/// How the integer engine lays out the features of a pixel: each channel's group starts at a multiple of 16 and is filled up
/// with zeros, so that the kernels can compute one group alone.
struct FeatureLayout: Equatable {
  let channels: Int
  /// Features, without the filling.
  let count: Int
  /// Room of one group; a multiple of 16.
  let groupWidth: Int

  init(_ count: Int, channels: Int) {
    self.channels = channels
    self.count = count
    groupWidth = ((count + channels - 1) / channels + 15) / 16 * 16
  }

  /// Room of all groups.
  var width: Int { groupWidth * channels }

  /// The first feature of each group, and `count`.
  func start(_ group: Int) -> Int { (group * count + channels - 1) / channels }

  func group(_ feature: Int) -> Int { feature * channels / count }

  func slot(_ feature: Int) -> Int {
    let g = group(feature)
    return g * groupWidth + feature - start(g)
  }

  /// A vector of features with its filling.
  func spread(_ values: [Int16]) -> [Int16] {
    var out = [Int16](repeating: 0, count: width)
    for (i, v) in values.enumerated() { out[slot(i)] = v }
    return out
  }
}

/// Rows of features, zero at first.
final class FeatureBuffer {
  let width: Int
  let base: UnsafeMutablePointer<Int16>

  init(rows: Int, width: Int) {
    self.width = width
    // Filled up for the kernels, which read pairs and write blocks of 16.
    let count = rows * width + 64
    base = UnsafeMutableRawPointer.allocate(byteCount: 2 * count, alignment: 64).assumingMemoryBound(to: Int16.self)
    base.initialize(repeating: 0, count: count)
  }

  deinit { base.deallocate() }

  func row(_ index: Int) -> UnsafeMutablePointer<Int16> { base + index * width }
}

/// Cached features of the rows of a lot that are still needed: (row modulo `rows`, column, image, width).
final class FeatureMap {
  let buffer: FeatureBuffer
  /// What neighbours outside the picture are: (width).
  let outside: FeatureBuffer
  private let rows: Int
  private let columns: Int
  private let images: Int

  init(_ size: LotSize, rows: Int, width: Int, outside values: [Int16]? = nil) {
    self.rows = rows
    columns = size.width
    images = size.count
    buffer = FeatureBuffer(rows: rows * columns * images, width: width)
    outside = FeatureBuffer(rows: 1, width: width)
    if let values { outside.base.update(from: values, count: width) }
  }

  func at(_ row: Int, _ column: Int, _ image: Int) -> UnsafeMutablePointer<Int16> {
    if row < 0 || column < 0 || column >= columns { return outside.base }
    return buffer.row((row % rows * columns + column) * images + image)
  }
}
