import ByteCoding
import Testing

@testable import ArchiveFormat

@Suite struct LatticeTests {
  private func archive(_ lattice: Archive.Lattice?, colourType: UInt8 = 2, version: Int = 3) -> Archive {
    let header = Archive.Header(
      width: 2, height: 1, colourType: colourType, bitDepth: 8, interlaced: false, model: 0, tileWidth: 2, tileHeight: 1
    )
    return Archive(
      version: version, models: [.init(hash: Array(0..<32), name: "photo")],
      series: [.init(header: header, lattice: lattice, checksums: [7], tiles: [[[1, 2]]])])
  }

  /// The archive with another payload in its chunk LATT of the same length.
  private func with(_ payload: [UInt8], in lattice: Archive.Lattice) -> [UInt8] {
    var bytes = archive(lattice).serialised()
    let old = Array("LATT".utf8) + [UInt8(payload.count), 0, 0, 0]
    let at = bytes.indices.first { bytes[$0...].starts(with: old) }!
    bytes.replaceSubrange(at + 8..<at + 8 + payload.count, with: payload)
    var crc: [UInt8] = []
    crc.append(integer: crc32(bytes[at..<at + 8 + payload.count]))
    bytes.replaceSubrange(at + 8 + payload.count..<at + 12 + payload.count, with: crc)
    return bytes
  }

  static let conversion = Archive.Lattice.Colours.conversion(
    factors: [1 << 20, -1 << 20, 0, 1, -1], offsets: [1 << 30, -1 << 30, 5])

  @Test(arguments: [
    Archive.Lattice(.any), .init(.jfif), .init(.jfif, escape: 40), .init(conversion), .init(conversion, escape: 255),
  ])
  func roundTrip(lattice: Archive.Lattice) throws {
    #expect(try Archive(archive(lattice).serialised()) == archive(lattice))
  }

  @Test func bytesOfTheSpecification() {
    #expect(Archive.Lattice(.any).serialised == [0])
    #expect(Archive.Lattice(.jfif, escape: 3).serialised == [1, 3])
    let numbers: [UInt8] = [0, 0, 16, 0, 0, 0, 240, 255, 0, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255]
    let offsets: [UInt8] = [0, 0, 0, 64, 0, 0, 0, 192, 5, 0, 0, 0]
    #expect(Archive.Lattice(LatticeTests.conversion).serialised == [2, 0] + numbers + offsets)
  }

  @Test(arguments: [Archive.Lattice(.jfif, codesPlanes: true), .init(conversion, codesPlanes: true)])
  func planesAreOfVersion8(lattice: Archive.Lattice) throws {
    #expect(lattice.serialised.first == (lattice.colours == .jfif ? 3 : 4))
    #expect(try Archive(archive(lattice, version: 8).serialised()).series[0].lattice == lattice)
    for version in 3..<8 {
      #expect(throws: ArchiveError.damaged("version \(version)")) {
        try Archive(archive(lattice, version: version).serialised())
      }
    }
    #expect(throws: ArchiveError.damaged("version 8")) {
      try Archive(archive(.init(.jfif), version: 8).serialised())
    }
  }

  @Test func olderVersionsHaveNone() {
    for version in [1, 2] {
      #expect(throws: ArchiveError.newerFeature("chunk LATT")) {
        try Archive(archive(.init(.any), version: version).serialised())
      }
    }
  }

  @Test func damage() {
    #expect(throws: ArchiveError.damaged("a colour lattice without colours")) {
      try Archive(archive(.init(.any), colourType: 0).serialised())
    }
    #expect(throws: ArchiveError.newerFeature("another kind of colour lattice")) {
      try Archive(with([5], in: .init(.any)))
    }
    #expect(throws: ArchiveError.damaged("length of chunk LATT")) { try Archive(with([1], in: .init(.any))) }
    #expect(throws: ArchiveError.damaged("length of chunk LATT")) { try Archive(with([0, 0], in: .init(.jfif))) }
    // A factor of 2^20 + 1, an offset of -2^30 - 1.
    let lattice = Archive.Lattice(LatticeTests.conversion)
    for (at, value) in [(2, [1, 0, 16, 0]), (26, [255, 255, 255, 191])] as [(Int, [UInt8])] {
      var payload = lattice.serialised
      payload.replaceSubrange(at..<at + 4, with: value)
      #expect(throws: ArchiveError.damaged("colour conversion")) { try Archive(with(payload, in: lattice)) }
    }
  }

  @Test func everyFlippedBitIsRefused() {
    let bytes = archive(.init(LatticeTests.conversion, escape: 9)).serialised()
    for i in bytes.indices {
      var damaged = bytes
      damaged[i] ^= 0x10
      #expect(throws: ArchiveError.self) { try Archive(damaged) }
    }
  }
}
