"""Makes ../vectors/pixelrnn: tiny networks with pictures, their nats and the gradients, computed in float64.

Each file holds the weights by name (F32), "samples" (U8: 2 pictures of 5 rows, 6 columns), for a conditional network
"small" (U8, 3 by 3), and the results: "nats" (F64, the sum over the batch, shape (1)) and for every weight "grad."
and its name (F32). The files are frozen: they are what the other implementations are tested with.
"""

import dataclasses
import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

import pixelrnn
from pixelrnn import Architecture

FOLDER = pathlib.Path(__file__).parent.parent / "vectors" / "pixelrnn"
NETWORKS = {
    "pixel-cnn-bernoulli": Architecture("pixel-cnn", 1, 2, 4, 6, True, False, "bernoulli"),
    "pixel-cnn-softmax": Architecture("pixel-cnn", 3, 2, 5, 7, False, True, "softmax"),
    "row-lstm-bernoulli": Architecture("row-lstm", 1, 2, 4, 6, True, True, "bernoulli"),
    "row-lstm-softmax": Architecture("row-lstm", 3, 2, 5, 7, False, True, "softmax"),
    "diagonal-bilstm-bernoulli": Architecture("diagonal-bilstm", 1, 2, 4, 6, True, False, "bernoulli"),
    "diagonal-bilstm-softmax": Architecture("diagonal-bilstm", 3, 2, 5, 7, True, True, "softmax"),
    "pixel-cnn-conditional": Architecture("pixel-cnn", 1, 2, 4, 6, True, False, "softmax", 3),
    "row-lstm-conditional": Architecture("row-lstm", 1, 2, 4, 6, True, False, "bernoulli", 3),
    "diagonal-bilstm-conditional": Architecture("diagonal-bilstm", 3, 2, 5, 7, False, True, "softmax", 4),
    "diagonal-bilstm-differences": Architecture("diagonal-bilstm", 1, 2, 4, 6, True, True, "differences", 3),
    "row-lstm-differences": Architecture("row-lstm", 3, 2, 5, 7, True, False, "differences"),
}


def weights(arch, seed):
    """Random numbers large enough for every one of them to show in the result; masked weights are 0."""
    generator = torch.Generator().manual_seed(seed)
    masks = arch.masks()
    tensors = {}
    for name, shape in arch.parameters().items():
        fan_in = shape[0] * shape[1] if len(shape) == 3 else 4
        t = torch.randn(shape, generator=generator) * 1.2 / fan_in**0.5
        tensors[name] = t * masks.get(name, 1)
    return tensors


def pictures(arch, seed):
    """(samples, small or None)"""
    generator = torch.Generator().manual_seed(seed)
    top = 2 if arch.output == "bernoulli" else 256
    samples = torch.randint(0, top, (2, 5, 6, arch.channels), generator=generator, dtype=torch.uint8)
    return samples, samples[:, ::2, ::2].contiguous() if arch.condition else None


def vector(arch, seed):
    tensors = weights(arch, seed)
    samples, small = pictures(arch, seed)
    exact = {name: t.double().requires_grad_() for name, t in tensors.items()}
    nats = pixelrnn.Network(arch, torch.float64).nats(exact, samples, small)
    nats.backward()
    out = tensors | {"samples": samples, "nats": nats.detach()[None]} | ({} if small is None else {"small": small})
    return out | {"grad." + name: t.grad.float() for name, t in exact.items()}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, arch) in enumerate(NETWORKS.items()):
        tensors = {key: t.contiguous() for key, t in vector(arch, seed).items()}
        save_file(tensors, folder / f"{name}.safetensors", {"architecture": json.dumps(dataclasses.asdict(arch))})
        print(name, tensors["nats"].item())


if __name__ == "__main__":
    main()
