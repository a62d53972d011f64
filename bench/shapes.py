"""The table of shapes: kMAC/pixel, bits/dim and speed of networks trained for the same time.

usage: python3 bench/shapes.py DATA CHECKPOINT...      (checkpoints of train.py, colour; PyTorch)

Bits/dim are of whole files of `prnn compress` on photos/validation, and of the rounded network on held-out sources as the trainer
reported; speed is of the codec alone with one thread, in turns, the median of three.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
PRNN = str(ROOT / ".build/release/prnn")
sys.path.insert(0, str(ROOT / "spec/reference"))
from export import load_checkpoint  # noqa: E402


def main():
    folder = f"{sys.argv[1]}/photos/validation"
    rows = {}
    with tempfile.TemporaryDirectory() as out:
        for path in sys.argv[2:]:
            net, origin = load_checkpoint(path)
            model = f"{out}/{pathlib.Path(path).stem}.prnnmodel"
            subprocess.run([sys.executable, "-W", "ignore", str(ROOT / "spec/reference/export.py"), "--name",
                            pathlib.Path(path).stem, "--out", model, "--colour", path], check=True)
            rows[model] = (net.arch, origin, [])
        for _ in range(3):
            for model, (_, _, means) in rows.items():
                words = [PRNN, "bench", "--json", "--threads", "1", "--effort", "fast", "--model", model, folder]
                means.append(json.loads(subprocess.run(words, check=True, capture_output=True).stdout)["mean"])
    lines = ["| hidden | residual layers | window | bottleneck | kMAC/pixel | minutes | bits/dim, validation | held-out sources "
             "| decode MPixel/s | encode MPixel/s |", "|" + "---|" * 10]
    for arch, origin, means in rows.values():
        speed = [statistics.median(m[k] for m in means) for k in ("decodeMPixelPerSecond", "encodeMPixelPerSecond")]
        lines.append(f"| {arch.hidden} | {arch.layers} | {arch.left + 1 + arch.right} × {arch.up + 1} | {arch.bottleneck} "
                     f"| {arch.macs() / 1000:.1f} | {origin['minutes']:.0f} | {means[0]['prnn']:.3f} "
                     f"| {origin['results']['held-out rounded']:.3f} | {speed[0]:.2f} | {speed[1]:.2f} |")
    print("\n".join(lines))
    (ROOT / "bench/results/shapes.md").write_text(__doc__.split("\n\n")[0] + "\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
