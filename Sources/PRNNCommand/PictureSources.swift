import ArchiveFormat
import ByteCoding
import Glibc
import PRNN
import Raster

/// The PNG files that become one archive, and their names in it.
struct PictureSources {
  private(set) var pictures: [(path: String, name: ImageName?)] = []
  /// For each folder, files in it that are not taken.
  private var skipped: [(folder: String, files: Int)] = []

  /// One picture, without a name.
  init(single path: String) { pictures = [(path, nil)] }

  /// All PNG files below a folder, named by their paths in it.
  ///
  /// - Throws: ``Failure``, also when there are none.
  init(folder: String) throws {
    try add(folder: folder, prefix: [])
  }

  /// PNG files, named by the last parts of their paths, and those below folders, named by the folder's last part and their
  /// paths in it.
  ///
  /// - Throws: ``Failure``, also when two would have the same name.
  init(_ inputs: [String]) throws {
    for input in inputs {
      guard input != "-" else {
        throw Failure("standard input", "has no name and cannot be one of several pictures", status: EX_USAGE)
      }
      let last = Array(input.utf8.split(separator: UInt8(ascii: "/")).last ?? input.utf8[...])
      if FolderListing.isFolder(input) {
        try add(folder: input, prefix: last + [UInt8(ascii: "/")])
      } else {
        try add(input, name: last)
      }
    }
    if let name = ImageName.clash(among: pictures.compactMap(\.name)) {
      throw Failure("\(name)", "two of the pictures would have this name; rename one", status: EX_USAGE)
    }
  }

  private mutating func add(folder: String, prefix: [UInt8]) throws {
    let files = try FolderListing(folder).files
    let taken = files.filter { String(decoding: $0, as: UTF8.self).lowercased().hasSuffix(".png") }
    guard !taken.isEmpty else {
      throw Failure(folder, "has no PNG files in it; give a folder that has", status: EX_NOINPUT)
    }
    for file in taken { try add(FolderListing.path(of: file, in: folder), name: prefix + file) }
    if taken.count < files.count { skipped.append((folder, files.count - taken.count)) }
  }

  private mutating func add(_ path: String, name: [UInt8]) throws {
    guard let name = ImageName(name) else {
      let cause = "has a name that an archive cannot keep (not UTF-8, or control characters); rename it"
      throw Failure(path, cause, status: EX_DATAERR)
    }
    pictures.append((path, name))
  }

  /// Decodes all files.
  ///
  /// - Parameters:
  ///   - strip: leave out metadata that does not change what they look like.
  ///   - times: take the files' times, too.
  ///   - exact: find out what makes the files again, byte for byte.
  /// - Returns: the pictures, and the files that cannot be made again though they should.
  /// - Throws: ``Failure`` for the first one that cannot be.
  func read(memoryLimit: Int, strip: Bool, times: Bool, exact: Bool) throws -> (PictureSet, inexact: InexactFiles) {
    var set = PictureSet()
    var inexact = InexactFiles(all: pictures.count)
    var hint: DeflateParameters?
    for (path, name) in pictures {
      let file = try InputFile(path)
      do {
        let time = times ? file.time : nil
        guard exact else {
          var raster = try Raster(png: file.read(into:), memoryLimit: memoryLimit - set.samples)
          if strip { raster.strip() }
          set.add(raster, name: name, time: time)
          continue
        }
        let bytes = try file.readAll(limit: memoryLimit - set.samples)
        let raster = try Raster(png: bytes, memoryLimit: memoryLimit - set.samples)
        let record = inexact.record(bytes, raster, room: memoryLimit - set.samples, path, hint: hint)
        hint = record?.parameters ?? hint
        if !set.add(raster, name: name, time: time, file: record) { inexact.note(path, "too many records") }
      } catch RasterError.tooLarge(let bytes, _) {
        let (needed, overflow) = bytes.addingReportingOverflow(set.samples)
        throw Failure(file.name, RasterError.tooLarge(bytes: overflow ? bytes : needed, limit: memoryLimit))
      } catch { throw Failure(file.name, error) }
    }
    return (set, inexact)
  }

  /// Says on stderr, in a line for each folder, how many files were not taken.
  func reportSkipped() {
    for (folder, files) in skipped {
      warn("\(folder): \(files) other \(files == 1 ? "file is" : "files are") not PNG and not in the archive")
    }
  }
}
