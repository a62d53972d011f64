import Glibc

/// Why training cannot start or go on. Messages follow the name of a file and a colon.
public enum TrainingError: Error, Equatable, CustomStringConvertible {
  case compressed
  case bitRows(bytes: Int, picture: Int)
  case noPictures
  case differentSize(width: Int, height: Int, expected: Int, other: Int)
  case smallerThanTile(width: Int, height: Int)
  case channels(String, expected: Int)
  case bitDepth(Int, expected: Int)
  case holdOut(Int, of: Int)
  case notACheckpoint
  case damagedCheckpoint(String)
  case otherData
  case otherNetwork(String)
  case noArchitecture
  case unquantisable(String)
  case unfitLevels
  case otherFloats
  case notALog
  case diverged(step: Int)
  case bitFolder
  case noSuchPictures(String)
  case tooFewPictures
  case otherModel
  case noFloats
  case levels(Int)
  case leastSquares
  case paperOnly(String)
  case notBetter(start: Double, best: Double)
  /// Failed system calls, with errno.
  case unreadable(Int32)
  case unwritable(Int32)

  public var description: String {
    switch self {
    case .compressed: "is compressed with xz; decompress it first (xz -d)"
    case .bitRows(let bytes, let picture):
      "holds \(bytes) bytes, not a whole number of pictures of \(picture) bytes; set their size with --bits"
    case .noPictures: "holds no PNG pictures; give folders or files of them, or set --bits for rows of bits"
    case .differentSize(let width, let height, let expected, let other):
      "is \(width) × \(height), but the other pictures are \(expected) × \(other); cut all of them with --tile"
    case .smallerThanTile(let width, let height): "is \(width) × \(height), smaller than the tiles of --tile"
    case .channels(let name, let expected):
      "is \(name), but the network takes \(expected == 3 ? "RGB" : "gray"); convert it, or take another network"
    case .bitDepth(let depth, let expected):
      "has \(depth) bits a sample, but the network takes \(expected); convert it\(depth == 1 ? ", or set --bernoulli" : "")"
    case .holdOut(let count, let all): "cannot hold out \(count) of \(all) pictures; lower --hold-out"
    case .notACheckpoint: "not a checkpoint of prnn train; give a file made with --checkpoint"
    case .damagedCheckpoint(let cause): "the checkpoint is damaged (\(cause)); go back to an earlier one"
    case .unfitLevels: "the levels do not fit each other; give networks of one output and channels, coarsest first"
    case .otherFloats: "its networks of floats are not those of its integers; take --no-floats, or quantise it again"
    case .notALog: "is not the log of a training; name another with --log, or remove it"
    case .unquantisable(let layer):
      "the weights of \(layer) are too large for integers of 16 bits, or no numbers; train again with a lower learning rate"
    case .otherData: "the run began with other pictures; give those again"
    case .otherNetwork(let what): "is of another network (\(what)); give its architecture"
    case .noArchitecture: "does not say of which network the tensors are; give a file made by prnn train"
    case .diverged(let step): "the loss is no number any more at step \(step); lower --learning-rate or --clip"
    case .leastSquares:
      "has local least squares, which this program cannot train further; take another model, or spec/reference/train.py"
    case .noSuchPictures(let role):
      "has no PNG pictures of 8 bits that a network for \(role) takes; convert some, or set --role"
    case .tooFewPictures: "is one picture only, so none can be held out; name others with --validation"
    case .otherModel: "is not the model that the run began with; give that one"
    case .noFloats: "has no weights in floats to train further; give a model made by prnn train"
    case .levels(let count):
      count == 1
        ? "has one level only; leave out --levels and --level"
        : "has \(count) levels; say which to train with --levels \(count) --level K"
    case .paperOnly(let option): "is no network of the paper, which \(option) is for; leave it out"
    case .notBetter(let start, let best):
      "not written: on the validation pictures the trained network is no better than the one it started from "
        + "(\(text(best)) bits/dim against \(text(start))); give more pictures, or a lower --learning-rate"
    case .bitFolder: "is a folder; give files of rows of bits, or leave out --bits"
    case .unreadable(let code), .unwritable(let code): String(cString: strerror(code))
    }
  }
}

/// An error about a file.
public struct FileError: Error {
  public let file: String
  /// ``TrainingError`` or `RasterError`.
  public let cause: any Error

  public init(_ file: String, _ cause: any Error) {
    self.file = file
    self.cause = cause
  }
}

/// With four digits behind the point.
private func text(_ bits: Double) -> String { "\((bits * 1e4).rounded() / 1e4)" }
