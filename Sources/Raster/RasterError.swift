/// Why a picture could not be read or written. Messages follow the name of a file and a colon.
public enum RasterError: Error, Equatable, CustomStringConvertible {
  case empty
  case notPNG
  case jpeg
  case sixteenBit
  case malformed(String)
  case tooLarge(bytes: Int, limit: Int)
  case unwritable(String)

  public var description: String {
    switch self {
    case .empty: "the file is empty; give a PNG picture"
    case .notPNG: "not a PNG picture; convert it to PNG first"
    case .jpeg: "a JPEG picture; it is already smaller than its pixels would be in an archive, so keep it as it is"
    case .sixteenBit: "16 bits a sample cannot be used here; reduce the picture to 8 bits first"
    case .malformed(let cause): "damaged picture (\(cause)); get a fresh copy of it"
    case .tooLarge(let bytes, let limit): tooLargeMessage(bytes: bytes, limit: limit)
    case .unwritable(let cause): "the picture could not be written (\(cause))"
    }
  }
}

/// That a picture does not fit the memory limit, in words.
public func tooLargeMessage(bytes: Int, limit: Int) -> String {
  func megabytes(_ bytes: Int) -> Int { bytes / 1_000_000 + (bytes % 1_000_000 > 0 ? 1 : 0) }
  return "needs \(megabytes(bytes)) MB of memory, more than the limit of \(megabytes(limit)) MB; raise --memory-limit"
}
