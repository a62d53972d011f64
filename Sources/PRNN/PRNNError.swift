import ArchiveFormat
import Raster

/// Why a picture could not be compressed or an archive not decompressed. Messages follow the name of a file and a colon.
public enum PRNNError: Error, Equatable, CustomStringConvertible {
  case cancelled
  case unknownModel(name: String, hash: String)
  case noNetwork(model: String, role: String)
  case noSuchKernel(String, available: [String])
  case damagedPixels
  case unfaithful
  case tooLarge(bytes: Int, limit: Int)
  case severalImages(Int)
  case otherLevels(Int, model: String)
  case notBilevel(model: String)
  case latticeWithoutLocalNetwork(model: String)
  case notPlain(String)
  case nameClash(String)
  case outside(PixelRectangle, width: Int, height: Int)

  public var description: String {
    switch self {
    case .cancelled: "was cancelled"
    case .unknownModel(let name, let hash):
      "needs the model \(name) (\(hash.prefix(16))…), which is not at hand; give its file"
    case .noNetwork(let model, let role):
      "the model \(model) has no network for \(role) samples; choose another"
    case .noSuchKernel(let name, let available):
      "PRNN_KERNEL=\(name) is not to be had on this machine; set it to one of \(available.joined(separator: ", "))"
    case .damagedPixels: "the pixels do not match their checksum; get a fresh copy of the archive"
    case .unfaithful: "the archive did not decode to the picture again, so it was not kept; please report this as a bug"
    case .tooLarge(let bytes, let limit): tooLargeMessage(bytes: bytes, limit: limit)
    case .severalImages(let count): "holds \(count) images; take one of them by its name or number"
    case .otherLevels(let count, let model):
      "is coded in \(count) sizes, but the model \(model) has not as many networks for each kind of channel; choose another"
    case .notBilevel(let model):
      "the model \(model) codes gray pictures of 1 bit a sample only; choose another"
    case .latticeWithoutLocalNetwork(let model):
      "has a colour lattice, but the model \(model) has no local network for colours; get a fresh copy of the archive"
    case .notPlain(let type): "is a \(type) picture; only gray and RGB pictures can be completed"
    case .nameClash(let name): "two pictures would be called \(name), or one of them is a folder; rename one"
    case .outside(let part, let width, let height):
      "\(part) is not inside the picture, which has \(width)x\(height) pixels; choose another part"
    }
  }
}
