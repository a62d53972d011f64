import ArchiveFormat
import ByteCoding
import FoundationEssentials
import IntegerInference
import PixelModels
import Raster
import Testing

@testable import PRNN

/// The frozen archives of spec/vectors decode to the samples they always had.
@Suite struct VectorTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../spec/vectors")

  static func read(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appending(path: name)))
  }

  static let hashes: [(name: String, hash: String)] = {
    let table = try! JSONDecoder().decode([String: String].self, from: Data(read("vectors.json")))
    return table.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }()

  /// All models of the vectors; tiny.prnnmodel is the first.
  static let models: ModelLibrary = {
    var library = ModelLibrary.bundled
    for name in paperModels + ["tiny-mates", "tiny-squares", "tiny"] {
      library.add(try! Model(file: read("\(name).prnnmodel")))
    }
    return library
  }()

  static let paperModels = [
    "paper-bits", "paper-bits-levels", "paper-gray", "paper-gray-alpha", "paper-gray-levels", "paper-pixel-cnn",
    "paper-row-lstm", "paper-diagonal-bilstm", "paper-levels", "paper-differences", "paper-differences-levels",
  ]

  @Test func thereAreVectors() {
    #expect(VectorTests.hashes.count >= 50)
  }

  @Test(arguments: hashes)
  func decodes(vector: (name: String, hash: String)) throws {
    var samples: [UInt8] = []
    try Codec().decompress(Archive(VectorTests.read(vector.name)), models: VectorTests.models) { _, raster in
      samples += raster.samples
    }
    #expect(hexadecimal(sha256(samples)) == vector.hash)
  }

  /// The encoder is as reproducible as the decoder: every kernel makes the very bytes of the vectors again.
  @Test(arguments: testedKernels)
  func encodes(kernel: String) throws {
    let codec = try Codec(threads: 2, kernel: kernel)
    // Samples of 16 bits are coded in another way since version 10.
    let older = ["mixing-gray16.prnn", "mixing-rgba16.prnn"]
    for (name, _) in VectorTests.hashes where !name.hasPrefix("photo") && !older.contains(name) {
      let bytes = try VectorTests.read(name)
      let archive = try Archive(bytes)
      let names = archive.series.flatMap(\.names)
      var set = PictureSet()
      try codec.decompress(archive, models: VectorTests.models) { number, raster in
        set.add(
          raster, name: names.isEmpty ? nil : names[number], time: archive.time(ofImage: number),
          file: archive.file(ofImage: number).flatMap { PNGReconstruction(bytes: $0) })
      }
      let entry = archive.models.first
      let model = try #require(VectorTests.models.models.first { entry == nil || $0.name == entry?.name })
      let mixed = archive.series.contains { $0.codings.contains { $0 != .network } }
      let coding: Coding = !mixed ? .networks : entry == nil ? .mixing : .best
      var learning = Learning(bytes: archive.series[0].learning)
      learning?.fits = Learning.Fits(bytes: archive.series[0].fits)
      let again = try codec.archive(
        of: set, model: model, embedModel: entry?.file != nil, learning: learning, coding: coding
      ).serialised()
      // Another zlib may write deflated tiles, names and metadata in other bytes.
      if archive.series.contains(where: { $0.codings.contains(.plain) || $0.hasFilteredTiles }) { continue }
      var expected = archive
      let isOld = (2...6).contains(archive.version) && archive.series.contains { $0.tiles.count > 1 }
      // Several tiles were not numbered then.
      if isOld { expected.raise(to: 7, set) }
      #expect(try Archive(again) == Archive(expected.serialised()), "\(name)")
      if names.isEmpty, archive.version < 5, !isOld { #expect(again == bytes, "\(name)") }
    }
  }

  /// What is not in the samples: spec/vectors/make.py, metadata().
  @Test func metadata() throws {
    let set = try Archive(VectorTests.read("metadata-set.prnn"))
    let seconds: [Int64] = [1_000_000_000, 1_000_000_007, 999_999_999, 1_000_086_400, -3600]
    #expect((0..<5).map { set.time(ofImage: $0) } == seconds)
    let few = [("sRGB", 1), ("pHYs", 9), ("prVt", 0)]
    let chunks = set.series.map { $0.chunks.map { (String(decoding: $0.type, as: UTF8.self), $0.bytes.count) } }
    #expect(chunks[0].elementsEqual(few + [("tEXt", 328), ("tEXt", 328)], by: ==))
    #expect(chunks[1].elementsEqual(few, by: ==))
    #expect(set.series[0].chunks.map(\.place) == [0, 0, 0, 0, 2])
    let single = try Archive(VectorTests.read("metadata-single.prnn"))
    let types = single.series[0].chunks.map { String(decoding: $0.type, as: UTF8.self) }
    #expect(types == ["PLTE", "tRNS", "tEXt", "prVt"])
    #expect(single.series[0].chunks[0].bytes == Array(0..<48) && single.time(ofImage: 0) == 1 << 33)
    let time = try Archive(VectorTests.read("metadata-time.prnn"))
    #expect(time.series[0].chunks.isEmpty && time.version == 5 && time.time(ofImage: 0) == 1_000_000_000)
  }

  /// The files that come back byte for byte: spec/vectors/make.py, exact().
  @Test func files() throws {
    let table = try JSONDecoder().decode([String: [String?]].self, from: Data(VectorTests.read("files.json")))
    #expect(table.count == 3)
    for (name, hashes) in table {
      let archive = try Archive(VectorTests.read(name))
      #expect(archive.version == 6 && archive.fileCount == hashes.count { $0 != nil })
      let codec = try Codec()
      try codec.decompress(archive, models: .bundled) { number, picture in
        switch try codec.file(archive, image: number, of: picture) {
        case .whole(let bytes): #expect(hexadecimal(sha256(bytes)) == hashes[number], "\(name)")
        case .unknown: #expect(hashes[number] == nil, "\(name)")
        case .unfaithful: Issue.record("\(name), \(number)")
        }
      }
    }
  }

  @Test func damagedModelsAreRefused() throws {
    let file = try VectorTests.read("tiny.prnnmodel")
    #expect(throws: ModelError.notAModel) { try Model(file: []) }
    #expect(throws: ModelError.truncated) { try Model(file: file.dropLast()) }
    #expect(throws: ModelError.truncated) { try Model(file: file + [0]) }
    var newer = file
    newer[8] = 6
    #expect(throws: ModelError.newerVersion(6)) { try Model(file: newer) }
    // The fields of the first network with least squares: role, kind, shape, flags, number of fits, the first fit.
    let squares = try VectorTests.read("tiny-squares.prnnmodel")
    let flags = 8 + 2 + 1 + 12 + 4 + 2 + 1 + 2 + 9
    #expect(Array(squares[flags..<flags + 7]) == [1, 2, 4, 6, 5, 2, 4])
    for (offset, value) in [(0, 2), (0, 3), (1, 0), (1, 3), (2, 12), (3, 0x80), (5, 0), (5, 16), (6, 3), (6, 16)] {
      var wrong = squares
      wrong[flags + offset] = UInt8(value)
      #expect(throws: ModelError.self, "\(offset) \(value)") { try Model(file: wrong) }
    }
    var narrow = squares
    narrow[flags - 6] = 1  // right
    #expect(throws: ModelError.unsupported("a network of another shape")) { try Model(file: narrow) }
    // Biases near 2^31 in the first layer: 32-bit sums could overflow.
    var unbounded = file
    let provenance = Int(file[15]) | Int(file[16]) << 8
    let shape = 8 + 2 + 1 + 4 + 4 + provenance + 1
    let inputs = 2 * 3 * (2 * 5 + 3) + 9
    let bias = shape + 10 + inputs * 16
    unbounded.replaceSubrange(bias..<bias + 4, with: [0xFF, 0xFF, 0xFF, 0x7F])
    #expect(throws: ModelError.unbounded(layer: 0)) { try Model(file: unbounded) }
  }
}
