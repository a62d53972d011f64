"""The pictures that the blocks of the documents name, and what is done after some of them to see that they did what they say."""

import lzma
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
MADE = ROOT / "corpus/made"

# (document, heading): code that stands behind the blocks of this heading.
AFTER = {
    ("README.md", "In Swift"): "precondition(same == picture)",
    ("README.md", "In C"): "fwrite(pixels, 4, (size_t)info.width * info.height, stdout);",
    ("README.md", "In Python"): "\nassert same.size == (64, 48) and not numpy.asarray(same).any()",
}


def prepare(folder, program):
    """Pictures of corpus/made under the names of the documents, and parts of them."""

    def run(*words):
        subprocess.run([str(w) for w in words], check=True, stdout=subprocess.DEVNULL)

    def part(picture, width, height, x, y, name):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        run(program, "decompress", "-q", folder / f"{picture}.prnn", "--crop", f"{width}x{height}+{x}+{y}", "-o", folder / name)

    folder.mkdir()
    for picture in ("hills", "hills-gray"):
        run(program, "compress", "-q", "-1", MADE / f"{picture}.png", "-o", folder / f"{picture}.prnn")
    shutil.copy(MADE / "hills.png", folder / "photo.png")
    for i in range(8):
        part("hills", 64, 48, 12 * i, 8 * i, f"pictures/{'ab'[i % 2]}/{i}.png")
        part("hills", 32, 32, 16 * i, 11 * i, f"photographs/{i}.png")
    for i, name in enumerate(("0/00017", "1/00023", "3/00041", "3/00042")):
        part("hills-gray", 28, 28, 3 * i, 20, f"digits/{name}.png")
    shutil.copytree(folder / "pictures", folder / "scans")
    rows = b"".join(bytes((i * j * j) % 251 & 0x3C for j in range(98)) for i in range(1, 65))
    for name in ("train", "valid"):
        (folder / f"binarized-{name}.bits.xz").write_bytes(lzma.compress(rows))
    shutil.copytree(MADE, folder / "corpus/made")
    for left in folder.glob("*.prnn"):
        left.unlink()


def make(folder, program):
    """A folder of their own for the blocks of a document."""
    return shutil.copytree(folder.parent / "scene", folder)
