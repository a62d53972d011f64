"""Whether every picture comes back: samples, and all chunks of its file in their order. Writes results/round_trips.md.

usage: python3 bench/round_trips.py SHARED DATA [PRNN]     SHARED has data/graphics, DATA photos and kodak (corpus/prepare.py)

Files are compressed without the program's own check. Samples are read by Pillow, those of 16 bits and several channels by the few lines
below; neither is what the program reads with.
"""

import collections
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).parents[1]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunks(data):
    """Types and contents, in order, a run of IDAT as one; what follows IEND is not looked at."""
    at, out, stream = 8, [], b""
    while True:
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8:at + 8 + size]
        if kind != b"IDAT":
            out.append((kind, body))
        elif not stream:
            out.append((kind, b""))
        stream += body if kind == b"IDAT" else b""
        at += size + 12
        if kind == b"IEND":
            return out, stream


def unfiltered(header, stream):
    """Bytes of the rows of a picture that is not interlaced."""
    width, height, depth, colour = struct.unpack_from(">IIBB", header)
    pixel = CHANNELS[colour] * depth // 8
    rows = np.frombuffer(zlib.decompress(stream), np.uint8).reshape(height, 1 + width * pixel)
    out = np.zeros((height + 1, (width + 1) * pixel), np.int64)
    for y in range(height):
        kind, row = rows[y, 0], rows[y, 1:].astype(np.int64)
        above, own = out[y], out[y + 1]
        if kind in (0, 2):
            own[pixel:] = (row + (above[pixel:] if kind == 2 else 0)) & 255
            continue
        for i, value in enumerate(row.tolist(), pixel):
            left, up, corner = own[i - pixel], above[i], above[i - pixel]
            if kind == 1:
                guess = left
            elif kind == 3:
                guess = (left + up) // 2
            else:
                distances = [(abs(up - corner), 0, left), (abs(left - corner), 1, up), (abs(left + up - 2 * corner), 2, corner)]
                guess = min(distances)[2]
            own[i] = (value + guess) & 255
    return out[1:, pixel:].astype(np.uint8).tobytes()


def samples(path, header, stream):
    depth, colour, interlaced = header[8], header[9], header[12]
    if depth == 16 and colour != 0:
        if interlaced:
            sys.exit(f"round_trips.py: {path}: an interlaced picture of 16 bits and several channels")
        return unfiltered(header, stream)
    image = Image.open(path)
    return image.mode.encode() + image.tobytes()


def differs(a, b):
    (chunks_a, stream_a), (chunks_b, stream_b) = chunks(a.read_bytes()), chunks(b.read_bytes())
    if chunks_a != chunks_b:
        return "chunks"
    if stream_a == stream_b:
        return None
    return None if samples(a, chunks_a[0][1], stream_a) == samples(b, chunks_b[0][1], stream_b) else "samples"


def main():
    shared, data = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    prnn = sys.argv[3] if len(sys.argv) > 3 else str(ROOT / ".build/release/prnn")
    folders = sorted(p for p in (shared / "data/graphics").iterdir() if p.is_dir())
    folders += [data / "photos/validation", data / "photos/train", data / "kodak"]
    lines, failed, kinds = [], 0, collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        archive, back = pathlib.Path(folder, "a.prnn"), pathlib.Path(folder, "a.png")
        for source in folders:
            files = sorted(source.rglob("*.png"))
            effort = "balanced" if source.parent.name == "graphics" else "fast"
            wrong = collections.Counter()
            for path in files:
                words = [prnn, "compress", "--force", "--quiet", "--no-verify", "--effort", effort, path, "-o", archive]
                subprocess.run(words, check=True)
                subprocess.run([prnn, "decompress", "--force", "--quiet", archive, "-o", back], check=True)
                if (what := differs(path, back)) is not None:
                    wrong[what] += 1
                    print(path, what, file=sys.stderr)
                kinds.update(kind.decode("latin-1") for kind, _ in chunks(path.read_bytes())[0])
            failed += sum(wrong.values())
            name = f"{source.parent.name}/{source.name}" if source.name != "kodak" else "kodak"
            lines.append(f"| {name} | {effort} | {len(files)} | {len(files) - sum(wrong.values())} |")
            print(lines[-1], flush=True)
    others = ", ".join(f"{k} {v}" for k, v in kinds.most_common() if k not in ("IHDR", "IDAT", "IEND"))
    (ROOT / "bench/results/round_trips.md").write_text("\n".join([
        "# Pictures that come back", "",
        "`python3 bench/round_trips.py SHARED DATA`: samples, and all chunks in their order with their contents, of what `prnn compress --no-verify` and `prnn decompress` give.", "",
        "| folder | effort | files | equal |", "|---|---|---|---|", *lines, "", f"Chunks beside IHDR, IDAT and IEND: {others}.", ""]))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
