"""What all parts of the reference decoder use: the fields of files, the layers of networks, the range decoder.

Written from format.md and arithmetic.md alone; the names in brackets below, such as [format: VALU], are the sections
of these texts. It is meant to be read beside them: it is slow, and uses integers only.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

ABSENT = -128  # the weight of a value that does not occur [format: VALU]


class FormatError(Exception):
    """A file that these texts do not allow. The message is for people."""


def require(condition: bool, cause: str) -> None:
    if not condition:
        raise FormatError(cause)


class Fields:
    """Reads the fields of a payload or a file from first to last."""

    def __init__(self, data: bytes, name: str):
        self.data, self.name, self.position = data, name, 0

    def take(self, count: int) -> bytes:
        require(count <= len(self.data) - self.position, f"{self.name} is too short")
        self.position += count
        return self.data[self.position - count:self.position]

    def unpack(self, layout: str) -> tuple:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def number(self, layout: str) -> int:
        return self.unpack(layout)[0]

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.position)

    def end(self) -> None:
        require(self.position == len(self.data), f"{self.name} is too long")


# ------------------------------------------------------- layers [format: Model files, arithmetic: Layers]


@dataclass
class Layer:
    weights: np.ndarray  # (outputs, inputs) int32
    bias: np.ndarray  # (outputs,) int32
    shift: np.ndarray  # (outputs,) int32

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """[arithmetic: Layers] for many pixels: (..., inputs) -> (..., outputs). read_layer has checked that no sum,
        and so no partial sum, leaves 32 bits."""
        return (inputs @ self.weights.T + self.bias) >> self.shift


def read_layer(fields: Fields, inputs: int, outputs: int, kind: str, largest: int) -> Layer:
    """kind: of the weights, as numpy names it; largest: magnitude of the layer's inputs."""
    kind = np.dtype(kind)
    weights = np.frombuffer(fields.take(inputs * outputs * kind.itemsize), kind)
    weights = weights.reshape(outputs, inputs).astype(np.int32)
    bias = np.frombuffer(fields.take(4 * outputs), "<i4").astype(np.int32)
    shift = np.frombuffer(fields.take(outputs), "u1").astype(np.int32)
    require(weights.min() > np.iinfo(kind).min, "a weight of the model is out of bounds")
    require(shift.max() <= 31, "a shift of the model is above 31")
    sums = np.abs(weights).sum(axis=1, dtype=np.int64) * largest + np.abs(bias.astype(np.int64))
    require(sums.max() < 2**31, "a sum of the model can leave 32 bits")
    return Layer(weights, bias, shift)


# ------------------------------------------------------------------ one stream [arithmetic: The range decoder]


class RangeDecoder:
    def __init__(self, stream: bytes):
        require(len(stream) % 2 == 0, "a stream has an odd length")
        self.stream, self.position = stream, 0
        self.range, self.value = 2**64 - 1, 0
        for _ in range(4):
            self.value = self.value << 16 | self.word()

    def word(self) -> int:
        """The next two bytes, most significant first; 0 past the end."""
        word = int.from_bytes(self.stream[self.position:self.position + 2], "big")
        self.position += 2
        return word

    def symbol(self, ends: np.ndarray) -> int:
        """The place of the next symbol in the order of coding; ends[i] is the sum of the frequencies up to and with
        place i. The search finds the first end above the target, which is never that of a frequency of 0."""
        total = int(ends[-1])
        unit = self.range // total
        target = min(self.value // unit, total - 1)
        place = int(np.searchsorted(ends, target, side="right"))
        start = int(ends[place - 1]) if place else 0
        self.value -= unit * start
        self.range = unit * (int(ends[place]) - start)
        while self.range < 2**48:
            self.value = (self.value << 16 | self.word()) % 2**64
            self.range <<= 16
        return place

    def end(self) -> None:
        # n steps of renormalisation have taken 4 + n words; an encoder writes n + 1 at the most.
        require(self.position - 6 >= len(self.stream), "a stream has bytes that belong to no sample")


# [arithmetic: Frequencies] the numbers round(2^22 * 2^(-i/32)), and the order of the symbols: 0, 16, ..., 240, 1, ...
POWER = np.array([
    4194304, 4104429, 4016479, 3930414, 3846194, 3763778, 3683128, 3604206,
    3526975, 3451399, 3377443, 3305071, 3234251, 3164947, 3097129, 3030764,
    2965821, 2902269, 2840080, 2779223, 2719670, 2661393, 2604365, 2548558,
    2493948, 2440508, 2388213, 2337038, 2286960, 2237956, 2190001, 2143074], np.int64)
ORDER = np.arange(256).reshape(16, 16).T.reshape(256)


def frequencies(logits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[arithmetic: Frequencies] from the clamped logits and the weights of the values of the symbols."""
    occurs = weights != ABSENT
    logits = np.where(occurs, np.clip(logits + 2 * weights, -32768, 32767), -32768)
    d = logits.max(axis=1, keepdims=True) - logits
    f = (POWER[d % 32] >> np.minimum(d // 32, 63)) + 1  # POWER is below 2^23: a shift by 32 ... 63 gives 0
    return np.where(occurs, f, 0)


def log2(x: int) -> int:
    """log2(x) in whole numbers and 8 bits behind the point, rounded down bit by bit."""
    whole = x.bit_length() - 1
    mantissa = x >> (whole - 31) if whole > 31 else x << (31 - whole)
    result = whole
    for _ in range(8):
        mantissa = (mantissa * mantissa) >> 31
        carry = mantissa >> 32
        mantissa >>= carry
        result = 2 * result + carry
    return result
