import ArchiveFormat
import ByteCoding
import Glibc
import PRNN
import PixelModels
import Raster

/// Measures coders on pictures, one at a time.
struct BenchMeter {
  /// prnn with one model and effort.
  struct Setup {
    let coder: Coder
    let model: Model
    let effort: Effort
  }

  let setups: [Setup]
  let codec: Codec
  let memoryLimit: Int
  /// PNG, prnn with all setups, the peers.
  let coders: [Coder]
  private let library: ModelLibrary
  private let peers: [Peer]

  /// - Parameter models: of the program, or of files; where there are none each effort has its own.
  init(models: [String], efforts: [Effort], peers: [Peer], work: WorkOptions) throws {
    var library = ModelLibrary.bundled
    let chosen = try models.map { try ModelOption.model(named: $0) }
    for model in chosen.reversed() { library.add(model) }
    var setups: [Setup] = []
    for effort in efforts {
      for model in chosen.isEmpty ? [effort.model(in: library)] : chosen {
        // A name more than once has a number from the second time on: efforts by numbers.
        let words = (chosen.isEmpty ? [] : [model.name]) + [effort.defaultValueDescription]
        let others = setups.count { $0.coder.name.hasPrefix(words.joined(separator: " ")) }
        let name = (words + (others > 0 ? ["\(others + 1)"] : [])).joined(separator: " ")
        let version = "\(PRNNCommand.configuration.version), model \(model.name) \(hexadecimal(model.hash).prefix(16))"
        setups.append(
          Setup(
            coder: Coder(name: name, title: "prnn \(name)", family: .prnn, version: version), model: model,
            effort: effort))
      }
    }
    (self.library, self.peers, self.setups) = (library, peers, setups)
    codec = try work.codec()
    memoryLimit = work.memoryLimit.bytes
    let png = Coder(name: "PNG", title: "PNG", family: .png, version: "the files as they are, read by libpng")
    coders = try [png] + setups.map(\.coder) + peers.map { try $0.coder() }
  }

  /// - Parameter drawing: draw the picture, and where the bits go that the first setup takes.
  func measure(_ path: String, drawing: Bool) throws -> (row: BenchRow, drawing: BitDrawing?) {
    let file = try InputFile(path).readAll(limit: memoryLimit)
    let isJPEG = file.starts(with: [0xFF, 0xD8, 0xFF])
    let png = isJPEG ? try Raster(jpeg: file, memoryLimit: memoryLimit).png() : file
    let start = now()
    let raster = try Raster(png: png, memoryLimit: memoryLimit)
    var measured = [("PNG", Measured(bytes: png.count, decodeSeconds: now() - start))]
    var drawn: BitDrawing?
    for (number, setup) in setups.enumerated() {
      let (archive, result) = try measure(setup, raster, fileBytes: isJPEG ? nil : png.count)
      measured.append((setup.coder.name, result))
      if drawing, number == 0 {
        let costs = try codec.costs(Archive(archive), image: 0, models: library)
        drawn = BitDrawing(file: path, raster, costs)
      }
    }
    if !peers.isEmpty {
      let folder = try TemporaryFolder()
      try OutputFile.write(folder / "in.png", force: false, syncs: false) { sink in try png.withUnsafeBytes(sink) }
      for peer in peers {
        let result = try peer.measure(
          folder / "in.png", in: folder, bitDepth: raster.bitDepth, threads: codec.threads)
        if let result { measured.append((peer.name, result)) }
      }
    }
    return (BenchRow(file: path, raster, measured), drawn)
  }

  private func measure(_ setup: Setup, _ raster: Raster, fileBytes: Int?) throws -> ([UInt8], Measured) {
    var set = PictureSet()
    let start = now()
    set.add(raster)
    set.fileBytes = fileBytes
    let archive = try codec.compress(set, model: setup.model, effort: setup.effort, verify: false)
    let coded = now()
    let back = try codec.decompress(archive, models: library)
    let decoded = now()
    guard back == raster else { throw PRNNError.unfaithful }
    return (
      archive, Measured(bytes: archive.count, encodeSeconds: coded - start, decodeSeconds: decoded - coded)
    )
  }
}

extension BenchRow {
  fileprivate init(file: String, _ raster: Raster, _ measured: [(coder: String, result: Measured)]) {
    let (pixels, dims) = (raster.width * raster.height, raster.width * raster.height * raster.channels)
    let scores = measured.map { coder, result in
      Score(
        coder: coder, bitsPerDim: Double(result.bytes * 8) / Double(dims), pixels: pixels,
        encodeSeconds: result.encodeSeconds, decodeSeconds: result.decodeSeconds)
    }
    let bits = "\(raster.bitDepth) \(raster.bitDepth == 1 ? "bit" : "bits")"
    self.init(
      file: file, shape: "\(raster.width) × \(raster.height), \(raster.colourType.name), \(bits)", pixels: pixels,
      dims: dims, scores: scores)
  }
}
