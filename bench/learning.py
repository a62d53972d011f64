"""What adapting to the picture brings: sizes with networks that learn by different rules, each against the same network as it is.

usage: python3 bench/learning.py DATA SOURCES.tsv [PNG...]     needs .build/release/prnn (or the environment's PRNN); writes
results/learning.md after each set

The sets: photos/validation; and pictures of more than 0.5 MPixel of sources that no network was trained on: all 272 x 272 crops of each such
source side by side, and the PNG files given. Rules are numbers of LRNG and FITS (spec/format.md), as `--effort` takes them.
"""

import concurrent.futures
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

from efforts import HELD_OUT

ROOT = pathlib.Path(__file__).parent.parent
PRNN = os.environ.get("PRNN", ROOT / ".build/release/prnn")
MODELS = ("photo", "photo-3")
FITS = "/40,1,1,1,2,9,9,3,3,3,4,6,6,9,10,9,11,1,1"


def rule(heads, residual=0, first=0, decay=60, interval=256, logits=None):
    return f"{interval},1,7,14,3,3,{decay},{first},{residual},{heads},{heads if logits is None else logits}"


FOUR = f"{rule(0)},{rule(419)},{rule(629, 629)},{rule(3146, 3146)},10,1"
RULES = {
    "heads, 0.0003": rule(300),
    "heads, 0.0003, an update every 512 pixels": rule(300, interval=512),
    "heads, 0.0006 that falls sooner, an update every 128 pixels (balanced)": rule(600, logits=400, decay=40, interval=128),
    "logits only, 0.0003": rule(0, logits=300),
    "all layers but the first, 0.0006": rule(629, 629),
    "all layers, 0.0003": rule(300, 300, 60),
    "two copies: as it is; all but the first, 0.002": f"{rule(0)},{rule(2097, 2097)},10,1",
    "four: as it is; heads; all but the first, 0.0006 and 0.003": FOUR,
    "as it is, with three fits": rule(0) + FITS,
    "heads, 0.0003, with three fits": rule(300) + FITS,
    "four with three fits (max)": FOUR + FITS,
}


def sizes(files, model, effort, folder):
    def size(number, file):
        out = pathlib.Path(folder, f"{number}.prnn")
        subprocess.run([PRNN, "compress", file, "-o", out, "-f", "-q", "--no-verify", "--no-preserve", "--threads", "1", "--coding", "networks",
                        "--model", model, "--effort", effort], check=True)
        return out.stat().st_size

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(size, range(len(files)), files))


def gain(before, after):
    """Of the geometric mean, in percent."""
    return f"{100 * (math.exp(sum(math.log(a / b) for a, b in zip(after, before)) / len(after)) - 1):+.2f} %"


def mosaics(data, table, folder):
    rows = [line.rstrip("\n").split("\t") for line in open(table)]
    for source in sorted(HELD_OUT):
        crops = [np.asarray(Image.open(data / f"photos/{r[0]}.png").convert("RGB")) for r in rows if r[3] == source]
        crops = [c for c in crops if c.shape == (272, 272, 3)]
        columns = math.isqrt(len(crops))
        rows_of_crops = [np.hstack(crops[i:i + columns]) for i in range(0, len(crops) // columns * columns, columns)]
        file = pathlib.Path(folder, source.split("/")[-1].replace(":", "-") + ".png")
        Image.fromarray(np.vstack(rows_of_crops)).save(file)
        yield file


def table(name, files):
    """Lines of Markdown, more and more of them."""
    images = [Image.open(f).size for f in files]
    lines = [f"## {name}: {len(files)} pictures, {sum(w * h for w, h in images) / 1e6:.1f} MPixel", "",
             "| | " + " | ".join(MODELS) + " |", "|---" * (len(MODELS) + 1) + "|"]
    with tempfile.TemporaryDirectory() as folder:
        plain = {m: sizes(files, m, "fast", folder) for m in MODELS}
        lines.append("| as it is, bits/dim | " + " | ".join(
            f"{sum(8 * s / w / h / 3 for s, (w, h) in zip(plain[m], images)) / len(files):.4f}" for m in MODELS) + " |")
        all_ = {m: {"": plain[m]} for m in MODELS}
        for rule_name, effort in RULES.items():
            for m in MODELS:
                all_[m][rule_name] = sizes(files, m, effort, folder)
            lines.append(f"| {rule_name} | " + " | ".join(gain(plain[m], all_[m][rule_name]) for m in MODELS) + " |")
            yield lines
    single = [k for k in all_["photo"] if "four" not in k and "two" not in k and "fits" not in k]
    best = {m: [min(s) for s in zip(*(all_[m][k] for k in single))] for m in MODELS}
    lines.append("| the best for each picture of all above without copies and fits | " + " | ".join(gain(plain[m], best[m]) for m in MODELS) + " |")
    three = [min(s) for s in zip(*(all_[m]["heads, 0.0003"] for m in MODELS))]
    lines += ["", f"The best start weights for each picture, heads learning: {gain(all_['photo-3']['heads, 0.0003'], three)} against `photo-3` for all."]
    if len(files) <= 8:
        names = [pathlib.Path(f).stem for f in files]
        key = "four: as it is; heads; all but the first, 0.0006 and 0.003"
        lines += ["", "Four copies, by picture: " + ", ".join(
            f"{n} {' / '.join(gain([plain[m][i]], [all_[m][key][i]]) for m in MODELS)}" for i, n in enumerate(names)) + "."]
    yield lines


def main():
    data, sources, more = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory() as folder:
        sets = {"photos/validation": sorted((data / "photos/validation").glob("*.png")),
                "sources kept out of training": [*mosaics(data, sources, folder), *more]}
        head = ["# What adapting to the picture brings", "",
                "Made by `bench/learning.py`: sizes against those of the same network as it is, whole archives, all tiles by networks. Of the models, `photo`",
                "has no local least squares; `photo-3` has two fits as inputs and centre, and `photo`'s network for a mate: where there are several rules",
                "every second copy is of that. Rates are steps of a weight at an update, in the unit of the weights' scale.", ""]
        done = []
        for name, files in sets.items():
            for lines in table(name, files):
                (ROOT / "bench/results/learning.md").write_text("\n".join([*head, *done, *lines]) + "\n")
            done += [*lines, ""]


if __name__ == "__main__":
    main()
