"""Training speed of `prnn train` against PyTorch in float32: the same networks, batches of 16, one thread, processor time, in turns.

usage: python3 bench/train_speed.py        needs .build/release/prnn and torch (pip install torch==2.13.0 safetensors); prints a table
"""

import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "spec/reference"))
import torch

import pixelrnn

PRNN = ROOT / ".build/release/prnn"
NETWORKS = {  # kind, channels, layers, features, head width, side; steps of prnn and of PyTorch
    "PixelCNN, 15 layers, h 16, 28x28": ("pixel-cnn", 1, 15, 16, 32, 28, 30, 12),
    "Row LSTM, 7 layers, h 16, 28x28": ("row-lstm", 1, 7, 16, 32, 28, 30, 6),
    "Diagonal BiLSTM, 7 layers, h 16, 28x28": ("diagonal-bilstm", 1, 7, 16, 32, 28, 24, 2),
    "PixelCNN, 8 layers, h 48, head 96, 32x32 colour": ("pixel-cnn", 3, 8, 48, 96, 32, 10, 5),
}


def ours(kind, channels, layers, features, head, side, steps, folder):
    """Pictures a second: the processor time of some steps more than one."""
    def cost(count):
        network = ["--architecture", kind, "--layers", layers, "--features", features, "--head-width", head]
        data = ["--bernoulli", "--bits", f"{side}x{side}", folder / "bits"] if channels == 1 else \
            ["--channels", 3, "--tile", f"{side}x{side}", ROOT / "corpus/made/hills.png"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run([str(w) for w in [PRNN, "train", *network, *data, "--batch", 16, "--steps", count, "--threads", 1,
                                         "-q", "-f", "-o", folder / "out.safetensors"]], check=True)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    return 16 * steps / (cost(steps + 1) - cost(1))


def torch_speed(kind, channels, layers, features, head, side, steps):
    output = "bernoulli" if channels == 1 else "softmax"
    arch = pixelrnn.Architecture(kind, channels, layers, features, head, True, False, output)
    weights = {n: t.requires_grad_() for n, t in pixelrnn.initial_weights(arch, 0).items()}
    net = pixelrnn.Network(arch)
    batch = torch.randint(0, 2 if channels == 1 else 256, (16, side, side, channels), dtype=torch.uint8)
    net.nats(weights, batch).backward()
    start = time.process_time()
    for _ in range(steps):
        net.nats(weights, batch).backward()
    return 16 * steps / (time.process_time() - start)


def main():
    torch.set_num_threads(1)
    print("| network | prnn train, pictures/s | PyTorch | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        (folder / "bits").write_bytes(bytes(range(98)) * 64)
        for name, (*network, steps, torch_steps) in NETWORKS.items():
            rounds = [(ours(*network, steps, folder), torch_speed(*network, torch_steps)) for _ in range(3)]
            a, b = (statistics.median(r[i] for r in rounds) for i in range(2))
            print(f"| {name} | {a:.0f} | {b:.0f} | {a / b:.1f} |", flush=True)


if __name__ == "__main__":
    main()
