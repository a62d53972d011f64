import EntropyCoding
import PixelKernels
import PixelModels

/// Codes tiles with one network. It owns its weights: every thread has one of its own.
public final class TileCoder: NetworkCoder {
  private let network: Model.LocalNetwork
  private var architecture: Architecture { network.architecture }
  private let kernels: Kernels
  private let inputs: LocalInputs
  private let layers: LayerStack

  public var progress: (Int) -> Void = { _ in }

  /// A coder with a copy of a network's weights.
  public init(_ network: Model.LocalNetwork, kernels: Kernels) {
    self.network = network
    let architecture = network.architecture
    self.kernels = kernels
    inputs = LocalInputs(architecture, kernels)
    layers = LayerStack(network.layers.map(IntegerLayer.init), architecture)
  }

  public var channels: Int { architecture.channels }

  public func run<Coder: SymbolCoder>(
    _ lot: Lot, through coders: inout [Coder], given: Lot.Source?, result: Lot.Sink?
  ) {
    precondition(coders.count == 1)
    let size = lot.size
    let batch = Wavefront(width: size.width, height: size.height, lag: architecture.lag).widest
    let learners = lot.learning?.experts.map { Learner(network, $0, kernels, batch: batch) } ?? []
    var experts: [Expert] = []
    for learner in learners {
      let same = learner.learnsTrunk ? nil : experts.first { !$0.learner!.learnsTrunk }
      let activations = Activations(
        architecture, batch: batch, keepsAll: learner.learnsTrunk, sharing: same?.activations)
      experts.append(Expert(layers: learner.layers, activations: activations, learner: learner))
    }
    let fits = architecture.allowsFits ? lot.learning?.fits.map { FitExperts($0, architecture, kernels) } : nil
    let mixer =
      experts.count > 1 || fits != nil ? Mixer(experts, fits, channels: channels, lot.learning!, kernels) : nil
    let lattice = lot.lattice.map(LatticeWeights.init)
    for image in 0..<size.count {
      let planes = TilePlanes(width: size.width, height: size.height, architecture)
      if let given {
        for y in 0..<size.height { given(image, y, planes.pixel(row: y, column: 0)) }
      }
      run(
        planes, lot.weights, lattice: lattice, experts: experts, fits: fits, mixer: mixer,
        isGiven: lot.isGiven.map { isGiven in { isGiven(image, $0, $1) } }, &coders[0])
      if let result {
        for y in 0..<size.height { result(image, y, planes.pixel(row: y, column: 0)) }
      }
    }
  }

  public func forEachSample(of size: LotSize, _ body: (Int, Int, Int, Int) -> Void) {
    let wave = Wavefront(width: size.width, height: size.height, lag: architecture.lag)
    for image in 0..<size.count {
      for step in 0..<wave.steps {
        for channel in 0..<channels {
          for row in wave.rows(step: step) { body(image, row, step - wave.lag * row, channel) }
        }
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
  /// - Parameters:
  ///   - experts: networks in place of the coder's own, to learn.
  ///   - fits: that code together with them.
  ///   - mixer: of several experts, and of fits.
  ///   - isGiven: whether a pixel, by row and column, is in the tile already and is not coded. There are no experts then.
  func run<Coder: SymbolCoder>(
    _ planes: TilePlanes, _ weights: ValueWeights, lattice: LatticeWeights? = nil, experts: [Expert] = [],
    fits: FitExperts? = nil, mixer: Mixer? = nil,
    isGiven: ((Int, Int) -> Bool)? = nil, _ coder: inout Coder
  ) {
    let wave = Wavefront(width: planes.width, height: planes.height, lag: architecture.lag)
    let work = Workspace(architecture, batch: wave.widest)
    let own = {
      Expert(
        layers: self.layers, activations: Activations(self.architecture, batch: wave.widest, keepsAll: false),
        learner: nil)
    }
    let experts = experts.isEmpty ? [own()] : experts
    let squares =
      architecture.squares.isEmpty
      ? nil
      : LeastSquares(
        architecture, kernels, width: planes.width, height: planes.height, stride: planes.stride, batch: wave.widest)
    fits?.begin(width: planes.width, stride: planes.stride, batch: wave.widest)
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
      fits?.begin(rows: rows, column: step - wave.lag * rows.lowerBound)
      inputs.setFirst(
        work.pixels, stride: planes.stride, count: count, predictions: work.predictions, to: work.inputs,
        inputStride: work.inputStride)
      squares?.setFirst(
        predictions: work.predictions, to: work.inputs + architecture.windowInputs, stride: work.inputStride)
      for expert in experts { expert.features(kernels, work, count: count) }
      lattice?.begin(firstRow: rows.lowerBound, step: step, lag: wave.lag)
      for channel in 0..<architecture.channels {
        let (extra, stride) = (
          experts[0].activations.features + architecture.hidden, experts[0].activations.featureStride
        )
        inputs.setHead(
          channel, work.pixels, count: count, predictions: work.predictions, centres: work.centres, to: extra,
          stride: stride)
        squares?.setHead(channel, work.pixels, centres: work.centres, to: extra, stride: stride)
        fits?.predict(channel, work.pixels)
        let own = architecture.headInputs(channel: channel) - architecture.hidden
        for expert in experts.dropFirst() where !expert.activations.sharesFeatures {
          let other = expert.activations.features + architecture.hidden
          for i in 0..<count { (other + i * stride).update(from: extra + i * stride, count: own) }
        }
        for expert in experts { expert.head(channel, kernels, count: count) }
        let skips = isGiven.map { isGiven in
          { (i: Int) in isGiven(rows.lowerBound + i, step - wave.lag * (rows.lowerBound + i)) }
        }
        tables[channel].withPointer { table in
          code(channel, work, planes.stride, count, table, lattice, experts, mixer, skips, &coder)
        }
        for expert in experts {
          expert.learner?.finishChannel(channel, expert.activations, experts[0].learner!.slopes.base, count: count)
        }
      }
      for expert in experts { expert.learner?.finishStep(work, expert.activations, count: count) }
      squares?.learn(work.pixels)
      fits?.learn(work.pixels)
      if step - wave.lag * rows.lowerBound == planes.width - 1 { planes.endRow(rows.lowerBound) }
      unreported += count
      if unreported > 16384 || step == wave.steps - 1 {
        progress(unreported)
        unreported = 0
      }
    }
  }

  /// Logits, frequencies and the coder, a few pixels at a time so that the logits stay in the first-level cache.
  private func code<Coder: SymbolCoder>(
    _ channel: Int, _ work: Workspace, _ stride: Int, _ count: Int, _ table: UnsafePointer<Int16>?,
    _ lattice: LatticeWeights?, _ experts: [Expert], _ mixer: Mixer?, _ skips: ((Int) -> Bool)?, _ coder: inout Coder
  ) {
    for start in Swift.stride(from: 0, to: count, by: Workspace.logitRows) {
      let rows = min(Workspace.logitRows, count - start)
      for expert in experts { expert.logits(channel, kernels, pixels: start..<start + rows) }
      for i in 0..<rows where skips?(start + i) != true {
        let sample = work.pixels[start + i] + channel
        let centre = work.centres[start + i]
        let given = table.map { $0 + Int(centre) }
        let logits =
          mixer?.logits(channel, row: i, pixel: start + i, centre: centre)
          ?? UnsafePointer(experts[0].activations.logits + 256 * i)
        var total = kernels.table.softmax(logits, given, work.distribution)
        if let lattice {
          let weights = lattice.weigh(
            channel, index: start + i, pixel: work.pixels[start + i], stride: stride,
            prediction: work.predictions + 3 * (start + i), centre: centre, given: given, work.distribution,
            total: total)
          total = kernels.table.softmax(logits, weights, work.distribution)
        }
        sample.pointee = coder.code(
          sample.pointee, centre: centre, channel: channel, work.distribution, total: total)
        let symbol = sample.pointee &- centre
        experts[0].learner?.note(work.distribution, total: total, symbol: symbol, pixel: start + i)
        mixer?.learn(work.distribution, symbol: symbol, sample: sample.pointee, channel, pixel: start + i)
        lattice?.learn(channel, pixel: work.pixels[start + i], centre: centre, work.distribution, total: total)
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
