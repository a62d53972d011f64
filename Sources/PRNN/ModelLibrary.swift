import ArchiveFormat
import BundledModels
import ByteCoding
import PixelModels

/// The models at hand: those in the program, and any added.
public struct ModelLibrary: Sendable {
  public private(set) var models: [Model]

  /// The models that are part of the program, the default first.
  public static let bundled: ModelLibrary = {
    var count = 0
    let list = prnn_bundled_models(&count)!
    return ModelLibrary(
      (0..<count).map { i in
        // Only a broken build could embed a file that does not parse; the tests load each.
        try! Model(file: Array(UnsafeBufferPointer(start: list[i].bytes, count: list[i].count)))
      })
  }()

  public init(_ models: [Model]) { self.models = models }

  /// The model used when none is asked for.
  public var standard: Model { models[0] }

  public mutating func add(_ model: Model) { models.insert(model, at: 0) }

  public func model(named name: String) -> Model? { models.first { $0.name == name } }

  /// The model that an archive names: the one inside it, or else the one of this library.
  ///
  /// - Throws: ``PRNNError/unknownModel(name:hash:)``, and `ModelError` or `ArchiveError` for a bad one in the archive.
  func model(for entry: Archive.ModelName) throws -> Model {
    if let file = entry.file {
      let model = try Model(file: file)
      guard model.hash == entry.hash else { throw ArchiveError.damaged("hash of the model in it") }
      return model
    }
    guard let model = models.first(where: { $0.hash == entry.hash }) else {
      throw PRNNError.unknownModel(name: entry.name, hash: hexadecimal(entry.hash))
    }
    return model
  }
}
