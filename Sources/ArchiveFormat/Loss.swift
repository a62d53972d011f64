extension Archive {
  /// What is damaged in an archive, beside tiles. Messages follow the name of a file and a colon.
  public enum Loss: Equatable, Sendable, CustomStringConvertible {
    case signature
    case version
    /// A model's chunk MODL.
    case model
    /// A model's chunk MFIL.
    case modelFile(name: String)
    /// By its number, from 1; all its pictures.
    case series(Int, cause: String)
    /// Pictures of lost series, and how many there were in all.
    case images(Int, of: Int)
    /// Those of a series by its number, from 1; nil: all.
    case names(series: Int?)
    /// When its pictures were modified.
    case times(series: Int)
    /// What makes its files again, byte for byte.
    case files(series: Int)
    /// Chunks of the PNG file that are in a list.
    case metadataList(series: Int)
    /// A chunk of the PNG file, by its type where that can be told.
    case metadata(type: String?, series: Int)
    case index(series: Int)
    /// The type or the length of a chunk, which is known again.
    case frame(type: String)
    /// Bytes that nothing else in the archive needs.
    case bytes(Range<Int>)
    case cut
    case end
    case trailing

    public var description: String {
      switch self {
      case .signature: "the signature is damaged; nothing is lost by it"
      case .version: "the version number is damaged; nothing is lost by it"
      case .model: "a chunk MODL, which names a model, is damaged"
      case .modelFile(let name): "the model \(name) in the archive is damaged; it is needed from elsewhere"
      case .series(let number, let cause): "series \(number) is lost with all its pictures (\(cause))"
      case .images(let count, let all):
        "\(count) of \(all) pictures \(count == 1 ? "is" : "are") in series that are lost"
      case .names(let series?): "the names of series \(series) are damaged; its pictures get others"
      case .names(nil): "the names are damaged; the pictures get others"
      case .times(let series): "the times of the files of series \(series) are lost"
      case .files(let series): "series \(series) does not give its files back byte for byte"
      case .metadataList(let series): "chunks of the PNG file of series \(series) are lost"
      case .metadata(let type, let series): "a chunk of the PNG file (\(type ?? "?")) of series \(series) is lost"
      case .index(let series): "the index of series \(series) (chunk INDX) is damaged; nothing is lost by it"
      case .frame(let type): "the type or length of a chunk \(type) is damaged; nothing is lost by it"
      case .bytes(let range): "bytes \(range.lowerBound) to \(range.upperBound - 1) are damaged"
      case .cut: "the archive is cut short"
      case .end: "the end of the archive (chunk DONE) is damaged"
      case .trailing: "bytes follow the end of the archive"
      }
    }
  }
}
