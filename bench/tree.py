"""10,000 small files in a tree: the program with --jobs 2 against a loop over libprnn with two threads, results/tree.md.

usage: python3 bench/tree.py DATA [FILES [ROUNDS]]     DATA: a folder made by corpus/prepare.py; FILES: 10000; ROUNDS: 3

Crops of 32 × 32 pixels of the validation pictures, 100 to a folder. Both decode and compare what they encode, and write every archive to a
file of its own; the program waits for the disk at its end, too. Rounds in turns; the medians count. Uses .build/release/prnn and
.build/release/libprnn-c.so.
"""

import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent
BUILD = ROOT / ".build/release"


def crops(data, folder, count):
    """Makes the tree, and lists its files."""
    from PIL import Image

    rng = random.Random(7)
    pictures = [Image.open(f).convert("RGB") for f in sorted(pathlib.Path(data, "photos/validation").glob("*.png"))]
    for i in range(count):
        picture = rng.choice(pictures)
        x, y = rng.randrange(picture.width - 32), rng.randrange(picture.height - 32)
        path = pathlib.Path(folder, f"{i // 100:03}/{i % 100:02}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.crop((x, y, x + 32, y + 32)).save(path)
    return sorted(map(str, pathlib.Path(folder).rglob("*.png")))


def seconds(command, folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder)
    os.sync()
    start = time.perf_counter()
    subprocess.run(command, check=True, env={**os.environ, "LD_LIBRARY_PATH": os.path.dirname(folder)})
    return time.perf_counter() - start


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        files = crops(sys.argv[1], f"{folder}/in", count)
        shutil.copy(BUILD / "libprnn-c.so", f"{folder}/libprnn.so.0")
        os.symlink("libprnn.so.0", f"{folder}/libprnn.so")
        subprocess.run(["cc", "-O2", f"-I{ROOT}/Sources/CPRNN/include", ROOT / "bench/tree.c", f"-L{folder}", "-lprnn", "-pthread",
                        "-o", f"{folder}/tree"], check=True)
        for number, effort in ((1, "fast"), (0, "balanced")):
            out = f"{folder}/out"
            ways = {"program": [BUILD / "prnn", "compress", "-r", "-q", "--no-preserve", "--jobs", "2", "--threads", "2", "--effort", effort, f"{folder}/in", "-o", out],
                    "loop": [f"{folder}/tree", "2", str(number), out, *files]}
            times = {way: [] for way in ways}
            for _ in range(rounds):
                for way, command in ways.items():
                    times[way].append(seconds(command, out))
                    assert sum(1 for _ in pathlib.Path(out).rglob("*.prnn")) == count, way
            print(effort, {way: [round(t, 1) for t in found] for way, found in times.items()}, flush=True)
            rates = {way: count / statistics.median(t) for way, t in times.items()}
            rows.append(f"| {effort} | {rates['program']:.0f} | {rates['loop']:.0f} | **{rates['program'] / rates['loop']:.3f}** |")
            print(rows[-1], flush=True)
    (ROOT / "bench/results/tree.md").write_text(
        f"# {count:,} small files\n\n`python3 bench/tree.py DATA {count} {rounds}`: crops of 32 × 32 pixels, `prnn compress -r --jobs 2` against a loop over libprnn with two threads, "
        f"files a second, medians of rounds in turns: {rounds}.\n\n| effort | program | loop | ratio |\n|---|---|---|---|\n" + "\n".join(rows) + "\n")


main()
