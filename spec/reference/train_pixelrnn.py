"""Trains a network of pixelrnn.py on binarised MNIST or CIFAR-10 on a CPU, in bfloat16; see the README of this folder.

Adam, or Muon for the matrices, with a warm-up and a cosine over --minutes. What is evaluated and saved is a running
average of the weights: OUT.safetensors; OUT.pt holds the state for --resume.
"""

import argparse
import json
import lzma
import math
import os
import pathlib
import sys
import time

# Without these the allocator hands large blocks back to the system each time: training is half as fast.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(8 << 30), "MALLOC_TRIM_THRESHOLD_": str(16 << 30),
             "MALLOC_TOP_PAD_": str(100 << 20)}
if __name__ == "__main__" and "MALLOC_TRIM_THRESHOLD_" not in os.environ:
    os.environ.update(ALLOCATOR)
    os.execv(sys.executable, [sys.executable, *sys.argv])

import numpy as np
import torch
from PIL import Image

import pixelrnn
from muon import Muon

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data", required=True, choices=["mnist", "cifar10"])
parser.add_argument("--folder", required=True, help="of the .bits.xz files, or of the mosaics as PNG")
parser.add_argument("--out", required=True, help="path without suffix")
parser.add_argument("--resume", action="store_true", help="go on from OUT.pt")
parser.add_argument("--kind", default="pixel-cnn", choices=pixelrnn.KINDS)
parser.add_argument("--layers", type=int, default=15)
parser.add_argument("--features", type=int, default=16)
parser.add_argument("--head-width", type=int, default=32)
parser.add_argument("--skip", action="store_true")
parser.add_argument("--differences", action="store_true", help="the softmax is over differences from a prediction")
parser.add_argument("--minutes", type=float, default=10)
parser.add_argument("--batch", type=int, default=32)
parser.add_argument("--rate", type=float, default=2e-3)
parser.add_argument("--optimiser", default="muon", choices=["adam", "muon"])
parser.add_argument("--weight-decay", type=float, default=0)
parser.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient of the mean nats of a sample")
parser.add_argument("--average", type=float, default=0.999)
parser.add_argument("--flip", action="store_true", help="mirror half of the pictures")
parser.add_argument("--every", type=float, default=3, help="minutes between evaluations")
parser.add_argument("--check", type=int, default=1000, help="validation pictures of an evaluation; all at the end")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--threads", type=int, default=1)


def mnist(folder):
    """{part: (n, 28, 28, 1) uint8 of 0 and 1}"""

    def part(name):
        rows = np.frombuffer(lzma.open(pathlib.Path(folder) / f"binarized-{name}.bits.xz").read(), np.uint8)
        return torch.from_numpy(np.unpackbits(rows).reshape(-1, 28, 28, 1))

    return {name: part(name) for name in ("train", "valid", "test")}


def cifar10(folder):
    """{part: (n, 32, 32, 3) uint8}, out of mosaics; the last two of `train` are for validation."""

    def images(path):
        mosaic = np.asarray(Image.open(path).convert("RGB"))
        rows, columns = mosaic.shape[0] // 32, mosaic.shape[1] // 32
        return mosaic.reshape(rows, 32, columns, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)

    def part(paths):
        return torch.from_numpy(np.concatenate([images(p) for p in paths]))

    train, test = (sorted(pathlib.Path(folder).glob(name + "-*.png")) for name in ("train", "test"))
    return {"train": part(train[:-2]), "valid": part(train[-2:]), "test": part(test)}


def evaluate(net, weights, pictures, batch=50):
    """Nats of a picture for MNIST, bits of a sample for CIFAR-10."""
    with torch.no_grad():
        nats = sum(net.nats(weights, b).item() for b in pictures.split(batch)) / len(pictures)
    return nats if net.arch.output == "bernoulli" else nats / math.log(2) / pictures[0].numel()


class Cosines:
    """A softmax's output layer is trained as sums of cosines over the 256 values, the low frequencies faster: what is
    learned of a value then holds for its neighbours, and an edge of the distribution moves as a whole."""

    NAMES = ("output.weight", "output.bias")

    def __init__(self, channels):
        frequency, value = torch.arange(256.0)[:, None], torch.arange(256.0)[None]
        self.basis = torch.cos(math.pi * frequency * (value + 0.5) / 256) * 8 / (1 + frequency / 8)
        self.shape = (channels, 256)

    def start(self, weights, seed):
        """Replaces the output layer by coefficients."""
        generator = torch.Generator().manual_seed(seed)
        shape = weights["output.weight"].shape
        weights["output.weight"] = torch.randn(shape, generator=generator) * 0.0025
        weights["output.bias"] = torch.zeros(shape[-1:])

    def network(self, weights):
        """The weights with the layer itself in place of its coefficients."""
        return weights | {n: (weights[n].unflatten(-1, self.shape) @ self.basis).flatten(-2) for n in self.NAMES}


class Training:
    """The state that a checkpoint holds. `weights` and `average` may hold coefficients (see Cosines)."""

    def __init__(self, a, arch):
        self.a, self.arch = a, arch
        weights = pixelrnn.initial_weights(arch, a.seed)
        self.cosines = Cosines(arch.channels) if arch.output == "softmax" else None
        if self.cosines:
            self.cosines.start(weights, a.seed)
        self.weights = {n: t.requires_grad_() for n, t in weights.items()}
        inner = [n for n in weights if n.endswith(".weight") and n not in ("first.weight", "output.weight")]
        by_muon = set(inner if a.optimiser == "muon" else [])
        self.muon = Muon([t for n, t in weights.items() if n in by_muon])
        self.adam = torch.optim.AdamW([t for n, t in weights.items() if n not in by_muon], lr=a.rate, betas=(0.9, 0.99),
                                      weight_decay=a.weight_decay, fused=True)
        self.average = {n: t.detach().clone() for n, t in self.weights.items()}
        self.step, self.seconds = 0, 0.0

    def network(self, weights):
        return self.cosines.network(weights) if self.cosines else weights

    def resume(self):
        state = torch.load(self.a.out + ".pt")
        with torch.no_grad():
            for name, tensor in self.weights.items():
                tensor.copy_(state["weights"][name])
        self.adam.load_state_dict(state["adam"])
        self.muon.load_state_dict(state["muon"])
        self.average, self.step, self.seconds = state["average"], state["step"], state["seconds"]

    def save(self, results):
        state = {"weights": {n: t.detach() for n, t in self.weights.items()}, "adam": self.adam.state_dict(),
                 "muon": self.muon.state_dict(), "average": self.average, "step": self.step, "seconds": self.seconds}
        torch.save(state, self.a.out + ".pt.part")
        provenance = {k: v for k, v in vars(self.a).items() if k not in ("folder", "out")}
        provenance |= {"steps": self.step, "minutes-so-far": round(self.seconds / 60, 1), "results": results}
        pixelrnn.save(self.a.out + ".safetensors.part", self.arch, self.network(self.average),
                      {"provenance": json.dumps(provenance)})
        for suffix in (".pt", ".safetensors"):
            os.replace(self.a.out + suffix + ".part", self.a.out + suffix)

    def update(self, net, batch):
        """One step; the mean nats of a sample."""
        part = min(1, self.seconds / (self.a.minutes * 60))
        rate = self.a.rate * min(1, (self.step + 1) / 300) * max(0.5 * (1 + math.cos(math.pi * part)), 1e-3)
        self.adam.param_groups[0]["lr"] = rate
        for tensor in self.weights.values():
            tensor.grad = None
        loss = net.nats(self.network(self.weights), batch) / batch.numel()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights.values(), self.a.clip)
        self.adam.step()
        self.muon.step(rate)
        self.step += 1
        keep = min(self.a.average, self.step / (self.step + 20))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), list(self.weights.values()), 1 - keep)
        return loss.item()


def main():
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    rng = np.random.default_rng(a.seed)
    data = mnist(a.folder) if a.data == "mnist" else cifar10(a.folder)
    unit = 28 * 28 if a.data == "mnist" else 1 / math.log(2)
    arch = pixelrnn.Architecture(a.kind, data["train"].shape[3], a.layers, a.features, a.head_width, True, a.skip,
                                 "bernoulli" if a.data == "mnist" else "differences" if a.differences else "softmax")
    net = pixelrnn.Network(arch, torch.bfloat16)
    training = Training(a, arch)
    if a.resume:
        training.resume()
        rng = np.random.default_rng([a.seed, training.step])
    print(f"{arch} {arch.macs()} MAC/pixel", {k: len(v) for k, v in data.items()}, flush=True)

    train, order, at = data["train"], None, 0
    last, before, count, running = time.time(), time.time(), 0, None
    while training.seconds < a.minutes * 60:
        if order is None or at + a.batch > len(order):
            order, at = torch.from_numpy(rng.permutation(len(train))), 0
        batch = train[order[at : at + a.batch]]
        at += a.batch
        if a.flip:
            mirrored = torch.from_numpy(rng.random(len(batch)) < 0.5)
            batch = torch.where(mirrored[:, None, None, None], batch.flip(2), batch)
        loss = training.update(net, batch) * unit
        running = loss if running is None else running + max(0.01, 1 / training.step) * (loss - running)
        count += len(batch)
        now = time.time()
        training.seconds += now - before
        before = now
        if now - last > a.every * 60 or training.step in (100, 500):
            speed = count / (now - last)
            valid = evaluate(net, training.network(training.average), data["valid"][: a.check])
            epoch = training.step * a.batch / len(train)
            print(f"{training.seconds / 60:.1f} min step {training.step} epoch {epoch:.2f} {speed:.0f} images/s "
                  f"train {running:.4f} valid {valid:.4f}", flush=True)
            training.save({"valid": valid})
            last = before = time.time()
            count = 0

    exact = pixelrnn.Network(arch)
    results = {k: round(evaluate(exact, training.network(training.average), data[k]), 4) for k in ("valid", "test")}
    training.save(results)
    print("FINAL float32", results, flush=True)


if __name__ == "__main__":
    main()
