import EntropyCoding
import PixelKernels
import PixelModels

/// Codes tiles with one network. It owns its weights: every thread has one of its own.
public final class TileCoder: NetworkCoder {
  private let architecture: Architecture
  private let kernels: Kernels
  private let inputs: LocalInputs
  private let first: IntegerLayer
  private let residual: [IntegerLayer]
  private let heads: [IntegerLayer]
  private let logits: [IntegerLayer]

  public var progress: (Int) -> Void = { _ in }

  /// A coder with a copy of a network's weights.
  public init(_ network: Model.LocalNetwork, kernels: Kernels) {
    architecture = network.architecture
    self.kernels = kernels
    inputs = LocalInputs(architecture, kernels)
    let layers = network.layers.map(IntegerLayer.init)
    first = layers[0]
    residual = Array(layers[1..<1 + architecture.layers])
    let tail = layers[(1 + architecture.layers)...]
    heads = stride(from: tail.startIndex, to: tail.endIndex, by: 2).map { tail[$0] }
    logits = stride(from: tail.startIndex + 1, to: tail.endIndex, by: 2).map { tail[$0] }
  }

  public var channels: Int { architecture.channels }

  public func run<Coder: SymbolCoder>(_ lot: Lot, through coder: inout Coder, given: Lot.Source?, result: Lot.Sink?) {
    let size = lot.size
    for image in 0..<size.count {
      let planes = TilePlanes(width: size.width, height: size.height, architecture)
      if let given {
        for y in 0..<size.height { given(image, y, planes.pixel(row: y, column: 0)) }
      }
      run(planes, lot.weights, isGiven: lot.isGiven.map { isGiven in { isGiven(image, $0, $1) } }, &coder)
      if let result {
        for y in 0..<size.height { result(image, y, planes.pixel(row: y, column: 0)) }
      }
    }
  }

  /// Runs some rows of a picture past a counter instead of an encoder.
  ///
  /// - Parameters:
  ///   - above: rows of the picture above these; as many as the window needs are asked for, with negative numbers.
  public func count(
    width: Int, height: Int, above: Int, weights: ValueWeights, into counter: inout ValueCounter,
    row: (_ y: Int, UnsafeMutablePointer<UInt8>) -> Void
  ) {
    let planes = TilePlanes(width: width, height: height, architecture)
    for y in -min(above, architecture.up)..<height {
      row(y, planes.pixel(row: y, column: 0))
      if y < 0 { planes.endRow(y) }
    }
    run(planes, weights, &counter)
  }

  /// The one step loop, for both directions: frequencies from the network, a symbol through the coder, the sample back
  /// into the tile.
  ///
  /// - Parameter isGiven: whether a pixel, by row and column, is in the tile already and is not coded.
  func run<Coder: SymbolCoder>(
    _ planes: TilePlanes, _ weights: ValueWeights, isGiven: ((Int, Int) -> Bool)? = nil, _ coder: inout Coder
  ) {
    let wave = Wavefront(width: planes.width, height: planes.height, lag: architecture.lag)
    let work = Workspace(architecture, batch: wave.widest)
    let squares =
      architecture.squares.isEmpty
      ? nil
      : LeastSquares(
        architecture, kernels, width: planes.width, height: planes.height, stride: planes.stride, batch: wave.widest)
    let tables = weights.expanded
    var unreported = 0
    for step in 0..<wave.steps {
      let rows = wave.rows(step: step)
      guard let newest = rows.last else { continue }
      if step == wave.lag * newest { planes.startRow(newest) }
      for (i, row) in rows.enumerated() {
        work.pixels[i] = planes.pixel(row: row, column: step - wave.lag * row)
      }
      let count = rows.count
      squares?.begin(rows: rows, column: step - wave.lag * rows.lowerBound, work.pixels)
      features(planes, work, count, squares)
      for channel in 0..<architecture.channels {
        inputs.setHead(
          channel, work.pixels, count: count, predictions: work.predictions, centres: work.centres,
          to: work.features + architecture.hidden, stride: work.featureStride)
        squares?.setHead(
          channel, work.pixels, centres: work.centres, to: work.features + architecture.hidden,
          stride: work.featureStride)
        heads[channel].run(
          kernels, work.features, stride: work.featureStride, to: work.narrow, outputStride: work.narrowStride,
          count: count, as: PRNN_RELU)
        let skips = isGiven.map { isGiven in
          { (i: Int) in isGiven(rows.lowerBound + i, step - wave.lag * (rows.lowerBound + i)) }
        }
        tables[channel].withPointer { table in
          code(channel, work, count, table, skips, &coder)
        }
      }
      squares?.learn(work.pixels)
      if step - wave.lag * rows.lowerBound == planes.width - 1 { planes.endRow(rows.lowerBound) }
      unreported += count
      if unreported > 16384 || step == wave.steps - 1 {
        progress(unreported)
        unreported = 0
      }
    }
  }

  /// The prediction, the inputs and all layers below the heads, for the pixels of a step.
  private func features(_ planes: TilePlanes, _ work: Workspace, _ count: Int, _ squares: LeastSquares?) {
    inputs.setFirst(
      work.pixels, stride: planes.stride, count: count, predictions: work.predictions, to: work.inputs,
      inputStride: work.inputStride)
    squares?.setFirst(
      predictions: work.predictions, to: work.inputs + architecture.windowInputs, stride: work.inputStride)
    first.run(
      kernels, work.inputs, stride: work.inputStride, to: work.features, outputStride: work.featureStride,
      count: count, as: PRNN_RELU)
    for layer in residual {
      layer.run(
        kernels, work.features, stride: work.featureStride, to: work.spare, outputStride: work.featureStride,
        count: count, as: PRNN_RESIDUAL)
      swap(&work.features, &work.spare)
    }
  }

  /// Logits, frequencies and the coder, a few pixels at a time so that the logits stay in the first-level cache.
  private func code<Coder: SymbolCoder>(
    _ channel: Int, _ work: Workspace, _ count: Int, _ table: UnsafePointer<Int16>?, _ skips: ((Int) -> Bool)?,
    _ coder: inout Coder
  ) {
    for start in stride(from: 0, to: count, by: Workspace.logitRows) {
      let rows = min(Workspace.logitRows, count - start)
      logits[channel].run(
        kernels, work.narrow + start * work.narrowStride, stride: work.narrowStride, to: work.logits,
        outputStride: 256, count: rows, as: PRNN_LOGITS)
      for i in 0..<rows where skips?(start + i) != true {
        let sample = work.pixels[start + i] + channel
        let centre = work.centres[start + i]
        let total = kernels.table.softmax(work.logits + 256 * i, table.map { $0 + Int(centre) }, work.distribution)
        sample.pointee = coder.code(
          sample.pointee, centre: centre, channel: channel, work.distribution, total: total)
      }
    }
  }
}

extension Optional where Wrapped == [Int16] {
  func withPointer<Result>(_ body: (UnsafePointer<Int16>?) -> Result) -> Result {
    guard let self else { return body(nil) }
    return self.withUnsafeBufferPointer { body($0.baseAddress) }
  }
}
