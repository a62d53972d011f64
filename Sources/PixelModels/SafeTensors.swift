import FoundationEssentials

/// A safetensors file: named tensors and a table of texts. Layout: https://github.com/huggingface/safetensors.
///
///     let file = SafeTensors(tensors: [.init(name: "w", shape: [2], values: .float32([1, 2]))])
///     let again = try SafeTensors(file: file.serialized())   // again["w"]!.floats! == [1, 2]
///
/// Eight bytes with the length of the header, the header in JSON, then the numbers of all tensors without a gap.
public struct SafeTensors: Equatable, Sendable {
  /// The numbers of a tensor, last index fastest.
  public enum Values: Equatable, Sendable {
    case float32([Float])
    case float64([Double])
    case uint8([UInt8])

    public var count: Int {
      switch self {
      case .float32(let values): values.count
      case .float64(let values): values.count
      case .uint8(let values): values.count
      }
    }
  }

  public struct Tensor: Equatable, Sendable {
    public var name: String
    /// Empty for a single number.
    public var shape: [Int]
    public var values: Values

    /// - Precondition: `values` has as many numbers as `shape` says.
    public init(name: String, shape: [Int], values: Values) {
      precondition(values.count == shape.reduce(1, *))
      self.name = name
      self.shape = shape
      self.values = values
    }

    /// The numbers of a float32 tensor, else nil.
    public var floats: [Float]? { if case .float32(let values) = values { values } else { nil } }
    /// The numbers of a float64 tensor, else nil.
    public var doubles: [Double]? { if case .float64(let values) = values { values } else { nil } }
    /// The numbers of a uint8 tensor, else nil.
    public var bytes: [UInt8]? { if case .uint8(let values) = values { values } else { nil } }
  }

  /// In the order of the file's numbers.
  public var tensors: [Tensor]
  public var metadata: [String: String]

  /// - Precondition: no two tensors have one name, and none is called `__metadata__`.
  public init(tensors: [Tensor], metadata: [String: String] = [:]) {
    precondition(Set(tensors.map(\.name) + [Header.metadataKey]).count == tensors.count + 1)
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The tensor called `name`. Complexity: O(tensors).
  public subscript(name: String) -> Tensor? { tensors.first { $0.name == name } }

  /// Reads a file; numbers of kinds other than F32, F64 and U8 are refused.
  ///
  /// - Throws: ``SafeTensorsError``.
  public init(file: [UInt8]) throws(SafeTensorsError) {
    guard file.count >= 8 else { throw .truncated }
    let length = file[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(file.count - 8) else { throw .truncated }
    let start = 8 + Int(length)
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(file[8..<start])) else { throw .badHeader }
    tensors = []
    metadata = header.metadata
    var offset = 0
    // Empty tensors begin where the next one does.
    let entries = header.entries.sorted { ($0.value.offsets, $0.key) < ($1.value.offsets, $1.key) }
    for (name, entry) in entries {
      guard let width = Values.width(entry.dtype) else { throw .unknownKind(tensor: name, entry.dtype) }
      guard entry.offsets.count == 2, entry.offsets[0] == offset, offset <= entry.offsets[1],
        let size = entry.size(width: width), entry.offsets[1] - offset == size
      else { throw .badSize(tensor: name) }
      guard size <= file.count - start - offset else { throw .truncated }
      let bytes = file[start + offset..<start + offset + size]
      tensors.append(.init(name: name, shape: entry.shape, values: Values(entry.dtype, bytes)))
      offset += size
    }
    guard offset == file.count - start else { throw .truncated }
  }

  /// The bytes of the file. Complexity: O(numbers).
  public func serialized() -> [UInt8] {
    var header = Header(metadata: metadata)
    var offset = 0
    for tensor in tensors {
      let size = tensor.values.count * Values.width(tensor.values.kind)!
      header.entries[tensor.name] = .init(
        dtype: tensor.values.kind, shape: tensor.shape, offsets: [offset, offset + size])
      offset += size
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and numbers only: encoding cannot fail.
    var json = [UInt8](try! encoder.encode(header))
    json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
    var file: [UInt8] = []
    file.reserveCapacity(8 + json.count + offset)
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { file += $0 }
    file += json
    for tensor in tensors { tensor.values.withBytes { file += $0 } }
    return file
  }
}

/// Why a safetensors file cannot be used. Messages follow the name of a file and a colon.
public enum SafeTensorsError: Error, Equatable, CustomStringConvertible {
  case truncated
  case badHeader
  case unknownKind(tensor: String, String)
  case badSize(tensor: String)

  public var description: String {
    switch self {
    case .truncated: "the file is cut short or has bytes too many; get a fresh copy of it"
    case .badHeader: "not a safetensors file, or its header is damaged"
    case .unknownKind(let tensor, let kind): "tensor \(tensor) has numbers of kind \(kind); store them as F32"
    case .badSize(let tensor): "tensor \(tensor) does not have the bytes its shape asks for; the file is damaged"
    }
  }
}

extension SafeTensors.Values {
  var kind: String {
    switch self {
    case .float32: "F32"
    case .float64: "F64"
    case .uint8: "U8"
    }
  }

  /// Bytes of a number.
  static func width(_ kind: String) -> Int? { ["F32": 4, "F64": 8, "U8": 1][kind] }

  /// - Precondition: `kind` is known and `bytes` are whole numbers.
  init(_ kind: String, _ bytes: ArraySlice<UInt8>) {
    func numbers<T>(_ zero: T) -> [T] {
      let count = bytes.count / MemoryLayout<T>.size
      return [T](unsafeUninitializedCapacity: count) { into, filled in
        bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(into).copyMemory(from: $0) }
        filled = count
      }
    }
    switch kind {
    case "F32": self = .float32(numbers(0))
    case "F64": self = .float64(numbers(0))
    default: self = .uint8(Array(bytes))
    }
  }

  func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
    switch self {
    case .float32(let values): values.withUnsafeBytes(body)
    case .float64(let values): values.withUnsafeBytes(body)
    case .uint8(let values): values.withUnsafeBytes(body)
    }
  }
}

private struct Header: Codable {
  struct Entry: Codable {
    let dtype: String
    let shape: [Int]
    /// First byte and the one past the last, from the end of the header.
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }

    /// Bytes that the shape asks for; nil when it makes no sense.
    func size(width: Int) -> Int? {
      shape.reduce(width as Int?) { size, side in
        guard let size, side >= 0 else { return nil }
        let (product, overflow) = size.multipliedReportingOverflow(by: side)
        return overflow ? nil : product
      }
    }
  }

  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  static let metadataKey = "__metadata__"
  var metadata: [String: String]
  var entries: [String: Entry] = [:]

  init(metadata: [String: String]) { self.metadata = metadata }

  init(from decoder: Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    metadata = [:]
    for key in container.allKeys {
      if key.stringValue == Header.metadataKey {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
      }
    }
  }

  func encode(to encoder: Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    if !metadata.isEmpty { try container.encode(metadata, forKey: Key(stringValue: Header.metadataKey)) }
    for (name, entry) in entries { try container.encode(entry, forKey: Key(stringValue: name)) }
  }
}

/// By first byte, then last.
private func < (a: ([Int], String), b: ([Int], String)) -> Bool {
  a.0 == b.0 ? a.1 < b.1 : a.0.lexicographicallyPrecedes(b.0)
}
