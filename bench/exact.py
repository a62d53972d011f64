"""Which PNG files come back byte for byte, and what that takes: files and bytes by folder.

usage: python3 bench/exact.py SHARED DATA [PRNN]     results/exact.md; SHARED has data/graphics, DATA photos/validation (corpus/prepare.py)

Every file is compressed with --exact, decompressed, and compared with itself. What the file takes is the chunk FILE; it does not depend on
what codes the samples, which is the fastest.
"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

ROOT = pathlib.Path(__file__).parents[1]


def file_chunk(archive):
    """Bytes of the chunk FILE, and its payload; 0 and nothing if there is none. [spec/format.md]"""
    at = 10
    while at < len(archive):
        kind, length = struct.unpack_from("<4sI", archive, at)
        if kind == b"FILE":
            return 12 + length, archive[at + 8:at + 8 + length]
        at += 12 + length
    return 0, b""


def settings(payload):
    """Level, strategy, memory level and window of the one record in a chunk FILE."""
    size = struct.unpack_from("<I", payload)[0]
    data = payload[4:] if len(payload) - 4 == size else zlib.decompress(payload[4:])

    def skip(at):
        while data[at] > 127:
            at += 1
        return at + 1
    at = skip(skip(0)) + 4 + 2
    return "stored" if data[at] == 0 else "/".join(str(v) for v in data[at:at + 4])


def measure(prnn, files):
    """Bytes of PNG, files that come back and the bytes of their FILE, the causes of the others, the settings that were found."""
    png = exact = cost = 0
    causes, found = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        archive, back = f"{folder}/a.prnn", f"{folder}/a.png"
        for path in files:
            coding = "networks" if path.read_bytes()[24] <= 8 else "mixing"
            words = [prnn, "compress", "--exact", "--effort", "fast", "--coding", coding, "--no-verify", "--force", "--quiet", path,
                     "-o", archive]
            done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=True)
            subprocess.run([prnn, "decompress", "--force", "--quiet", archive, "-o", back], check=True)
            data, original = pathlib.Path(archive).read_bytes(), path.read_bytes()
            png += len(original)
            chunk, payload = file_chunk(data)
            same = pathlib.Path(back).read_bytes() == original
            if same != (chunk > 0) or same == bool(done.stderr):
                sys.exit(f"exact.py: {path}: it does not come back as was said: {done.stderr}")
            exact, cost = exact + same, cost + chunk
            if same:
                key = settings(payload)
                found[key] = found.get(key, 0) + 1
            else:
                cause = done.stderr.split("(")[1].split(")")[0]
                causes[cause] = causes.get(cause, 0) + 1
    return png, exact, cost, causes, found


def main():
    shared, data = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    prnn = sys.argv[3] if len(sys.argv) > 3 else str(ROOT / ".build/release/prnn")
    graphics = sorted(p for p in (shared / "data/graphics").iterdir() if p.is_dir())
    folders = [("PngSuite", [p for p in sorted((ROOT / "Tests/PngSuite").glob("*.png")) if p.name[0] != "x"]),
               ("corpus/made", sorted((ROOT / "corpus/made").glob("*.png"))),
               ("photos/validation", sorted((data / "photos/validation").glob("*.png")))]
    folders += [(f"graphics/{p.name}", sorted(p.glob("*.png"))) for p in graphics]
    lines, causes, found, total = [], {}, {}, [0] * 4
    for name, files in folders:
        png, exact, cost, why, how = measure(prnn, files)
        row = [len(files), exact, png, cost]
        lines.append(f"| {name} | {len(files)} | {exact} | {png} | {cost} | {cost / max(1, exact):.0f} |")
        print(lines[-1], file=sys.stderr)
        total = [a + b for a, b in zip(total, row)]
        for table, more in ((causes, why), (found, how)):
            for key, count in more.items():
                table[key] = table.get(key, 0) + count
    lines.append("| **all** | " + " | ".join(str(v) for v in total) + f" | {total[3] / max(1, total[1]):.0f} |")
    others = "; ".join(f"{cause}: {count}" for cause, count in sorted(causes.items(), key=lambda c: -c[1]))
    ways = ", ".join(f"{way} ({count})" for way, count in sorted(found.items(), key=lambda c: (-c[1], c[0])))
    text = f"""# Files that come back byte for byte

`python3 bench/exact.py SHARED DATA`: every file is compressed with `prnn compress --exact`, decompressed and compared. Bytes of the PNG files, of the chunks `FILE` in their archives, and of one such chunk.
`photos/validation` were written by djxl, `graphics` are original files.

| folder | files | come back | PNG | `FILE` | each |
|---|---|---|---|---|---|
""" + "\n".join(lines) + f"""

The others: {others or "none"}.

Level, strategy, memory level and window bits that were found, and how often (`stored`: blocks that are not compressed): {ways}.
"""
    (ROOT / "bench/results/exact.md").write_text(text)


if __name__ == "__main__":
    main()
