import PixelKernels
import PixelModels

/// The forward pass of a network of the paper over the pixels of a step, one channel group at a time, with the features of
/// earlier pixels taken from its state: every layer computes every pixel once.
struct PixelRNNStep {
  let weights: PixelRNNWeights
  let kernels: Kernels
  let lot: LotSamples
  let small: LotSamples?
  let state: PixelRNNState
  let work: PixelRNNWork

  private var architecture: PixelRNN { weights.architecture }
  private var count: Int { work.items.count }

  /// Computes one group of the features below the output layer.
  func features(_ group: Int) {
    first(group)
    for block in 0..<architecture.layers {
      switch architecture.kind {
      case .pixelCNN: convolve(block, group)
      case .rowLSTM, .diagonalBiLSTM: recur(block, group)
      }
      finish(block, group)
    }
    head(group)
  }

  private func first(_ group: Int) {
    let channels = architecture.channels
    let (up, row) = (7 * channels, 4 * channels)
    for (i, item) in work.items.enumerated() {
      var to = work.gathered.row(i)
      for dr in -3...(-1) {
        to.update(from: lot.input(item.image, item.row + dr, item.column - 3), count: up)
        to += up
      }
      to.update(from: lot.input(item.image, item.row, item.column - 3), count: row)
    }
    run(weights.first[group], work.gathered, to: work.stream[0], weights.stream, group, as: PRNN_WIDE_SIGNED)
    guard architecture.skip else { return }
    for i in 0..<count {
      let width = weights.stream.groupWidth
      (work.skip.row(i) + group * width).update(repeating: 0, count: width)
    }
  }

  /// The inner layers of a PixelCNN block.
  private func convolve(_ block: Int, _ group: Int) {
    let layers = weights.blocks[block]
    let map = state.blocks[block].hidden
    let (width, group16) = (weights.inner.width, weights.inner.groupWidth)
    for i in 0..<count { rectify(work.stream[block].row(i), to: work.gathered.row(i), count: weights.stream.width) }
    run(layers[0][group], work.gathered, to: work.outputs, as: PRNN_WIDE_RELU)
    for (i, item) in work.items.enumerated() {
      (map.at(item.row, item.column, item.image) + group * group16).update(from: work.outputs.row(i), count: group16)
    }
    for (i, item) in work.items.enumerated() {
      var to = work.gathered.row(i)
      for (dr, dc) in [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0)] {
        to.update(from: map.at(item.row + dr, item.column + dc, item.image), count: width)
        to += width
      }
      appendCondition(i, to)
    }
    run(layers[1][group], work.gathered, to: work.inner[block], weights.inner, group, as: PRNN_WIDE_RELU)
  }

  /// The LSTM of a block: of a Diagonal BiLSTM the left half, added to the right half of the row above.
  private func recur(_ block: Int, _ group: Int) {
    let maps = state.blocks[block]
    let isRow = architecture.kind == .rowLSTM
    let (stream, inner) = (weights.stream, weights.inner)
    let at = group * inner.groupWidth
    for (i, item) in work.items.enumerated() {
      let own = maps.stream!.at(item.row, item.column, item.image)
      (own + group * stream.groupWidth).update(
        from: work.stream[block].row(i) + group * stream.groupWidth, count: stream.groupWidth)
      var to = work.gathered.row(i)
      func append(_ map: FeatureMap, _ row: Int, _ column: Int) {
        to.update(from: map.at(item.row + row, item.column + column, item.image), count: map.buffer.width)
        to += map.buffer.width
      }
      if isRow {
        // Left of the picture the stream is 0, not a state.
        append(maps.stream!, 0, -1)
        append(maps.stream!, 0, 0)
        for column in -1...1 { append(maps.hidden, -1, column) }
      } else {
        append(maps.stream!, 0, 0)
        append(maps.hidden, 0, -1)
        append(maps.hidden, -1, 0)
      }
      appendCondition(i, to)
    }
    run(weights.blocks[block][0][group], work.gathered, to: work.outputs, as: PRNN_WIDE_FULL)
    for (i, item) in work.items.enumerated() {
      let (row, column) = isRow ? (item.row - 1, item.column) : (item.row, item.column - 1)
      let hidden = maps.hidden.at(item.row, item.column, item.image) + at
      kernels.table.lstm(
        work.outputs.row(i), inner.groupWidth, maps.cell!.at(row, column, item.image) + at,
        maps.cell!.at(item.row, item.column, item.image) + at, hidden)
      let sum = work.inner[block].row(i) + at
      sum.update(from: hidden, count: inner.groupWidth)
      if let right = maps.rightHidden {
        let above = right.at(item.row - 1, item.column, item.image) + at
        for j in 0..<inner.groupWidth { sum[j] &+= above[j] }
      }
    }
  }

  /// `expand` and `skip`.
  private func finish(_ block: Int, _ group: Int) {
    let layers = weights.blocks[block]
    let width = weights.stream.groupWidth
    let expand = architecture.skip ? layers.count - 2 : layers.count - 1
    run(layers[expand][group], work.inner[block], to: work.outputs, as: PRNN_WIDE_SIGNED)
    for i in 0..<count {
      let stream = work.stream[block + 1].row(i) + group * width
      stream.update(from: work.outputs.row(i), count: width)
      if architecture.residual { addClamped(work.stream[block].row(i) + group * width, to: stream, count: width) }
    }
    guard architecture.skip else { return }
    run(layers[expand + 1][group], work.inner[block], to: work.outputs, as: PRNN_WIDE_SIGNED)
    for i in 0..<count { addClamped(work.outputs.row(i), to: work.skip.row(i) + group * width, count: width) }
  }

  private func head(_ group: Int) {
    let width = weights.stream.width
    for i in 0..<count {
      let to = work.gathered.row(i)
      to.update(from: work.stream[architecture.layers].row(i), count: width)
      if architecture.skip { addClamped(work.skip.row(i), to: to, count: width) }
      rectify(to, to: to, count: width)
    }
    run(weights.heads[0][group], work.gathered, to: work.head0, weights.head, group, as: PRNN_WIDE_RELU)
    run(weights.heads[1][group], work.head0, to: work.head1, weights.head, group, as: PRNN_WIDE_RELU)
  }

  /// Logits of `rows` pixels from `start` on: (rows, 256), or (rows, 16) with one in use.
  func logits(_ group: Int, _ start: Int, _ rows: Int, to out: UnsafeMutablePointer<Int16>) {
    let layer = weights.heads[2][group]
    layer.run(
      kernels, work.head1.row(start), stride: weights.head.width, to: out, outputStride: layer.outputs, count: rows,
      as: PRNN_WIDE_FULL)
  }

  /// The upsampled features of the smaller picture at the pixels of the step.
  func upsample() {
    guard let small else { return }
    let channels = architecture.channels
    let width = work.condition.width
    for (i, item) in work.items.enumerated() {
      let phase = item.row % 2 * 2 + item.column % 2
      var to = work.gathered.row(i)
      for dr in -2...1 {
        let row = item.row / 2 + dr + item.row % 2
        to.update(from: small.input(item.image, row, item.column / 2 - 2 + item.column % 2), count: 4 * channels)
        to += 4 * channels
      }
      weights.upsample[phase].run(
        kernels, work.gathered.row(i), stride: 0, to: work.condition.row(i), outputStride: width, count: 1,
        as: PRNN_WIDE_RELU)
      if let map = state.condition {
        map.at(item.row, item.column, item.image).update(from: work.condition.row(i), count: width)
      }
    }
  }

  private func appendCondition(_ i: Int, _ to: UnsafeMutablePointer<Int16>) {
    to.update(from: work.condition.row(i), count: work.condition.width)
  }

  /// The right half of a Diagonal BiLSTM over a row that is known.
  func right(row: Int) {
    let inner = weights.inner
    for block in 0..<architecture.layers {
      let maps = state.blocks[block]
      for column in stride(from: lot.size.width - 1, through: 0, by: -1) {
        for image in 0..<lot.size.count {
          var to = work.gathered.row(image)
          func append(_ map: FeatureMap, _ row: Int, _ column: Int) {
            to.update(from: map.at(row, column, image), count: map.buffer.width)
            to += map.buffer.width
          }
          append(maps.stream!, row, column)
          append(maps.rightHidden!, row, column + 1)
          append(maps.rightHidden!, row - 1, column)
          if let map = state.condition { append(map, row, column) }
        }
        for group in 0..<architecture.channels {
          run(
            weights.blocks[block][1][group], work.gathered, to: work.outputs, count: lot.size.count, as: PRNN_WIDE_FULL)
          let at = group * inner.groupWidth
          for image in 0..<lot.size.count {
            kernels.table.lstm(
              work.outputs.row(image), inner.groupWidth, maps.rightCell!.at(row, column + 1, image) + at,
              maps.rightCell!.at(row, column, image) + at, maps.rightHidden!.at(row, column, image) + at)
          }
        }
      }
    }
  }
}

extension PixelRNNStep {
  /// A layer from rows to rows of its own width.
  private func run(
    _ layer: WideLayer, _ input: FeatureBuffer, to output: FeatureBuffer, count: Int? = nil,
    as kind: prnn_wide_output
  ) {
    layer.run(
      kernels, input.base, stride: input.width, to: output.base, outputStride: output.width,
      count: count ?? self.count, as: kind)
  }

  /// A layer from rows to one group of the features of rows.
  private func run(
    _ layer: WideLayer, _ input: FeatureBuffer, to output: FeatureBuffer, _ layout: FeatureLayout, _ group: Int,
    as kind: prnn_wide_output
  ) {
    layer.run(
      kernels, input.base, stride: input.width, to: output.base + group * layout.groupWidth,
      outputStride: output.width, count: count, as: kind)
  }
}

private func rectify(_ x: UnsafePointer<Int16>, to y: UnsafeMutablePointer<Int16>, count: Int) {
  for i in 0..<count { y[i] = max(0, x[i]) }
}

/// Adds activations to others; neither exceeds ±8192, so 16 bits suffice.
private func addClamped(_ x: UnsafePointer<Int16>, to y: UnsafeMutablePointer<Int16>, count: Int) {
  let limit = Int16(PRNN_WIDE_LIMIT)
  for i in 0..<count { y[i] = max(-limit, min(limit, y[i] &+ x[i])) }
}
