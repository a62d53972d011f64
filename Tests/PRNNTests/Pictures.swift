import ArchiveFormat
import ByteCoding
import Glibc
import IntegerInference
import PRNN
import PixelModels
import Raster
import Testing

/// The kernels that tests code pictures with, the fastest first. With PRNN_TEST_KERNELS=fastest it is the only one, as
/// under the thread sanitizer (`Tests/Sanitizers/run`): all are called from the same code, and share nothing of their own.
let testedKernels =
  getenv("PRNN_TEST_KERNELS").map { String(cString: $0) } == "fastest"
  ? Array(Kernels.available.prefix(1)) : Kernels.available

/// Pictures for tests: smooth slopes with noise, so that the network has something to predict.
func picture(
  _ type: Raster.ColourType, depth: Int = 8, _ width: Int, _ height: Int, interlaced: Bool = false, seed: Int = 12345
) -> Raster {
  var state = UInt32(seed)
  var samples: [UInt8] = []
  samples.reserveCapacity(width * height * type.channels)
  for y in 0..<height {
    for x in 0..<width {
      for c in 0..<type.channels {
        state = state &* 1_664_525 &+ 1_013_904_223
        let noise = Int(state >> 28) - 8
        let isAlpha = c == type.channels - 1 && (type == .rgba || type == .grayAlpha)
        let value = isAlpha ? (x + y) % 40 * 8 : 40 + x * 2 + y + c * 20 + noise
        samples.append(UInt8(max(0, min(255, value)) >> (8 - depth)))
      }
    }
  }
  var chunks: [Raster.Chunk] = []
  if type == .palette {
    chunks = [
      .init(type: Array("PLTE".utf8), place: .beforeData, bytes: (0..<3 << depth).map { UInt8(truncatingIfNeeded: $0) })
    ]
  }
  return Raster(
    width: width, height: height, colourType: type, bitDepth: depth, interlaced: interlaced, samples: samples,
    chunks: chunks)
}

/// An archive of one picture with tiles of any size, each coded with the model as it is.
///
/// - Parameter version: 1 or 2; 4: by context mixing, without a model.
func tiledArchive(
  _ raster: Raster, tileWidth: Int, tileHeight: Int, version: Int, model: Model, name: String? = nil
) throws -> Archive {
  let parts = TileGrid(width: raster.width, height: raster.height, tileWidth: tileWidth, tileHeight: tileHeight)
  let codec = try Codec()
  let series = try (0..<parts.count).map { i in
    let bytes = try codec.compress(
      cropped(raster, to: parts[i]), model: model, effort: .fast, coding: version == 4 ? .mixing : .networks,
      verify: false)
    let series = try Archive(bytes).series[0]
    // What would have to be the same for all tiles.
    try #require(series.valueWeights.isEmpty && !series.adapts)
    return series
  }
  var header = series[0].header
  (header.width, header.height) = (raster.width, raster.height)
  (header.tileWidth, header.tileHeight) = (tileWidth, tileHeight)
  return Archive(
    version: version, models: version == 4 ? [] : [.init(hash: model.hash, name: model.name)],
    series: [
      .init(
        header: header, chunks: series[0].chunks, names: name.map { [ImageName($0)!] } ?? [],
        checksums: version == 1 ? [crc32(raster.samples)] : series.map { $0.checksums[0] },
        tiles: series.map { $0.tiles[0] }, codings: series.flatMap(\.codings))
    ])
}

/// A part of a picture, sample by sample.
func cropped(_ raster: Raster, to part: PixelRectangle) -> Raster {
  var samples: [UInt8] = []
  for y in part.y..<part.y + part.height {
    for x in part.x..<part.x + part.width {
      let at = (y * raster.width + x) * raster.pixelBytes
      samples += raster.samples[at..<at + raster.pixelBytes]
    }
  }
  return Raster(
    width: part.width, height: part.height, colourType: raster.colourType, bitDepth: raster.bitDepth,
    interlaced: raster.interlaced, samples: samples, chunks: raster.chunks)
}
