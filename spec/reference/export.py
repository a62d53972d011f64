"""Writes a model file (../format.md, "Model files") from checkpoints of train.py, one for each role.

usage: export.py --name photo --out photo.prnnmodel --colour photo.pt [MATE.pt ...] [--gray gray.pt] [--alpha alpha.pt] [--keep DIR]

Of several checkpoints of a role the others are mates of the first. With --keep the averaged weights go to DIR as safetensors too:
NAME-ROLE.safetensors, which can stand for a checkpoint anywhere; those of mates have names already.
"""

import argparse
import json
import struct

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from model import LOGIT_STEPS, STEP, ZERO, Architecture, Network, row_shift

ROLES = {"colour": 1, "gray": 2, "alpha": 3}


def integers(layer, zero_inputs, output_steps):
    """Weights int8 (outputs, inputs), bias int32 and shift uint8 of one Dense layer.

    zero_inputs: for each input the activation that stands for zero. output_steps: steps of the output in its unit.
    Sum of w * (a - zero) / (2**s * STEP) + b, in output steps and rounded to nearest, becomes (sum of w * a + bias) >> shift.
    """
    weight, bias = layer.weight.double(), layer.bias.double()
    s = row_shift(layer.weight).double()
    w = torch.floor(weight * torch.exp2(s) + 0.5).clamp(-127, 127)
    shift = s + np.log2(STEP) - np.log2(output_steps)
    assert (shift >= 0).all(), "weights too large for the output's steps"
    shift = shift[:, 0]
    b = bias * output_steps * torch.exp2(shift) - w @ torch.as_tensor(zero_inputs).double()
    b = b + torch.where(shift > 0, torch.exp2(shift - 1), torch.zeros_like(shift))
    b = torch.floor(b + 0.5)
    assert (w.abs().sum(1) * 127 + b.abs()).max() < 2**31
    return w.to(torch.int8).numpy(), b.to(torch.int32).numpy(), shift.to(torch.uint8).numpy()


def layers(net):
    """All layers of a network in the order of the file, each with the zeros of its inputs and the steps of its output."""
    a = net.arch
    yield net.first, [ZERO] * a.inputs(), STEP
    for block in net.blocks:
        yield block, [0] * a.hidden, STEP
    for c in range(a.channels):
        yield net.heads[c], [0] * a.hidden + [ZERO] * (a.head_inputs(c) - a.hidden), STEP
        yield net.outs[c], [0] * a.bottleneck, LOGIT_STEPS


def load_checkpoint(path):
    """The averaged network and the provenance of a checkpoint: of train.py, or as safetensors."""
    if str(path).endswith(".safetensors"):
        with safe_open(path, "pt") as f:
            meta = {k: json.loads(v) for k, v in f.metadata().items()}
            weights = {k: f.get_tensor(k) for k in f.keys()}
    else:
        checkpoint = torch.load(path, weights_only=True, map_location="cpu")
        meta, weights = checkpoint, checkpoint["average"]
    net = Network(Architecture(**meta["arch"]))
    net.load_state_dict(weights)
    return net, meta["provenance"]


def network_bytes(net, mates, version):
    """What follows a network's role."""
    a = net.arch
    out = b""
    if version > 1:
        out += struct.pack("<B", 4 if a.squares or mates else 0)
    out += struct.pack("<BBBBHBH", a.channels, a.up, a.left, a.right, a.hidden, a.layers, a.bottleneck)
    if a.squares or mates:
        out += bytes([bool(a.squares) | 2 * bool(mates)])
    if a.squares:
        out += bytes([len(a.squares), *(number for window in a.squares for number in window)])
    with torch.no_grad():
        for layer, zeros, steps in layers(net):
            w, b, s = integers(layer, zeros, steps)
            out += w.tobytes() + b.astype("<i4").tobytes() + s.tobytes()
    if mates:
        out += bytes([len(mates)]) + b"".join(network_bytes(mate, [], version) for mate in mates)
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--name", required=True)
    p.add_argument("--out", required=True)
    for role in ROLES:
        p.add_argument("--" + role, nargs="+")
    p.add_argument("--keep")
    a = p.parse_args()
    given = {r: [load_checkpoint(path) for path in getattr(a, r)] for r in ROLES if getattr(a, r)}
    origins = {r: {**all_[0][1], "mates": [origin for _, origin in all_[1:]]} if all_[1:] else all_[0][1]
               for r, all_ in given.items()}
    provenance = json.dumps(origins, sort_keys=True).encode()
    name = a.name.encode()
    version = max(5 if all_[1:] else 3 if all_[0][0].arch.squares else 1 for all_ in given.values())
    out = b"PRNNMODL" + struct.pack("<HB", version, len(name)) + name + struct.pack("<I", len(provenance)) + provenance
    out += struct.pack("<B", len(given)) + b"".join(
        bytes([ROLES[r]]) + network_bytes(all_[0][0], [net for net, _ in all_[1:]], version) for r, all_ in given.items())
    with open(a.out, "wb") as f:
        f.write(out)
    if a.keep:
        for r, ((net, origin), *_) in given.items():
            meta = {"arch": net.arch.to_json(), "provenance": json.dumps(origin, sort_keys=True)}
            save_file(net.state_dict(), f"{a.keep}/{a.name}-{r}.safetensors", meta)
    print(f"{a.out}: {len(out)} bytes, {', '.join(given)}")


if __name__ == "__main__":
    main()
