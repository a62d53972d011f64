import ArgumentParser
import ByteCoding
import Glibc
import PRNN
import PixelModels
import Raster

struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure bits/dim and speed on pictures, against PNG and other coders.",
    discussion: """
      Takes PNG and JPEG files, and folders, which are searched. Bits/dim are bits of the whole file for each sample. \
      The mean row has the mean of the files' bits/dim, and the speed over all their pixels.

      Examples:
        prnn bench photo.png pictures
        prnn bench --json --effort fast photo.png
      """)

  @Argument(help: "Pictures and folders.", completion: .pictures)
  var paths: [String]

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Add WebP (cwebp), JPEG XL (cjxl) and optipng, where they are on PATH.")
  var peers = false

  @OptionGroup var model: ModelOption
  @OptionGroup var effort: EffortOption
  @OptionGroup var work: WorkOptions

  func run() throws {
    let library = try model.library()
    var files: [String] = []
    try Failure.reporting(paths) { files += try pictures($0) }
    let tools = peers ? Peer.available : []
    var rows: [BenchRow] = []
    if !json { try printLine(BenchRow.heading(tools)) }
    let outcome = Result {
      try Failure.reporting(files) { file in
        let row = try measure(file, library, tools)
        rows.append(row)
        if !json { try printLine(row.text(tools)) }
      }
    }
    try finish(rows, tools, effort.model(model, in: library))
    try outcome.get()
  }

  private func finish(_ rows: [BenchRow], _ tools: [Peer], _ model: Model) throws {
    let mean = BenchRow(meanOf: rows)
    if json {
      let report = BenchReport(
        model: model.name, modelHash: hexadecimal(model.hash), threads: work.threads, files: rows, mean: mean)
      try printLine(encoded(report))
    } else if let mean {
      try printLine(mean.text(tools))
    }
  }

  private func measure(_ path: String, _ library: ModelLibrary, _ tools: [Peer]) throws -> BenchRow {
    let limit = work.memoryLimit.bytes
    let bytes = try InputFile(path).readAll(limit: limit)
    let isJPEG = bytes.starts(with: [0xFF, 0xD8, 0xFF])
    let raster = isJPEG ? try Raster(jpeg: bytes, memoryLimit: limit) : try Raster(png: bytes, memoryLimit: limit)
    let png = isJPEG ? try raster.png() : bytes
    let codec = try work.codec()
    let start = now()
    var set = PictureSet()
    set.add(raster)
    set.fileBytes = isJPEG ? nil : bytes.count
    let archive = try codec.compress(
      set, model: effort.model(model, in: library), effort: effort.effort, verify: false)
    let coded = now()
    let back = try codec.decompress(archive, models: library)
    let decoded = now()
    guard back == raster else { throw PRNNError.unfaithful }
    let dims = raster.width * raster.height * raster.channels
    var sizes: [String: Double] = [:]
    if !tools.isEmpty {
      let temporary = try TemporaryFolder()
      let source = temporary.path + "/in.png"
      try OutputFile.write(source, force: false) { sink in try png.withUnsafeBytes(sink) }
      for tool in tools {
        sizes[tool.name] = try tool.size(of: source, in: temporary.path).map { Double($0 * 8) / Double(dims) }
      }
    }
    return BenchRow(
      file: path, pixels: raster.width * raster.height, dims: dims, png: Double(png.count * 8) / Double(dims),
      prnn: Double(archive.count * 8) / Double(dims), encodeSeconds: coded - start, decodeSeconds: decoded - coded,
      peers: sizes)
  }

  /// The file itself, or all PNG and JPEG files below a folder, sorted.
  private func pictures(_ path: String) throws -> [String] {
    guard FolderListing.isFolder(path) else { return [path] }
    return try FolderListing(path).files.filter { !$0.isSpecial && $0.hasSuffix(".png", ".jpg", ".jpeg") }
      .map { FolderListing.path(of: $0.path, in: path) }
  }
}
