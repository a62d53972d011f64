import ArgumentParser
import PRNN

/// What shells offer for a value. Names of files are left to the shell: bash would run the commands in names that come from us.
extension CompletionKind {
  static var pictures: CompletionKind { .file(extensions: ["png"]) }
  static var archives: CompletionKind { .file(extensions: ["prnn"]) }
  static var weights: CompletionKind { .file(extensions: ["safetensors"]) }
  static var models: CompletionKind { .list(ModelLibrary.bundled.names) }
  static var efforts: CompletionKind { .list(Effort.named.map(\.name)) }
}
