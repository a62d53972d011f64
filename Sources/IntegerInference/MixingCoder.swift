import EntropyCoding
import PixelKernels

/// Codes lots without a network: every pixel is found among its neighbours, or coded bit by bit, by context mixing
/// (Mahoney, "Adaptive weighing of context models for lossless data compression", 2005); spec/mixing.md. For
/// drawings and screenshots, and samples of 16 bits. What is learned goes on from image to image of a lot.
public struct MixingCoder {
  /// Bytes of a pixel: 1 ... 8.
  public let pixelBytes: Int
  /// Bytes of a sample: 1, or 2, the high one first.
  public let sampleBytes: Int
  /// Whether bits have predictions as contexts, of samples of two bytes.
  public let predicts: Bool
  /// Called now and then with the number of pixels coded since the last call.
  public var progress: (Int) -> Bool = { _ in true }

  /// - Precondition: `predicts` only with samples of two bytes; pixels have whole samples.
  public init(pixelBytes: Int, sampleBytes: Int = 1, predicts: Bool = false) {
    precondition((!predicts || sampleBytes == 2) && pixelBytes % sampleBytes == 0)
    self.pixelBytes = pixelBytes
    self.sampleBytes = sampleBytes
    self.predicts = predicts
  }

  /// Bytes that a coder needs for a lot; `Int.max` for more than that.
  public func bytesNeeded(_ size: LotSize) -> Int {
    Int(exactly: prnn_mixing_bytes(size.width, size.height, size.count, Int32(pixelBytes), kind)) ?? .max
  }

  private var kind: prnn_mixing_kind {
    predicts ? PRNN_MIXING_PREDICTED : sampleBytes == 2 ? PRNN_MIXING_PAIRS : PRNN_MIXING_BYTES
  }

  /// The one step loop, for both directions.
  ///
  /// - Parameters:
  ///   - given: fills the rows before, to encode.
  ///   - result: is given the rows after.
  public func run<Coder: BinaryCoder>(
    _ size: LotSize, through coder: inout Coder, given: Lot.Source?, result: Lot.Sink?
  ) {
    guard let model = prnn_mixing_make(size.width, size.height, size.count, Int32(pixelBytes), kind) else {
      preconditionFailure("there is no memory for \(bytesNeeded(size)) bytes")
    }
    defer { prnn_mixing_free(model) }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Int(PRNN_CANDIDATES)) { candidates in
      var row = [UInt8](repeating: 0, count: size.width * pixelBytes)
      row.withUnsafeMutableBufferPointer { row in
        for image in 0..<size.count {
          prnn_mixing_start(model, image)
          for y in 0..<size.height {
            given?(image, y, row.baseAddress!)
            for x in 0..<size.width {
              pixel(row.baseAddress! + x * pixelBytes, model, candidates.baseAddress!, &coder)
              coder.endPixel()
            }
            result?(image, y, row.baseAddress!)
            guard progress(size.width) else { return }
          }
        }
      }
    }
  }

  private func pixel<Coder: BinaryCoder>(
    _ samples: UnsafeMutablePointer<UInt8>, _ model: OpaquePointer, _ candidates: UnsafeMutablePointer<UInt64>,
    _ coder: inout Coder
  ) {
    var given: UInt64 = 0
    for c in 0..<pixelBytes { given |= UInt64(samples[c]) << UInt64(8 * c) }
    func decide(_ bit: Bool, _ probability: UInt32) -> Bool {
      let bit = coder.code(bit, probability: probability)
      prnn_mixing_learn(model, bit ? 1 : 0)
      return bit
    }
    var (value, found): (UInt64, Int32) = (0, -1)
    for i in 0..<prnn_mixing_next(model, candidates) {
      let candidate = candidates[Int(i)]
      if decide(given == candidate, prnn_mixing_flag(model, i)) {
        (value, found) = (candidate, i)
        break
      }
    }
    if found < 0 {
      for c in 0..<pixelBytes {
        prnn_mixing_byte(model, Int32(c), value)
        for bit in stride(from: UInt64(8 * c + 7), through: UInt64(8 * c), by: -1) {
          if decide(given >> bit & 1 == 1, prnn_mixing_bit(model)) { value |= 1 << bit }
        }
      }
    }
    prnn_mixing_end(model, value, found)
    for c in 0..<pixelBytes { samples[c] = UInt8(truncatingIfNeeded: value >> UInt64(8 * c)) }
  }

  /// Codes a lot.
  ///
  /// - Parameter row: fills every row.
  /// - Returns: the stream of the range encoder.
  public func encode(_ size: LotSize, row: Lot.Source) -> [UInt8] {
    var encoder = RangeEncoder()
    withoutActuallyEscaping(row) { run(size, through: &encoder, given: $0, result: nil) }
    return encoder.finish()
  }

  /// Decodes what ``encode(_:row:)`` returned for a lot of this size.
  ///
  /// - Parameter row: is given every row.
  /// - Returns: whether the stream ended where the lot did. If not, the samples are worthless.
  public func decode(_ stream: ArraySlice<UInt8>, _ size: LotSize, row: Lot.Sink) -> Bool {
    var decoder = RangeDecoder(stream)
    withoutActuallyEscaping(row) { run(size, through: &decoder, given: nil, result: $0) }
    return decoder.isAtEnd
  }
}
