import Glibc

/// The course of a run: a CSV file that grows by rows, and a picture of it beside.
public final class TrainingLog {
  /// Where a run stood.
  public struct Row: Equatable, Sendable {
    public var step: Int
    public var epoch: Double
    public var pictures: Int
    public var seconds: Double
    /// Means over the steps since the row before.
    public var trainNats: Double
    public var trainBits: Double
    /// Nats a picture and bits/dim; nil between validations.
    public var validationNats: Double?
    public var validationBits: Double?
    public var rate: Double
    /// Mean over the steps since the row before.
    public var norm: Double
  }

  static let heading =
    "step,epoch,pictures,seconds,train_nats,train_bits_per_dim,validation_nats,validation_bits_per_dim,"
    + "learning_rate,gradient_norm"

  public let path: String?
  public private(set) var rows: [Row] = []

  /// Starts a log, or goes on with one.
  ///
  /// - Parameters:
  ///   - path: the CSV file; nil keeps the rows in memory only.
  ///   - step: where the run stands. Rows of later steps, from a run that was stopped hard, are taken out of the file.
  /// - Throws: ``FileError``.
  public init(_ path: String?, at step: Int) throws {
    self.path = path
    guard let path else { return }
    if step > 0, access(path, F_OK) == 0 {
      let text = String(decoding: try contents(of: path), as: UTF8.self)
      // Somebody else's file is not written over.
      guard text.isEmpty || text.hasPrefix(TrainingLog.heading) else { throw FileError(path, TrainingError.notALog) }
      rows = text.split(whereSeparator: \.isNewline).dropFirst().compactMap { Row(String($0)) }
        .filter { $0.step <= step }
    }
    try writeDurably(Array(([TrainingLog.heading] + rows.map(\.text)).map { $0 + "\n" }.joined().utf8), to: path)
  }

  /// Adds a row, to the file too.
  ///
  /// - Throws: ``FileError``.
  public func append(_ row: Row) throws {
    rows.append(row)
    guard let path else { return }
    let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw unwritable(path) }
    defer { close(descriptor) }
    try Array((row.text + "\n").utf8).withUnsafeBytes { try put($0, to: descriptor, path) }
  }

  /// Writes the picture: beside the CSV file, with the suffix .png.
  ///
  /// - Throws: ``FileError``.
  public func draw() throws {
    guard let path, !rows.isEmpty else { return }
    try writeDurably(LossPlot(rows).raster().png(), to: TrainingLog.picture(of: path))
  }

  /// The name of the picture of a log.
  public static func picture(of path: String) -> String {
    (path.hasSuffix(".csv") ? String(path.dropLast(4)) : path) + ".png"
  }
}

extension TrainingLog.Row {
  var text: String {
    let fields: [String] = [
      "\(step)", rounded(epoch, 4), "\(pictures)", rounded(seconds, 2), rounded(trainNats, 4), rounded(trainBits, 6),
      validationNats.map { rounded($0, 4) } ?? "", validationBits.map { rounded($0, 6) } ?? "", rounded(rate, 9),
      rounded(norm, 4),
    ]
    return fields.joined(separator: ",")
  }

  /// From a line of the file; nil for one that was cut short.
  init?(_ line: String) {
    let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == 10, let step = Int(fields[0]), let pictures = Int(fields[2]) else { return nil }
    let numbers = fields.map { Double($0) }
    guard let epoch = numbers[1], let seconds = numbers[3], let nats = numbers[4], let bits = numbers[5],
      let rate = numbers[8], let norm = numbers[9]
    else { return nil }
    self.init(
      step: step, epoch: epoch, pictures: pictures, seconds: seconds, trainNats: nats, trainBits: bits,
      validationNats: numbers[6], validationBits: numbers[7], rate: rate, norm: norm)
  }
}

private func rounded(_ x: Double, _ digits: Int) -> String {
  let scale = pow(10, Double(digits))
  return "\((x * scale).rounded() / scale)"
}
