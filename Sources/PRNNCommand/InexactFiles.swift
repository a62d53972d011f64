import ByteCoding
import PRNN
import Raster

/// The files that an archive does not give back byte for byte though it was to.
struct InexactFiles {
  private let all: Int
  private var count = 0
  private var first: (path: String, cause: String)?

  /// - Parameter all: files of the archive.
  init(all: Int) { self.all = all }

  var isAny: Bool { count > 0 }

  mutating func note(_ path: String, _ cause: String) {
    count += 1
    first = first ?? (path, cause)
  }

  /// What makes a file again; nil when nothing does, which is noted.
  ///
  /// - Parameter room: bytes for the file, its samples, its rows, and the file made again.
  mutating func record(
    _ file: [UInt8], _ picture: Raster, room: Int, _ path: String, hint: DeflateParameters?
  ) -> PNGReconstruction? {
    guard saturatedSum([file.count, file.count, picture.samples.count, picture.samples.count]) <= room else {
      note(path, "that takes more memory than the limit; raise --memory-limit")
      return nil
    }
    do { return try PNGReconstruction(of: file, picture, hint: hint) } catch {
      note(path, "\(error)")
      return nil
    }
  }

  /// Says so on stderr, in a line.
  func report(_ label: String) {
    guard let first else { return }
    let kept = "the archive has all pixels and chunks"
    guard all > 1 else { return warn("\(label): does not come back byte for byte (\(first.cause)); \(kept)") }
    let files = "\(count) of \(all) files \(count == 1 ? "does" : "do")"
    warn("\(label): \(files) not come back byte for byte (\(first.path): \(first.cause)); \(kept)")
  }
}
