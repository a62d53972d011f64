"""Models, the range decoder and the networks of the reference decoder.

Written from format.md and arithmetic.md alone; the names in brackets below, such as [format: Model files], are the
sections of these texts. It is meant to be read beside them: it is slow, and uses integers only, no floating point.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

import numpy as np

COLOUR, GRAY, ALPHA = 1, 2, 3  # roles of networks [format: Model files]
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


# ---------------------------------------------------------------------------------- models [format: Model files]


@dataclass
class Layer:
    weights: np.ndarray  # (outputs, inputs) int32
    bias: np.ndarray  # (outputs,) int32
    shift: np.ndarray  # (outputs,) int32

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """[arithmetic: Layers] for many pixels: (pixels, inputs) -> (pixels, outputs). load_model has checked that
        no sum, and so no partial sum, leaves 32 bits."""
        return (inputs @ self.weights.T + self.bias) >> self.shift


@dataclass
class Network:
    channels: int
    up: int
    left: int
    right: int
    first: Layer
    residual: list[Layer]
    heads: list[tuple[Layer, Layer]]  # for each channel its head and its logits


@dataclass
class Model:
    name: str
    hash: bytes
    networks: dict[int, Network]  # by role


def read_layer(fields: Fields, inputs: int, outputs: int) -> Layer:
    weights = np.frombuffer(fields.take(inputs * outputs), "i1").reshape(outputs, inputs).astype(np.int32)
    bias = np.frombuffer(fields.take(4 * outputs), "<i4").astype(np.int32)
    shift = np.frombuffer(fields.take(outputs), "u1").astype(np.int32)
    require(weights.min() >= -127, "a weight of the model is -128")
    require(shift.max() <= 31, "a shift of the model is above 31")
    largest = np.abs(weights).sum(axis=1, dtype=np.int64) * 127 + np.abs(bias.astype(np.int64))
    require(largest.max() < 2**31, "a sum of the model can leave 32 bits")
    return Layer(weights, bias, shift)


def read_network(fields: Fields) -> tuple[int, Network]:
    role, channels, up, left, right, hidden, layers, bottleneck = fields.unpack("BBBBBHBH")
    require(role in (COLOUR, GRAY, ALPHA) and channels == (3 if role == COLOUR else 1), "unknown kind of network")
    require(1 <= up <= 16 and 1 <= left <= 16 and right <= 16, "a network's window is out of bounds")
    require(hidden in range(16, 513, 16) and layers <= 32 and bottleneck in range(16, 257, 16),
            "a network's layers are out of bounds")
    require(channels * (up * (left + 1 + right) + left) <= 1024, "a network's window is too large")
    inputs = 2 * channels * (up * (left + 1 + right) + left) + 3 * channels
    first = read_layer(fields, inputs, hidden)
    residual = [read_layer(fields, hidden, hidden) for _ in range(layers)]
    heads = [(read_layer(fields, hidden + 3 + 4 * c, bottleneck), read_layer(fields, bottleneck, 256))
             for c in range(channels)]
    return role, Network(channels, up, left, right, first, residual, heads)


def load_model(data: bytes) -> Model:
    fields = Fields(data, "the model file")
    require(fields.take(8) == b"PRNNMODL", "not a model file")
    version = fields.number("H")
    require(version == 1, f"the model file has version {version}, this program knows 1")
    name = fields.take(fields.number("B")).decode("utf-8", "replace")
    fields.take(fields.number("I"))  # provenance
    networks: dict[int, Network] = {}
    for _ in range(fields.number("B")):
        role, network = read_network(fields)
        require(role not in networks, "the model has two networks of one role")
        networks[role] = network
    fields.end()
    return Model(name, hashlib.sha256(data).digest(), networks)


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


# ------------------------------------------------------------------- one group of one tile [arithmetic: all the rest]


def fine(d: np.ndarray) -> np.ndarray:
    return 64 + 4 * np.clip(d, -15, 15)


def middle(d: np.ndarray) -> np.ndarray:
    return 64 + np.clip(d, -63, 63)


def coarse(d: np.ndarray) -> np.ndarray:
    return 64 + np.sign(d) * (np.abs(d) >> 2)


def level(v: np.ndarray) -> list[np.ndarray]:
    return [v >> 1, 8 * np.minimum(v, 15), 8 * np.minimum(255 - v, 15)]


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


def decode_group(decoder: RangeDecoder, height: int, width: int, network: Network, weights: np.ndarray) -> np.ndarray:
    """The (scaled) samples (height, width, channels) of the next tile or image. weights: (channels, 256)."""
    up, left, right, channels = network.up, network.left, network.right, network.channels

    # The tile with a margin for the samples outside: x[r][c] is at seen[r + up, c + left]. [arithmetic: Outside]
    # All of it is 128 at first; the left and right margins of a row are filled in as soon as they are known.
    seen = np.full((up + height, left + width + right, channels), 128, np.int32)
    # The window's pixels in order, relative to the pixel at hand. [arithmetic: Inputs of the network]
    window = [(-dr, dc) for dr in range(up, 0, -1) for dc in range(-left, right + 1)]
    window += [(0, dc) for dc in range(-left, 0)]
    window_rows, window_columns = np.array(window).T

    lag = right + 1  # [arithmetic: Order]
    for t in range(width + lag * (height - 1)):
        r = np.arange(max(0, -((width - 1 - t) // lag)), min(height - 1, t // lag) + 1)
        if len(r) == 0:
            continue  # lag > width: no pixel has this t
        rows, columns = r + up, t - lag * r + left  # the step's pixels in `seen`

        # [arithmetic: Prediction]
        w, n, nw = seen[rows, columns - 1], seen[rows - 1, columns], seen[rows - 1, columns - 1]
        low, high = np.minimum(w, n), np.maximum(w, n)
        p = np.where(nw >= high, low, np.where(nw <= low, high, w + n - nw))
        around = seen[rows[:, None] + window_rows, columns[:, None] + window_columns]  # (pixels, window, channels)
        d = (around - p[:, None, :]).reshape(len(r), -1)
        state = network.first(np.hstack([fine(d), coarse(d)] + level(p))).clip(0, 127)  # clip(0, 127) is relu
        for layer in network.residual:
            state = np.minimum(127, state + layer(state).clip(0, 127))

        e = np.zeros_like(p)
        for k in range(channels):
            # [arithmetic: Layers, Centre and Extra inputs]
            offset = [0, e[:, 0], (e[:, 0] + e[:, min(1, k)]) >> 1][k]
            centre = np.clip(p[:, k] + offset, 0, 255)
            extra = level(centre)
            for j in range(k):
                extra += [fine(e[:, j]), middle(e[:, j]), coarse(e[:, j]), p[:, j] >> 1]
            head, output = network.heads[k]
            bottleneck = head(np.column_stack([state] + extra)).clip(0, 127)
            logits = output(bottleneck).clip(-32768, 32767)

            values = (centre[:, None] + ORDER) % 256  # of the symbols in the order of coding
            ends = frequencies(logits[:, ORDER], weights[k][values]).cumsum(axis=1)
            for i in range(len(r)):
                seen[rows[i], columns[i], k] = values[i, decoder.symbol(ends[i])]
            e[:, k] = seen[rows, columns, k] - p[:, k]

        for row, column in zip(rows, columns):
            if column == left and row + 1 < up + height:  # the first pixel stands left of the row below
                seen[row + 1, :left] = seen[row, left]
            if column == left + width - 1:  # the last pixel stands right of its own row
                seen[row, left + width:] = seen[row, column]
    return seen[up:, left:left + width]
