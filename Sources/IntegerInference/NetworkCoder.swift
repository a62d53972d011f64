import PixelModels

/// Codes tiles and lots of equal images with one network. It owns its weights: every thread has one of its own.
///
/// All images of a call are coded in one stream; in which order their samples come is the network's matter.
public protocol NetworkCoder: AnyObject {
  /// Called now and then with the number of pixels coded since the last call.
  var progress: (Int) -> Void { get set }

  /// Codes a tile, or several images of one size.
  ///
  /// - Parameters:
  ///   - weights: of the values of each channel.
  ///   - row: fills a row, by the numbers of its image and in it, with (width, channels) samples.
  /// - Returns: the stream of the range encoder; empty when every channel has only one value.
  func encode(
    width: Int, height: Int, count: Int, weights: ValueWeights,
    row: (_ image: Int, _ y: Int, UnsafeMutablePointer<UInt8>) -> Void
  ) -> [UInt8]

  /// Runs some rows of an image past a counter instead of an encoder.
  ///
  /// - Parameters:
  ///   - above: rows of the image above these; as many as the network needs are asked for, with negative numbers.
  func count(
    width: Int, height: Int, above: Int, weights: ValueWeights, into counter: inout ValueCounter,
    row: (_ y: Int, UnsafeMutablePointer<UInt8>) -> Void)

  /// Decodes what ``encode(width:height:count:weights:row:)`` returned for as many images of this size and these weights.
  ///
  /// - Parameters:
  ///   - row: is given each row, by the numbers of its image and in it, with (width, channels) samples.
  /// - Returns: whether the stream ended where the images did. If not, the samples are worthless.
  func decode(
    _ stream: ArraySlice<UInt8>, width: Int, height: Int, count: Int, weights: ValueWeights,
    row: (_ image: Int, _ y: Int, UnsafePointer<UInt8>) -> Void
  ) -> Bool
}

/// A coder with a copy of a network's weights.
public func coder(for network: Model.Network, kernels: Kernels) -> any NetworkCoder {
  TileCoder(network, kernels: kernels)
}
