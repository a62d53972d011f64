import ArchiveFormat
import FoundationEssentials
import PRNN
import PixelModels
import Raster

/// What is fuzzed. Whatever the bytes, these may throw errors, and do nothing else that is bad: no trap, no access outside of memory, no
/// memory beyond the limit; and what they take for good must come back as it was.
enum Target: String, CaseIterable {
  /// The PNG reader, writer, and the search for the file's deflate settings.
  case png
  /// The archive reader, the decoder, and what recovers damaged archives.
  case archive
  /// The model reader; a model that is taken must code and decode.
  case model
  /// A picture made of the bytes, into an archive and back.
  case roundtrip

  static let memoryLimit = 1 << 20

  func run(_ bytes: [UInt8]) {
    switch self {
    case .png: runPNG(bytes)
    case .archive: runArchive(bytes)
    case .model: runModel(bytes)
    case .roundtrip: runRoundTrip(bytes)
    }
  }
}

/// Set once, before the fuzzer starts.
nonisolated(unsafe) var target = Target.png

private let vectors = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../spec/vectors")

/// The models in the program and those of the vectors; these first.
let models: ModelLibrary = {
  var library = ModelLibrary.bundled
  for file in try! FileManager.default.contentsOfDirectory(atPath: vectors.path).sorted()
  where file.hasSuffix(".prnnmodel") {
    library.add(try! Model(file: Array(Data(contentsOf: vectors.appending(path: file)))))
  }
  return library
}()

private func runPNG(_ bytes: [UInt8]) {
  guard let picture = try? Raster(png: bytes, memoryLimit: Target.memoryLimit) else { return }
  let written = try! picture.png()
  let again = try! Raster(png: written, memoryLimit: Target.memoryLimit)
  precondition(again == picture, "the picture that was written is another one")
  guard let record = try? PNGReconstruction(of: bytes, picture) else { return }
  let file = try! PNGReconstruction(bytes: record.bytes)!.file(of: picture, memoryLimit: .max)
  precondition(file == bytes, "the file that was made again is another one")
}

private func runArchive(_ bytes: [UInt8]) {
  let codec = try! Codec(memoryLimit: Target.memoryLimit)
  if let archive = try? Archive(bytes) {
    precondition(try! Archive(archive.serialised()) == archive, "the archive that was written is another one")
    try? codec.decompress(archive, models: models) { number, picture in
      _ = try codec.file(archive, image: number, of: picture)
    }
  }
  guard let salvage = try? Archive.Salvage(bytes, knownModels: Set(models.models.map(\.hash))) else { return }
  try? codec.recover(salvage.archive, models: models) { _, _, _ in }
}

private func runModel(_ bytes: [UInt8]) {
  guard let model = try? Model(file: bytes) else { return }
  let samples = (0..<48).map { UInt8($0 * 83 % 251) }
  for type in [Raster.ColourType.rgb, .gray] {
    let picture = Raster(
      width: 4, height: 4, colourType: type, samples: Array(samples.prefix(16 * type.channels)))
    guard let made = try? Codec().compress(picture, model: model, coding: .networks, verify: false) else { continue }
    let again = try! Codec().decompress(made, models: ModelLibrary([model]))
    precondition(again == picture, "a model that codes and does not decode")
  }
}
