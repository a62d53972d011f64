"""Coded size against the network's own negative log-likelihood, on whole pictures.

usage: python3 bench/nll.py CHECKPOINT.safetensors DATA      (PyTorch; the checkpoint of the bundled model's colour network)

The likelihood is that of the PyTorch network over every pixel: in floating point, and with weights and activations rounded as in
training. The coded size is that of the streams of `prnn compress`; pictures whose values the archive weights are listed apart,
since the weights know more than the network.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

import torch

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "spec/reference"))
import data  # noqa: E402
from export import load_checkpoint  # noqa: E402

PRNN = str(ROOT / ".build/release/prnn")


def bits_per_dim(net, picture, quantise):
    pool = data.Pool(1, 3, net.arch.up, net.arch.left, net.arch.right, max(picture.shape[:2]))
    pool.put(0, picture)
    flat, offsets, channels = pool.canvas.view(-1), pool.index_offsets(net.arch.offsets()), torch.arange(3)
    h, w = picture.shape[:2]
    total = 0.0
    for rows in torch.arange(h).split(32):
        at = pool.positions(0, rows[:, None], torch.arange(w)[None]).view(-1)
        window = flat[(at[:, None] + offsets)[..., None] + channels]
        total += net(window, flat[at[:, None] + channels], quantise).double().sum().item()
    return total / math.log(2) / picture.size


def main():
    net, _ = load_checkpoint(sys.argv[1])
    rows = []
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        for path in sorted((pathlib.Path(sys.argv[2]) / "photos/validation").glob("*.png")):
            out = f"{folder}/a.prnn"
            subprocess.run([PRNN, "compress", "--force", "--no-verify", "--model", "photo", "--effort", "fast", str(path), "-o", out], check=True)
            info = json.loads(subprocess.run([PRNN, "info", "--json", out], check=True, capture_output=True).stdout)
            image = info["series"][0]
            picture = data.load_file(path)
            rows.append({"file": path.name, "coded": image["bitsPerDim"], "weighted channels": image["weightedChannels"],
                         "float": bits_per_dim(net, picture, False), "rounded": bits_per_dim(net, picture, True)})
            print(rows[-1], flush=True)

    def ratios(chosen):
        mean = lambda k: sum(r[k] for r in chosen) / len(chosen)
        return {"pictures": len(chosen), "coded": mean("coded"), "float NLL": mean("float"), "rounded NLL": mean("rounded"),
                "coded / float NLL": mean("coded") / mean("float"), "coded / rounded NLL": mean("coded") / mean("rounded")}

    result = {"all": ratios(rows), "without weights of values": ratios([r for r in rows if not r["weighted channels"]]),
              "files": rows}
    (ROOT / "bench/results/nll.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps({k: v for k, v in result.items() if k != "files"}, indent=1))


if __name__ == "__main__":
    main()
