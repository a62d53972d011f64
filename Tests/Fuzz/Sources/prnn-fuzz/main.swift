import CFuzzer

// prnn-fuzz png|archive|model|roundtrip [arguments of libFuzzer]

let words = CommandLine.arguments
guard words.count > 1, let chosen = Target(rawValue: words[1]) else {
  let names = Target.allCases.map(\.rawValue).joined(separator: "|")
  fatalError("usage: prnn-fuzz \(names) [arguments of libFuzzer]")
}
target = chosen
var count = Int32(words.count - 1)
// libFuzzer keeps pointers to its arguments.
var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
pointers![0] = CommandLine.unsafeArgv[0]
_ = LLVMFuzzerRunDriver(&count, &pointers) { bytes, count in
  target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
