"""Graphics: screenshots, plots, icons, sprites, clip art, drawings, maps, scans and more, against their PNG files and WebP.

usage: python3 bench/graphics.py SHARED        SHARED: the folder of data/graphics; needs .build/release/prnn, cwebp and cjxl
writes results/graphics.json and graphics.md

Files of 16 bits a sample are measured against `cjxl -d 0 -e 9`, all others against `cwebp -lossless -exact -z 9`. Archives are whole files
with all chunks of the PNG file; WebP files have none. Every archive is decompressed again, and the samples are compared
(by Pillow, which reads the high bytes only of 16-bit colour).
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
PRNN = pathlib.Path(os.environ.get("PRNN", HERE.parent / ".build/release/prnn"))


def size_of(words, out):
    subprocess.run([str(w) for w in words], check=True, capture_output=True)
    return out.stat().st_size


def measure(path):
    """Bytes of one file; None where the program refuses it."""
    row = {"category": path.parent.name, "png": path.stat().st_size, "bits": path.read_bytes()[24]}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        out = folder / "out"
        if row["bits"] == 16:
            row["peer"] = size_of(["cjxl", path, out.with_suffix(".jxl"), "-d", 0, "-e", 9], out.with_suffix(".jxl"))
        else:
            row["peer"] = size_of(["cwebp", "-quiet", "-lossless", "-exact", "-z", 9, path, "-o", out], out)
        archive, copy = folder / "a.prnn", folder / "a.png"
        done = subprocess.run([str(PRNN), "compress", str(path), "-o", str(archive), "-q", "--no-verify", "--no-preserve", "--threads", "1"], capture_output=True)
        if done.returncode:
            return row | {"prnn": None}
        subprocess.run([str(PRNN), "decompress", str(archive), "-o", str(copy), "-q", "--threads", "1"], check=True)
        a, b = Image.open(path), Image.open(copy)
        info = json.loads(subprocess.run([str(PRNN), "info", "--json", str(archive)], check=True, capture_output=True).stdout)
        series = info["series"][0]
        return row | {"prnn": archive.stat().st_size, "equal": a.mode == b.mode and bool(np.array_equal(np.asarray(a), np.asarray(b))),
                      "streams": series["streamBytes"], "byNetworks": series["tilesByNetworks"], "byContextMixing": series["tilesByContextMixing"]}


def page(files):
    lines = ["# Graphics", "",
             "`data/graphics`, `--effort balanced`; bytes of all files of a category that the program takes; WebP: `cwebp -lossless -exact -z 9`, whose files hold no other chunks of the PNG; files of 16 bits: `cjxl -d 0 -e 9`.",
             "", "    python3 bench/graphics.py SHARED        # this page and graphics.json", "",
             "| category | files | PNG | WebP | prnn | prnn / WebP | by context mixing |", "|---|---|---|---|---|---|---|"]
    groups = collections.defaultdict(list)
    for row in files.values():
        if row["prnn"] is not None:
            for name in (row["category"], "all"):
                groups[name].append(row)
    for name in sorted(groups, key=lambda n: (n == "all", n)):
        rows = groups[name]
        png, webp, ours = (sum(r[k] for r in rows) for k in ("png", "peer", "prnn"))
        mixed = sum(1 for r in rows if r["byContextMixing"] > 0 and r["byNetworks"] == 0)
        lines.append(f"| {name} | {len(rows)} | {png} | {webp} | {ours} | **{ours / webp:.3f}** | {mixed} |")
    refused = [n for n, r in files.items() if r["prnn"] is None]
    larger = [(n, r["prnn"] - r["png"]) for n, r in files.items() if r["prnn"] is not None and r["prnn"] > r["png"]]
    unequal = [n for n, r in files.items() if r["prnn"] is not None and not r["equal"]]
    lines += ["", f"Files whose samples did not come back: {len(unequal)}. Archives larger than their PNG file: {len(larger)}"
              + (f", by {max(d for _, d in larger)} bytes at the most ({', '.join(n for n, _ in larger)})" if larger else "") + ".",
              *([f"Files that are refused: {', '.join(refused)}."] if refused else [])]
    wide = {n: r for n, r in files.items() if r["bits"] == 16 and r["prnn"] is not None}
    lines += ["", "Those of 16 bits:", "", "| file | PNG | JPEG XL | prnn | prnn / JPEG XL |", "|---|---|---|---|---|",
              *(f"| {n} | {r['png']} | {r['peer']} | {r['prnn']} | **{r['prnn'] / r['peer']:.3f}** |" for n, r in wide.items()),
              f"| all | {total(wide, 'png')} | {total(wide, 'peer')} | {total(wide, 'prnn')} | **{total(wide, 'prnn') / total(wide, 'peer'):.3f}** |"]
    return "\n".join(lines) + "\n"


def total(files, key):
    return sum(r[key] for r in files.values())


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("data/graphics/*/*.png"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        rows = list(pool.map(measure, paths))
    files = {f"{p.parent.name}/{p.name}": row for p, row in zip(paths, rows)}
    (HERE / "results/graphics.json").write_text(json.dumps(files, indent=1, sort_keys=True) + "\n")
    (HERE / "results/graphics.md").write_text(page(files))


if __name__ == "__main__":
    main()
