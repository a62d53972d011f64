"""Model files of the reference decoder. [format: Model files]"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from coding import Fields, require
from local_networks import LocalNetwork
from paper_networks import PaperNetwork

COLOUR, GRAY, ALPHA = 1, 2, 3  # roles of networks


@dataclass
class Model:
    name: str
    hash: bytes
    networks: dict[int, list[LocalNetwork | PaperNetwork]]  # by role; those of the levels in order, a local one alone


def load_model(data: bytes) -> Model:
    fields = Fields(data, "the model file")
    require(fields.take(8) == b"PRNNMODL", "not a model file")
    version = fields.number("H")
    require(1 <= version <= 5, f"the model file has version {version}, this program knows 1 to 5")
    name = fields.take(fields.number("B")).decode("utf-8", "replace")
    fields.take(fields.number("I"))  # provenance
    networks: dict[int, list[LocalNetwork | PaperNetwork]] = {}
    for _ in range(fields.number("B")):
        role = fields.number("B")
        require(role in (COLOUR, GRAY, ALPHA), "unknown role of a network")
        kind = fields.number("B") if version > 1 else 0
        is_local = kind == 0 or version > 2 and kind == 4
        network = LocalNetwork(fields, kind) if is_local else PaperNetwork(fields, kind)
        needed = (5 if network.mates else 1) if is_local else 4 if network.differences else 1
        require(version >= needed, "a network of a later version of model files")
        require(network.channels == (3 if role == COLOUR else 1), "a network has another number of channels")
        levels = networks.setdefault(role, [])
        require(network.level == len(levels), "the model has two networks of one role, or its levels are not in order")
        require(all(network.pairs(other) for other in levels), "the levels of the model are of different kinds")
        levels.append(network)
    end = fields.position
    if version > 1 and end < len(data):
        require(fields.take(4) == b"FLTS", "the model file goes on with something else than its float weights")
        fields.take(fields.number("I"))
    fields.end()
    return Model(name, hashlib.sha256(data[:end]).digest(), networks)
