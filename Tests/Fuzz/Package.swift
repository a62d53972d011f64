// swift-tools-version: 6.0
import PackageDescription

// Fuzzers of prnn, in a package of their own since all of it, prnn too, is built with a fuzzer's instrumentation: see `run`.
let package = Package(
  name: "prnn-fuzz",
  dependencies: [.package(name: "prnn", path: "../..")],
  targets: [
    .executableTarget(name: "prnn-fuzz", dependencies: ["CFuzzer", .product(name: "PRNN", package: "prnn")]),
    // The calls of libFuzzer (part of the Swift toolchain's clang).
    .systemLibrary(name: "CFuzzer"),
  ]
)
