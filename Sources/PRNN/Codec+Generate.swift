import ArchiveFormat
import ByteCoding
import IntegerInference
import PixelModels
import Raster

extension Codec {
  /// Draws pictures: random bits, decoded.
  ///
  /// - Parameters:
  ///   - model: what the network is.
  ///   - role: colour or gray; a Bernoulli network draws gray pictures of 1 bit.
  ///   - width: of each picture, in pixels.
  ///   - height: likewise.
  ///   - count: at least 1; they are drawn together.
  ///   - seed: the same seed draws the same pictures.
  /// - Throws: ``PRNNError``.
  public func sample(
    _ model: Model, role: Model.Role, width: Int, height: Int, count: Int, seed: UInt64
  ) throws -> [Raster] {
    guard let network = model.network(for: role) else {
      throw PRNNError.noNetwork(model: model.name, role: "\(role)")
    }
    let type: Raster.ColourType = role == .colour ? .rgb : .gray
    try check(saturatedProduct(width, height, type.channels))
    let blank = Raster(
      width: width, height: height, colourType: type, bitDepth: network.isBernoulli ? 1 : 8,
      samples: Array(repeating: 0, count: width * height * type.channels))
    return try generate(like: blank, isGiven: nil, count: count, seed: seed, model)
  }

  /// Completes a picture in several ways: pixels that are given stay, the others are drawn, in raster order, each with the
  /// probabilities that the network gives it after those before it.
  ///
  /// - Parameters:
  ///   - picture: gray or RGB.
  ///   - isGiven: of a row and column.
  ///   - count: of ways, at least 1.
  ///   - seed: the same seed draws the same pixels.
  ///   - model: what the network is.
  /// - Throws: ``PRNNError``; pictures with alpha or a palette are refused.
  public func complete(
    _ picture: Raster, isGiven: @escaping (_ row: Int, _ column: Int) -> Bool, count: Int, seed: UInt64, model: Model
  ) throws -> [Raster] {
    guard [.gray, .rgb].contains(picture.colourType) else { throw PRNNError.notPlain(picture.colourType.name) }
    return try generate(like: picture, isGiven: isGiven, count: count, seed: seed, model)
  }

  private func generate(
    like picture: Raster, isGiven: ((Int, Int) -> Bool)?, count: Int, seed: UInt64, _ model: Model
  ) throws -> [Raster] {
    var header = PictureSet.Series(
      format: .init(
        width: picture.width, height: picture.height, colourType: picture.colourType, bitDepth: picture.bitDepth,
        interlaced: false, chunks: []), pictures: [picture.samples]
    ).header(model)
    // All pictures in one lot, however large they are.
    (header.count, header.lot) = (count, count)
    (header.tileWidth, header.tileHeight) = (header.width, header.height)
    let plan = try CodingPlan(.init(header: header, checksums: [], tiles: []), model)
    // Four random bytes for a sample, too.
    let network = plan.bytesNeeded(
      Piece(series: 0, units: [0], images: 0..<count, layout: header.layout), threads: 1, jobs: 1)
    try check(saturatedSum([network, saturatedProduct(picture.samples.count, 4, count)]))
    let (size, layout) = (picture.samples.count, header.layout)
    let coders = coders(reports: true)
    var pictures = (0..<count).flatMap { _ in picture.samples }
    pictures.withUnsafeMutableBufferPointer { buffer in
      let base = buffer.baseAddress!
      for level in 0..<header.levels {
        let unit = header.unit(level)
        let job = CodingJob(piece: 0, series: 0, indices: [level], units: [unit], group: 0, coding: .network)
        var lot = plan.lot(job) { image, body in body(base + image * size) }
        lot.isGiven = isGiven.map { isGiven in { _, row, column in isGiven(row * unit.step, column * unit.step) } }
        let words = randomBytes(4 * size * count + 64, seed: seed &+ UInt64(level) << 32)
        coders.coder(job, plan).generate(words, lot) { image, y, row in
          plan.groups[0].gather(
            base + image * size + layout.start(unit, row: y), count: unit.tile.width, step: unit.step, to: row)
        } result: { image, y, row in
          plan.groups[0].scatter(
            row, count: unit.tile.width, step: unit.step, to: base + image * size + layout.start(unit, row: y))
        }
      }
    }
    if isCancelled() { throw PRNNError.cancelled }
    return (0..<count).map { image in
      var result = picture
      result.samples = Array(pictures[image * size..<(image + 1) * size])
      return result
    }
  }
}

/// Random bytes, to decode: `count`, and up to 7 more.
private func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SplitMix64(state: seed)
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + 8)
  while bytes.count < count { bytes.append(integer: generator.next()) }
  return bytes
}
