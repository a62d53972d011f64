import ArchiveFormat
import BundledModels
import ByteCoding
import PixelModels
import Synchronization

/// The models at hand: those in the program, and any added.
public struct ModelLibrary: Sendable {
  private enum Entry: Sendable {
    case added(Model)
    case bundled(BundledModel)

    var name: String {
      switch self {
      case .added(let model): model.name
      case .bundled(let model): model.name
      }
    }

    var model: Model {
      switch self {
      case .added(let model): model
      case .bundled(let model): model.parsed
      }
    }
  }

  private var entries: [Entry]

  /// The models that are part of the program, the default first. Each is parsed when it is first asked for.
  public static let bundled: ModelLibrary = {
    var count = 0
    let list = prnn_bundled_models(&count)!
    var library = ModelLibrary([])
    library.entries = (0..<count).map { .bundled(BundledModel(list[$0])) }
    return library
  }()

  public init(_ models: [Model]) { entries = models.map(Entry.added) }

  public var models: [Model] { entries.map(\.model) }

  public var names: [String] { entries.map(\.name) }

  /// The model used when none is asked for.
  ///
  /// - Precondition: there are models.
  public var standard: Model { entries[0].model }

  public mutating func add(_ model: Model) { entries.insert(.added(model), at: 0) }

  public func model(named name: String) -> Model? { entries.first { $0.name == name }?.model }

  /// The model of a hash; one that also has this name is found without parsing the others.
  public func model(hash: [UInt8], name: String) -> Model? {
    let likely = entries.filter { $0.name == name } + entries.filter { $0.name != name }
    return likely.lazy.map(\.model).first { $0.hash == hash }
  }

  /// The model that an archive names: the one inside it, or else the one of this library.
  ///
  /// - Throws: ``PRNNError/unknownModel(name:hash:)``, and `ModelError` or `ArchiveError` for a bad one in the archive.
  func model(for entry: Archive.ModelName) throws -> Model {
    if let file = entry.file {
      let model = try Model(file: file)
      guard model.hash == entry.hash else { throw ArchiveError.damaged("hash of the model in it") }
      return model
    }
    guard let model = model(hash: entry.hash, name: entry.name) else {
      throw PRNNError.unknownModel(name: entry.name, hash: hexadecimal(entry.hash))
    }
    return model
  }
}

/// A model file in the program.
private final class BundledModel: Sendable {
  let name: String
  // Of constant bytes.
  private nonisolated(unsafe) let file: UnsafeBufferPointer<UInt8>
  private let model = Mutex<Model?>(nil)

  init(_ entry: prnn_bundled_model) {
    name = String(cString: entry.name)
    file = UnsafeBufferPointer(start: entry.bytes, count: entry.count)
  }

  var parsed: Model {
    model.withLock { known in
      if let known { return known }
      // Only a broken build could embed a file that does not parse; the tests load each.
      let model = try! Model(file: Array(file))
      known = model
      return model
    }
  }
}
