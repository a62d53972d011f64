"""Damages archives and looks whether the program says so: results/corruption.md.

usage: python3 bench/corruption.py DATA|--small [--print]     DATA: a folder made by corpus/prepare.py; --small: only the small archives

Of four small archives (two pictures by context mixing, one of them of 16 bits, a set, a picture by networks that learn, with fits) every byte is changed
and every length tried, through `prnn verify`; of that of a picture of 4 MPixel (photographs side by side) 10,000 random bytes and
1,000 lengths, and some of them through `prnn decompress` and `--recover`. Uses .build/release/prnn.
"""

import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np

from measure import mosaic

ROOT = pathlib.Path(__file__).parent.parent
PRNN = str(ROOT / ".build/release/prnn")
EX_DATAERR = 65
# Of the large archive.
CORRUPTIONS = 10_000


def png(width, height, row):
    rows = b"".join(b"\0" + bytes(row(y)) for y in range(height))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(b)) + t + b + struct.pack(">I", zlib.crc32(t + b)) for t, b in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def slope(width, height, rng):
    """Smooth colours with noise, as a photograph has them."""
    return png(width, height, lambda y: [min(255, 40 + x // 3 + 2 * y + 20 * (x % 3) + rng.randrange(6)) for x in range(3 * width)])


def compress(source, *options):
    subprocess.run([PRNN, "compress", "-f", "--quiet", str(source), *options], check=True)
    return source.with_suffix(".prnn").read_bytes()


class Figures:
    def __init__(self, base):
        self.folder = base / "damaged"
        self.folder.mkdir()
        self.rows = []
        self.failed = False

    def verify(self, what, variants, batch=200):
        """Gives every variant to `prnn verify`: each must be named in a line, and the status be that of damaged data."""
        variants = iter(variants)
        count = unseen = crashes = 0
        while True:
            files = []
            for data in (data for _, data in zip(range(batch), variants)):
                files.append(self.folder / f"{len(files)}.prnn")
                files[-1].write_bytes(data)
            if not files:
                break
            done = subprocess.run([PRNN, "verify", "--quiet", *map(str, files)], capture_output=True, text=True)
            named = set(re.findall(r"^prnn: (\S+\.prnn): ", done.stderr, re.M))
            unseen += sum(str(file) not in named for file in files)
            crashes += done.returncode != EX_DATAERR
            count += len(files)
        self.add(what, count, count - unseen, crashes)

    def decode(self, what, variants, statuses, *options):
        """Gives every variant to `prnn decompress`: nothing may come out that is taken for right."""
        count = reported = crashes = 0
        file, out = self.folder / "one.prnn", self.folder / "out.png"
        for data in variants:
            file.write_bytes(data)
            done = subprocess.run([PRNN, "decompress", *options, str(file), "-o", str(out)], capture_output=True)
            count += 1
            # With --recover a picture may come, but never with the status of one that is right.
            reported += done.returncode in statuses and (not out.exists() or "--recover" in options)
            crashes += done.returncode < 0 or done.returncode > 100
            out.unlink(missing_ok=True)
        self.add(what, count, reported, crashes)

    def recover(self, what, data, source):
        """Damages each TILE chunk of a single picture: all pixels but those of the tile that is named must be as they were."""
        from PIL import Image

        right, at, count, exact, crashes = np.asarray(Image.open(source)), 10, 0, 0, 0
        file, out = self.folder / "one.prnn", self.folder / "out.png"
        while at < len(data):
            kind, length = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
            if kind == b"TILE":
                damaged = bytearray(data)
                damaged[at + 8 + length // 2] ^= 64
                file.write_bytes(damaged)
                done = subprocess.run([PRNN, "decompress", "--recover", str(file), "-o", str(out)], capture_output=True, text=True)
                count += 1
                crashes += done.returncode != 3
                named = re.findall(r"\((\d+)x(\d+)\+(\d+)\+(\d+)\)", done.stderr)
                if len(named) == 1:
                    width, height, x, y = map(int, named[0])
                    same = (np.asarray(Image.open(out)) == right).all(2)
                    marked = same[y : y + height, x : x + width]
                    exact += same.sum() - marked.sum() == same.size - marked.size and not marked.all()
                out.unlink(missing_ok=True)
            at += length + 12
        self.add(what, count, exact, crashes)

    def add(self, what, count, reported, crashes):
        self.failed |= reported < count or crashes > 0
        self.rows.append(f"| {what} | {count} | {reported} | {crashes} |")
        print(self.rows[-1], flush=True)


def changed(data, places, rng):
    for i in places:
        damaged = bytearray(data)
        damaged[i] ^= rng.randrange(1, 256)
        yield bytes(damaged)


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    picture = words[0] if words else None
    base = pathlib.Path(tempfile.mkdtemp(prefix="prnn-corruption.", dir="/dev/shm" if pathlib.Path("/dev/shm").is_dir() else None))
    try:
        figures = measure(picture, base, random.Random(1))
    finally:
        shutil.rmtree(base)
    if "--print" not in sys.argv:
        command = f"python3 bench/corruption.py {'DATA' if picture else '--small'}"
        (ROOT / "bench/results/corruption.md").write_text(report(command, figures.rows))
    sys.exit(figures.failed)


def measure(data_folder, base, rng):
    figures = Figures(base)
    (base / "set").mkdir()
    for i in range(12):
        (base / f"set/{i}.png").write_bytes(slope(16 + i % 2, 12, rng))
    (base / "learning.png").write_bytes(slope(30, 22, rng))
    shutil.copy(ROOT / "corpus/made/hills-gray4.png", base / "mixing.png")
    small = {
        "a picture by context mixing": compress(base / "mixing.png"),
        "one of 16 bits, with predictions": (ROOT / "spec/vectors/predicted-gray16.prnn").read_bytes(),
        "a set of 12": compress(base / "set"),
        "a picture by networks that learn, with fits": compress(base / "learning.png", "--effort", "max", "--coding", "networks"),
    }
    for name, data in small.items():
        what = f"{name}, {len(data):,} bytes"
        figures.verify(f"{what}: every byte", changed(data, range(len(data)), rng))
        figures.verify(f"{what}: every length", (data[:i] for i in range(len(data))))
    if not data_folder:
        return figures
    large = mosaic(data_folder, base, 2048, 2048)
    data = compress(large, "--effort", "fast", "--no-verify")
    what = f"photographs, 2048×2048, {len(data):,} bytes"
    places = [rng.randrange(len(data)) for _ in range(CORRUPTIONS)]
    figures.verify(f"{what}: random bytes", changed(data, places, rng), batch=50)
    figures.verify(f"{what}: random lengths", (data[: rng.randrange(len(data))] for _ in range(1000)), batch=50)
    figures.decode(f"{what}: random bytes, `decompress`", changed(data, places[:300], rng), [EX_DATAERR])
    figures.decode(f"{what}: random bytes, `decompress --recover`", changed(data, places[:20], rng), [3, EX_DATAERR], "--recover")
    figures.recover(f"{what}: a byte of each tile in turn, `--recover`: all other tiles exact", data, large)
    return figures


def report(command, rows):
    return "\n".join(
        [
            "# Archives that are damaged",
            "",
            f"`{command}`: one byte changed to a random other value, or the end cut off; through `prnn verify` (the checksums of the chunks) where nothing else is said."
            " *Reported*: named in a line on standard error, with the exit status of damaged data (65; 3 where `--recover` wrote something), and nothing written under the"
            " output's name but by `--recover`. *Crashes*: another status.",
            "",
            "| archive and damage | archives | reported | crashes |",
            "|---|---|---|---|",
            *rows,
            "",
            "`Tests/PRNNTests/CorruptionTests.swift` changes every bit of every byte of ten of the vectors; and bytes in all chunks of seven of them with"
            " checksums that fit, decodes them, and compares the samples: all are refused or decode to the right samples.",
            "",
            "Two whole `TILE` chunks of one length, of tiles of one size, in each other's place: seen from version 7 on, which joins the checksum of a tile with its number, and in version 1.",
        ]
    ) + "\n"


if __name__ == "__main__":
    main()
