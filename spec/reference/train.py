"""Trains a network of prnn on folders of PNG photographs; see the README of this folder.

The learning rate follows a cosine over --minutes; the last part of the time (--quantise) trains with rounded weights and
activations. Checkpoints hold the state and a running average of the weights, which is what is evaluated and exported.
"""

import argparse
import copy
import hashlib
import json
import math
import multiprocessing
import pathlib
import time

import numpy as np
import torch

import data
from export import load_checkpoint
from model import Architecture, Network

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--train", required=True, help="folder of PNG files")
parser.add_argument("--test", required=True, help="folder of PNG files to report on")
parser.add_argument("--sources", help="SOURCES.tsv, to hold out whole sources")
parser.add_argument("--hold-out", default="", help="comma-separated sources that are reported on, never trained on")
parser.add_argument("--kind", default="colour", choices=["colour", "gray", "alpha"])
parser.add_argument("--out", required=True, help="checkpoint to write")
parser.add_argument("--resume", help="checkpoint whose weights to start from")
parser.add_argument("--minutes", type=float, default=10)
parser.add_argument("--quantise", type=float, default=0.3, help="last part of the time trained with rounding")
parser.add_argument("--batch", type=int, default=8192)
parser.add_argument("--rate", type=float, default=3e-3)
parser.add_argument("--augment", type=float, default=1.0)
parser.add_argument("--adapt", type=int, default=0, help="steps by which the heads learn a picture before a gradient is taken")
parser.add_argument("--adapt-rate", type=float, default=1e-3, help="root of the mean square of such a step")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seed", type=int, default=0)
for name in ("up", "left", "right", "hidden", "layers", "bottleneck"):
    parser.add_argument("--" + name, type=int, default=getattr(Architecture(), name))
parser.add_argument("--squares", type=int, default=0, choices=[0, 1, 2], help="windows of local least squares")

# Windows of --squares: regressors of each channel, what is forgotten per row and per block in 1/16.
SQUARES = {3: [(5, 10, 5, 2, 4), (3, 3, 3, 4, 8)], 1: [(10, 2, 4), (6, 4, 8)]}


def plane(a, kind, rng):
    """What the network of this kind is trained on: colour pixels, or one plane."""
    if kind == "colour":
        return a
    if kind == "alpha":
        return a[..., :1]
    if kind == "gray" and rng.random() < 0.3:
        return a[..., rng.integers(3)][..., None]
    weights = np.array([[0.299, 0.587, 0.114]]) if rng.random() < 0.7 else rng.dirichlet([2, 4, 1])[None]
    return np.clip((a * weights).sum(2, keepdims=True) + 0.5, 0, 255).astype(np.uint8)


def refresh(pool, pictures, kind, strength, seed, first, done):
    """Runs in a process of its own: fills the pool, then goes on replacing its pictures by new variations."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    while True:
        for i in rng.permutation(len(pictures)):
            pool.put(i, plane(data.augment(pictures[i], rng, strength), kind, rng))
            if first.is_set():
                time.sleep(0.15)
            if done.is_set():
                return
        first.set()


def adapted_gradient(net, cost, pool, pictures, each, steps, rate):
    """Adds up gradients of pixels of some pictures by the weights that the heads have after learning from other pixels of each; gives the
    mean cost. This is meta-learning of the first order (Finn, Abbeel and Levine 2017): the gradient counts for the weights
    before. cost: of pixels at positions."""
    learned = [p for part in (net.heads, net.outs) for p in part.parameters()]
    start = [p.detach().clone() for p in learned]
    total = 0
    for i in torch.multinomial((pool.size[:, 0] * pool.size[:, 1]).double(), pictures, replacement=True).tolist():
        height, width = pool.size[i].tolist()

        def some(first, last):
            return cost(pool.positions(i, torch.randint(first, last, (each,)), torch.randint(0, width, (each,))))

        for _ in range(steps):
            slopes = torch.autograd.grad(some(0, (height + 1) // 2), learned)
            with torch.no_grad():
                for p, slope in zip(learned, slopes):
                    p -= rate * slope / slope.square().mean().sqrt().clamp(min=1e-12)
        loss = some(height // 2, height) / pictures
        loss.backward()
        total += loss.item()
        with torch.no_grad():
            for p, before in zip(learned, start):
                p.copy_(before)
    return total


def evaluation_pool(pictures, arch, kind):
    rng = np.random.default_rng(5)
    side = max(max(p.shape[:2]) for p in pictures)
    pool = data.Pool(len(pictures), arch.channels, arch.up, arch.left, arch.right, side, arch.squares)
    for i, p in enumerate(pictures):
        pool.put(i, plane(p, kind, rng))
    return pool


def evaluate(net, pool, each, quantise):
    """Mean bits/dim over pictures, from `each` random pixels of each picture."""
    offsets = pool.index_offsets(net.arch.offsets())
    rng = np.random.default_rng(7)
    means = []
    with torch.no_grad():
        for i in range(len(pool.size)):
            h, w = pool.size[i].tolist()
            p = rng.choice(h * w, min(each, h * w), replace=False)
            at = pool.positions(i, torch.from_numpy(p // w), torch.from_numpy(p % w))
            window, x, squares = pool.look(at, offsets)
            cost = net(window, x, quantise, squares=squares)
            means.append(cost.mean().item() / math.log(2))
    return float(np.mean(means)), means


def main():
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    channels = 3 if a.kind == "colour" else 1
    arch = Architecture(channels, a.up, a.left, a.right, a.hidden, a.layers, a.bottleneck, SQUARES[channels][: a.squares])
    net = Network(arch).to(device)
    a.earlier = None
    if a.resume:
        start, a.earlier = load_checkpoint(a.resume)
        net.load_state_dict(widened(start.state_dict(), net.state_dict()))
    average = copy.deepcopy(net)
    load = data.load_alpha if a.kind == "alpha" else data.load
    pictures, test = load(a.train), load(a.test)
    if a.train == a.test:
        # One picture in five is for testing, by a hash of its name.
        chosen = {k for k in pictures if hashlib.sha256(k.encode()).digest()[0] % 5 == 0}
        pictures, test = ({k: v for k, v in pictures.items() if (k in chosen) == want} for want in (False, True))
    held = {}
    if a.hold_out:
        source = data.sources(a.sources)
        out = set(a.hold_out.split(","))
        held = {k: v for k, v in pictures.items() if source[k.split("/")[-1]] in out}
        pictures = {k: v for k, v in pictures.items() if k not in held}
    digest = hashlib.sha256("\n".join(sorted(pictures)).encode()).hexdigest()[:16]
    pool = data.Pool(len(pictures), arch.channels, arch.up, arch.left, arch.right, squares=arch.squares)
    first, done = multiprocessing.Event(), multiprocessing.Event()
    worker = multiprocessing.Process(target=refresh, daemon=True,
                                     args=(pool, list(pictures.values()), a.kind, a.augment, a.seed, first, done))
    worker.start()
    tests = {"test": evaluation_pool(list(test.values()), arch, a.kind)}
    if held:
        tests["held-out"] = evaluation_pool(list(held.values()), arch, a.kind)
    print(f"{a.out}: {arch.macs()} MAC/pixel, {len(pictures)} pictures, {len(held)} held out, {device}", flush=True)
    first.wait()

    optimiser = torch.optim.AdamW(net.parameters(), lr=a.rate, betas=(0.9, 0.99), weight_decay=5e-3)
    offsets = pool.index_offsets(arch.offsets())

    def cost(window, x, squares, quantise):
        return net(window, x, quantise, torch.bfloat16, squares).mean()

    cost = torch.compile(cost)
    start, step, running, last = time.time(), 0, None, time.time()
    total = a.minutes * 60
    while (elapsed := time.time() - start) < total:
        part = elapsed / total
        rate = a.rate * min(1, (step + 1) / 200) * max(0.5 * (1 + math.cos(math.pi * part)), 1e-3)
        for g in optimiser.param_groups:
            g["lr"] = rate
        quantise = part > 1 - a.quantise
        optimiser.zero_grad(set_to_none=True)
        if a.adapt:
            loss = adapted_gradient(net, lambda at: cost(*pool.look(at, offsets, device), quantise), pool, 8, a.batch // 8, a.adapt,
                                    a.adapt_rate)
        else:
            loss = cost(*pool.look(pool.draw(a.batch), offsets, device), quantise)
            loss.backward()
            loss = loss.item()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        step += 1
        keep = min(0.999, step / (step + 50))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(net.parameters()), 1 - keep)
        value = loss / math.log(2)
        running = value if running is None else 0.99 * running + 0.01 * value
        if time.time() - last > 180 or step == 200:
            last = time.time()
            results = {k: round(evaluate(average.cpu(), v, 4000, True)[0], 4) for k, v in tests.items()}
            average.to(device)
            print(f"{a.out} {elapsed / 60:.1f} min step {step} rate {rate:.5f} train {running:.4f} {results}", flush=True)
            save(a, arch, net, average, step, results, digest, len(pictures))
    average.cpu()
    results = {}
    for k, v in tests.items():
        for q in (False, True):
            results[k + (" rounded" if q else "")] = round(evaluate(average, v, 40000, q)[0], 4)
    print(f"{a.out} FINAL {arch.macs()} MAC/pixel {step} steps train {running:.4f} {results}", flush=True)
    save(a, arch, net, average, step, results, digest, len(pictures))
    done.set()
    worker.terminate()


def widened(start, like):
    """Weights whose inputs are the first of those of other shapes, with zeros for the rest."""
    out = {}
    for name, shape in ((k, v.shape) for k, v in like.items()):
        out[name] = torch.zeros(shape)
        out[name][tuple(map(slice, start[name].shape))] = start[name]
    return out


def save(a, arch, net, average, step, results, digest, count):
    provenance = {"pictures": count, "pictures-digest": digest, "kind": a.kind, "steps": step, "batch": a.batch,
                  "rate": a.rate, "minutes": a.minutes, "augment": a.augment, "seed": a.seed,
                  **({"adapt": a.adapt, "adapt-rate": a.adapt_rate} if a.adapt else {}),
                  "held-out": a.hold_out, "resumed-from": a.earlier, "torch": str(torch.__version__), "results": results}
    part = pathlib.Path(a.out + ".part")
    torch.save({"arch": json.loads(arch.to_json()), "net": net.state_dict(), "average": average.state_dict(),
                "provenance": provenance}, part)
    part.replace(a.out)


if __name__ == "__main__":
    main()
