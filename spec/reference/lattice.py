"""Colour lattices: weights of the values of a colour, learned while a stream is decoded. [arithmetic: Colour lattices]"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coding import ABSENT, Fields, FormatError, frequencies, log2, require

JFIF = [65536, 91881, 22554, 46802, 116130, -11728000, 8910336, -14831872]
NOWHERE = -32768  # the weight, in 1/32 bit, of a value that does not occur
CLASSES = [4, 144, 16]
CONTEXTS = [32, 32, 52]


@dataclass
class Lattice:
    """The fields of LATT. [format: LATT]"""
    conversion: list[int] | None  # five factors, three offsets
    escape: int = 0
    planes: bool = False  # are Y, C1 and C2 coded in place of the colours?

    @cached_property
    def reachable(self) -> np.ndarray | None:
        """(256, 256, 256): whether the conversion makes the colour."""
        if self.conversion is None:
            return None
        reachable = np.zeros((256, 256, 256), bool)
        luma, c1 = np.meshgrid(np.arange(256), np.arange(256))
        for c2 in range(256):
            colours = self.colours(np.stack([luma, c1, np.full_like(c1, c2)], -1))
            reachable[tuple(np.moveaxis(colours, -1, 0))] = True
        return reachable

    def colours(self, planes: np.ndarray) -> np.ndarray:
        """The colours (..., 3) that the conversion makes of Y, C1 and C2."""
        y, red_c2, green_c1, green_c2, blue_c1, red, green, blue = self.conversion
        luma, c1, c2 = np.moveaxis(planes.astype(np.int64), -1, 0)
        sums = (y * luma + red_c2 * c2 + red, y * luma - green_c1 * c1 - green_c2 * c2 + green,
                y * luma + blue_c1 * c1 + blue)
        return np.stack([(s >> 16).clip(0, 255) for s in sums], -1)


def read_lattice(fields: Fields) -> Lattice:
    kind = fields.number("B")
    if kind == 0:
        lattice = Lattice(None)
    elif kind == 1:
        lattice = Lattice(JFIF, fields.number("B"))
    elif kind == 3:
        lattice = Lattice(JFIF, planes=True)
    elif kind in (2, 4):
        escape = fields.number("B") if kind == 2 else 0
        numbers = fields.unpack("8i")
        require(all(abs(n) <= 2**20 for n in numbers[:5]) and all(abs(n) <= 2**30 for n in numbers[5:]),
                "a colour conversion is out of bounds")
        lattice = Lattice(list(numbers), escape, planes=kind == 4)
    else:
        raise FormatError(f"unknown kind {kind} of a colour lattice")
    fields.end()
    return lattice


class Memory:
    """What a stream has taught so far."""

    def __init__(self, lattice: Lattice):
        self.lattice = lattice
        self.seen = np.zeros((256, 256, 256), bool)
        self.differences = np.zeros((512, 512), bool)
        self.theta = [np.zeros((n, m), np.int64) for n, m in zip(CONTEXTS, CLASSES)]
        self.count = [np.zeros((n, m), np.int64) for n, m in zip(CONTEXTS, CLASSES)]

    def frequencies(self, k: int, row: int, column: int, around: dict, prediction: np.ndarray, logits: np.ndarray,
                    weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Of channel k, in the order of `values`, which are those of the symbols; logits and weights are in that order too.
        around: the pixel itself, as far as it is known, and those at w, n and nw."""
        plain = frequencies(logits[None], weights[None])[0]
        x, w, n, nw = (list(map(int, around[name])) for name in ("x", "w", "n", "nw"))
        of = np.empty(256, np.int64)
        of[values] = plain  # f of each value
        spread = min(7, (int(plain.sum()) // int(plain.max())).bit_length() - 1)
        parity = 2 * (row % 2) + column % 2
        reached = np.ones(256, bool)
        if self.lattice.reachable is not None and k > 0:
            reached = self.lattice.reachable[x[0]].any(axis=1) if k == 1 else self.lattice.reachable[x[0], x[1]]

        self.classes = np.zeros(256, np.int64)
        if k == 0:
            self.context = 4 * spread + 2 * (n[0] == nw[0]) + (w[0] == nw[0])
            alike = w[0], n[0]
        elif k == 1:
            self.context = 4 * spread + parity
            for g in np.flatnonzero(of > int(of.max()) >> 12):
                self.classes[g] = self.green_class(x[0], int(g), prediction)
            alike = x[0] - w[0] + w[1], x[0] - n[0] + n[1]
        else:
            seen = self.seen[x[0], x[1]]
            at = x[0] - x[1] + 256, np.arange(256) - x[1] + 256
            self.classes = 8 * seen + 4 * self.differences[at]
            share = log2(int(of[reached & seen].sum()) + 1) - log2(int(of[reached & ~seen].sum()) + 1)
            self.context = 4 * min(12, max(0, 6 + (share >> 8))) + parity
            alike = x[1] - w[1] + w[2], x[1] - n[1] + n[2]
        for bit, value in enumerate(alike):
            if 0 <= value <= 255:
                self.classes[value] += 1 << bit

        theta = self.theta[k][self.context, self.classes[values]] >> 8
        added = np.where(weights == ABSENT, NOWHERE, 2 * weights + theta)
        outside = (added != NOWHERE) & ~reached[values]
        if ((added != NOWHERE) & reached[values]).any():
            added[outside] = NOWHERE if self.lattice.escape == 0 else added[outside] - 8 * self.lattice.escape
        occurs = added != NOWHERE
        # `frequencies` with weights in 1/32 bit that are added already
        self.weighed = frequencies(np.where(occurs, logits + added, NOWHERE)[None], np.where(occurs, 0, ABSENT)[None])[0]
        self.values = values
        return self.weighed

    def green_class(self, red: int, green: int, p: np.ndarray) -> int:
        centre = int(np.clip(p[2] + ((red - p[0] + green - p[1]) >> 1), 0, 255))
        far = self.seen[red, green, max(0, centre - 5):centre + 6].sum()
        blues = np.arange(max(0, centre - 1), min(255, centre + 1) + 1)
        near = self.seen[red, green, blues].sum()
        alike = self.differences[red - green + 256, blues - green + 256].sum()
        return 4 * (3 * (4 * min(2, near) + (3 if far > 4 else min(2, far))) + min(2, alike))

    def learn(self, k: int, pixel: np.ndarray) -> None:
        """After channel k of a pixel, the last one that `frequencies` was asked for."""
        masses = np.bincount(self.classes[self.values], self.weighed, CLASSES[k]).astype(np.int64)
        total = int(masses.sum())
        theta, count = self.theta[k][self.context], self.count[k][self.context]
        for c in np.flatnonzero(masses):
            error = 65536 * int(c == self.classes[pixel[k]]) - (int(masses[c]) << 16) // total
            rate = 512 + 153600 // (int(count[c]) + 10)
            theta[c] = min(122880, max(-122880, int(theta[c]) + ((rate * error + 32768) >> 16)))
            count[c] = min(1023, count[c] + 1)
        if k == 2:
            red, green, blue = map(int, pixel)
            self.seen[red, green, blue] = True
            self.differences[red - green + 256, blue - green + 256] = True
