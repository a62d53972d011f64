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

  init(_ weights: PixelRNNWeights, _ size: LotSize) {
    let a = weights.architecture
    // The first convolution reaches 3 pixels to the right; the right half of a Diagonal BiLSTM needs whole rows.
    let lag = a.kind == .diagonalBiLSTM ? size.width : 4
    let wave = Wavefront(width: size.width, height: size.height, lag: lag)
    self.wave = wave
    blocks = (0..<a.layers).map { BlockState(weights, $0, size, rows: wave.widest + 2) }
    let width = (a.condition + 15) / 16 * 16
    condition = a.kind == .diagonalBiLSTM && a.condition > 0 ? FeatureMap(size, rows: 2, width: width) : nil
  }
}
