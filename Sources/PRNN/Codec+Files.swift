import ArchiveFormat
import ByteCoding
import Raster

extension Codec {
  /// What became of the file that a picture of an archive was read from.
  public enum File: Equatable, Sendable {
    /// All its bytes.
    case whole([UInt8])
    /// The archive does not have what they take.
    case unknown
    /// Other bytes came out: the record is damaged, or the zlib at hand deflates in another way than that which made the
    /// archive.
    case unfaithful
  }

  /// The PNG file that a picture of an archive was read from, byte for byte.
  ///
  /// - Parameters:
  ///   - archive: parsed.
  ///   - number: of the picture in the archive.
  ///   - picture: as ``decompress(_:image:models:)`` gives it, all of it.
  /// - Throws: ``PRNNError/tooLarge(bytes:limit:)``.
  public func file(_ archive: Archive, image number: Int, of picture: Raster) throws -> File {
    guard let bytes = archive.file(ofImage: number) else { return .unknown }
    guard let record = PNGReconstruction(bytes: bytes) else { return .unfaithful }
    do {
      let file = try record.file(of: picture, memoryLimit: memoryLimit - picture.samples.count)
      return file.map { .whole($0) } ?? .unfaithful
    } catch RasterError.tooLarge(let bytes, _) {
      throw PRNNError.tooLarge(bytes: saturatedSum([bytes, picture.samples.count]), limit: memoryLimit)
    }
  }
}
