/// The order in which the pixels of a tile are coded: all pixels of equal column + lag · row are one step, for a window
/// that reaches `lag - 1` pixels to the right in the rows above. This is the skewing of the Diagonal BiLSTM (van den Oord
/// et al. 2016, section 3.2) used to batch a convolution.
public struct Wavefront: Equatable, Sendable {
  public let width: Int
  public let height: Int
  public let lag: Int

  public init(width: Int, height: Int, lag: Int) {
    self.width = width
    self.height = height
    self.lag = lag
  }

  public var steps: Int { width + lag * (height - 1) }

  /// The rows that have a pixel in a step; row r's is in column step - lag · r. Of a tile narrower than the lag, some steps
  /// are empty.
  public func rows(step: Int) -> Range<Int> {
    let first = step < width ? 0 : (step - width) / lag + 1
    let end = min(height - 1, step / lag) + 1
    return min(first, end)..<end
  }

  /// Pixels of the largest step.
  public var widest: Int { min(height, (width - 1) / lag + 1) }
}
