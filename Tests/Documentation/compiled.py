"""Compiles and runs blocks of C and Swift."""

import os
import pathlib
import shutil
import subprocess

from PIL import Image

import scene

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Around a block of C, which has the bytes of an archive.
C_BEFORE = """#include <prnn.h>
#include <stdio.h>
#include <stdlib.h>
static int block(const void *archive, size_t size) {
#line %d "%s"
%s
"""
C_AFTER = """
  return 0;
}
int main(void) {
  static unsigned char archive[1 << 20];
  FILE *file = fopen("block.prnn", "rb");
  return file ? block(archive, fread(archive, 1, sizeof archive, file)) : 1;
}
"""

# Before the blocks of Swift: what they take as given.
SWIFT_BEFORE = """import ArchiveFormat
import Glibc
import PRNN
import PixelModels
import Raster
import Synchronization

func contents(_ path: String) -> [UInt8] {
  let file = fopen(path, "rb")!
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 22)
  let count = fread(&bytes, 1, bytes.count, file)
  return Array(bytes.prefix(count))
}
let file = contents("photo.png")
let picture = try Raster(png: file)
let codec = try Codec(threads: 2)
let bytes = try codec.compress(picture, model: ModelLibrary.bundled.standard)
let pictures = try (0..<4).map { (name: "a/\\($0).png", picture: try Raster(png: contents("pictures/\\("ab".map(String.init)[$0 % 2])/\\($0).png"))) }
"""


def run_c(block, folder, library):
    (folder / "libprnn.so.0").unlink(missing_ok=True)
    (folder / "libprnn.so.0").symlink_to(library)
    source, program = folder / "block.c", folder / "block"
    text = C_BEFORE % (block.line, block.path, block.text) + scene.AFTER.get((block.path.name, block.heading), "") + C_AFTER
    source.write_text(block.text if "int main" in block.text else text)
    words = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/Sources/CPRNN/include", source, folder / "libprnn.so.0",
             f"-Wl,-rpath,{folder}", "-o", program]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        return done.stderr
    subprocess.run(["prnn", "compress", "-q", "-f", "-1", "photo.png", "-o", "block.prnn"], cwd=folder, check=True,
                   executable=folder.parent / "bin/prnn")
    done = subprocess.run([program], cwd=folder, capture_output=True, timeout=60)
    if done.returncode:
        return f"exit status {done.returncode}: {done.stderr.decode(errors='replace')}"
    if done.stdout != Image.open(folder / "photo.png").convert("RGBA").tobytes():
        return "gave other pixels"
    return ""


def run_swift(blocks, folder, build):
    """One program of all blocks, each in a scope of its own."""
    if not blocks:
        return []
    source = folder / "main.swift"
    text = [SWIFT_BEFORE]
    for block in blocks:
        # The imports are those above; so that lines keep their numbers they become empty.
        body = "\n".join("" if line.startswith("import ") else line for line in block.text.split("\n"))
        after = scene.AFTER.get((block.path.name, block.heading), "")
        name = block.path.relative_to(ROOT)
        text.append(f'do {{\n#sourceLocation(file: "{name}", line: {block.line})\n{body}\n{after}\n#sourceLocation()\n}}\n'
                    f'print("{name}:{block.line}")\nfflush(nil)\n')
    source.write_text("\n".join(text))
    # A multi-scale model.
    shutil.copy(ROOT / "spec/vectors/paper-levels.prnnmodel", folder / "stack.prnnm")
    parts = [d for d in sorted(build.glob("*.build")) if not d.name.startswith(("PRNNCommand", "Argument", "PRNNLibrary", "CPRNN"))
             and "Tests" not in d.name and "-tool" not in d.name]
    objects = [o for d in parts for o in sorted(d.rglob("*.o"))]
    maps = [f"-fmodule-map-file={m}" for d in parts for m in d.glob("module.modulemap")]
    maps += [f"-fmodule-map-file={m}" for m in sorted((ROOT / "Sources").glob("*/module.modulemap"))]
    words = ["swiftc", "-swift-version", "6", "-suppress-warnings", "-I", build / "Modules", *(w for m in maps for w in ("-Xcc", m)),
             source, *objects, "-lpng", "-ljpeg", "-lz", "-lm", "-o", folder / "blocks"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        return [f"Swift blocks do not compile:\n{done.stderr[-4000:]}"]
    done = subprocess.run([folder / "blocks"], cwd=folder, env={**os.environ, "SWIFT_BACKTRACE": "enable=no"}, capture_output=True, text=True,
                          timeout=100)
    last = done.stdout.strip().split("\n")[-1]
    return [f"the Swift block behind {last}: exit status {done.returncode}: {done.stderr[-2000:]}"] if done.returncode else []
