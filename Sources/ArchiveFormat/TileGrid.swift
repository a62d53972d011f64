/// How an image is cut into tiles: equal ones from the top left, those at the right and bottom smaller.
public struct TileGrid: Equatable, Sendable {
  public let width: Int
  public let height: Int
  public let tileWidth: Int
  public let tileHeight: Int

  public struct Tile: Equatable, Sendable {
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

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
  public subscript(index: Int) -> Tile {
    let x = index % columns * tileWidth
    let y = index / columns * tileHeight
    return Tile(x: x, y: y, width: min(tileWidth, width - x), height: min(tileHeight, height - y))
  }
}
