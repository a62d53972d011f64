import ArchiveFormat
import ArgumentParser
import ByteCoding
import Glibc
import PRNN
import Raster

struct Decompress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Decompress .prnn archives to PNG pictures.",
    discussion: """
      Each IN.prnn becomes IN.png beside it, or, if it holds a set of pictures, the folder IN; the archive stays. -o names \
      another file or folder. Of archives made with compress --exact the files come back byte for byte.

      Examples:
        prnn decompress photo.prnn -o copy.png
        prnn decompress set.prnn -o copies
        prnn decompress set.prnn --only a.png
        prnn decompress photo.prnn --crop 16x12+4+2 -o part.png
      """)

  @Argument(help: "Archives; - is standard input.", completion: .archives)
  var inputs: [String]

  @Option(help: ArgumentHelp("Write only this picture of a set; prnn list shows the names.", valueName: "name"))
  var only: String?

  @Option(
    help: ArgumentHelp(
      "Write a smaller size, 1/2, 1/4, ..., of an archive made with a multi-scale model.", valueName: "1/n"))
  var scale: Scale = Scale(halvings: 0)

  @Option(
    help: ArgumentHelp(
      "Write only this part of a picture: its sides, and the column and row it starts at, after --scale.",
      valueName: "WxH+X+Y"))
  var crop: PixelRectangle?

  @Flag(
    help: ArgumentHelp(
      "Write all but what is damaged, and list that.",
      discussion: """
        Damaged tiles are filled with magenta, opaque; in gray pictures with black; in palette pictures with the entry that is \
        nearest to magenta. Pictures of which nothing is whole are not written. The exit status is then 3.
        """))
  var recover = false

  @OptionGroup var write: WriteOptions
  @OptionGroup var batch: BatchOptions
  @OptionGroup var model: ModelOption
  @OptionGroup var times: TimeOption
  @OptionGroup var work: WorkOptions

  func validate() throws {
    if inputs.count > 1, write.output != nil, !batch.recursive { throw ValidationError("-o needs a single input.") }
    if inputs.count > 1 || batch.recursive, only != nil { throw ValidationError("--only needs a single input.") }
    if recover, crop != nil { throw ValidationError("--recover takes no --crop.") }
    if batch.json, write.output == "-" || inputs.contains("-") && write.output == nil {
      throw ValidationError.outputBesideJSON
    }
  }

  func run() throws {
    let files = try batch.files(expandingPatterns(inputs), write, suffix: ".prnn", new: ".png")
    try batch.run(files, write, undone: ("archives", recover ? "whole" : "decompressed"), decompress)
  }

  private func decompress(_ job: FileJob) throws -> FileReport {
    let library = try model.library()
    let file = try InputFile(job.input)
    do {
      if batch.dryRun { return try plan(job, file) }
      if recover { return try writeWhatIsWhole(of: file, job, library) }
      let (archive, bytes) = try read(file)
      if let number = try only.map({ try archive.number(of: $0, file.name) }) {
        let output = path(ofPicture: archive.fileNames[number], isSet: true, job)
        return try decompress(archive, bytes, number, from: file, to: output, job, library)
      } else if archive.imageCount == 1, !archive.isNamed {
        return try decompress(archive, bytes, 0, from: file, to: job.output, job, library)
      }
      return try decompressAll(archive, bytes, from: file, job, library)
    } catch { throw Failure(file.name, error) }
  }

  /// Says what would be written.
  private func plan(_ job: FileJob, _ file: InputFile) throws -> FileReport {
    let archive = try read(file).archive
    let isSet = archive.imageCount > 1 || archive.isNamed
    let one = try only.map { try archive.number(of: $0, file.name) }
    let output = isSet && one == nil ? folder(job) : path(ofPicture: archive.fileNames[one ?? 0], isSet: isSet, job)
    if !isSet || one != nil { try OutputFile.check(output, force: write.force, inputs: job.inputs) }
    let planned = FileJob(input: job.input, output: output)
    if !batch.json { try printLine("\(visible(file.name)) -> \(visible(output))") }
    return FileReport(planned: planned)
  }

  /// The file for one picture: as asked for, or beside the input.
  func path(ofPicture name: ImageName, isSet: Bool, _ job: FileJob) -> String {
    guard isSet, write.output == nil, job.input != "-" else { return job.output }
    let folder = job.output.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(job.output[...$0]) } ?? ""
    return folder + "\(name.lastPart)"
  }

  /// The time that the file of a picture gets; nil: now, as for any other picture than the one that was compressed.
  func time(of number: Int, in archive: Archive) -> Int64? { keepsTimes ? archive.time(ofImage: number) : nil }

  var keepsTimes: Bool { !times.dropsTimes && crop == nil && scale.halvings == 0 }

  /// The folder for all pictures of a set: as asked for, or the archive's name without its suffix.
  private func folder(_ job: FileJob) -> String {
    batch.recursive ? replacingSuffix(of: job.output, by: "") : write.path(for: job.input, suffix: "")
  }

  /// What is written of a set.
  func folder(for names: [ImageName], _ job: FileJob, _ file: InputFile) throws -> FolderOutput {
    guard crop == nil else {
      throw Failure(file.name, "has \(names.count) pictures; choose one for --crop with --only", status: EX_USAGE)
    }
    let folder = folder(job)
    guard folder != "-" else {
      let cause = "takes one picture; choose it with --only, or name a folder with -o"
      throw Failure("standard output", cause, status: EX_USAGE)
    }
    return try FolderOutput(folder, names: names, force: write.force, inputs: job.inputs)
  }

  /// The archive; of a smaller size no more than is needed.
  private func read(_ file: InputFile) throws -> (archive: Archive, bytes: Int) {
    guard scale.halvings > 0 else {
      let bytes = try file.readAll(limit: work.memoryLimit.bytes)
      return (try Archive(bytes), bytes.count)
    }
    var bytes: [UInt8] = []
    while true {
      let more = try file.readAll(upTo: max(1 << 12, bytes.count))
      bytes += more
      guard bytes.count <= work.memoryLimit.bytes else { throw InputFile.tooLarge(file.name) }
      do { return (try Archive(beginning: bytes, halvings: scale.halvings), bytes.count) } catch ArchiveError.truncated
        where !more.isEmpty
      {}
    }
  }

  /// Writes one picture.
  private func decompress(
    _ archive: Archive, _ bytes: Int, _ number: Int, from file: InputFile, to output: String, _ job: FileJob,
    _ library: ModelLibrary
  ) throws -> FileReport {
    try OutputFile.check(output, force: write.force, inputs: job.inputs)
    let header = archive.series[archive.place(ofImage: number).series].header
    let crop = crop ?? header.frame
    WorkOptions.prepareHeap(samples: header.samples(decodedFor: crop))
    let bar = ProgressBar(file.name, total: header.samples(decodedFor: crop), quiet: write.quiet || job.jobs > 1)
    defer { bar.finish() }
    let codec = try work.codec(jobs: job.jobs, progress: bar.advance)
    let raster = try codec.decompress(archive, image: number, crop: crop, models: library)
    let original = self.crop == nil && scale.halvings == 0
    let png = original ? try codec.original(raster, number, archive, file.name) : nil
    let time = time(of: number, in: archive)
    var written = 0
    try OutputFile.write(output, force: write.force, time: time, syncs: !batch.recursive) { sink in
      try raster.write(png) {
        written += $0.count
        try sink($0)
      }
    }
    let pixels = raster.width * raster.height
    return FileReport(
      FileJob(input: job.input, output: output), bytesBefore: bytes, bytesAfter: written, pixels: pixels,
      dims: archive.dims, archiveBytes: bytes)
  }

  /// Writes all pictures to a folder.
  private func decompressAll(
    _ archive: Archive, _ bytes: Int, from file: InputFile, _ job: FileJob, _ library: ModelLibrary
  ) throws -> FileReport {
    let names = archive.fileNames
    let output = try folder(for: names, job, file)
    let times = keepsTimes ? archive.times : []
    WorkOptions.prepareHeap(samples: archive.samples)
    let bar = ProgressBar(file.name, total: archive.samples, quiet: write.quiet || job.jobs > 1)
    defer { bar.finish() }
    var (written, pixels) = (0, 0)
    do {
      let codec = try work.codec(jobs: job.jobs, progress: bar.advance)
      try codec.decompress(archive, models: library) { number, raster in
        let png = scale.halvings == 0 ? try codec.original(raster, number, archive, file.name) : nil
        let time = times.isEmpty ? nil : times[number]
        pixels += raster.width * raster.height
        try output.write(names[number], time: time) { sink in
          try raster.write(png) {
            written += $0.count
            try sink($0)
          }
        }
      }
      output.keep()
    } catch {
      output.takeBack()
      throw error
    }
    return FileReport(
      FileJob(input: job.input, output: folder(job)), bytesBefore: bytes, bytesAfter: written, pixels: pixels,
      dims: archive.dims, archiveBytes: bytes)
  }
}

extension Archive {
  /// The number of the picture that decompress would write under a name.
  func number(of name: String, _ file: String) throws -> Int {
    guard let number = fileNames.firstIndex(where: { $0.bytes.elementsEqual(name.utf8) }) else {
      throw Failure(file, "has no picture called \(name); prnn list shows their names", status: EX_NOINPUT)
    }
    return number
  }
}

extension Codec {
  /// The file that a picture was read from, if the archive gives it; where it should and cannot, a line on stderr says so.
  fileprivate func original(_ picture: Raster, _ number: Int, _ archive: Archive, _ file: String) throws -> [UInt8]? {
    switch try self.file(archive, image: number, of: picture) {
    case .whole(let bytes): return bytes
    case .unknown: return nil
    case .unfaithful:
      let name = archive.imageCount > 1 || archive.isNamed ? "\(archive.fileNames[number]) " : ""
      warn("\(file): \(name)\(Codec.unfaithfulFile); its pixels and chunks do")
      return nil
    }
  }

  /// What is said of a file that does not come back, behind its name.
  static let unfaithfulFile = "does not come back byte for byte (a damaged record, or another zlib)"
}

extension Raster {
  /// Writes the bytes of a PNG file of it; nil: new ones.
  fileprivate func write(_ bytes: [UInt8]?, to sink: @escaping ByteSink) throws {
    if let bytes { try bytes.withUnsafeBytes(sink) } else { try writePNG(to: sink) }
  }
}

extension PixelRectangle: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// A part of the sides, as in 1/4.
struct Scale: ExpressibleByArgument, CustomStringConvertible {
  /// How often the sides are halved.
  let halvings: Int

  init(halvings: Int) { self.halvings = halvings }

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard parts.first == 1, parts.count < 3, let part = parts.last, part > 0, part & (part - 1) == 0 else { return nil }
    halvings = part.trailingZeroBitCount
  }

  var description: String { halvings == 0 ? "1" : "1/\(1 << halvings)" }
}
