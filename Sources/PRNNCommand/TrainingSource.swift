import ArgumentParser
import Glibc
import PixelTraining

extension Size: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

struct DataOptions: ParsableArguments {
  @Argument(help: "Folders and files of PNG pictures, or files of rows of bits.", completion: .file())
  var data: [String] = []

  @Option(help: ArgumentHelp("Take rows of bits, pictures of this size.", valueName: "wxh"))
  var bits: Size?

  @Option(help: ArgumentHelp("Cut the pictures into tiles of this size.", valueName: "wxh"))
  var tile: Size?

  @Option(help: ArgumentHelp("Pictures to validate on; may be repeated.", valueName: "path"), completion: .file())
  var validation: [String] = []

  @Option(help: ArgumentHelp("Validate on the last pictures of the data instead.", valueName: "n"))
  var holdOut: Int?

  @Option(help: ArgumentHelp("Validate on the first so many only.", valueName: "n"))
  var validationLimit: Int?

  @Option(help: ArgumentHelp("The levels of a multi-scale stack (section 3.4 of the paper).", valueName: "n"))
  var levels: Int?

  @Option(help: ArgumentHelp("The level to train, 0 the coarsest.", valueName: "k"))
  var level: Int?

  func validate() throws {
    if bits != nil && tile != nil { throw ValidationError("--bits and --tile exclude each other.") }
    if !validation.isEmpty && holdOut != nil {
      throw ValidationError("--validation and --hold-out exclude each other.")
    }
    if let validationLimit, validationLimit < 1 { throw ValidationError("--validation-limit takes a number above 0.") }
    guard (levels == nil) == (level == nil) else { throw ValidationError("--levels and --level go together.") }
    if let levels, let level, !(1...8 ~= levels && 0..<levels ~= level) {
      throw ValidationError("--levels takes a number from 1 to 8, --level one from 0 to that less 1.")
    }
  }

  /// The options given, save for the data themselves.
  var given: [String] {
    [
      bits.map { _ in "--bits" }, tile.map { _ in "--tile" }, validation.isEmpty ? nil : "--validation",
      holdOut.map { _ in "--hold-out" }, validationLimit.map { _ in "--validation-limit" },
      levels.map { _ in "--levels" },
    ].compactMap { $0 }
  }

  var source: TrainingSource {
    TrainingSource(
      data: data, bits: bits, tile: tile, validation: validation, holdOut: holdOut, validationLimit: validationLimit,
      levels: levels ?? 1, level: level ?? 0)
  }
}

/// Where the pictures of a run come from; kept in its checkpoints.
struct TrainingSource: Codable, Equatable {
  var data: [String]
  var bits: Size?
  var tile: Size?
  var validation: [String]
  var holdOut: Int?
  var validationLimit: Int?
  var levels: Int
  var level: Int

  /// Whether the numbers are such as the command line takes.
  var isUsable: Bool {
    (1...8).contains(levels) && (0..<levels).contains(level) && !data.isEmpty
      && [bits, tile].allSatisfy { $0.map { Size("\($0.width)x\($0.height)") != nil } ?? true }
  }

  /// Reads all pictures.
  ///
  /// - Throws: `FileError`.
  func load(channels: Int, bernoulli: Bool) throws -> (training: TrainingData, validation: TrainingData?) {
    let format = bits.map { .bits($0) } ?? tile.map { .tiles($0) } ?? TrainingData.Format.pictures
    func read(_ paths: [String]) throws -> TrainingData {
      if bits != nil && channels != 1 {
        throw FileError(paths[0], TrainingError.channels("rows of bits", expected: channels))
      }
      return try TrainingData(reading: paths, as: format, channels: channels, bitDepth: bernoulli ? 1 : 8)
    }
    var training = try read(data)
    var checked: TrainingData?
    if let holdOut {
      do { checked = try training.holdOut(holdOut) } catch { throw FileError(data[0], error) }
    } else if !validation.isEmpty {
      checked = try read(validation)
    }
    if let pictures = checked {
      guard pictures.width == training.width, pictures.height == training.height else {
        throw FileError(
          validation[0],
          TrainingError.differentSize(
            width: pictures.width, height: pictures.height, expected: training.width, other: training.height))
      }
      checked = pictures[0..<min(pictures.count, validationLimit ?? .max)]
    }
    return (training.level(level, of: levels), checked?.level(level, of: levels))
  }
}
