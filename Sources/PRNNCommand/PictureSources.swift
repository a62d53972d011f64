import ArchiveFormat
import ByteCoding
import Glibc
import PRNN
import Raster

/// The PNG files that become one archive, and their names in it.
struct PictureSources {
  private struct Source {
    let path: String
    let name: ImageName?
    /// Why it cannot be taken, as far as that is known before it is read.
    var failure: Failure?
  }

  private var sources: [Source] = []
  /// For each folder, files in it that are not taken.
  private var skipped: [(folder: String, files: Int)] = []
  /// Whether it is a picture by itself.
  private let isSingle: Bool

  /// One picture, without a name.
  init(single path: String) {
    isSingle = true
    sources = [Source(path: path, name: nil)]
  }

  /// All PNG files below a folder, named by their paths in it.
  ///
  /// - Throws: ``Failure``, also when there are none.
  init(folder: String) throws {
    isSingle = false
    try add(folder: folder, prefix: [])
  }

  /// PNG files, named by the last parts of their paths, and those below folders, named by the folder's last part and their
  /// paths in it.
  ///
  /// - Throws: ``Failure``, also when two would have the same name.
  init(_ inputs: [String]) throws {
    isSingle = false
    for input in inputs {
      guard input != "-" else {
        throw Failure("standard input", "has no name and cannot be one of several pictures", status: EX_USAGE)
      }
      let last = Array(input.utf8.split(separator: UInt8(ascii: "/")).last ?? input.utf8[...])
      if FolderListing.isFolder(input) {
        try add(folder: input, prefix: last + [UInt8(ascii: "/")])
      } else {
        add(input, name: last)
      }
    }
    if let name = ImageName.clash(among: sources.compactMap(\.name)) {
      throw Failure("\(name)", "two of the pictures would have this name; rename one", status: EX_USAGE)
    }
  }

  private mutating func add(folder: String, prefix: [UInt8]) throws {
    let listing = try FolderListing(folder)
    let taken = listing.files.filter { $0.hasSuffix(".png") }
    guard !taken.isEmpty || !listing.unreadable.isEmpty else {
      throw Failure(folder, "has no PNG files in it; give a folder that has", status: EX_NOINPUT)
    }
    for failure in listing.unreadable { sources.append(Source(path: failure.file, name: nil, failure: failure)) }
    for file in taken {
      add(FolderListing.path(of: file.path, in: folder), name: prefix + file.path, isSpecial: file.isSpecial)
    }
    let others = listing.files.count - taken.count
    if others > 0 { skipped.append((folder, others)) }
  }

  private mutating func add(_ path: String, name bytes: [UInt8], isSpecial: Bool = false) {
    let name = ImageName(bytes)
    var source = Source(path: path, name: name)
    if isSpecial {
      source.failure = Failure(path, "is a pipe, a socket or a device, not a file", status: EX_NOINPUT)
    } else if name == nil {
      let cause = "has a name that an archive cannot keep (not UTF-8, or control characters); rename it"
      source.failure = Failure(path, cause, status: EX_DATAERR)
    }
    sources.append(source)
  }

  /// The files as they are now; without those that cannot be read.
  var states: [SourceFile] { sources.compactMap { SourceFile($0.path) } }

  /// Looks whether all files can be read, without reading them.
  ///
  /// - Throws: ``Failure``.
  func check() throws {
    for source in sources {
      if let failure = source.failure { throw failure }
      _ = try InputFile(source.path)
    }
  }

  /// The files, which no output may replace.
  var identities: Set<FileIdentity> { FileIdentity.sources(sources.lazy.map(\.path)) }

  /// Decodes all files, and says on stderr, in a line for each, which of them cannot be.
  ///
  /// - Parameters:
  ///   - label: what the failure of all is about.
  ///   - strip: leave out metadata that does not change what they look like.
  ///   - times: take the files' times, too.
  ///   - exact: find out what makes the files again, byte for byte.
  ///   - skipsBad: do with those that can be decoded, if there are any.
  /// - Returns: the pictures, the files that cannot be made again though they should, and how many pictures are not there.
  /// - Throws: ``Failure``; of a picture by itself the only line.
  func read(
    _ label: String, memoryLimit: Int, strip: Bool, times: Bool, exact: Bool, skipsBad: Bool
  ) throws -> (set: PictureSet, inexact: InexactFiles, bad: Int) {
    var set = PictureSet()
    var inexact = InexactFiles(all: sources.count)
    var hint: DeflateParameters?
    var bad: [Failure] = []
    var bytesRead = 0
    for source in sources {
      do {
        if let failure = source.failure { throw failure }
        let file = try InputFile(source.path)
        // Without the others it would be for nothing.
        let isWanted = bad.isEmpty || skipsBad
        let (time, room) = (times ? file.time : nil, memoryLimit - set.samples)
        guard exact else {
          var raster = try Raster(png: file.read(into:), memoryLimit: room)
          bytesRead += file.bytesRead
          if strip { raster.strip() }
          if isWanted { set.add(raster, name: source.name, time: time) }
          continue
        }
        let bytes = try file.readAll(limit: room)
        let raster = try Raster(png: bytes, memoryLimit: room)
        guard isWanted else { continue }
        bytesRead += file.bytesRead
        let record = inexact.record(bytes, raster, room: room, source.path, hint: hint)
        hint = record?.parameters ?? hint
        if !set.add(raster, name: source.name, time: time, file: record) {
          inexact.note(source.path, "too many records")
        }
      } catch {
        let path = source.path == "-" ? "standard input" : source.path
        var failure = Failure(path, error)
        if case RasterError.tooLarge(let bytes, _) = error {
          let isTooLarge = bytes > memoryLimit
          let needed = isTooLarge ? bytes : bytes + set.samples
          failure = Failure(path, RasterError.tooLarge(bytes: needed, limit: memoryLimit))
          // Not this one, but all of them.
          if !isTooLarge { throw failure }
        }
        if isSingle { throw failure }
        warn("\(failure.file): \(failure.cause)")
        bad.append(failure)
        if !skipsBad { set = PictureSet() }
      }
    }
    guard bad.isEmpty || skipsBad && set.count > 0 else {
      let part = "\(bad.count) of \(sources.count) pictures cannot be compressed, so there is no archive"
      let advice = bad.count < sources.count ? "; replace them, or leave them out with --skip-bad" : ""
      throw Failure(label, part + advice, status: bad[0].status)
    }
    set.fileBytes = bytesRead
    return (set, inexact, bad.count)
  }

  /// Says on stderr, in a line for each folder, how many files were not taken.
  func reportSkipped() {
    for (folder, files) in skipped {
      warn("\(folder): \(files) other \(files == 1 ? "file is" : "files are") not PNG and not in the archive")
    }
  }
}
