"""Makes tiny-squares.prnnmodel and tiny-mates.prnnmodel: small local networks with random weights, with local least squares and with
mates; their alpha networks have neither.

usage: python3 spec/vectors/make_local_models.py     (needs PyTorch and safetensors)

Run once; the files are frozen. Colour has more than 16 values a pixel, so that both ways of keeping sums are used.
"""

import pathlib
import struct
import sys

import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "reference"))

from export import ROLES, network_bytes  # noqa: E402
from model import Architecture, Network  # noqa: E402

COLOUR = Architecture(3, 3, 2, 2, 16, 1, 16, ((4, 6, 5, 2, 4), (1, 2, 1, 4, 8)))
GRAY = Architecture(1, 2, 3, 9, 16, 2, 16, ((7, 3, 5),))
ALPHA = Architecture(1, 1, 1, 1, 16, 1, 16)
MODELS = {  # version; of each role the network and its mates
    "tiny-squares": (3, {"colour": [COLOUR], "gray": [GRAY], "alpha": [ALPHA]}),
    "tiny-mates": (5, {
        "colour": [COLOUR, Architecture(3, 2, 4, 5, 32, 0, 16), Architecture(3, 2, 2, 3, 16, 1, 16, ((2, 3, 2, 3, 6),))],
        "gray": [GRAY, Architecture(1, 4, 2, 1, 16, 1, 16)],
        "alpha": [ALPHA],
    }),
}

for name, (version, roles) in MODELS.items():
    torch.manual_seed(1)
    out = b"PRNNMODL" + struct.pack("<HB", version, len(name)) + name.encode() + struct.pack("<I", 2) + b"{}" + bytes([len(roles)])
    for role, architectures in roles.items():
        networks = [Network(arch) for arch in architectures]
        for net in networks:
            with torch.no_grad():
                net.heads[0].weight.mul_(3)
        out += bytes([ROLES[role]]) + network_bytes(networks[0], networks[1:], version)
    (HERE / f"{name}.prnnmodel").write_bytes(out)
