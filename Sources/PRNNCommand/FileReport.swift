/// What became of one file.
struct FileReport: Encodable, Sendable {
  let input: String
  /// nil when nothing was written.
  var output: String?
  var bytesBefore: Int?
  var bytesAfter: Int?
  var pixels: Int?
  /// Bits of the archive for each sample.
  var bitsPerDim: Double?
  var seconds = 0.0
  /// What went wrong, and the exit status of that.
  var error: String?
  var status: Int32 = 0
  /// Samples, and bytes of the archive.
  fileprivate var dims = 0
  fileprivate var archiveBytes = 0

  private enum CodingKeys: String, CodingKey {
    case input, output, bytesBefore, bytesAfter, pixels, bitsPerDim, seconds, error, status
  }

  init(_ file: FileJob, _ failure: Failure) {
    input = file.input
    (error, status) = (failure.cause, failure.status)
  }

  /// - Parameters:
  ///   - dims: samples of all pictures.
  ///   - archiveBytes: the size of the archive, which is one of the two files.
  init(_ file: FileJob, bytesBefore: Int?, bytesAfter: Int?, pixels: Int, dims: Int, archiveBytes: Int) {
    (input, output) = (file.input, file.output)
    (self.bytesBefore, self.bytesAfter) = (bytesBefore, bytesAfter)
    (self.pixels, self.dims, self.archiveBytes) = (pixels, dims, archiveBytes)
    bitsPerDim = Double(archiveBytes) * 8 / Double(max(1, dims))
  }

  /// A file that would be written.
  init(planned file: FileJob) { (input, output) = (file.input, file.output) }

  /// For a reader.
  var line: String {
    var parts: [String] = []
    if let bytesBefore, let bytesAfter { parts.append(sizes(bytesBefore, bytesAfter)) }
    if let bitsPerDim { parts.append("\(decimals(bitsPerDim, 3)) bits/dim") }
    if let pixels { parts.append("\(decimals(Double(pixels) / max(seconds, 1e-9) / 1e6, 2)) MPixel/s") }
    return "\(visible(input)) -> \(visible(output ?? "")): " + parts.joined(separator: ", ")
  }
}

/// What became of all files.
struct BatchSummary: Encodable {
  struct Totals: Encodable {
    let files: Int
    let failed: Int
    let bytesBefore: Int
    let bytesAfter: Int
    let bitsPerDim: Double?
    let megapixelsPerSecond: Double
    let seconds: Double
  }

  let files: [FileReport]
  let totals: Totals

  init(files: [FileReport], seconds: Double) {
    self.files = files
    let done = files.filter { $0.error == nil }
    let dims = done.reduce(0) { $0 + $1.dims }
    totals = Totals(
      files: files.count, failed: files.count - done.count, bytesBefore: done.reduce(0) { $0 + ($1.bytesBefore ?? 0) },
      bytesAfter: done.reduce(0) { $0 + ($1.bytesAfter ?? 0) },
      bitsPerDim: dims > 0 ? Double(done.reduce(0) { $0 + $1.archiveBytes }) * 8 / Double(dims) : nil,
      megapixelsPerSecond: Double(done.reduce(0) { $0 + ($1.pixels ?? 0) }) / max(seconds, 1e-9) / 1e6, seconds: seconds
    )
  }

  /// For a reader; nil when nothing was done.
  var line: String? {
    guard let bitsPerDim = totals.bitsPerDim else { return nil }
    let count = totals.files - totals.failed
    let areSized = files.allSatisfy { $0.error != nil || $0.bytesBefore != nil && $0.bytesAfter != nil }
    return [
      "\(count) \(count == 1 ? "file" : "files")",
      areSized ? sizes(totals.bytesBefore, totals.bytesAfter) : "\(totals.bytesBefore) bytes",
      "\(decimals(bitsPerDim, 3)) bits/dim", "\(decimals(totals.megapixelsPerSecond, 2)) MPixel/s",
    ].joined(separator: ", ")
  }
}

/// Bytes before and after, and their ratio.
private func sizes(_ before: Int, _ after: Int) -> String {
  "\(before) -> \(after) bytes (\(decimals(Double(after) * 100 / Double(max(1, before)), 1)) %)"
}
