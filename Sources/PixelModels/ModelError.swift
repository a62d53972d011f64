/// Why a model file cannot be used. Messages follow the name of a file and a colon.
public enum ModelError: Error, Equatable, CustomStringConvertible {
  case notAModel
  case newerVersion(Int)
  case truncated
  case unsupported(String)
  case unbounded(layer: Int)
  case shapes(expected: Int, found: Int)

  public var description: String {
    switch self {
    case .notAModel: "not a prnn model file; give a file made by prnn train or prnn quantise"
    case .newerVersion(let version):
      "model file of version \(version); this program reads versions up to \(Model.version); get a newer prnn"
    case .truncated: "the model file is damaged or cut short; get a fresh copy of it"
    case .unsupported(let what): "the model file asks for \(what), which this program cannot run; get a newer prnn"
    case .shapes(let expected, let found):
      "a network takes \(expected) bytes by its architecture and \(found) by its length; the model file is damaged"
    case .unbounded(let layer): "the sums of layer \(layer) may exceed 32 bits; the model file cannot be trusted"
    }
  }
}
