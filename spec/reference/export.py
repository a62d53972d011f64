"""Writes a model file (../format.md, "Model files") from checkpoints of train.py, one for each role.

usage: export.py --name photo --out photo.prnnmodel --colour photo.pt [--gray gray.pt] [--alpha alpha.pt]
"""

import argparse
import json
import struct

import numpy as np
import torch

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


def network_bytes(role, checkpoint):
    a = Architecture(**checkpoint["arch"])
    net = Network(a)
    net.load_state_dict(checkpoint["average"])
    out = struct.pack("<BBBBBHBH", ROLES[role], a.channels, a.up, a.left, a.right, a.hidden, a.layers, a.bottleneck)
    with torch.no_grad():
        for layer, zeros, steps in layers(net):
            w, b, s = integers(layer, zeros, steps)
            out += w.tobytes() + b.astype("<i4").tobytes() + s.tobytes()
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--name", required=True)
    p.add_argument("--out", required=True)
    for role in ROLES:
        p.add_argument("--" + role)
    a = p.parse_args()
    given = {r: torch.load(getattr(a, r), weights_only=False) for r in ROLES if getattr(a, r)}
    provenance = json.dumps({r: c["provenance"] for r, c in given.items()}, sort_keys=True).encode()
    name = a.name.encode()
    out = b"PRNNMODL" + struct.pack("<HB", 1, len(name)) + name + struct.pack("<I", len(provenance)) + provenance
    out += struct.pack("<B", len(given)) + b"".join(network_bytes(r, c) for r, c in given.items())
    with open(a.out, "wb") as f:
        f.write(out)
    print(f"{a.out}: {len(out)} bytes, {', '.join(given)}")


if __name__ == "__main__":
    main()
