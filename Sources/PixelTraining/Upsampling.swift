import PixelKernels
import PixelModels

/// The map that a conditional network is given, made from the picture of half its size. Section 3.4 of the paper.
///
/// A transposed convolution of stride 2 is four convolutions of the small picture, one for each phase of the large one.
final class Upsampling {
  /// u, (height, width, batch, condition)
  let map: Map
  /// Its gradient.
  let gradient: Map
  private let phases: [MaskedConvolution]
  private let small: Map
  private let smallWidth: Int
  private let smallHeight: Int
  /// A row of one phase.
  private let row: Map

  init(_ network: PixelRNN, _ layout: ParameterLayout, width: Int, height: Int, batch: Int) {
    phases = network.upsample.map { MaskedConvolution($0, layout) }
    smallWidth = (width + 1) / 2
    smallHeight = (height + 1) / 2
    map = Map(width: width, height: height, batch: batch, features: network.condition)
    gradient = Map(width: width, height: height, batch: batch, features: network.condition)
    row = Map(width: smallWidth, height: 1, batch: batch, features: network.condition)
    small = Map(
      width: smallWidth, height: smallHeight, batch: batch, features: network.channels,
      border: .init(top: 2, left: 2, right: 2, bottom: 2))
  }

  /// Calls `body` for every row of small pixels of every phase, with the number of those in the large picture.
  private func forEachRow(_ pass: Pass, _ body: (_ phase: Int, _ smallRow: Int, _ count: Int) -> Void) {
    for phase in 0..<4 {
      for y in 0..<smallHeight where 2 * y + phase / 2 < pass.height {
        let count = (pass.width - phase % 2 + 1) / 2
        if count > 0 { body(phase, y, count) }
      }
    }
  }

  /// - Parameter samples: (batch, height, width, channels) of the small picture.
  func forward(_ pass: Pass, _ network: PixelRNN, samples: UnsafePointer<UInt8>) {
    network.normalize(samples, to: small, width: smallWidth, height: smallHeight, batch: pass.batch)
    let stride = map.features
    forEachRow(pass) { phase, y, count in
      phases[phase].addProducts(pass, of: small, row: y)
      pass.products.run(
        to: prnn_result(row.at(0), stride: stride, bias: phases[phase].bias(pass)).rectified, rows: count * pass.batch,
        columns: stride)
      for x in 0..<count {
        map.at(2 * y + phase / 2, 2 * x + phase % 2).update(from: row.at(0, x), count: row.columnStride)
      }
    }
  }

  func backward(_ pass: Pass, to weights: UnsafeMutablePointer<Float>) {
    forEachRow(pass) { phase, y, count in
      for x in 0..<count {
        let d = gradient.at(2 * y + phase / 2, 2 * x + phase % 2)
        let u = map.at(2 * y + phase / 2, 2 * x + phase % 2)
        for i in 0..<row.columnStride { row.at(0, x)[i] = u[i] > 0 ? d[i] : 0 }
      }
      phases[phase].addGradient(pass, to: weights, of: small, row: y, d: row.at(0), rows: count * pass.batch)
    }
  }
}
