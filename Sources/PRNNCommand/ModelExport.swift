import PixelTraining

/// What a training leaves: the network's weights.
enum ModelExport {
  /// The file that is written for `-o`: safetensors of floats, whatever the suffix asked for.
  static func path(for output: String) -> String {
    let name = output.lastIndex(of: "/").map { output.index(after: $0) } ?? output.startIndex
    guard let dot = output[name...].lastIndex(of: "."), dot > name else { return output + ".safetensors" }
    return output[..<dot] + ".safetensors"
  }

  static func write(_ network: FloatNetwork, to output: String, force: Bool) throws {
    let bytes = FloatNetwork.serialized([network])
    try OutputFile.write(path(for: output), force: force) { sink in try bytes.withUnsafeBytes(sink) }
  }
}
