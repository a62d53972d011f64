import ArchiveFormat
import ByteCoding
import Glibc
import PRNN
import Raster

extension Decompress {
  /// Writes what is whole of a damaged archive, and says what is not.
  ///
  /// - Throws: ``Failure``; with ``Failure/damageStatus`` when something of a damaged archive was written.
  func writeWhatIsWhole(of file: InputFile, _ job: FileJob, _ library: ModelLibrary) throws -> FileReport {
    let bytes = try file.readAll(limit: work.memoryLimit.bytes)
    let salvage = try Archive.Salvage(bytes, knownModels: Set(library.models.map(\.hash)))
    var report = RecoveryReport(file.name, losses: salvage.losses)
    defer { report.print() }
    guard salvage.archive.imageCount > 0 else { throw report.failure }
    let archive = try salvage.archive.coarser(halvings: scale.halvings)
    let isSet = archive.isNamed || max(archive.imageCount, salvage.declaredImages ?? 0) > 1
    let number = try only.map { try archive.number(of: $0, file.name) }
    let names = archive.fileNames
    let bar = ProgressBar(file.name, total: archive.samples, quiet: write.quiet || job.jobs > 1)
    defer { bar.finish() }
    let codec = try work.codec(jobs: job.jobs, progress: bar.advance)
    if let single = number ?? (isSet ? nil : 0) {
      let output = path(ofPicture: names[single], isSet: isSet, job)
      try OutputFile.check(output, force: write.force, inputs: job.inputs)
      try codec.recover(archive, only: single, models: library) { _, picture, damage in
        report.add(isSet ? "\(names[single])" : "the picture", picture, damage.map(archive.describe))
        let time = damage.isEmpty ? time(of: single, in: archive) : nil
        if let picture { try OutputFile.write(output, force: write.force, time: time) { try picture.writePNG(to: $0) } }
      }
    } else {
      let output = try folder(for: names, job, file)
      let times = keepsTimes ? archive.times : []
      do {
        try codec.recover(archive, models: library) { number, picture, damage in
          report.add("\(names[number])", picture, damage.map(archive.describe))
          let time = damage.isEmpty && !times.isEmpty ? times[number] : nil
          if let picture { try output.write(names[number], time: time) { try picture.writePNG(to: $0) } }
        }
        output.keep()
      } catch {
        output.takeBack()
        throw error
      }
    }
    if report.isDamaged { throw report.failure }
    let pixels = saturatedSum(
      archive.series.map { saturatedProduct($0.header.width, $0.header.height, $0.header.count) })
    return FileReport(
      job, bytesBefore: bytes.count, bytesAfter: nil, pixels: pixels, dims: archive.dims, archiveBytes: bytes.count)
  }
}

/// What the user is told of a damaged archive.
private struct RecoveryReport {
  private let file: String
  private var lines: [String]
  /// Pictures.
  private var whole = 0
  private var marked = 0
  private var lost = 0

  init(_ file: String, losses: [Archive.Loss]) {
    self.file = file
    lines = losses.map(\.description)
  }

  var isDamaged: Bool { !lines.isEmpty }

  /// - Parameter damage: the damaged parts of a picture, in words.
  mutating func add(_ name: String, _ picture: Raster?, _ damage: [String]) {
    switch (picture, damage.count) {
    case (nil, 1): lines.append("\(name) is lost: \(damage[0]) is damaged")
    case (nil, _): lines += damage.map { "\($0) is damaged" } + ["\(name) is lost"]
    default: lines += damage.map { "\($0) is damaged" }
    }
    if picture == nil {
      lost += 1
    } else if damage.isEmpty {
      whole += 1
    } else {
      marked += 1
    }
  }

  /// A line for each damage.
  func print() { for line in lines { warn("\(file): \(line)") } }

  /// The line of all.
  var failure: Failure {
    guard whole + marked > 0 else { return Failure(file, "nothing of it can be recovered", status: EX_DATAERR) }
    let counts = [(whole, "whole"), (marked, "in part"), (lost, "lost")].filter { $0.0 > 0 }
    let marks = marked > 0 ? "; damaged tiles are magenta, in gray pictures black" : ""
    return Failure(
      file, "pictures recovered: " + counts.map { "\($0) \($1)" }.joined(separator: ", ") + marks,
      status: Failure.damageStatus)
  }
}
