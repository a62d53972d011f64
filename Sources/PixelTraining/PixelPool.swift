import ByteCoding
import PixelModels
import Raster

/// The pixels of pictures of any sizes, each with the window that a local network sees: what such a network is trained on.
public struct PixelPool: TrainingSet {
  /// A picture or, of larger ones, a tile as the codec has them.
  struct Tile: Equatable, Sendable {
    let width: Int
    let height: Int
    /// (height, width, channels)
    let samples: [UInt8]
  }

  /// Sides of a tile are at most this.
  static let tileSide = 1024

  public let architecture: Architecture
  private(set) var tiles: [Tile] = []
  /// Of each tile the number of its first pixel.
  private var starts: [Int] = []
  /// Pixels in all.
  public private(set) var count = 0
  public private(set) var checksum: UInt32 = 0

  /// Samples of a pixel.
  public var dims: Int { architecture.channels }
  public var isDrawn: Bool { true }

  public init(_ architecture: Architecture) { self.architecture = architecture }

  /// Adds a picture.
  ///
  /// - Parameters:
  ///   - samples: (height, width, stride)
  ///   - offset: of the first sample to take, in a pixel of `stride`.
  public mutating func append(width: Int, height: Int, samples: [UInt8], offset: Int = 0, stride pixel: Int) {
    precondition(offset + dims <= pixel && samples.count == width * height * pixel)
    for top in stride(from: 0, to: height, by: PixelPool.tileSide) {
      for left in stride(from: 0, to: width, by: PixelPool.tileSide) {
        let (rows, columns) = (min(PixelPool.tileSide, height - top), min(PixelPool.tileSide, width - left))
        var tile: [UInt8] = []
        tile.reserveCapacity(rows * columns * dims)
        for row in top..<top + rows {
          for column in left..<left + columns {
            let at = (row * width + column) * pixel + offset
            tile += samples[at..<at + dims]
          }
        }
        append(Tile(width: columns, height: rows, samples: tile))
      }
    }
  }

  private mutating func append(_ tile: Tile) {
    tiles.append(tile)
    starts.append(count)
    count += tile.width * tile.height
    checksum = crc32(tile.samples, from: crc32(Array("\(tile.width)x\(tile.height)".utf8), from: checksum))
  }

  /// Pixels with their windows: (count, up + 1, left + 1 + right, channels). What the network does not see is set to
  /// anything.
  public func batch(_ items: [(index: Int, isFlipped: Bool)], conditional: Bool) -> Batch {
    let (width, height) = (architecture.left + 1 + architecture.right, architecture.up + 1)
    let size = width * height * dims
    let samples = [UInt8](unsafeUninitializedCapacity: items.count * size) { buffer, filled in
      for (place, item) in items.enumerated() {
        copy(item.index, isFlipped: item.isFlipped, to: buffer.baseAddress! + place * size)
      }
      filled = items.count * size
    }
    return Batch(width: width, height: height, channels: dims, samples: samples)
  }

  /// Copies the window of a pixel; spec/arithmetic.md, "Outside".
  private func copy(_ index: Int, isFlipped: Bool, to window: UnsafeMutablePointer<UInt8>) {
    let number = tile(of: index)
    let tile = tiles[number]
    let (row, column) = (index - starts[number]).quotientAndRemainder(dividingBy: tile.width)
    let a = architecture
    tile.samples.withUnsafeBufferPointer { samples in
      var to = window
      for r in row - a.up...row {
        for c in column - a.left...column + a.right {
          let seen = c < 0 ? (row: r - 1, column: 0) : (row: r, column: min(c, tile.width - 1))
          if seen.row < 0 {
            to.update(repeating: 128, count: dims)
          } else {
            let x = isFlipped ? tile.width - 1 - seen.column : seen.column
            to.update(from: samples.baseAddress! + (seen.row * tile.width + x) * dims, count: dims)
          }
          to += dims
        }
      }
    }
  }

  /// The last tile that begins at a pixel or before.
  private func tile(of index: Int) -> Int {
    var (low, high) = (0, starts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= index { low = middle } else { high = middle }
    }
    return low
  }
}
