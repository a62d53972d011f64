import EntropyCoding
import PixelKernels
import PixelModels

/// Codes tiles with one network. It owns its weights: every thread has one of its own.
public final class TileCoder: NetworkCoder {
  private let network: Model.LocalNetwork
  private var architecture: Architecture { network.architecture }
  private let kernels: Kernels
  private let layers: LayerStack

  public var progress: (Int) -> Bool = { _ in true }

  /// A coder with a copy of a network's weights.
  public init(_ network: Model.LocalNetwork, kernels: Kernels) {
    self.network = network
    self.kernels = kernels
    layers = LayerStack(network.layers.map(IntegerLayer.init), network.architecture)
  }

  public var channels: Int { architecture.channels }

  public func run<Coder: SymbolCoder>(
    _ lot: Lot, through coders: inout [Coder], given: Lot.Source?, result: Lot.Sink?
  ) {
    precondition(coders.count == 1)
    let size = lot.size
    let batch = Wavefront(width: size.width, height: size.height, lag: architecture.lag).widest
    let rules = lot.learning?.experts ?? []
    let networks = network.all.prefix(max(1, rules.count))
    let members = networks.enumerated().map { number, network in
      let own = rules.indices.filter { $0 % networks.count == number }.map { rules[$0] }
      return Member(network, number == 0 ? layers : nil, own, kernels, batch: batch)
    }
    let fits = architecture.allowsFits ? lot.learning?.fits.map { FitExperts($0, architecture, kernels) } : nil
    let mixer =
      rules.count > 1 || fits != nil
      ? Mixer(members, copies: rules.count, fits, channels: channels, lot.learning!, kernels) : nil
    let lattice = lot.lattice.map(LatticeWeights.init)
    for image in 0..<size.count {
      let planes = TilePlanes(width: size.width, height: size.height, members.map(\.architecture))
      if let given {
        for y in 0..<size.height { given(image, y, planes.pixel(row: y, column: 0)) }
      }
      run(
        planes, lot.weights, lattice: lattice, members: members, fits: fits, mixer: mixer,
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
    let planes = TilePlanes(width: width, height: height, [architecture])
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
  ///   - members: in place of the coder's own network as it is.
  ///   - fits: that code together with them.
  ///   - mixer: of several copies, and of fits.
  ///   - isGiven: whether a pixel, by row and column, is in the tile already and is not coded. Nothing is learned then.
  func run<Coder: SymbolCoder>(
    _ planes: TilePlanes, _ weights: ValueWeights, lattice: LatticeWeights? = nil, members: [Member] = [],
    fits: FitExperts? = nil, mixer: Mixer? = nil,
    isGiven: ((Int, Int) -> Bool)? = nil, _ coder: inout Coder
  ) {
    let wave = Wavefront(width: planes.width, height: planes.height, lag: architecture.lag)
    let work = Workspace(batch: wave.widest)
    let members = members.isEmpty ? [Member(network, layers, [], kernels, batch: wave.widest)] : members
    for member in members { member.begin(planes, batch: wave.widest) }
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
      let (count, column) = (rows.count, step - wave.lag * rows.lowerBound)
      for member in members { member.begin(rows: rows, column: column, work.pixels, stride: planes.stride) }
      fits?.begin(rows: rows, column: column)
      mixer?.begin(firstRow: rows.lowerBound, column: column, lag: wave.lag)
      lattice?.begin(firstRow: rows.lowerBound, step: step, lag: wave.lag)
      for channel in 0..<architecture.channels {
        for member in members { member.beginChannel(channel, work.pixels, count: count) }
        fits?.predict(channel, work.pixels)
        let skips = isGiven.map { isGiven in
          { (i: Int) in isGiven(rows.lowerBound + i, step - wave.lag * (rows.lowerBound + i)) }
        }
        tables[channel].withPointer { table in
          code(channel, work, planes.stride, count, table, lattice, members, mixer, skips, &coder)
        }
        for member in members { member.finishChannel(channel, count: count) }
      }
      for member in members { member.finish(work.pixels, count: count) }
      fits?.learn(work.pixels)
      if step - wave.lag * rows.lowerBound == planes.width - 1 { planes.endRow(rows.lowerBound) }
      unreported += count
      if unreported > 16384 || step == wave.steps - 1 {
        guard progress(unreported) else { return }
        unreported = 0
      }
    }
  }

  /// Logits, frequencies and the coder, a few pixels at a time so that the logits stay in the first-level cache.
  private func code<Coder: SymbolCoder>(
    _ channel: Int, _ work: Workspace, _ stride: Int, _ count: Int, _ table: UnsafePointer<Int16>?,
    _ lattice: LatticeWeights?, _ members: [Member], _ mixer: Mixer?, _ skips: ((Int) -> Bool)?, _ coder: inout Coder
  ) {
    let own = members[0]
    for start in Swift.stride(from: 0, to: count, by: Workspace.logitRows) {
      let rows = min(Workspace.logitRows, count - start)
      for member in members {
        for expert in member.experts { expert.logits(channel, kernels, pixels: start..<start + rows) }
      }
      for i in 0..<rows where skips?(start + i) != true {
        let sample = work.pixels[start + i] + channel
        let centre = own.centres[start + i]
        let given = table.map { $0 + Int(centre) }
        let logits =
          mixer?.logits(channel, row: i, pixel: start + i)
          ?? UnsafePointer(own.experts[0].activations.logits + 256 * i)
        var total = kernels.table.softmax(logits, given, work.distribution)
        if let lattice {
          let weights = lattice.weigh(
            channel, index: start + i, pixel: work.pixels[start + i], stride: stride,
            prediction: own.predictions.base + 3 * (start + i), centre: centre, given: given, work.distribution,
            total: total)
          total = kernels.table.softmax(logits, weights, work.distribution)
        }
        sample.pointee = coder.code(
          sample.pointee, centre: centre, channel: channel, work.distribution, total: total)
        let symbol = sample.pointee &- centre
        own.note(work.distribution, total: total, symbol: symbol, pixel: start + i)
        for mate in members.dropFirst() { mate.note(start + i, from: own) }
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
