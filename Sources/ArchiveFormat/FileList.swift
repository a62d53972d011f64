import ByteCoding

/// What the files of a series have beside samples and chunks, as the bytes of a FILE chunk: a record for each image, which is
/// bytes here; spec/format.md, "FILE".
enum FileList {
  /// - Parameter files: a record for each image, empty where there is none.
  static func encode(_ files: [[UInt8]]) -> [UInt8] {
    var list: [UInt8] = []
    for file in files {
      list.append(number: UInt64(file.count))
      list += file
    }
    return PackedList.encode(list)
  }

  /// - Parameter limit: the most bytes of the list; it is less by them then.
  /// - Throws: `ArchiveError`, or `ByteReader.PastEnd` when the list ends too early.
  static func decode(_ fields: inout ByteReader, count: Int, limit: inout Int) throws -> [[UInt8]] {
    let damaged = ArchiveError.damaged("list of files")
    guard let bytes = try PackedList.decode(&fields, limit: limit, called: "files"), bytes.count >= count else {
      throw damaged
    }
    limit -= bytes.count
    var list = ByteReader(bytes)
    var files: [[UInt8]] = []
    files.reserveCapacity(count)
    for _ in 0..<count {
      guard let length = try? list.number(), let file = try? list.take(Int(clamping: length)) else { throw damaged }
      files.append(Array(file))
    }
    guard list.remaining == 0, files.contains(where: { !$0.isEmpty }) else { throw damaged }
    return files
  }
}
