"""The paper's ablations (its tables 2 and 3) on CIFAR-10, at a size that fits: Row LSTM, residual × skip connections and the number of layers.

usage: python3 bench/ablations.py DATA [--threads N]        DATA: what corpus/prepare.py made; writes results/ablations.json and ablations.md

Every cell sees the same pictures in the same order with the same settings: only what the table names differs. The last mosaics of the
training set validate. A cell that is done stays in ablations.json, so a run that was stopped goes on; remove the file to start anew.
"""

import argparse
import csv
import json
import pathlib
import resource
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
PRNN = HERE.parent / ".build/release/prnn"
SETTINGS = ["--architecture", "row-lstm", "--features", 16, "--head-width", 64, "--channels", 3, "--tile", "32x32", "--batch", 16,
            "--steps", 3750, "--optimiser", "muon", "--learning-rate", 0.006, "--warm-up", 200, "--clip", 3000, "--average", 0.998,
            "--validation-limit", 2000, "--seed", 1]
CONNECTIONS = {"neither": ["--no-residual"], "skip": ["--no-residual", "--skip"], "residual": [], "both": ["--skip"]}
CELLS = {f"6 {name}": ["--layers", 6, *words] for name, words in CONNECTIONS.items()} | \
    {f"{n} residual": ["--layers", n] for n in (1, 2, 3)}
PAPER = {"6 neither": 3.22, "6 skip": 3.09, "6 residual": 3.07, "6 both": 3.06,
         "layers": {1: 3.30, 2: 3.20, 3: 3.17, 6: 3.09}}


def run(words, data, threads, program):
    mosaics = sorted((data / "cifar10").glob("train-*.png"))
    with tempfile.TemporaryDirectory() as temporary:
        log = pathlib.Path(temporary) / "log.csv"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        validation = [word for path in mosaics[-2:] for word in ("--validation", path)]
        subprocess.run([str(w) for w in [program, "train", *SETTINGS, *words, *mosaics[:-2], *validation, "--validate-every", 1250,
                                         "--threads", threads, "--log", log, "-q", "-f", "-o", f"{temporary}/x.safetensors"]], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        rows = list(csv.DictReader(log.open()))
    curve = [(int(row["step"]), float(row["validation_bits_per_dim"])) for row in rows if row["validation_bits_per_dim"]]
    return {"bitsPerDim": curve[-1][1], "curve": curve, "seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def page(cells):
    value = lambda name: f"{cells[name]['bitsPerDim']:.3f} | {cells[name]['seconds'] / 60:.1f}" if name in cells else " | "
    lines = ["# Ablations", "",
             "Row LSTM on CIFAR-10, bits/dim of the float network on 2000 training pictures kept out: 16 features, a head of 64, 60,000 pictures",
             "for each cell (1.5 epochs), Muon, one seed, the same order of pictures; minutes of one core. The paper's values (its tables 2 and 3)",
             "are of networks of 128 features that were trained to the end: what can be compared is the order.", "",
             "    python3 bench/ablations.py DATA        # this page and ablations.json", "",
             "The paper's order but for `residual` and `both`, which are 0.01 apart there and 0.02 here, with one seed each.", "",
             "| 6 layers | bits/dim | minutes | paper |", "|---|---|---|---|"]
    lines += [f"| {name} | {value(f'6 {name}')} | {PAPER[f'6 {name}']:.2f} |" for name in CONNECTIONS]
    lines += ["", "| layers, with residual connections | bits/dim | minutes | paper |", "|---|---|---|---|"]
    lines += [f"| {n} | {value(f'{n} residual')} | {PAPER['layers'][n]:.2f} |" for n in (1, 2, 3, 6)]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--program", type=pathlib.Path, default=PRNN)
    a = parser.parse_args()
    results = HERE / "results/ablations.json"
    cells = json.loads(results.read_text()) if results.exists() else {}
    for name, words in CELLS.items():
        if name not in cells:
            cells[name] = run(words, a.data, a.threads, a.program)
            print(name, cells[name], flush=True)
            results.write_text(json.dumps(cells, indent=1) + "\n")
    (HERE / "results/ablations.md").write_text(page(cells))


if __name__ == "__main__":
    main()
