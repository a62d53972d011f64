import ArgumentParser
import FoundationEssentials
import PixelModels
import PixelTraining

struct Quantise: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a model file of trained weights.",
    discussion: """
      Takes the networks of safetensors files (prnn train, or PyTorch with spec/reference), several for a multi-scale model, \
      coarsest first, and pictures to find the scales of the activations on.

      Examples:
        prnn quantise --weights net.safetensors --tile 8x8 pictures -o net.prnnm
      """)

  @Option(
    help: ArgumentHelp("Trained weights; once for each level.", valueName: "file.safetensors"), completion: .weights)
  var weights: [String]

  @Argument(help: "Folders and files of PNG pictures, or files of rows of bits.", completion: .file())
  var data: [String]

  @Option(help: ArgumentHelp("Take rows of bits, pictures of this size.", valueName: "wxh"))
  var bits: Size?

  @Option(help: ArgumentHelp("Cut the pictures into tiles of this size.", valueName: "wxh"))
  var tile: Size?

  @Option(name: .shortAndLong, help: ArgumentHelp("The model file to write.", valueName: "file"), completion: .file())
  var output: String

  @Flag(name: .shortAndLong, help: "Overwrite files that exist.")
  var force = false

  @OptionGroup var report: JSONOption

  func validate() throws {
    guard !weights.isEmpty else { throw ValidationError("Give --weights.") }
    try report.check(output)
    if bits != nil && tile != nil { throw ValidationError("--bits and --tile exclude each other.") }
  }

  func run() throws {
    try Failure.reporting([output]) { output in
      try OutputFile.check(output, force: force)
      let networks = try weights.flatMap { path in
        do { return try FloatNetwork.read(contents(of: path)) } catch { throw Failure(path, error) }
      }
      guard networks.count <= Model.mostLevels else {
        throw Failure(weights[0], TrainingError.levels(networks.count))
      }
      for (level, network) in networks.enumerated() {
        guard (network.network.condition > 0) == (level > 0), network.network.channels == networks[0].network.channels,
          network.network.output == networks[0].network.output
        else { throw Failure(weights[0], TrainingError.unfitLevels) }
      }
      let first = networks[0].network
      let source = TrainingSource(
        data: data, bits: bits, tile: tile, validation: [], holdOut: nil, validationLimit: nil, levels: 1, level: 0)
      let pictures = try source.load(channels: first.channels, bernoulli: first.output == .bernoulli).training
      let provenance = ModelProvenance(
        program: PRNNCommand.configuration.version, networks: networks.map(\.network), pictures: pictures.count)
      let bytes = try ModelExport.file(
        name: modelName(of: output), provenance: provenance.json, networks: networks, data: pictures)
      try OutputFile.write(output, force: force) { sink in try bytes.withUnsafeBytes(sink) }
      try report.print(
        QuantiseReport(
          output: output, bytes: bytes.count, networks: networks.map(\.network.kind.name), pictures: pictures.count))
    }
  }
}

/// What `prnn quantise --json` prints.
private struct QuantiseReport: Encodable {
  let output: String
  /// Of the model file.
  let bytes: Int
  /// The coarsest level first.
  let networks: [String]
  /// That the scales of the activations were found on.
  let pictures: Int
}

/// What a model file tells of its making.
struct ModelProvenance: Encodable {
  let program: String
  let networks: [PixelRNN]
  /// Pictures given to the command that wrote it.
  let pictures: Int

  var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Texts and numbers only: encoding cannot fail.
    return String(decoding: try! encoder.encode(self), as: UTF8.self)
  }
}

/// The name of a model: that of its file, without folders and suffix.
func modelName(of path: String) -> String {
  let name = path.split(separator: "/").last ?? "model"
  return String(name.lastIndex(of: ".").map { name[..<$0] } ?? name)
}
