import EntropyCoding
import PixelKernels
import PixelModels

/// Codes lots with a network of the paper. It owns its weights: every thread has one of its own.
public final class PixelRNNCoder: NetworkCoder {
  let architecture: PixelRNN
  private let weights: PixelRNNWeights
  private let kernels: Kernels
  /// Pixels whose logits are computed together.
  private static let logitRows = 12

  public var progress: (Int) -> Bool = { _ in true }

  /// A coder with a copy of a network's weights.
  public init(_ network: IntegerPixelRNN, kernels: Kernels) {
    architecture = network.architecture
    weights = PixelRNNWeights(network)
    self.kernels = kernels
  }

  public var channels: Int { architecture.channels }

  public func run<Coder: SymbolCoder>(
    _ lot: Lot, through coders: inout [Coder], given: Lot.Source?, result: Lot.Sink?
  ) {
    let isBernoulli = architecture.output == .bernoulli
    let samples = LotSamples(lot.size, channels: channels, isBernoulli: isBernoulli)
    if let given { samples.fill(from: given) }
    let small = lot.smaller.map { source in
      let half = LotSize(
        width: (lot.size.width + 1) / 2, height: (lot.size.height + 1) / 2, count: lot.size.count)
      let small = LotSamples(half, channels: channels, isBernoulli: isBernoulli)
      small.fill(from: source)
      small.showAll()
      samples.spread(small)
      return small
    }
    let isGiven = lot.isGiven
    run(
      samples, small: small,
      isKnown: small == nil
        ? isGiven
        : { image, row, column in (row | column) & 1 == 0 || isGiven?(image, row, column) == true },
      lot.weights, &coders)
    if let result { samples.drain(to: result) }
  }

  public func forEachSample(of size: LotSize, _ body: (Int, Int, Int, Int) -> Void) {
    let wave = PixelRNNState.wave(architecture.kind, size)
    for step in 0..<wave.steps {
      for channel in 0..<channels {
        for row in wave.rows(step: step) {
          for image in 0..<size.count { body(image, row, step - wave.lag * row, channel) }
        }
      }
    }
  }

  /// The one step loop, for both directions: features and logits of a channel from the network, a symbol through the coder,
  /// the sample back into the lot.
  ///
  /// - Parameters:
  ///   - small: pictures of half the size, for a conditional network.
  ///   - isKnown: (image, row, column), whether a pixel is in the lot already and is not coded.
  func run<Coder: SymbolCoder>(
    _ lot: LotSamples, small: LotSamples?, isKnown: ((Int, Int, Int) -> Bool)? = nil, _ values: ValueWeights,
    _ coders: inout [Coder]
  ) {
    precondition(lot.size.count % coders.count == 0)
    let state = PixelRNNState(weights, lot.size)
    let work = PixelRNNWork(weights, items: state.wave.widest * lot.size.count)
    let step = PixelRNNStep(weights: weights, kernels: kernels, lot: lot, small: small, state: state, work: work)
    let symbols = SymbolTable(architecture.output, values)
    for t in 0..<state.wave.steps {
      work.items.removeAll(keepingCapacity: true)
      for row in state.wave.rows(step: t) {
        let column = t - state.wave.lag * row
        for image in 0..<lot.size.count { work.items.append(.init(row: row, column: column, image: image)) }
      }
      guard let last = work.items.last else { continue }
      step.upsample()
      for channel in 0..<architecture.channels {
        step.features(channel)
        coders.withUnsafeMutableBufferPointer { code(channel, step, symbols, isKnown, $0) }
      }
      if architecture.kind == .diagonalBiLSTM, last.column == lot.size.width - 1 { step.right(row: last.row) }
      guard progress(work.items.count) else { return }
    }
  }

  private func code<Coder: SymbolCoder>(
    _ channel: Int, _ step: PixelRNNStep, _ symbols: SymbolTable, _ isKnown: ((Int, Int, Int) -> Bool)?,
    _ coders: UnsafeMutableBufferPointer<Coder>
  ) {
    let imagesEach = step.lot.size.count / coders.count
    let items = step.work.items
    let width = weights.heads[2][channel].outputs
    for start in stride(from: 0, to: items.count, by: PixelRNNCoder.logitRows) {
      let rows = min(PixelRNNCoder.logitRows, items.count - start)
      step.logits(channel, start, rows, to: symbols.logits)
      for i in 0..<rows {
        let item = items[start + i]
        if isKnown?(item.image, item.row, item.column) != true {
          let pixel = step.lot.pixel(item.image, item.row, item.column)
          let centre =
            architecture.output == .differences
            ? softmaxCentre(
              channel, pixel, row: item.row, column: item.column, width: step.lot.size.width, channels: channels) : 0
          let total = symbols.frequencies(kernels, symbols.logits + width * i, channel, centre: centre)
          pixel[channel] = coders[item.image / imagesEach]
            .code(pixel[channel], centre: centre, channel: channel, symbols.distribution, total: total)
        }
        step.lot.show(item.image, item.row, item.column, channel)
      }
    }
  }
}

/// Turns logits into frequencies.
private final class SymbolTable {
  let logits = UnsafeMutablePointer<Int16>.allocate(capacity: 12 * 256)
  let distribution: UnsafeMutablePointer<prnn_distribution>
  private let output: PixelRNN.Output
  /// For each channel the weights of the values.
  private let tables: [[Int16]?]

  init(_ output: PixelRNN.Output, _ values: ValueWeights) {
    self.output = output
    tables = values.expanded
    distribution = UnsafeMutableRawPointer.allocate(
      byteCount: MemoryLayout<prnn_distribution>.stride, alignment: 64
    ).assumingMemoryBound(to: prnn_distribution.self)
    distribution.initialize(to: prnn_distribution())
  }

  deinit {
    logits.deallocate()
    distribution.deallocate()
  }

  /// Fills `distribution` and returns the total.
  func frequencies(_ kernels: Kernels, _ logits: UnsafePointer<Int16>, _ channel: Int, centre: UInt8) -> UInt32 {
    switch output {
    case .softmax, .differences:
      tables[channel].withPointer { table in
        kernels.table.softmax(logits, table.map { $0 + Int(centre) }, distribution)
      }
    case .bernoulli:
      prnn_bernoulli(Int32(logits[0]), distribution)
    }
  }
}
