/// The name of an image in an archive: the path of its file relative to a folder, in UTF-8, its parts divided by "/". Such a
/// path never leads out of the folder, and can be shown on a terminal.
///
///     ImageName("digits/00041.png") != nil
///     ImageName("../passwd") == nil
///
/// Names are equal when their bytes are.
public struct ImageName: Hashable, Sendable, CustomStringConvertible {
  /// The most bytes of a name.
  public static let longest = 4095

  public let bytes: [UInt8]

  /// - Returns: nil unless it has 1 ... 4095 bytes of UTF-8 without control characters, and parts that are neither empty
  ///   nor "." nor "..".
  public init?(_ bytes: some Sequence<UInt8>) {
    self.bytes = Array(bytes)
    guard self.bytes.count <= ImageName.longest, let text = String(validating: self.bytes, as: UTF8.self),
      text.unicodeScalars.allSatisfy({ $0.value >= 32 && !(127..<160).contains($0.value) }),
      parts.allSatisfy({ !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) })
    else { return nil }
  }

  public init?(_ text: String) { self.init(text.utf8) }

  public var description: String { String(decoding: bytes, as: UTF8.self) }

  private var parts: [ArraySlice<UInt8>] {
    bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  }

  /// Without its folders.
  public var lastPart: ImageName { ImageName(parts.last!)! }
}

extension ImageName {
  /// A name that cannot stand beside the others in a folder: it comes twice, or another needs it as a folder; nil if there
  /// is none. O(n log n).
  public static func clash(among names: [ImageName]) -> ImageName? {
    // With "/" before all else, what is in a folder comes right after its name.
    func rank(_ byte: UInt8) -> UInt8 { byte == UInt8(ascii: "/") ? 0 : byte }
    let sorted = names.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) { rank($0) < rank($1) } }
    return zip(sorted, sorted.dropFirst()).first { first, second in
      second.bytes.starts(with: first.bytes)
        && (second == first || second.bytes[first.bytes.count] == UInt8(ascii: "/"))
    }?.0
  }
}
