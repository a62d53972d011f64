import ArgumentParser
import Glibc
import PRNN
import PixelModels
import PixelTraining
import Raster

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model on pictures.",
    discussion: """
      The negative log-likelihood under the network of floats (where the model file holds them) and under that of integers, \
      and what the pictures really take: nats for a picture and bits for a sample.

      Examples:
        prnn evaluate --model net.prnnm --tile 8x8 pictures
      """)

  @OptionGroup var model: ModelOption
  @OptionGroup var work: WorkOptions

  @Argument(help: "Folders and files of PNG pictures, or files of rows of bits.", completion: .file())
  var data: [String]

  @Option(help: ArgumentHelp("Take rows of bits, pictures of this size.", valueName: "wxh"))
  var bits: Size?

  @Option(help: ArgumentHelp("Cut the pictures into tiles of this size.", valueName: "wxh"))
  var tile: Size?

  @Option(help: ArgumentHelp("Take the first so many only.", valueName: "n"))
  var limit: Int?

  @Flag(help: "Leave out the network of floats.")
  var noFloats = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(name: .shortAndLong, help: "Show no progress.")
  var quiet = false

  func validate() throws {
    if bits != nil && tile != nil { throw ValidationError("--bits and --tile exclude each other.") }
    if let limit, limit < 1 { throw ValidationError("--limit takes a number from 1.") }
  }

  func run() throws {
    try Failure.reporting([data[0]]) { name in
      let model = try model.library().standard
      let role: Model.Role = model.network(for: .colour) == nil ? .gray : .colour
      guard let network = model.network(for: role) else {
        throw Failure(model.name, PRNNError.noNetwork(model: model.name, role: "\(role)"))
      }
      let source = TrainingSource(
        data: data, bits: bits, tile: tile, validation: [], holdOut: nil, validationLimit: nil, levels: 1, level: 0)
      let all = try source.load(channels: role.channels, bernoulli: network.isBernoulli).training
      let pictures = all[0..<min(all.count, limit ?? .max)]
      let rasters = (0..<pictures.count).map { i in
        Raster(
          width: pictures.width, height: pictures.height, colourType: role == .colour ? .rgb : .gray,
          bitDepth: network.isBernoulli ? 1 : 8, samples: pictures[i..<i + 1].samples)
      }
      let bar = ProgressBar(name, total: pictures.samples.count, quiet: quiet || json)
      let measured = try work.codec(progress: bar.advance).likelihood(of: rasters, model: model)
      bar.finish()
      let report = EvaluationReport(
        model: model.name, pictures: pictures, floats: try floats(model, pictures), measured: measured)
      try printLine(json ? try encoded(report) : report.text)
    }
  }

  /// Nats of the network of floats, if it is there.
  private func floats(_ model: Model, _ pictures: TrainingData) throws -> Double? {
    guard !noFloats, !model.floats.isEmpty else { return nil }
    let networks: [FloatNetwork]
    do {
      networks = try FloatNetwork.read(Array(model.floats))
      let integers = model.networks.map { network -> PixelRNN? in
        if case .pixelRNN(let network) = network.body { network.architecture } else { nil }
      }
      guard networks.map(\.network) == integers else { throw TrainingError.otherFloats }
    } catch { throw Failure(model.name, error) }
    return networks.enumerated().reduce(0) { sum, entry in
      sum
        + entry.element.likelihood(
          of: pictures.level(entry.offset, of: networks.count), threads: work.threads)
    }
  }
}

/// What `prnn evaluate` prints.
private struct EvaluationReport: Encodable {
  struct Row: Encodable {
    let natsPerPicture: Double
    let bitsPerDim: Double

    init(nats: Double, pictures: TrainingData) {
      natsPerPicture = nats / Double(pictures.count)
      bitsPerDim = PixelTraining.bitsPerDim(nats: natsPerPicture, dims: pictures.dims)
    }
  }

  let model: String
  let pictures: Int
  let floats: Row?
  let integers: Row
  let coded: Row
  let streams: Int
  let integersOverFloats: Double?
  let codedOverIntegers: Double
  /// The bytes that the streams take above the likelihood, for each stream.
  let bytesAboveEachStream: Double

  init(model: String, pictures: TrainingData, floats: Double?, measured: Codec.Likelihood) {
    self.model = model
    self.pictures = pictures.count
    let codedNats = Double(measured.bytes) * 8 * log(2)
    self.floats = floats.map { Row(nats: $0, pictures: pictures) }
    integers = Row(nats: measured.nats, pictures: pictures)
    coded = Row(nats: codedNats, pictures: pictures)
    streams = measured.streams
    integersOverFloats = floats.map { measured.nats / $0 }
    codedOverIntegers = codedNats / measured.nats
    bytesAboveEachStream = (Double(measured.bytes) - measured.nats / log(2) / 8) / Double(measured.streams)
  }

  var text: String {
    func line(_ name: String, _ row: Row, _ note: String) -> String {
      "\(name)  \(decimals(row.natsPerPicture, 3)) nats a picture  \(decimals(row.bitsPerDim, 4)) bits/dim\(note)"
    }
    return
      ([
        "\(model), \(pictures) pictures",
        floats.map { line("floats  ", $0, "") },
        line("integers", integers, integersOverFloats.map { "  \(decimals($0, 5)) of the floats" } ?? ""),
        line("coded   ", coded, "  \(decimals(codedOverIntegers, 5)) of the integers, \(streams) streams"),
      ] as [String?]).compactMap { $0 }.joined(separator: "\n")
  }
}
