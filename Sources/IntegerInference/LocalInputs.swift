import PixelKernels
import PixelModels

/// What a local network is told of a pixel; spec/arithmetic.md, "Inputs of the network" and "Layers". Coding and training
/// share it.
package struct LocalInputs {
  private let architecture: Architecture
  private let kernels: Kernels

  package init(_ architecture: Architecture, _ kernels: Kernels) {
    self.architecture = architecture
    self.kernels = kernels
  }

  /// The predictions of pixels and the inputs of the first layer.
  ///
  /// - Parameters:
  ///   - pixels: (count), in memory in which all of their windows are set, and 32 bytes past each row of a window there.
  ///   - stride: samples from a row of that memory to the next.
  ///   - predictions: (count, channels)
  ///   - inputs: (count, inputStride), of which ``Architecture/inputs`` are set; 32 bytes past those may be written.
  package func setFirst(
    _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>, stride: Int, count: Int,
    predictions: UnsafeMutablePointer<UInt8>, to inputs: UnsafeMutablePointer<UInt8>, inputStride: Int
  ) {
    let channels = architecture.channels
    let differences = 2 * architecture.windowSamples
    var window = prnn_window(
      channels: Int32(channels), up: Int32(architecture.up),
      row_bytes: Int32((architecture.left + 1 + architecture.right) * channels),
      own_bytes: Int32(architecture.left * channels), left_bytes: Int32(architecture.left * channels),
      stride: stride)
    for i in 0..<count {
      let pixel = UnsafePointer(pixels[i])
      let prediction = predictions + i * channels
      for c in 0..<channels {
        prediction[c] = medianEdge(
          west: pixel[c - channels], north: pixel[c - stride], northWest: pixel[c - stride - channels])
      }
      let inputs = inputs + i * inputStride
      kernels.table.inputs(&window, pixel, prediction, inputs)
      for c in 0..<channels {
        setLevel(prediction[c], inputs + differences + c, stride: channels)
      }
    }
  }

  /// The centres of the pixels' softmax, and the inputs of a channel's head beyond the features. Those of the channels
  /// before must be in place.
  ///
  /// - Parameters:
  ///   - centres: (count)
  ///   - extra: (count, stride), of which ``Architecture/headInputs(channel:)`` less the features are set.
  package func setHead(
    _ channel: Int, _ pixels: UnsafePointer<UnsafeMutablePointer<UInt8>>, count: Int,
    predictions: UnsafePointer<UInt8>, centres: UnsafeMutablePointer<UInt8>, to extra: UnsafeMutablePointer<UInt8>,
    stride: Int
  ) {
    for i in 0..<count {
      let pixel = pixels[i]
      let prediction = predictions + i * architecture.channels
      let centre = softmaxCentre(channel, pixel, prediction)
      centres[i] = centre
      var extra = extra + i * stride
      setLevel(centre, extra, stride: 1)
      extra += Architecture.levelInputs
      if channel > 0 {
        // Those of the channels before are in place already, except the last one's.
        extra += Architecture.errorInputs * (channel - 1)
        setError(pixel[channel - 1], prediction[channel - 1], extra)
      }
    }
  }
}
