"""The paper's tables, with networks trained here: results/paper.json and paper.md.

usage: python3 bench/paper.py DATA [NAME...]        DATA: what corpus/prepare.py made; NAME: networks to measure anew, all without any

Weights and how they were trained lie in spec/reference/weights/paper: NAME.safetensors and NAME.json. Every network is turned into
integers with the first 512 training pictures to calibrate on, and evaluated on all test pictures: what the network of floats and the
one of integers gives, and what the streams take. Decoding speed is that of `prnn decompress --threads 1`, PNG files included.
"""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
PRNN = pathlib.Path(os.environ.get("PRNN", ROOT / ".build/release/prnn"))
WEIGHTS = ROOT / "spec/reference/weights/paper"
SETS = {
    "mnist": {"unit": "natsPerPicture", "digits": 2, "options": ["--bits", "28x28"],
              "train": ["mnist/binarized-train.bits"], "test": ["mnist/binarized-test.bits"]},
    "cifar10": {"unit": "bitsPerDim", "digits": 3, "options": ["--tile", "32x32"],
                "train": ["cifar10/train-00.png"], "test": [f"cifar10/test-{i:02}.png" for i in range(10)]},
}


def prnn(*words):
    return subprocess.run([str(PRNN), *map(str, words)], check=True, capture_output=True, text=True).stdout


def evaluate(data, name, about, folder):
    group = SETS[about["set"]]
    model = folder / f"{name}.prnnm"
    train = [data / path for path in group["train"]]
    test = [data / path for path in group["test"]]
    prnn("quantise", "--weights", WEIGHTS / f"{name}.safetensors", *group["options"], *train, "-o", model, "--force")
    report = json.loads(prnn("evaluate", "--model", model, *group["options"], *test, "--json", "--threads", 2))
    row = {"set": about["set"], "about": about,
           "floats": report["floats"][group["unit"]], "integers": report["integers"][group["unit"]],
           "coded": report["coded"][group["unit"]], "integersOverFloats": report["integersOverFloats"],
           "codedOverIntegers": report["codedOverIntegers"], "bytesAboveEachStream": report["bytesAboveEachStream"]}
    return row, model


def png(path, rows, width):
    """Writes a gray picture of 1 bit a sample."""
    def chunk(kind, body):
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
    height = len(rows)
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


def digits(data, folder):
    """All MNIST test digits as PNG files."""
    folder.mkdir()
    bits = (data / "mnist/binarized-test.bits").read_bytes()
    for i in range(len(bits) // 98):
        number = int.from_bytes(bits[98 * i:98 * i + 98], "big")
        rows = [((number >> (28 * (27 - y))) & 0xFFFFFFF) << 4 for y in range(28)]
        png(folder / f"{i:05}.png", [row.to_bytes(4, "big") for row in rows], 28)


def seconds(*words):
    """Processor time of a command: the machine is shared."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    prnn(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def speed(data, model, folder):
    source, archive, target = folder / "digits", folder / "digits.prnn", folder / "copy"
    digits(data, source)
    encode = seconds("compress", source, "-o", archive, "--model", model, "--threads", 1, "--no-verify", "--quiet")
    times = []
    for _ in range(3):
        shutil.rmtree(target, ignore_errors=True)
        times.append(seconds("decompress", archive, "-o", target, "--model", model, "--threads", 1, "--quiet"))
    same = all((target / f.name).exists() for f in source.iterdir())
    count = len(list(source.iterdir()))
    return {"pictures": count, "allThere": same, "archiveBytes": archive.stat().st_size,
            "decodedPerSecond": count / sorted(times)[1], "encodedPerSecond": count / encode}


def table(rows):
    lines = ["| network | set | asked | float | integer | coded | integer / float | coded / integer | training |",
             "|---|---|---|---|---|---|---|---|---|"]
    for name, row in rows.items():
        about, d = row["about"], SETS[row["set"]]["digits"]
        lines.append(f"| {about['network']} | {row['set']} | {about['asked']} | {row['floats']:.{d}f} | {row['integers']:.{d}f} "
                     f"| **{row['coded']:.{d}f}** | {row['integersOverFloats']:.5f} "
                     f"| {row['codedOverIntegers']:.5f} (+{row['bytesAboveEachStream']:.1f} bytes a stream) "
                     f"| {about['training']} |")
    return "\n".join(lines)


def main():
    data = pathlib.Path(sys.argv[1])
    names = sys.argv[2:]
    known = HERE / "results/paper.json"
    results = json.loads(known.read_text()) if names else {"networks": {}, "speed": None}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for path in sorted(WEIGHTS.glob("*.json")):
            about = json.loads(path.read_text())
            if names and path.stem not in names:
                continue
            row, model = evaluate(data, path.stem, about, folder)
            results["networks"][path.stem] = row
            if path.stem == "mnist-diagonal-bilstm-7x16":
                results["speed"] = speed(data, model, folder)
    (HERE / "results/paper.json").write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    page = HERE / "results/paper.md"
    text = page.read_text()
    start, end = "<!-- table -->\n", "<!-- end of table -->"
    before, rest = text.split(start)
    lines = table(results["networks"])
    if results["speed"]:
        s = results["speed"]
        lines += (f"\n\nDiagonal BiLSTM 7×16, {s['pictures']} digits in one archive of {s['archiveBytes']} bytes, one thread, processor "
                  f"time, PNG files included: {s['decodedPerSecond']:.0f} pictures/s decoded, {s['encodedPerSecond']:.0f} encoded.")
    page.write_text(before + start + lines + "\n" + end + rest.split(end)[1])


if __name__ == "__main__":
    main()
