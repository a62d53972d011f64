import CJPEG

extension Raster {
  /// Decodes a JPEG file to gray or RGB samples, through libjpeg; for training and benchmarks.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - memoryLimit: the most bytes the samples may take.
  /// - Throws: ``RasterError/malformed(_:)``.
  public init(jpeg bytes: [UInt8], memoryLimit: Int = .max) throws {
    var width: UInt32 = 0
    var height: UInt32 = 0
    var channels: UInt32 = 0
    var message = [CChar](repeating: 0, count: 200)
    guard
      let decoded = prnn_jpeg_decode(bytes, bytes.count, UInt64(memoryLimit), &width, &height, &channels, &message)
    else {
      throw RasterError.malformed(
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    defer { prnn_jpeg_free(decoded) }
    let count = Int(width) * Int(height) * Int(channels)
    self.init(
      width: Int(width), height: Int(height), colourType: channels == 1 ? .gray : .rgb,
      samples: Array(UnsafeBufferPointer(start: decoded, count: count)))
  }
}
