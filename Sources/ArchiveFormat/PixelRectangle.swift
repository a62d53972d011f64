/// A rectangle of pixels in an image, written as in 640x480+100+20: its sides, and where its top left corner is.
public struct PixelRectangle: Hashable, Sendable {
  /// Column of the leftmost pixels, from 0.
  public let x: Int
  /// Row of the topmost pixels, from 0.
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

extension PixelRectangle: CustomStringConvertible {
  public var description: String { "\(width)x\(height)+\(x)+\(y)" }

  /// - Returns: nil unless the text is WxH+X+Y in decimal digits, with sides above 0.
  public init?(_ text: String) {
    let parts = text.split(separator: "+", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    let numbers = (parts[0].split(separator: "x", omittingEmptySubsequences: false) + parts[1...]).map { part in
      part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(part) : nil
    }
    guard numbers.count == 4, let width = numbers[0], let height = numbers[1], let x = numbers[2], let y = numbers[3],
      width > 0, height > 0
    else { return nil }
    self.init(x: x, y: y, width: width, height: height)
  }
}

extension PixelRectangle {
  /// Whether all of it is in an image of this size. For sides above 0 and places from 0.
  public func isInside(width: Int, height: Int) -> Bool {
    x >= 0 && y >= 0 && self.width > 0 && self.height > 0 && self.width <= width && self.height <= height
      && x <= width - self.width && y <= height - self.height
  }

  /// Whether it has a pixel in common with another rectangle of the same image.
  public func overlaps(_ other: PixelRectangle) -> Bool {
    x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height
  }
}
