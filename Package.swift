// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "prnn",
  products: [
    .library(name: "PRNN", targets: ["PRNN", "Raster", "PixelModels", "ArchiveFormat"]),
    .executable(name: "prnn", targets: ["PRNNCommand"]),
    // libprnn for C; its name beside the program's is taken, so Sources/Packaging/install calls it libprnn.so.0.
    .library(name: "prnn-c", type: .dynamic, targets: ["PRNNLibrary"]),
  ],
  dependencies: [
    // The command line: parsing, help, error texts.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // libpng and libjpeg (Debian: libpng-dev, libjpeg-dev) behind calls that return errors instead of jumping.
    .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    // zlib, for CRC-32 and the names in archives; it comes with libpng-dev.
    .systemLibrary(name: "CZlib"),
    // malloc.h of the C library, which Swift's Glibc leaves out: large blocks go back to the system when they are freed.
    .systemLibrary(name: "CMalloc"),
    .target(name: "ByteCoding", dependencies: ["CZlib"]),
    .target(name: "Raster", dependencies: ["CPNG", "CJPEG", "ByteCoding"]),
    .target(name: "PixelKernels"),
    .target(name: "EntropyCoding", dependencies: ["PixelKernels"]),
    .target(name: "PixelModels", dependencies: ["ByteCoding"]),
    .target(name: "BundledModels", exclude: ["photo.prnnmodel", "photo-fast.prnnmodel"]),
    .target(name: "IntegerInference", dependencies: ["ByteCoding", "PixelModels", "PixelKernels", "EntropyCoding"]),
    // Float networks: forward, backward. Of the package it needs what a network is, the kernels, and for the adaptation of
    // integer networks their step; nothing but the program imports it.
    .target(
      name: "PixelTraining",
      dependencies: ["PixelModels", "PixelKernels", "Raster", "ByteCoding", "EntropyCoding", "IntegerInference"]),
    .target(name: "ArchiveFormat", dependencies: ["ByteCoding"]),
    .target(
      name: "PRNN",
      dependencies: [
        "ByteCoding", "Raster", "PixelKernels", "EntropyCoding", "PixelModels", "IntegerInference", "ArchiveFormat",
        "BundledModels",
      ]),
    // prnn.h, and what of it needs no Swift.
    .target(name: "CPRNN"),
    .target(
      name: "PRNNLibrary", dependencies: ["CPRNN", "PRNN", "Raster", "ArchiveFormat", "PixelModels"],
      exclude: ["prnn.map"],
      linkerSettings: [
        .unsafeFlags([
          "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/PRNNLibrary/prnn.map",
          "-Xlinker", "-soname=libprnn.so.0",
        ])
      ]),
    .executableTarget(
      name: "PRNNCommand",
      dependencies: [
        "PRNN", "Raster", "ByteCoding", "PixelModels", "PixelTraining", "ArchiveFormat", "CMalloc",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["README.md"]),
    .testTarget(name: "ByteCodingTests", dependencies: ["ByteCoding"]),
    .testTarget(name: "RasterTests", dependencies: ["Raster", "ByteCoding"]),
    .testTarget(name: "PixelKernelsTests", dependencies: ["PixelKernels"]),
    .testTarget(name: "PixelModelsTests", dependencies: ["PixelModels"]),
    .testTarget(
      name: "PixelTrainingTests",
      dependencies: [
        "PixelTraining", "PixelModels", "PixelKernels", "Raster", "ByteCoding", "PRNN", "IntegerInference",
        "EntropyCoding",
      ]),
    .testTarget(name: "EntropyCodingTests", dependencies: ["EntropyCoding", "PixelKernels"]),
    .testTarget(
      name: "IntegerInferenceTests",
      dependencies: ["IntegerInference", "EntropyCoding", "PixelKernels", "PixelModels", "PixelTraining", "PRNN"]),
    .testTarget(name: "ArchiveFormatTests", dependencies: ["ArchiveFormat", "ByteCoding"]),
    .testTarget(
      name: "PRNNTests",
      dependencies: ["PRNN", "ByteCoding", "Raster", "PixelModels", "ArchiveFormat", "IntegerInference"]),
    .testTarget(
      name: "PRNNCommandTests",
      dependencies: ["PRNNCommand", "PRNN", "PixelModels", "PixelTraining", "Raster", "ArchiveFormat"],
      exclude: ["Help"]),
  ]
)
