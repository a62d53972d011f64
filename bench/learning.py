"""What learning by different rules brings: sizes of photos/validation, each against the same network as it is.

usage: python3 bench/learning.py DATA [PRNN]        prints a table; rules are numbers of LRNG (spec/format.md), as `--effort` takes them
"""

import math
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent


def rule(heads, residual=0, first=0, decay=60, momentum=1, interval=256):
    return f"{interval},{momentum},7,14,3,3,{decay},{first},{residual},{heads},{heads}"


RULES = {
    "heads, 0.0003 (balanced)": rule(300),
    "heads, 0.0006": rule(629),
    "all layers but the first": rule(300, 300),
    "all layers": rule(300, 300, 60),
    "heads, steps that do not fall": rule(300, decay=0),
    "heads, momentum of 8 updates": rule(300, momentum=3),
    "heads, an update every 1000 pixels": rule(300, interval=1000),
    "two copies: as it is; all but the first, 0.002": f"{rule(0)},{rule(2097, 2097)},10",
    "three: as it is; 0.0006; 0.003": f"{rule(0)},{rule(629, 629)},{rule(3146, 3146)},10",
    "four (max)": f"{rule(0)},{rule(419)},{rule(629, 629)},{rule(3146, 3146)},10",
    "four, weights that do not follow": f"{rule(0)},{rule(419)},{rule(629, 629)},{rule(3146, 3146)},0",
}


def sizes(program, files, model, effort, folder):
    out = pathlib.Path(folder, "a.prnn")
    result = []
    for file in files:
        subprocess.run([program, "compress", file, "-o", out, "-f", "-q", "--no-verify", "--no-preserve", "--model", model, "--effort", effort],
                       check=True)
        result.append(out.stat().st_size)
    return result


def main():
    files = sorted((pathlib.Path(sys.argv[1]) / "photos/validation").glob("*.png"))
    program = sys.argv[2] if len(sys.argv) > 2 else str(ROOT / ".build/release/prnn")
    print("| rules | photo-2 | photo |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        plain = {model: sizes(program, files, model, "fast", folder) for model in ("photo-2", "photo")}
        for name, effort in RULES.items():
            cells = []
            for model, before in plain.items():
                after = sizes(program, files, model, effort, folder)
                mean = sum(math.log(a / b) for a, b in zip(after, before)) / len(files)
                cells.append(f"{100 * (math.exp(mean) - 1):+.2f} %")
            print(f"| {name} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main()
