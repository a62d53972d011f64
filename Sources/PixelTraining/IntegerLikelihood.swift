import EntropyCoding
import Glibc
import IntegerInference
import PixelKernels
import PixelModels

extension IntegerPixelRNN {
  /// What the range coder spends on all pictures, in nats, by the coder itself.
  ///
  /// - Parameter data: pictures of the network's own level.
  func likelihood(of data: TrainingData) -> Double {
    let smaller = architecture.condition > 0 ? data.subsampled() : nil
    var meter = Meter()
    PixelRNNCoder(self, kernels: .fastest).run(
      Lot(
        LotSize(width: data.width, height: data.height, count: data.count),
        weights: ValueWeights(Array(repeating: nil, count: data.channels)), smaller: smaller.map(source)),
      through: &meter, given: source(data), result: nil)
    return meter.nats
  }

  private func source(_ data: TrainingData) -> Lot.Source {
    let row = data.width * data.channels
    return { image, y, samples in
      data.samples.withUnsafeBufferPointer {
        samples.update(from: $0.baseAddress! + image * data.dims + y * row, count: row)
      }
    }
  }
}

/// Adds up what samples should cost.
struct Meter: SymbolCoder {
  var nats = 0.0

  mutating func code(
    _ sample: UInt8, centre: UInt8, channel: Int, _ distribution: UnsafePointer<prnn_distribution>, total: UInt32
  ) -> UInt8 {
    nats -= log(Double(prnn_frequency(distribution, UInt32(sample &- centre))) / Double(total))
    return sample
  }
}
