"""Measures the figures of bench/results, each by one command; see README.md.

usage: python3 bench/measure.py sizes|speed|threads|large|scaling|memory|startup DATA     DATA: a folder made by corpus/prepare.py

Uses .build/release/prnn and, for comparison, cjxl, cwebp and optipng from PATH. What is compared runs in turns; times are medians.
"""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent
PRNN = str(ROOT / ".build/release/prnn")
RESULTS = ROOT / "bench/results"


def run(*words, **extra):
    subprocess.run(list(map(str, words)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **extra)


def seconds(*words):
    start = time.perf_counter()
    run(*words)
    return time.perf_counter() - start


def peak_megabytes(*words):
    """The largest resident size of a command, from time(1): a child of this process would start with this one's size."""
    done = subprocess.run(["/usr/bin/time", "-f", "%M", *map(str, words)], check=True, capture_output=True, text=True)
    return int(done.stderr.split()[-1]) * 1024 / 1e6


def bench(*words):
    return json.loads(subprocess.run([PRNN, "bench", "--json", "--effort", "fast", *map(str, words)], check=True, capture_output=True).stdout)


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    tools = subprocess.run(["cjxl", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return {"cpu": model, "cores": os.cpu_count(), "cjxl": tools, "date": time.strftime("%Y-%m-%d")}


def save(name, figures):
    RESULTS.mkdir(exist_ok=True)
    figures = {"machine": machine(), **figures}
    (RESULTS / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps({k: v for k, v in figures.items() if k != "files"}, indent=1))


def pictures(data, name):
    return sorted((pathlib.Path(data) / name).glob("*.png"))


def sizes(data):
    """Bits/dim of whole files: both models against PNG, WebP, JPEG XL and optipng."""
    out = {}
    for name in ("photos/validation", "kodak"):
        report = bench("--peers", "--model", "photo", pathlib.Path(data) / name)
        fast = bench("--model", "photo-fast", pathlib.Path(data) / name)["mean"]
        mean = report["mean"]
        out[name] = {
            "photo": mean["prnn"], "photo-fast": fast["prnn"], "PNG": mean["png"], **mean["peers"],
            "photo / jxl e9": mean["prnn"] / mean["peers"]["jxl e9"],
            "photo-fast / jxl e9": fast["prnn"] / mean["peers"]["jxl e9"],
            "by file": {pathlib.Path(f["file"]).name: {"photo": f["prnn"], "PNG": f["png"], **f["peers"]}
                        for f in report["files"]},
        }
    save("sizes", out)


def speed(data):
    """Whole processes, one thread, in turns: prnn decompress of the validation set against cjxl -e 7 of it."""
    files = pictures(data, "photos/validation")
    with tempfile.TemporaryDirectory() as folder:
        rows = {"jxl e7 encode": [], "jxl e7 decode": []}
        for model in ("photo", "photo-fast"):
            for f in files:
                run(PRNN, "compress", f, "-o", f"{folder}/{f.stem}.{model}.prnn", "--no-verify", "--model", model, "--effort", "fast")
        for _ in range(5):
            rows["jxl e7 encode"].append(
                sum(seconds("cjxl", "-d", 0, "-e", 7, "--num_threads=0", f, f"{folder}/{f.stem}.jxl") for f in files))
            rows["jxl e7 decode"].append(
                sum(seconds("djxl", "--num_threads=0", f"{folder}/{f.stem}.jxl", f"{folder}/out.png") for f in files))
            for model in ("photo", "photo-fast"):
                archives = [f"{folder}/{f.stem}.{model}.prnn" for f in files]
                rows.setdefault(f"{model} decompress", []).append(
                    sum(seconds(PRNN, "decompress", a, "-o", f"{folder}/out.png", "--force", "--threads", 1)
                        for a in archives))
                rows.setdefault(f"{model} compress, not verified", []).append(
                    sum(seconds(PRNN, "compress", f, "-o", f"{folder}/o.prnn", "--force", "--threads", 1, "--no-verify",
                                "--model", model, "--effort", "fast") for f in files))
                mean = bench("--threads", 1, "--model", model, files[0].parent)["mean"]
                rows.setdefault(f"{model} codec alone, decode MPixel/s", []).append(mean["decodeMPixelPerSecond"])
                rows.setdefault(f"{model} codec alone, encode MPixel/s", []).append(mean["encodeMPixelPerSecond"])
    medians = {k: statistics.median(v) for k, v in rows.items()}
    ratios = [a / b for a, b in zip(rows["photo decompress"], rows["jxl e7 encode"])]
    pixels = mean["pixels"]
    codec = [pixels / 1e6 / s / e for s, e in zip(rows["photo codec alone, decode MPixel/s"], rows["jxl e7 encode"])]
    save("speed", {"medians": medians, "photo decompress / jxl e7 encode": statistics.median(ratios),
                   "photo decode without PNG writing / jxl e7 encode": statistics.median(codec), "pixels": pixels})


def mosaic(data, folder, width, height):
    """A large photograph: validation pictures scaled up and laid side by side would be smooth; so tiles at full size."""
    from PIL import Image

    canvas = Image.new("RGB", (width, height))
    images = [Image.open(f).convert("RGB") for f in pictures(data, "photos/validation") + pictures(data, "kodak")]
    x = y = i = 0
    while y < height:
        image = images[i % len(images)].crop((0, 0, 448, 360))
        canvas.paste(image, (x, y))
        x, i = x + 448, i + 1
        if x >= width:
            x, y = 0, y + 360
    path = pathlib.Path(folder) / f"{width}x{height}.png"
    canvas.save(path)
    return path


def threads(data):
    """One picture of 4 MPixel with 1 and 2 threads, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        path = mosaic(data, folder, 2048, 2048)
        rows = {1: [], 2: []}
        for _ in range(5):
            for n in rows:
                rows[n].append(bench("--threads", n, "--model", "photo", path)["mean"])
    ratio = {k: statistics.median(b[k] / a[k] for a, b in zip(rows[1], rows[2]))
             for k in ("encodeMPixelPerSecond", "decodeMPixelPerSecond")}
    save("threads", {"2 threads / 1": ratio,
                     "MPixel/s": {n: {k: statistics.median(m[k] for m in r) for k in ratio} for n, r in rows.items()}})


def large(data):
    """24 MPixel against 1 MPixel, one thread: speed."""
    with tempfile.TemporaryDirectory() as folder:
        big, small = mosaic(data, folder, 6000, 4000), mosaic(data, folder, 1000, 1000)
        rows = {big: [], small: []}
        for _ in range(3):
            for path in rows:
                rows[path].append(bench("--threads", 1, "--model", "photo", path)["mean"])
    keys = ("encodeMPixelPerSecond", "decodeMPixelPerSecond")
    save("large", {
        "24 MPixel / 1 MPixel": {k: statistics.median(b[k] / s[k] for b, s in zip(rows[big], rows[small])) for k in keys},
        "MPixel/s at 24": {k: statistics.median(m[k] for m in rows[big]) for k in keys}})


def scaling(data):
    """Every effort: 4 MPixel with 1 and 2 threads, in turns, and whether the bytes are the same. Whole processes."""
    efforts = ("fast", "balanced", "max")
    rows = {effort: {} for effort in efforts}
    with tempfile.TemporaryDirectory() as folder:
        four, back = mosaic(data, folder, 2048, 2048), f"{folder}/back.png"
        for effort, rounds in zip(efforts, (3, 2, 1)):
            times = {1: [], 2: []}
            for _ in range(rounds):
                for n, archive in ((1, f"{folder}/1.prnn"), (2, f"{folder}/2.prnn")):
                    compress = [PRNN, "compress", four, "-o", archive, "-f", "--no-verify", "--no-preserve", "--effort", effort, "--threads", n]
                    times[n].append((seconds(*compress), seconds(PRNN, "decompress", archive, "-o", back, "-f", "--threads", n)))
            ways = ("compress", "decompress")
            rows[effort] = {
                "2 threads / 1": {w: statistics.median(a[i] / b[i] for a, b in zip(times[1], times[2])) for i, w in enumerate(ways)},
                "MPixel/s, 1 thread": {w: 2048**2 / 1e6 / statistics.median(t[i] for t in times[1]) for i, w in enumerate(ways)},
                "same bytes": pathlib.Path(f"{folder}/1.prnn").read_bytes() == pathlib.Path(f"{folder}/2.prnn").read_bytes()}
            save("scaling", rows)


def memory(data):
    """Peak memory, in MB, of both ways with two threads, and whether all samples came back: photographs of 24 and 100 MPixel, a sparse gray
    picture of 200, and pictures of one row and of one column."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        def sparse(width, height):
            from PIL import Image

            picture = Image.new("L", (width, height), 9)
            for i in range(0, width * height, 99_991):
                picture.putpixel((i % width, i // width), i % 251)
            picture.save(out := f"{folder}/{width}x{height}.png")
            return out

        cases = [("24 MPixel", effort, mosaic(data, folder, 6000, 4000)) for effort in ("fast", "balanced", "max")]
        cases += [(f"{w} x {h}, sparse", "balanced", sparse(w, h)) for w, h in ((1, 60000), (60000, 1), (20000, 10000))]
        cases += [("100 MPixel", effort, mosaic(data, folder, 10000, 10000)) for effort in ("fast", "balanced")]
        archive, back = f"{folder}/a.prnn", f"{folder}/back.png"
        for name, effort, file in cases:
            rows[f"{name}, {effort}"] = {
                "compress": peak_megabytes(PRNN, "compress", file, "-o", archive, "-f", "--effort", effort, "--threads", 2),
                "decompress": peak_megabytes(PRNN, "decompress", archive, "-o", back, "-f", "--threads", 2),
                "samples": pathlib.Path(export(file, folder)).stat().st_size / 1e6}
            run("cmp", *[export(p, folder) for p in (file, back)])
            save("memory", rows)


def export(path, folder):
    """The samples of a PNG as a raw file, to compare."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    out, picture = f"{folder}/{pathlib.Path(path).stem}.raw", Image.open(path)
    pathlib.Path(out).write_bytes((picture if picture.mode == "L" else picture.convert("RGB")).tobytes())
    return out


def startup(_):
    with tempfile.TemporaryDirectory() as folder:
        run(PRNN, "compress", ROOT / "corpus/made/hills.png", "-o", f"{folder}/hills.prnn")
        commands = {"--help": ["--help"], "info": ["info", f"{folder}/hills.prnn"]}
        times = {name: [] for name in commands}
        for _ in range(61):
            for name, words in commands.items():
                times[name].append(seconds(PRNN, *words))
    save("startup", {f"prnn {name}, ms": statistics.median(t) * 1000 for name, t in times.items()})


if __name__ == "__main__":
    commands = {f.__name__: f for f in (sizes, speed, threads, large, scaling, memory, startup)}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    commands[sys.argv[1]](sys.argv[2])
