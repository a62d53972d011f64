import ByteCoding
import PixelModels

/// What a block remembers of the pixels it has seen.
struct BlockState {
  /// Input of the block; of an LSTM only.
  let stream: FeatureMap?
  /// Of a PixelCNN the features of `reduce`, else hidden states (from the left).
  let hidden: FeatureMap
  let cell: FeatureMap?
  /// Of the right half of a Diagonal BiLSTM.
  let rightHidden: FeatureMap?
  let rightCell: FeatureMap?

  init(_ weights: PixelRNNWeights, _ block: Int, _ size: LotSize, rows: Int) {
    let states = weights.states[block]
    let width = weights.inner.width
    func map(_ index: Int) -> FeatureMap? {
      index < states.count ? FeatureMap(size, rows: rows, width: width, outside: states[index]) : nil
    }
    hidden = map(0) ?? FeatureMap(size, rows: rows, width: width)
    cell = map(1)
    rightHidden = map(2)
    rightCell = map(3)
    stream = states.isEmpty ? nil : FeatureMap(size, rows: rows, width: weights.stream.width)
  }
}

/// All that a network remembers of a lot.
struct PixelRNNState {
  let wave: Wavefront
  let blocks: [BlockState]
  /// Upsampled features of the smaller picture, for a Diagonal BiLSTM, which needs them a second time.
  let condition: FeatureMap?

  static func wave(_ kind: PixelRNN.Kind, _ size: LotSize) -> Wavefront {
    // The first convolution reaches 3 pixels to the right; the right half of a Diagonal BiLSTM needs whole rows.
    Wavefront(width: size.width, height: size.height, lag: kind == .diagonalBiLSTM ? size.width : 4)
  }

  /// Bytes for a lot: what blocks remember, the features of a step, samples and inputs.
  static func bytesNeeded(_ a: PixelRNN, _ size: LotSize) -> Int {
    let wave = wave(a.kind, size)
    let (stream, inner) = (
      FeatureLayout(2 * a.features, channels: a.channels), FeatureLayout(a.features, channels: a.channels)
    )
    let head = FeatureLayout(a.headWidth, channels: a.channels)
    let states = a.kind == .pixelCNN ? 1 : a.kind == .rowLSTM ? 2 : 4
    let remembered = a.layers * (states * inner.width + (a.kind == .pixelCNN ? 0 : stream.width)) + a.condition + 16
    // The widest layer reads two pixels of the stream and three of states, or five of features.
    let step =
      (a.layers + 4) * stream.width + (a.layers + 9) * inner.width + 4 * head.width
    let parts = [
      saturatedProduct(2 * remembered, wave.widest + 2, size.width, size.count),
      saturatedProduct(2 * (step + 2 * a.condition), wave.widest, size.count),
      saturatedProduct(4 * a.channels, size.width + 6, size.height + 6, size.count),
    ]
    return saturatedSum(parts)
  }

  init(_ weights: PixelRNNWeights, _ size: LotSize) {
    let a = weights.architecture
    let wave = PixelRNNState.wave(a.kind, size)
    self.wave = wave
    blocks = (0..<a.layers).map { BlockState(weights, $0, size, rows: wave.widest + 2) }
    let width = (a.condition + 15) / 16 * 16
    condition = a.kind == .diagonalBiLSTM && a.condition > 0 ? FeatureMap(size, rows: 2, width: width) : nil
  }
}
