import Testing

@testable import PixelModels

@Suite struct SafeTensorsTests {
  static let header =
    #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}"#

  /// A file by hand: length, header, numbers.
  static func file(_ header: String, _ numbers: [UInt8]) -> [UInt8] {
    [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8), 0, 0, 0, 0, 0, 0] + Array(header.utf8) + numbers
  }
  // 1.5 is 0x3FC00000, -2 is 0xC0000000.
  static let numbers: [UInt8] = [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 7]

  @Test func readsAFileMadeByHand() throws {
    let read = try SafeTensors(file: SafeTensorsTests.file(SafeTensorsTests.header, SafeTensorsTests.numbers))
    #expect(read.tensors.map(\.name) == ["a", "b"])
    #expect(read["a"]?.floats == [1.5, -2])
    #expect(read["a"]?.shape == [2])
    #expect(read["b"]?.bytes == [7])
    #expect(read["b"]?.shape == [])
    #expect(read["c"] == nil)
    #expect(read.metadata == [:])
  }

  @Test func readsWhatItWrote() throws {
    let written = SafeTensors(
      tensors: [
        .init(name: "z", shape: [2, 3], values: .float32([1, 2, 3, 4, 5, .infinity])),
        .init(name: "e", shape: [0, 4], values: .float32([])),
        .init(name: "a \"quoted\"/name", shape: [1], values: .float64([.pi])),
        .init(name: "m", shape: [3], values: .uint8([0, 128, 255])),
      ], metadata: ["architecture": #"{"kind":"row-lstm"}"#])
    let file = written.serialized()
    #expect(file[0] % 8 == 0)
    let read = try SafeTensors(file: file)
    #expect(read.metadata == written.metadata)
    #expect(Set(read.tensors.map(\.name)) == Set(written.tensors.map(\.name)))
    for tensor in written.tensors { #expect(read[tensor.name] == tensor) }
  }

  @Test func refusesDamage() {
    let file = SafeTensorsTests.file(SafeTensorsTests.header, SafeTensorsTests.numbers)
    #expect(throws: SafeTensorsError.truncated) { try SafeTensors(file: [1, 2]) }
    #expect(throws: SafeTensorsError.truncated) { try SafeTensors(file: Array(file.dropLast())) }
    #expect(throws: SafeTensorsError.truncated) { try SafeTensors(file: file + [0]) }
    #expect(throws: SafeTensorsError.truncated) { try SafeTensors(file: Array(repeating: 255, count: 40)) }
    #expect(throws: SafeTensorsError.badHeader) { try SafeTensors(file: SafeTensorsTests.file("[]", [])) }
    func header(_ dtype: String, _ shape: String, _ offsets: String) -> [UInt8] {
      let json = #"{"a":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}}"#
      return SafeTensorsTests.file(json, Array(repeating: 0, count: 8))
    }
    #expect(throws: SafeTensorsError.unknownKind(tensor: "a", "I64")) {
      try SafeTensors(file: header("I64", "[1]", "[0,8]"))
    }
    for (shape, offsets) in [
      ("[3]", "[0,8]"), ("[-2]", "[0,8]"), ("[2]", "[4,12]"), ("[2]", "[0]"), ("[2]", "[8,0]"),
      ("[4611686018427387904,4]", "[0,8]"),
    ] {
      #expect(throws: SafeTensorsError.badSize(tensor: "a")) { try SafeTensors(file: header("F32", shape, offsets)) }
    }
  }
}
