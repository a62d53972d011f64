import ArchiveFormat
import IntegerInference
import PRNN
import PixelModels
import Raster

/// Bytes that decide what a test does.
private struct Choices {
  var rest: ArraySlice<UInt8>

  mutating func byte() -> Int { Int(rest.popFirst() ?? 0) }
  mutating func below(_ bound: Int) -> Int { byte() % bound }
  mutating func some(_ count: Int) -> [UInt8] { (0..<count).map { _ in rest.popFirst() ?? 0 } }
}

private let kernels = Kernels.available
/// Small ones, so that many pictures are tried.
private let small = models.models.filter { !["photo", "photo-2", "photo-3"].contains($0.name) }

func runRoundTrip(_ bytes: [UInt8]) {
  var choices = Choices(rest: bytes[...])
  let model = small[choices.below(small.count)]
  let effort = [Effort.fast, .balanced, .max][choices.below(3)]
  let coding = Coding.allCases[choices.below(Coding.allCases.count)]
  let (embed, named) = (choices.below(4) == 0, choices.below(2) == 0)
  let codec = try! [
    Codec(threads: 1 + choices.below(3), kernel: kernels[choices.below(kernels.count)]),
    Codec(threads: 1 + choices.below(3), kernel: kernels[choices.below(kernels.count)]),
  ]
  var set = PictureSet()
  var pictures: [(Raster, [UInt8]?)] = []
  for i in 0..<1 + choices.below(4) {
    let picture = raster(&choices)
    // As libpng and zlib write it; the record must give these bytes again.
    let file = choices.below(2) == 0 ? try! picture.png() : nil
    let record = file.flatMap { try? PNGReconstruction(of: $0, picture) }
    let time = choices.below(2) == 0 ? Int64(choices.byte()) << choices.below(55) : nil
    set.add(picture, name: named ? ImageName("\(i)")! : nil, time: time, file: record)
    pictures.append((picture, record == nil ? nil : file))
  }
  let bytes: [UInt8]
  do {
    bytes = try codec[0].compress(
      set, model: model, embedModel: embed, effort: effort, coding: coding, verify: false)
  } catch is PRNNError {
    // No network of this model for this kind of picture.
    return
  } catch { fatalError("\(error)") }
  let archive = try! Archive(bytes)
  precondition(archive.imageCount == pictures.count)
  precondition(archive.serialised() == bytes)
  var left = pictures
  try! codec[1].decompress(archive, models: models) { number, picture in
    // An archive has its pictures series by series.
    guard let place = left.firstIndex(where: { $0.0 == picture }) else { fatalError("another picture") }
    if case .whole(let file) = try codec[1].file(archive, image: number, of: picture) {
      precondition(left[place].1 == nil || left[place].1 == file || left.contains { $0.1 == file })
    }
    left.remove(at: place)
  }
  precondition(left.isEmpty)
}

/// A picture of at most 32 x 32.
private func raster(_ choices: inout Choices) -> Raster {
  let type = Raster.ColourType.allCases[choices.below(Raster.ColourType.allCases.count)]
  let depths = [1, 2, 4, 8, 16].filter(type.allows)
  let depth = depths[choices.below(depths.count)]
  let (width, height) = (1 + choices.below(32), 1 + choices.below(32))
  let count = width * height * type.channels * (depth == 16 ? 2 : 1)
  let mask = UInt8(truncatingIfNeeded: 1 << min(depth, 8) - 1)
  // Few colours, repeats, slopes with noise, or what is there.
  let style = choices.below(4)
  let seed = choices.some(1 + choices.byte())
  let samples = (0..<count).map { i -> UInt8 in
    let pixel = i / (count / (width * height))
    let (x, y) = (pixel % width, pixel / width)
    let value =
      switch style {
      case 0: seed[(x / 3 + y / 5) % seed.count]
      case 1: seed[i % seed.count]
      case 2: UInt8(truncatingIfNeeded: 3 * x + 2 * y + Int(seed[i * 7 % seed.count] & 7))
      default: seed[i % seed.count] ^ UInt8(truncatingIfNeeded: i >> 4)
      }
    return value & mask
  }
  var chunks: [Raster.Chunk] = []
  if type == .palette {
    chunks.append(.init(type: Array("PLTE".utf8), place: .beforeData, bytes: choices.some(3 << depth)))
  }
  if choices.below(3) == 0 {
    let place: Raster.Chunk.Place = choices.below(2) == 0 ? .afterData : .beforeData
    chunks.append(.init(type: Array("prVt".utf8), place: place, bytes: choices.some(choices.byte())))
  }
  return Raster(
    width: width, height: height, colourType: type, bitDepth: depth, interlaced: choices.below(2) == 0,
    samples: samples, chunks: chunks)
}
