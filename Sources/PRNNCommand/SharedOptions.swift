import ArgumentParser
import CMalloc
import Glibc
import IntegerInference
import PRNN
import PixelModels

struct WorkOptions: ParsableArguments {
  @Option(
    name: [.long, .customShort("T")], help: ArgumentHelp("Threads to use.", valueName: "n"))
  var threads: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

  @Option(help: ArgumentHelp("The most memory a picture may take, with K, M or G.", valueName: "size"))
  var memoryLimit: ByteCount = ByteCount(bytes: standardMemoryLimit)

  static let standardMemoryLimit = 2 << 30

  func validate() throws {
    guard (1...1024).contains(threads) else { throw ValidationError("--threads takes a number from 1 to 1024.") }
  }

  /// Before pictures of so many samples are coded. The streams of large ones come and go in every size: what one leaves in the
  /// heap is seldom of use for the next, and stays (a quarter of the peak memory of 100 MPixel).
  static func prepareHeap(samples: Int) {
    if samples > 1 << 25 { mallopt(M_MMAP_THRESHOLD, 1 << 17) }
  }

  /// - Parameter jobs: codecs at work at the same time, which share the threads.
  func codec(jobs: Int = 1, progress: @escaping @Sendable (Int) -> Void = { _ in }) throws -> Codec {
    try Codec(threads: max(1, threads / jobs), memoryLimit: memoryLimit.bytes, progress: progress)
  }
}

struct TimeOption: ParsableArguments {
  @Flag(name: .customLong("no-preserve"), help: "Do not keep when the pictures' files were modified.")
  var dropsTimes = false
}

struct WriteOptions: ParsableArguments {
  @Option(
    name: .shortAndLong, help: ArgumentHelp("The file to write; - is standard output.", valueName: "file"),
    completion: .file())
  var output: String?

  @Flag(name: .shortAndLong, help: "Overwrite files that exist.")
  var force = false

  @Flag(name: .shortAndLong, help: "Show no progress.")
  var quiet = false

  /// The file written for an input: the one asked for, or beside the input with another suffix.
  func path(for input: String, suffix: String) -> String {
    if let output { return output }
    if input == "-" { return "-" }
    guard FolderListing.isFolder(input) else { return replacingSuffix(of: input, by: suffix) }
    var bytes = Array(input.utf8)
    while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self) + suffix
  }

  /// - Throws: `ValidationError` when two inputs would be written to one file.
  func check(_ inputs: [String], suffix: String) throws {
    var seen: [[UInt8]: String] = [:]
    for input in inputs {
      let path = path(for: input, suffix: suffix)
      if let other = seen[Array(path.utf8)] {
        throw ValidationError("\(other) and \(input) would both become \(path).")
      }
      seen[Array(path.utf8)] = input
    }
  }
}

/// The path of a file with another suffix in place of its own, if it has one.
func replacingSuffix(of path: String, by suffix: String) -> String {
  // In bytes: a name need not consist of whole characters.
  let bytes = Array(path.utf8)
  let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
  let dot = bytes[start...].lastIndex(of: UInt8(ascii: ".")).flatMap { $0 == start ? nil : $0 }
  return String(decoding: bytes[..<(dot ?? bytes.endIndex)], as: UTF8.self) + suffix
}

/// An effort by its name, or by the numbers of spec/format.md ("LRNG") with commas between them, those of several copies of the
/// network one after the other, then the mixing rate and the least weight; behind a slash those of "FITS".
extension Effort: ExpressibleByArgument {
  public init?(argument: String) {
    if let known = Effort.named.first(where: { $0.name == argument }) {
      self = known.effort
      return
    }
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2 else { return nil }
    let numbers = parts[0].split(separator: ",").map { UInt16($0) }
    guard numbers.count >= 11, !numbers.contains(nil) else { return nil }
    var bytes: [UInt8] = []
    for (i, number) in numbers.enumerated() {
      let isByte = (1...5).contains(i % 11) || i >= numbers.count / 11 * 11
      if isByte, number! > 255 { return nil }
      bytes += isByte ? [UInt8(number!)] : [UInt8(number! & 255), UInt8(number! >> 8)]
    }
    guard var learning = Learning(bytes: bytes) else { return nil }
    if parts.count > 1 {
      let bytes = parts[1].split(separator: ",").map { UInt8($0) }
      guard !bytes.contains(nil), let fits = Learning.Fits(bytes: bytes.map { $0! }) else { return nil }
      learning.fits = fits
    }
    self.init(learning: learning)
  }

  public var defaultValueDescription: String { Effort.named.first { $0.effort == self }?.name ?? "numbers" }
}

struct EffortOption: ParsableArguments {
  /// The efforts by numbers, as other compressors have them.
  enum Level: Int, CaseIterable, EnumerableFlag {
    case one = 1
    case two, three, four, five, six, seven, eight, nine

    static func name(for level: Level) -> NameSpecification { .customShort(Character("\(level.rawValue)")) }

    static func help(for level: Level) -> ArgumentHelp? {
      switch level {
      case .one: "The same as --effort fast; so are -2 and -3."
      case .four: "The same as --effort balanced; so are -5 and -6."
      case .seven: "The same as --effort max; so are -8 and -9."
      default: .hidden
      }
    }

    var effort: Effort { rawValue < 4 ? .fast : rawValue < 7 ? .balanced : .max }
  }

  @Option(
    name: .customLong("effort"),
    help: ArgumentHelp(
      "How much time coding may take: fast, balanced (unless told otherwise) or max. A higher effort makes smaller archives.",
      valueName: "effort"), completion: .efforts)
  var chosen: Effort?

  @Flag(exclusivity: .exclusive) var level: Level?

  var effort: Effort { chosen ?? level?.effort ?? .balanced }

  func validate() throws {
    if chosen != nil, let level { throw ValidationError("-\(level.rawValue) is an effort; leave it out, or --effort.") }
  }

  /// The model for new archives: the one asked for, or that of the effort.
  func model(_ option: ModelOption, in library: ModelLibrary) -> Model {
    option.model == nil ? effort.model(in: library) : library.standard
  }
}

struct ModelOption: ParsableArguments {
  @Option(help: ArgumentHelp("A model of the program, or a model file.", valueName: "name|file"), completion: .models)
  var model: String?

  /// The models of the program, with the one asked for, if any, first.
  func library() throws -> ModelLibrary {
    var library = ModelLibrary.bundled
    if let model { library.add(try ModelOption.model(named: model)) }
    return library
  }

  /// A model of the program, or of a file.
  ///
  /// - Throws: ``Failure``.
  static func model(named name: String) throws -> Model {
    let library = ModelLibrary.bundled
    if let known = library.model(named: name) { return known }
    guard access(name, F_OK) == 0 else {
      let names = library.names.joined(separator: ", ")
      throw Failure(name, "no such model; give one of \(names), or a model file", status: EX_USAGE)
    }
    do { return try Model(file: InputFile(name).readAll(limit: 1 << 28)) } catch { throw Failure(name, error) }
  }
}

/// A number of bytes, as in 500M.
struct ByteCount: ExpressibleByArgument, CustomStringConvertible {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    let unit = argument.last.flatMap { units[Character($0.uppercased())] }
    guard let number = Int(unit == nil ? argument[...] : argument.dropLast()), number > 0 else { return nil }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflow else { return nil }
    self.bytes = bytes
  }

  var description: String {
    for (name, unit) in [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)] where bytes % unit == 0 {
      return "\(bytes / unit)\(name)"
    }
    return "\(bytes)"
  }
}
