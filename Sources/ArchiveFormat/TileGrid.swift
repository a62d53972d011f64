/// How an image is cut into tiles: equal ones from the top left, those at the right and bottom smaller.
public struct TileGrid: Equatable, Sendable {
  public let width: Int
  public let height: Int
  public let tileWidth: Int
  public let tileHeight: Int

  public init(width: Int, height: Int, tileWidth: Int, tileHeight: Int) {
    self.width = width
    self.height = height
    self.tileWidth = tileWidth
    self.tileHeight = tileHeight
  }

  /// The fewest tiles of about equal size whose sides are at most `side`.
  public init(width: Int, height: Int, side: Int) {
    func part(_ length: Int) -> Int {
      let count = (length + side - 1) / side
      return (length + count - 1) / count
    }
    self.init(width: width, height: height, tileWidth: part(width), tileHeight: part(height))
  }

  public var columns: Int { (width + tileWidth - 1) / tileWidth }
  public var rows: Int { (height + tileHeight - 1) / tileHeight }
  public var count: Int { columns * rows }

  /// Tiles are numbered row by row.
  public subscript(index: Int) -> PixelRectangle {
    let x = index % columns * tileWidth
    let y = index / columns * tileHeight
    return PixelRectangle(
      x: x, y: y, width: min(tileWidth, width - x), height: min(tileHeight, height - y))
  }

  /// The smallest rectangle of whole tiles that has all of another one in it.
  ///
  /// - Precondition: the other one is inside.
  public func tiles(around part: PixelRectangle) -> PixelRectangle {
    let (left, top) = (part.x / tileWidth * tileWidth, part.y / tileHeight * tileHeight)
    let right = min(width, ((part.x + part.width - 1) / tileWidth + 1) * tileWidth)
    let bottom = min(height, ((part.y + part.height - 1) / tileHeight + 1) * tileHeight)
    return PixelRectangle(x: left, y: top, width: right - left, height: bottom - top)
  }
}
