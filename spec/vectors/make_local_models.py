"""Makes tiny-squares.prnnmodel: small local networks with local least squares and random weights; its alpha network has none.

usage: python3 spec/vectors/make_squares_model.py     (needs PyTorch and safetensors)

Run once; the file is frozen. Colour has more than 16 values a pixel, so that both ways of keeping sums are used.
"""

import pathlib
import struct
import sys

import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "reference"))

from export import network_bytes  # noqa: E402
from model import Architecture, Network  # noqa: E402

NETWORKS = {
    "colour": Architecture(3, 3, 2, 2, 16, 1, 16, ((4, 6, 5, 2, 4), (1, 2, 1, 4, 8))),
    "gray": Architecture(1, 2, 3, 9, 16, 2, 16, ((7, 3, 5),)),
    "alpha": Architecture(1, 1, 1, 1, 16, 1, 16),
}

torch.manual_seed(1)
name = b"tiny-squares"
out = b"PRNNMODL" + struct.pack("<HB", 3, len(name)) + name + struct.pack("<I", 2) + b"{}" + bytes([len(NETWORKS)])
for role, arch in NETWORKS.items():
    net = Network(arch)
    with torch.no_grad():
        net.heads[0].weight.mul_(3)
    out += network_bytes(role, net, 3)
(HERE / "tiny-squares.prnnmodel").write_bytes(out)
