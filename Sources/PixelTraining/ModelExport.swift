import PixelModels

/// Turns trained networks into a model file.
public enum ModelExport {
  /// Pictures that the scales of the activations are taken from, at most.
  public static let calibrationPictures = 512
  /// Pixels of the pictures that scales are compared by, at most, but one picture.
  public static let trialPixels = 1 << 16

  /// The bytes of a model file with the networks in integers, and in floats behind them.
  ///
  /// - Parameters:
  ///   - name: of the model.
  ///   - provenance: JSON text about the training.
  ///   - networks: one, or those of a multi-scale stack, coarsest first.
  ///   - data: pictures of the largest level, to calibrate on.
  /// - Throws: ``TrainingError/unquantisable(_:)``.
  public static func file(
    name: String, provenance: String, networks: [FloatNetwork], data: TrainingData
  ) throws(TrainingError) -> [UInt8] {
    var integers: [(role: Model.Role, level: Int, network: IntegerPixelRNN)] = []
    for (level, network) in networks.enumerated() {
      let pictures = data[0..<min(data.count, calibrationPictures)].level(level, of: networks.count)
      let trial = pictures[0..<min(pictures.count, max(1, trialPixels / (pictures.width * pictures.height)))]
      let integer = try Quantiser.best(
        network.network, weights: network.weights, maxima: maxima(network, pictures), trial: trial)
      integers.append((network.network.channels == 3 ? .colour : .gray, level, integer))
    }
    return Model.file(
      name: name, provenance: provenance, networks: integers, floats: FloatNetwork.serialized(networks))
  }

  /// The largest magnitudes of the activations.
  static func maxima(_ network: FloatNetwork, _ data: TrainingData) -> [String: Float] {
    let batch = 16
    let gradient = NetworkGradient(network.network, width: data.width, height: data.height, batch: batch)
    for first in stride(from: 0, to: data.count, by: batch) {
      // A last, smaller batch is filled up with pictures that have been.
      let pictures = (first..<first + batch).map { (index: $0 % data.count, isFlipped: false) }
      let samples = Batch(of: data, pictures: pictures, conditional: network.network.condition > 0)
      _ = samples.small.withUnsafeBufferPointer { small in
        gradient.run(
          weights: network.weights, samples: samples.samples, small: small.isEmpty ? nil : small.baseAddress,
          gradient: nil)
      }
    }
    return gradient.maxima
  }
}
