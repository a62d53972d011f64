import ArchiveFormat
import ArgumentParser
import Glibc
import PRNN
import Raster

extension Coding: ExpressibleByArgument {}

struct Compress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compress PNG pictures to .prnn archives.",
    discussion: """
      Each IN.png becomes IN.prnn beside it, and each FOLDER becomes one archive FOLDER.prnn of all PNG files in it; several \
      inputs and one -o make one archive of all. The PNG files stay. What cannot be compressed is named, and the others are; an \
      archive of several pictures is made of all or, with --skip-bad, of those that can be. Every archive is decoded and compared before it is kept. \
      JPEG pictures are refused: they are already smaller than an archive of their pixels.

      Examples:
        prnn compress photo.png
        prnn compress -9 photo.png -o small.prnn
        prnn compress -r -j 2 pictures -o archives
        prnn compress pictures -o set.prnn
        prnn compress - < photo.png > photo-2.prnn
      """)

  @Argument(help: "PNG files and folders; - is standard input.", completion: .pictures)
  var inputs: [String]

  @OptionGroup var write: WriteOptions
  @OptionGroup var batch: BatchOptions
  @OptionGroup var model: ModelOption
  @OptionGroup var effort: EffortOption
  @OptionGroup var times: TimeOption
  @OptionGroup var work: WorkOptions

  @Flag(help: "Put the model into the archive, so that it can be decompressed without the model's file.")
  var embedModel = false

  @Option(
    help: ArgumentHelp(
      "What codes the samples: networks, context mixing, or what is best for each tile.", valueName: "coding"))
  var coding: Coding = .best

  @Flag(
    help: ArgumentHelp(
      "Leave out metadata that does not change what a picture looks like.",
      discussion: """
        Texts, dates, Exif (and the orientation in it), backgrounds and unknown chunks go. Palettes, transparency, colour \
        profiles, gamma, resolution and the frames of animations stay.
        """))
  var strip = false

  @Flag(
    help: ArgumentHelp(
      "Keep what makes the PNG files again, byte for byte.",
      discussion: """
        Those are the filter of each row and the settings of zlib, which are found by trial. Files that other programs than \
        zlib deflated cannot be made again: their pixels and chunks are kept as always, and a line on standard error says so.
        """))
  var exact = false

  @Flag(
    name: .customLong("skip-bad"),
    help: ArgumentHelp(
      "Make an archive of several pictures without those that cannot be read.",
      discussion: "They are named; the exit status is then 3."))
  var skipsBad = false

  @Flag(name: .customLong("no-verify"), help: "Do not decode the archive again to check it.")
  var skipsVerification = false

  @Flag(
    help: ArgumentHelp(
      "Delete each PNG file once its archive is on the disk and was decoded and compared.",
      discussion: "With --exact only those that come back byte for byte."))
  var deleteSource = false

  func validate() throws {
    if strip, exact { throw ValidationError("--exact keeps all of a file; leave out --strip.") }
    if deleteSource, skipsVerification {
      throw ValidationError("--delete-source needs the check that --no-verify leaves out.")
    }
    if deleteSource, inputs.contains("-") { throw ValidationError("--delete-source needs files, not standard input.") }
    if write.output == "-" || inputs.contains("-") && write.output == nil {
      if deleteSource { throw ValidationError("--delete-source needs an archive in a file; name one with -o.") }
      if batch.json { throw ValidationError.outputBesideJSON }
    }
  }

  func run() throws {
    let inputs = expandingPatterns(inputs)
    if !batch.recursive, inputs.count > 1, let output = write.output {
      let all = FileJob(input: inputs.joined(separator: " "), output: output)
      try batch.run([all], write, undone: ("files", "compressed")) { job in
        try compress(PictureSources(inputs), called: output, job)
      }
    } else {
      let files = try batch.files(inputs, write, suffix: ".png", new: ".prnn")
      try batch.run(files, write, undone: ("files", "compressed")) { job in
        let name = job.input == "-" ? "standard input" : job.input
        guard FolderListing.isFolder(job.input) else {
          return try compress(PictureSources(single: job.input), called: name, job)
        }
        if write.output == nil, [".", "..", nil].contains(job.input.split(separator: "/").last) {
          throw Failure(job.input, "name the archive of this folder with -o", status: EX_USAGE)
        }
        return try compress(PictureSources(folder: job.input), called: name, job)
      }
    }
  }

  /// Makes one archive.
  private func compress(_ sources: PictureSources, called label: String, _ job: FileJob) throws -> FileReport {
    let (library, output) = (try model.library(), job.output)
    try OutputFile.check(output, force: write.force, inputs: job.inputs, sources.identities)
    if batch.dryRun {
      try sources.check()
      if !batch.json { try printLine("\(visible(label)) -> \(visible(output))") }
      return FileReport(planned: job)
    }
    if deleteSource, let there = FileIdentity(output), !there.isRegular {
      throw Failure(output, "is no file; --delete-source needs an archive that can be read again", status: EX_USAGE)
    }
    let states = deleteSource ? sources.states : []
    let (set, inexact, bad) = try sources.read(
      label, memoryLimit: work.memoryLimit.bytes, strip: strip, times: !times.dropsTimes, exact: exact,
      skipsBad: skipsBad)
    let bar = ProgressBar(
      label, total: set.samples * (skipsVerification ? 1 : 2), quiet: write.quiet || job.jobs > 1)
    defer { bar.finish() }
    let archive: [UInt8]
    WorkOptions.prepareHeap(samples: set.samples)
    do {
      archive = try work.codec(jobs: job.jobs, progress: bar.advance)
        .compress(
          set, model: effort.model(model, in: library), embedModel: embedModel, effort: effort.effort,
          coding: coding, verify: !skipsVerification)
      try OutputFile.write(output, force: write.force, syncs: deleteSource || !batch.recursive) { sink in
        try archive.withUnsafeBytes(sink)
      }
    } catch { throw Failure(label, error) }
    inexact.report(label)
    sources.reportSkipped()
    if bad > 0 {
      let cause = "\(bad) of \(bad + set.count) pictures \(bad == 1 ? "is" : "are") not in the archive"
      throw Failure(label, cause, status: Failure.damageStatus)
    }
    if deleteSource { try SourceFile.delete(states, archive, output, isExact: !inexact.isAny, label) }
    return FileReport(
      job, bytesBefore: set.fileBytes, bytesAfter: archive.count, pixels: set.pixels, dims: set.dims,
      archiveBytes: archive.count)
  }
}
