"""Bits/dim and speed of every effort, and what learning brings, against `cjxl -d 0 -e 9` in the same run.

usage: python3 bench/efforts.py DATA [SOURCES.tsv]     needs .build/release/prnn (or the environment's PRNN) and cjxl; writes
results/efforts.json and efforts.md after each set

Speeds are of processor time of whole processes (PNG reading and writing included), one thread. With SOURCES.tsv the crops of the
sources that the models were not trained on are a set, too.
"""

import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

from PIL import Image

ROOT = pathlib.Path(__file__).parent.parent
PRNN = os.environ.get("PRNN", ROOT / ".build/release/prnn")
COPIES = [(0, 0), (0, 419), (629, 629), (3146, 3146)]  # rates of the residual layers and of the heads, as in Effort.swift
HELD_OUT = {"Zelex/images:wikipedia-photos", "pop-os/wallpapers", "ianare/exif-samples"}
WAYS = {  # options of prnn compress
    "fast": ["--effort", "fast"],
    "photo-3, not learning": ["--model", "photo-3", "--effort", "fast"],
    "balanced": ["--effort", "balanced"],
    "max": ["--effort", "max"],
    "max without fits": ["--effort", ",".join(f"256,1,7,14,3,3,60,0,{r},{h},{h}" for r, h in COPIES) + ",10,1"],
    "photo-2, max": ["--model", "photo-2", "--effort", "max"],
}


def run(*words):
    """Processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(w) for w in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def measure(files, folder):
    rows = {name: [] for name in ["jxl e9", *WAYS]}
    for file in files:
        pixels = Image.open(file).size
        pixels = pixels[0] * pixels[1]
        coded, back = folder / "a", folder / "b.png"
        encode = run("cjxl", "-d", 0, "-e", 9, "--num_threads", 0, file, coded)
        rows["jxl e9"].append((coded.stat().st_size * 8 / pixels / 3, pixels, encode, run("djxl", "--num_threads", 0, coded, back)))
        for name, options in WAYS.items():
            encode = run(PRNN, "compress", file, "-o", coded, "-f", "-q", "--threads", 1, "--no-verify", "--no-preserve", *options)
            decode = run(PRNN, "decompress", coded, "-o", back, "-f", "-q", "--threads", 1)
            rows[name].append((coded.stat().st_size * 8 / pixels / 3, pixels, encode, decode))
    peer = [r[0] for r in rows["jxl e9"]]
    return {
        name: {
            "bits/dim": statistics.mean(r[0] for r in all_),
            "against jxl e9": statistics.mean(r[0] for r in all_) / statistics.mean(peer),
            "largest against jxl e9": max(r[0] / p for r, p in zip(all_, peer)),
            "encode MPixel/s": sum(r[1] for r in all_) / sum(r[2] for r in all_) / 1e6,
            "decode MPixel/s": sum(r[1] for r in all_) / sum(r[3] for r in all_) / 1e6,
            "by file": [round(r[0], 5) for r in all_],
        }
        for name, all_ in rows.items()
    }


def larger(result, less, more):
    """Pictures that the higher effort makes larger."""
    return sum(b > a for a, b in zip(result[less]["by file"], result[more]["by file"]))


def main():
    data = pathlib.Path(sys.argv[1])
    sets = {"photos/validation": sorted((data / "photos/validation").glob("*.png"))}
    if len(sys.argv) > 2:
        table = [line.rstrip("\n").split("\t") for line in open(sys.argv[2])]
        sets["sources kept out of training, 272 x 272"] = [
            data / "photos" / f"{row[0]}.png" for row in table if row[3] in HELD_OUT]
    sets["kodak"] = sorted((data / "kodak").glob("*.png"))
    results, text = {}, ["Made by `bench/efforts.py`. " + " ".join(__doc__.split("\n\n")[2].split()), ""]
    for name, files in sets.items():
        with tempfile.TemporaryDirectory() as folder:
            r = results[name] = measure(files, pathlib.Path(folder))
        text += [f"## {name}: {len(files)} pictures", "", "| | bits/dim | / jxl e9 | worst picture | encode MPixel/s | decode |",
                 "|---|---|---|---|---|---|"]
        text += [f"| {way} | {v['bits/dim']:.4f} | {v['against jxl e9']:.4f} | {v['largest against jxl e9']:.3f} | "
                 f"{v['encode MPixel/s']:.2f} | {v['decode MPixel/s']:.2f} |" for way, v in r.items()]
        text += ["", f"Pictures that balanced makes larger than fast: {larger(r, 'fast', 'balanced')}; max larger than balanced: "
                 f"{larger(r, 'balanced', 'max')}.", ""]
        (ROOT / "bench/results/efforts.json").write_text(json.dumps(results, indent=1) + "\n")
        (ROOT / "bench/results/efforts.md").write_text("\n".join(text))
        print("\n".join(text), flush=True)


if __name__ == "__main__":
    main()
