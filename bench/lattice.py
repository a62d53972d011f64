"""Pictures whose colours lie on a lattice: bits/dim of whole files against JPEG XL. Makes the pictures from those of
photos/validation and writes results/lattice.json and lattice.md after each set.

usage: python3 bench/lattice.py DATA [PRNN]     DATA: a folder made by corpus/prepare.py

Uses cjxl from PATH and, for Kodak, the figures of results/sizes.json, which are of archives without lattices.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = ROOT / "bench/results"


# ------------------------------------------------------------------------------------------------- the pictures


def fix(x):
    return int(x * 65536 + 0.5)


def to_jfif(rgb):
    """Y, Cb, Cr as libjpeg computes them (jccolor.c)."""
    r, g, b = (rgb[..., i].astype(np.int64) for i in range(3))
    zero = (128 << 16) + 32767
    return ((fix(.299) * r + fix(.587) * g + fix(.114) * b + 32768) >> 16,
            (-fix(.16874) * r - fix(.33126) * g + fix(.5) * b + zero) >> 16,
            (fix(.5) * r - fix(.41869) * g - fix(.08131) * b + zero) >> 16)


def from_jfif(y, cb, cr):
    """RGB as libjpeg computes it (jdcolor.c)."""
    cb, cr = cb - 128, cr - 128
    r = y + ((fix(1.402) * cr + 32768) >> 16)
    g = y + ((-fix(.34414) * cb - fix(.71414) * cr + 32768) >> 16)
    b = y + ((fix(1.772) * cb + 32768) >> 16)
    return np.stack([r, g, b], -1).clip(0, 255).astype(np.uint8)


def halved(plane):
    plane = np.pad(plane, ((0, plane.shape[0] & 1), (0, plane.shape[1] & 1)), "edge")
    return (plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2] + 2) >> 2


def replicated(plane):
    return plane.repeat(2, 0).repeat(2, 1)


def fancy(plane):
    """libjpeg's triangle filter (jdsample.c, h2v2_fancy_upsample)."""
    above, below = (np.pad(plane, p, "edge") for p in (((1, 0), (0, 0)), ((0, 1), (0, 0))))
    out = np.zeros((2 * plane.shape[0], 2 * plane.shape[1]), np.int64)
    for first, near in ((0, above[:-1]), (1, below[1:])):
        sums = 3 * plane + near
        wide = np.pad(sums, ((0, 0), (1, 1)), "edge")
        out[first::2, ::2] = (3 * sums + wide[:, :-2] + 8) >> 4
        out[first::2, 1::2] = (3 * sums + wide[:, 2:] + 7) >> 4
    return out


def subsampled(upsample):
    def make(rgb):
        y, cb, cr = to_jfif(rgb)
        h, w = y.shape
        return from_jfif(y, *(upsample(halved(c))[:h, :w] for c in (cb, cr)))
    return make


SETS = {
    "JFIF YCbCr 4:4:4": lambda rgb: from_jfif(*to_jfif(rgb)),
    "JFIF YCbCr 4:2:0, replicated": subsampled(replicated),
    "JFIF YCbCr 4:2:0, libjpeg's triangle filter": subsampled(fancy),
    "16 levels a channel": lambda rgb: (rgb >> 4) * 17,
    "unchanged": lambda rgb: rgb,
}


# ------------------------------------------------------------------------------------------------- measuring


def lattice_of(archive):
    at = max(archive.find(b"LATT" + bytes([length, 0, 0, 0])) for length in (1, 2, 33, 34))
    return ("learned", "JFIF", "conversion", "JFIF's planes", "planes of a conversion")[archive[at + 8]] if at >= 0 else "none"


def prnn(program, picture, folder):
    out = pathlib.Path(folder, "a.prnn")
    subprocess.run([program, "compress", "--force", "--quiet", "--no-verify", "--no-preserve", "--effort", "max", picture, "-o", out],
                   check=True)
    return out.read_bytes()


def jxl(picture, folder):
    out = pathlib.Path(folder, "a.jxl")
    subprocess.run(["cjxl", "-d", "0", "-e", "9", "--num_threads=0", picture, out], check=True, capture_output=True)
    return out.stat().st_size


def row(files):
    mean = {k: float(np.mean([f[k] for f in files.values()])) for k in ("prnn", "jxl e9")}
    kinds = [f["lattice"] for f in files.values()]
    without = [f["without"] for f in files.values() if "without" in f]
    return {**mean, "prnn / jxl e9": mean["prnn"] / mean["jxl e9"], **({"without": float(np.mean(without))} if without else {}),
            "pictures": len(files), "lattices": {k: kinds.count(k) for k in sorted(set(kinds))}, "files": files}


def save(results):
    (RESULTS / "lattice.json").write_text(json.dumps(results, indent=1) + "\n")
    lines = ["# Colour lattices", "",
             "Bits/dim of whole files, `--effort max`, by `python3 bench/lattice.py DATA`. All but Kodak are the pictures of",
             "`photos/validation`, changed as the row says; what is before the change is `unchanged`. Kodak is for reporting only.", "",
             "| pictures | prnn | `photo` without lattices or learning | jxl e9 | prnn / jxl e9 | lattices found |", "|---|---|---|---|---|---|"]
    for name, r in results.items():
        found = ", ".join(f"{v} {k}" for k, v in r["lattices"].items())
        without = f"{r['without']:.3f}" if "without" in r else "-"
        lines.append(f"| {name} ({r['pictures']}) | {r['prnn']:.3f} | {without} | {r['jxl e9']:.3f} | {r['prnn / jxl e9']:.3f} | {found} |")
    (RESULTS / "lattice.md").write_text("\n".join(lines) + "\n")


def main():
    data = pathlib.Path(sys.argv[1])
    program = sys.argv[2] if len(sys.argv) > 2 else str(ROOT / ".build/release/prnn")
    results = {}
    known = json.loads((RESULTS / "sizes.json").read_text())["kodak"]["by file"]
    with tempfile.TemporaryDirectory() as folder:

        def kodak():
            files = {}
            for path in sorted((data / "kodak").glob("*.png")):
                archive = prnn(program, path, folder)
                old = known[path.name]
                files[path.name] = {"prnn": len(archive) * 8 / np.asarray(Image.open(path)).size, "jxl e9": old["jxl e9"],
                                    "without": old["photo"], "lattice": lattice_of(archive)}
            results["Kodak"] = row(files)
            save(results)

        for name, make in SETS.items():
            files = {}
            for path in sorted((data / "photos/validation").glob("*.png")):
                rgb = make(np.asarray(Image.open(path).convert("RGB")))
                picture = f"{folder}/a.png"
                Image.fromarray(rgb).save(picture)
                archive = prnn(program, picture, folder)
                files[path.name] = {"prnn": len(archive) * 8 / rgb.size, "jxl e9": jxl(picture, folder) * 8 / rgb.size,
                                    "lattice": lattice_of(archive)}
            results[name] = row(files)
            save(results)
            if name == "JFIF YCbCr 4:4:4":
                kodak()


if __name__ == "__main__":
    main()
