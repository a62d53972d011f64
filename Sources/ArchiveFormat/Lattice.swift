import ByteCoding

extension Archive {
  /// What the archive says of the colours of a series; from version 3 on.
  public struct Lattice: Equatable, Sendable {
    /// Which colours can be reached.
    public enum Colours: Equatable, Sendable {
      /// All: only what has been seen counts.
      case any
      /// Those that the JFIF conversion makes.
      case jfif
      /// Those that a conversion of these five factors and three offsets makes.
      case conversion(factors: [Int32], offsets: [Int32])
    }

    public var colours: Colours
    /// 0: other colours do not occur; else they weigh so many quarters of a bit less.
    public var escape: UInt8
    /// Whether what is coded is Y, C1 and C2, of which the conversion makes the colours; from version 8 on.
    public var codesPlanes: Bool

    /// - Precondition: planes are of a conversion, and have no escape.
    public init(_ colours: Colours, escape: UInt8 = 0, codesPlanes: Bool = false) {
      precondition(!codesPlanes || colours != .any && escape == 0)
      self.colours = colours
      self.escape = escape
      self.codesPlanes = codesPlanes
    }
  }
}

extension Archive.Lattice {
  private static let largestFactor: UInt32 = 1 << 20
  private static let largestOffset: UInt32 = 1 << 30

  /// - Throws: `ByteReader.PastEnd`, ``ArchiveError``.
  init(_ fields: inout ByteReader) throws {
    let kind = try fields.byte()
    guard kind < 5 else { throw ArchiveError.newerFeature("another kind of colour lattice") }
    codesPlanes = kind > 2
    escape = kind == 0 || codesPlanes ? 0 : try fields.byte()
    switch kind {
    case 0: colours = .any
    case 1, 3: colours = .jfif
    default:
      func numbers(_ count: Int) throws -> [Int32] { try (0..<count).map { _ in try fields.integer() } }
      let (factors, offsets) = (try numbers(5), try numbers(3))
      guard factors.allSatisfy({ $0.magnitude <= Archive.Lattice.largestFactor }),
        offsets.allSatisfy({ $0.magnitude <= Archive.Lattice.largestOffset })
      else { throw ArchiveError.damaged("colour conversion") }
      colours = .conversion(factors: factors, offsets: offsets)
    }
  }

  /// The payload of the chunk.
  var serialised: [UInt8] {
    switch colours {
    case .any: return [0]
    case .jfif: return codesPlanes ? [3] : [1, escape]
    case .conversion(let factors, let offsets):
      var out: [UInt8] = codesPlanes ? [4] : [2, escape]
      for number in factors + offsets { out.append(integer: number) }
      return out
    }
  }
}
