import ByteCoding

extension PNGReconstruction {
  /// Why a file cannot be made again, though its samples can.
  public enum Failure: Error, Equatable, CustomStringConvertible {
    /// Not PNG to the letter, or a zlib stream that says more than the picture.
    case unusualFile
    /// Deflated by something else than zlib, or in a way that is not looked for.
    case unknownDeflate

    public var description: String {
      switch self {
      case .unusualFile: "it is not put together as PNG files are"
      case .unknownDeflate: "no settings of zlib give its deflate stream"
      }
    }
  }

  /// The share of a file that edits may put in.
  private static let editedShare = 32
  /// Bytes behind the last row that a zlib stream may have.
  private static let mostTail = 4096

  /// Finds out by trial how a file was made, and makes sure that it comes back.
  ///
  /// - Parameters:
  ///   - file: the PNG file.
  ///   - picture: what it decodes to.
  ///   - hint: parameters to try first: those of the file before, ``parameters``.
  /// - Throws: ``Failure``.
  /// - Complexity: takes about as many bytes of memory as the file, and as its rows.
  public init(of file: [UInt8], _ picture: Raster, hint: DeflateParameters? = nil) throws(Failure) {
    let most = max(64, file.count / PNGReconstruction.editedShare)
    let rows = PNGRows(picture)
    guard let (stream, lengths) = PNGReconstruction.pictureData(of: file),
      let (data, used) = inflatedPrefix(stream[...], most: rows.bytes + PNGReconstruction.mostTail),
      let (filters, rowEdits) = PNGReconstruction.filters(rows, data, most: most)
    else { throw .unusualFile }
    // Between the header and the Adler-32.
    let deflated = stream[2..<used - 4]
    let (method, made) = try PNGReconstruction.method(
      deflated, data, zlibHeader: Array(stream[..<2]), hint: hint, most: most)
    var remade = stream[..<2] + made
    remade.append(contentsOf: data.withUnsafeBufferPointer { adler32($0) }.bigEndianBytes)
    guard let streamEdits = ByteEdits(from: Array(remade), to: stream, most: most) else { throw .unknownDeflate }
    let zlibHeader = Array(stream[..<2])
    func record(_ fileEdits: ByteEdits) -> PNGReconstruction {
      PNGReconstruction(
        length: file.count, checksum: crc32(file), zlibHeader: zlibHeader, method: method,
        dataLengths: LengthRuns(lengths), rowEdits: rowEdits, streamEdits: streamEdits, fileEdits: fileEdits,
        filters: filters)
    }
    guard let unedited = record(ByteEdits()).unedited(picture, most: .max),
      let fileEdits = ByteEdits(from: unedited, to: file, most: most)
    else { throw .unusualFile }
    // Through its bytes, as a decoder gets it.
    guard let read = PNGReconstruction(bytes: record(fileEdits).bytes), (try? read.file(of: picture)) == file else {
      throw .unusualFile
    }
    self = read
  }

  /// Of a file that zlib's deflate made.
  public var parameters: DeflateParameters? {
    if case .deflated(let parameters) = method { parameters } else { nil }
  }

  /// The bytes in the IDAT chunks of a file, and the chunks' lengths.
  private static func pictureData(of file: [UInt8]) -> (stream: [UInt8], lengths: [Int])? {
    var reader = ByteReader(file.dropFirst(Raster.signature.count))
    var stream: [UInt8] = []
    var lengths: [Int] = []
    while let length = try? reader.integer(UInt32.self).byteSwapped, let type = try? reader.take(4),
      let data = try? reader.take(Int(length)), (try? reader.take(4)) != nil
    {
      if type.elementsEqual("IDAT".utf8) {
        stream += data
        lengths.append(data.count)
      } else if type.elementsEqual("IEND".utf8) {
        break
      }
    }
    return stream.count < 6 ? nil : (stream, lengths)
  }

  /// The filter types in the rows of a file, and how the rows differ from those of its samples.
  private static func filters(_ rows: PNGRows, _ data: [UInt8], most: Int) -> (types: [UInt8], edits: ByteEdits)? {
    guard data.count >= rows.bytes else { return nil }
    let types = rows.starts.map { data[$0] }
    guard types.allSatisfy({ $0 < 5 }) else { return nil }
    var comparison = ByteEdits.Comparison()
    var next = 0
    data.withUnsafeBufferPointer { data in
      rows.forEach(filtered: types) { row in
        // Once there are too many differences there is no need to note more.
        if comparison.inserted <= most {
          comparison.add(row, UnsafeBufferPointer(rebasing: data[next..<next + row.count]))
        }
        next += row.count
      }
    }
    guard comparison.inserted <= most else { return nil }
    return (types, comparison.finish(tail: data[next...]))
  }

  /// What makes a deflate stream, or one that is nearly the same, and what it makes.
  private static func method(
    _ deflated: ArraySlice<UInt8>, _ data: [UInt8], zlibHeader: [UInt8], hint: DeflateParameters?, most: Int
  ) throws(Failure) -> (Method, made: ArraySlice<UInt8>) {
    if let lengths = storedBlocks(deflated) { return (.stored(LengthRuns(lengths)), deflated) }
    let search = DeflateSearch(data: data, stream: deflated, zlibHeader: zlibHeader)
    guard let (parameters, matching) = search.best(hint: hint), matching >= deflated.count - most else {
      throw .unknownDeflate
    }
    return (
      .deflated(parameters), matching == deflated.count ? deflated : DeflateSearch.deflated(data, parameters)[...]
    )
  }

  /// The lengths of the blocks of a deflate stream; nil when one is compressed, or the bits that do not matter are not 0.
  private static func storedBlocks(_ stream: ArraySlice<UInt8>) -> [Int]? {
    var reader = ByteReader(stream)
    var lengths: [Int] = []
    while let head = try? reader.byte(), head < 2 {
      guard let length = try? reader.integer(UInt16.self), let check = try? reader.integer(UInt16.self),
        check == ~length, (try? reader.take(Int(length))) != nil
      else { return nil }
      lengths.append(Int(length))
      if head == 1 { return reader.remaining == 0 ? lengths : nil }
    }
    return nil
  }
}

extension UInt32 {
  fileprivate var bigEndianBytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> UInt32(24 - 8 * $0)) } }
}
