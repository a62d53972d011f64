"""PixelCNN, Row LSTM and Diagonal BiLSTM: what is in a stream. [arithmetic: Networks of the paper]

A lot is kept in planes: arrays (row, column, picture, feature) with a margin of MARGIN pixels around the pictures that
holds what the network sees there. Floating point serves to make the tables of sigmoid and hyperbolic tangent only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coding import ORDER, POWER, Fields, Layer, RangeDecoder, frequencies, read_layer, require

PIXEL_CNN, ROW_LSTM, DIAGONAL_BILSTM = 1, 2, 3  # [format: Model files, kind]
MARGIN = 3

# Taps: the pixels (dr, dc) that a convolution sees.
HERE = [(0, 0)]
FIRST = [(dr, dc) for dr in (-3, -2, -1) for dc in range(-3, 4)] + [(0, dc) for dc in range(-3, 1)]
MIDDLE = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0)]
ROW_INPUT = [(0, -1), (0, 0)]
ABOVE = [(-1, -1), (-1, 0), (-1, 1)]
LEFT = [(0, -1), (-1, 0)]
RIGHT = [(0, 1), (-1, 0)]
UPSAMPLE = [(dr, dc) for dr in range(4) for dc in range(4)]


def c8(y: np.ndarray) -> np.ndarray:
    return y.clip(-8192, 8192)


def r8(y: np.ndarray) -> np.ndarray:
    return y.clip(0, 8192)


def c16(y: np.ndarray) -> np.ndarray:
    return y.clip(-32768, 32767)


# ---------------------------------------------------------------- [arithmetic: Sigmoid and hyperbolic tangent, LSTM]

SIGMOID = np.array([round(32768 / (1 + math.exp(-i / 32))) for i in range(513)])
TANH = np.array([min(32767, round(32768 * math.tanh(i / 32))) for i in range(513)])
assert SIGMOID.sum() == 16074965 and TANH.sum() == 16066377


def curve(table: np.ndarray, z: np.ndarray) -> np.ndarray:
    m = np.minimum(np.abs(z), 32767)
    i = m // 64
    return table[i] + (((table[i + 1] - table[i]) * (m % 64) + 32) >> 6)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return np.where(z >= 0, curve(SIGMOID, z), 32768 - curve(SIGMOID, z))


def tanh(z: np.ndarray) -> np.ndarray:
    return np.where(z >= 0, curve(TANH, z), -curve(TANH, z))


def lstm(gates: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The hidden state and the cell, from 4h gates and the cell before."""
    o, f, i, g = np.split(gates, 4, axis=-1)
    cell = c16((sigmoid(f) * before + ((sigmoid(i) * tanh(g)) >> 4) + 16384) >> 15)
    return (sigmoid(o) * tanh(cell) + 65536) >> 17, cell


# --------------------------------------------------------------------------------------- layers [arithmetic: Layers]


@dataclass
class Source:
    """Features that a layer takes from a plane."""
    features: int
    taps: list[tuple[int, int]]
    masked: bool = True  # does a weight at (0, 0) lead to the same and later channels only?


def group(features: int, channels: int) -> np.ndarray:
    """The channel that each feature belongs to. [arithmetic: Groups]"""
    return np.arange(features) * channels // features


class Reader:
    """Reads the layers of a network."""

    def __init__(self, fields: Fields, channels: int, condition: int):
        self.fields, self.channels = fields, channels
        self.condition = [Source(condition, HERE, masked=False)] if condition else []

    def layer(self, sources: list[Source], outputs: int, largest: int = 8192, gates: int = 1,
              itself: bool = True) -> Layer:
        """itself: may the features of a channel see those of the same channel at (0, 0)?"""
        inputs = sum(s.features * len(s.taps) for s in sources)
        layer = read_layer(self.fields, inputs, outputs, "<i2", largest)
        to = np.tile(group(outputs // gates, self.channels), gates)[:, None]
        at = 0
        for source in sources:
            for tap in source.taps:
                weights = layer.weights[:, at:at + source.features]
                of = group(source.features, self.channels)
                if source.masked and tap == (0, 0):
                    require(not weights[(of > to) if itself else (of >= to)].any(), "a weight of the model should be 0")
                at += source.features
        return layer

    def state(self, features: int) -> np.ndarray:
        return np.frombuffer(self.fields.take(2 * features), "<i2").astype(np.int32)


def around(plane: np.ndarray, at: tuple, taps: list[tuple[int, int]]) -> np.ndarray:
    """What a convolution sees at pixels: (pixels, pictures, taps times features)."""
    return np.concatenate([plane[at[0] + dr, at[1] + dc] for dr, dc in taps], axis=-1)


# --------------------------------------------------------------------------------------------------- blocks
#
# A block reads its layers and, after all layers of the network, its initial states. start() makes its planes for a
# lot; inner() gives the inner features e of some pixels, from the stream t and the condition.


class PixelCNNBlock:
    def __init__(self, reader: Reader, features: int):
        self.reduce = reader.layer([Source(2 * features, HERE)], features)
        self.middle = reader.layer([Source(features, MIDDLE), *reader.condition], features)

    def read_states(self, reader: Reader) -> None:
        pass

    def start(self, lot: Lot) -> None:
        self.a = lot.plane(np.zeros(len(self.reduce.bias), np.int32))

    def inner(self, lot: Lot, t: np.ndarray, at: tuple) -> np.ndarray:
        self.a[at] = r8(self.reduce(np.maximum(0, t[at])))
        return r8(self.middle(lot.conditioned(around(self.a, at, MIDDLE), at)))

    def row_known(self, lot: Lot, t: np.ndarray, row: int) -> None:
        pass


class Half:
    """An LSTM with its states: that of a Row LSTM, or one of the two of a Diagonal BiLSTM."""

    def __init__(self, reader: Reader, features: int, inputs: list, states: list, before: tuple[int, int]):
        self.features, self.inputs, self.states, self.before = features, inputs, states, before
        self.gates = reader.layer([Source(2 * features, inputs), Source(features, states), *reader.condition],
                                  4 * features, gates=4)

    def read_states(self, reader: Reader) -> None:
        self.initial_hidden, self.initial_cell = reader.state(self.features), reader.state(self.features)
        require(np.abs(self.initial_hidden).max() <= 8192, "an initial state of the model is out of bounds")

    def start(self, lot: Lot) -> None:
        self.hidden, self.cell = lot.plane(self.initial_hidden), lot.plane(self.initial_cell)

    def run(self, lot: Lot, t: np.ndarray, at: tuple) -> None:
        inputs = np.concatenate([around(t, at, self.inputs), around(self.hidden, at, self.states)], axis=-1)
        gates = c16(self.gates(lot.conditioned(inputs, at)))
        self.hidden[at], self.cell[at] = lstm(gates, around(self.cell, at, [self.before]))


class RowLSTMBlock(Half):
    def __init__(self, reader: Reader, features: int):
        super().__init__(reader, features, ROW_INPUT, ABOVE, (-1, 0))

    def inner(self, lot: Lot, t: np.ndarray, at: tuple) -> np.ndarray:
        self.run(lot, t, at)
        return self.hidden[at]

    def row_known(self, lot: Lot, t: np.ndarray, row: int) -> None:
        pass


class DiagonalBiLSTMBlock:
    def __init__(self, reader: Reader, features: int):
        self.left = Half(reader, features, HERE, LEFT, (0, -1))
        self.right = Half(reader, features, HERE, RIGHT, (0, 1))

    def read_states(self, reader: Reader) -> None:
        self.left.read_states(reader)
        self.right.read_states(reader)

    def start(self, lot: Lot) -> None:
        self.left.start(lot)
        self.right.start(lot)

    def inner(self, lot: Lot, t: np.ndarray, at: tuple) -> np.ndarray:
        self.left.run(lot, t, at)
        return self.left.hidden[at] + around(self.right.hidden, at, [(-1, 0)])

    def row_known(self, lot: Lot, t: np.ndarray, row: int) -> None:
        for column in range(lot.width - 1, -1, -1):
            self.right.run(lot, t, (np.array([row + MARGIN]), np.array([column + MARGIN])))


BLOCKS = {PIXEL_CNN: PixelCNNBlock, ROW_LSTM: RowLSTMBlock, DIAGONAL_BILSTM: DiagonalBiLSTMBlock}


# -------------------------------------------------------------------------------------------------- networks


def centre(x: np.ndarray, r: int, c: int, k: int) -> int:
    """The centre of channel k of a pixel. x: samples (height, width, channels). [arithmetic: Prediction; Layers, Centre]"""
    def sample(r, c, j):
        if c < 0 <= r:
            return sample(r - 1, 0, j)
        return 128 if r < 0 else int(x[r, c, j])

    p = []
    for j in range(k + 1):
        w, n, nw = sample(r, c - 1, j), sample(r - 1, c, j), sample(r - 1, c - 1, j)
        low, high = min(w, n), max(w, n)
        p.append(low if nw >= high else high if nw <= low else w + n - nw)
    e = [int(x[r, c, j]) - p[j] for j in range(k)]
    return max(0, min(255, p[k] + (0, sum(e), sum(e) >> 1)[k]))


class Lot:
    """The pictures that are decoded together."""

    def __init__(self, count: int, height: int, width: int, condition: np.ndarray | None):
        self.count, self.height, self.width = count, height, width
        self.condition = condition  # a plane without margin

    def plane(self, outside: np.ndarray) -> np.ndarray:
        return np.tile(outside, (self.height + 2 * MARGIN, self.width + 2 * MARGIN, self.count, 1))

    def conditioned(self, inputs: np.ndarray, at: tuple) -> np.ndarray:
        """A layer's inputs with those of the condition behind them."""
        if self.condition is None:
            return inputs
        return np.concatenate([inputs, self.condition[at[0] - MARGIN, at[1] - MARGIN]], axis=-1)


class PaperNetwork:
    is_local = False

    def __init__(self, fields: Fields, kind: int):
        """[format: Networks of the paper; arithmetic: Layers]"""
        require(kind in BLOCKS, "unknown kind of network")
        self.kind = kind
        (self.level, self.channels, self.output_kind, flags, layers, features, head, condition,
         length) = fields.unpack("BBBBBHHHI")
        channels = self.channels
        require(channels in (1, 3) and self.output_kind in (1, 2, 3), "unknown output of a network")
        self.bernoulli, self.differences = self.output_kind == 2, self.output_kind == 3
        require(not self.bernoulli or channels == 1, "a Bernoulli network of several channels")
        require(flags <= 3, "unknown flags of a network")
        self.residual, skip = bool(flags & 1), bool(flags & 2)
        require(1 <= layers <= 64 and channels <= features <= 512 and channels <= head <= 2048,
                "a network's layers are out of bounds")
        require(1 <= condition <= 512 if self.level else condition == 0, "a network's condition is out of bounds")

        fields = Fields(fields.take(length), "a network")
        reader = Reader(fields, channels, condition)
        stream = Source(2 * features, HERE)
        twice = 16384 if kind == DIAGONAL_BILSTM else 8192  # the largest inner feature
        self.upsample = []
        if condition:
            self.upsample = [reader.layer([Source(channels, UPSAMPLE, masked=False)], condition) for _ in range(4)]
        self.first = reader.layer([Source(channels, FIRST)], 2 * features, itself=False)
        self.blocks = []
        for _ in range(layers):
            block = BLOCKS[kind](reader, features)
            block.expand = reader.layer([Source(features, HERE)], 2 * features, twice)
            block.skip = reader.layer([Source(features, HERE)], 2 * features, twice) if skip else None
            self.blocks.append(block)
        self.heads = [reader.layer([stream], head), reader.layer([Source(head, HERE)], head)]
        self.output = reader.layer([Source(head, HERE)], 1 if self.bernoulli else 256 * channels)
        for block in self.blocks:
            block.read_states(reader)
        fields.end()

    def pairs(self, other) -> bool:
        return (self.channels, self.output_kind) == (other.channels, other.output_kind)

    def inputs(self, samples: np.ndarray) -> np.ndarray:
        """[arithmetic: Inputs]"""
        return 16384 * samples - 8192 if self.bernoulli else 64 * (samples - 128)

    def condition(self, smaller: np.ndarray, height: int, width: int) -> np.ndarray:
        """The condition of every pixel. smaller: samples (pictures, height, width, channels).
        [arithmetic: Conditional networks]"""
        inputs = self.inputs(smaller.astype(np.int32)).transpose(1, 2, 0, 3)
        inputs = np.pad(inputs, ((2, 2), (2, 2), (0, 0), (0, 0)))  # x'[y][x] is at [y + 2, x + 2]
        result = np.empty((height, width, len(smaller), len(self.upsample[0].bias)), np.int32)
        rows, columns = np.mgrid[:height, :width]
        for p, layer in enumerate(self.upsample):
            of = (2 * (rows % 2) + columns % 2) == p
            r, c = rows[of], columns[of]
            result[of] = r8(layer(around(inputs, (r // 2 + r % 2, c // 2 + c % 2), UPSAMPLE)))
        return result

    def logits(self, lot: Lot, at: tuple) -> np.ndarray:
        """The logits of some pixels, (pixels, pictures, outputs), from the samples in lot.x."""
        t = c8(self.first(around(lot.x, at, FIRST)))
        skipped = np.zeros_like(t)
        for block, stream in zip(self.blocks, lot.streams):
            stream[at] = t
            e = block.inner(lot, stream, at)
            y = c8(block.expand(e))
            if block.skip:
                skipped = c8(skipped + c8(block.skip(e)))
            t = c8(t + y) if self.residual else y
        head = np.maximum(0, c8(t + skipped))
        for layer in self.heads:
            head = r8(layer(head))
        return c16(self.output(head))

    def decode(self, decoder: RangeDecoder, count: int, height: int, width: int, weights: np.ndarray,
               smaller: np.ndarray | None) -> np.ndarray:
        """The (scaled) samples (count, height, width, channels) of a tile or lot. weights: (channels, 256);
        smaller: the samples of the level before."""
        channels = self.channels
        conditional = smaller is not None
        lot = Lot(count, height, width, self.condition(smaller, height, width) if conditional else None)
        lot.x = lot.plane(np.zeros(channels, np.int32))
        lot.streams = [lot.plane(np.zeros(len(self.first.bias), np.int32)) for _ in self.blocks]
        for block in self.blocks:
            block.start(lot)
        samples = np.zeros((height, width, count, channels), np.int32)
        if conditional:
            samples[::2, ::2] = smaller.transpose(1, 2, 0, 3)
            lot.x[MARGIN:-MARGIN:2, MARGIN:-MARGIN:2] = self.inputs(samples[::2, ::2])

        lag = width if self.kind == DIAGONAL_BILSTM else 4  # [arithmetic: Order]
        for step in range(width + lag * (height - 1)):
            rows = np.arange(max(0, -((width - 1 - step) // lag)), min(height - 1, step // lag) + 1)
            columns = step - lag * rows
            if len(rows) == 0:
                continue
            unknown = (rows % 2 + columns % 2 > 0) if conditional else np.full(len(rows), True)
            at = rows + MARGIN, columns + MARGIN
            # For every channel all is computed anew. The zeros among the weights keep what it does not yet know away
            # from it, and the features of the last channel are those of all samples before.
            for k in range(channels):
                logits = self.logits(lot, at)[unknown]
                centres = np.zeros(logits.shape[:2], np.int32)
                if self.differences:
                    centres = np.array([[centre(samples[:, :, i], r, c, k) for i in range(count)]
                                        for r, c in zip(rows[unknown], columns[unknown])], int).reshape(centres.shape)
                new = self.symbols(decoder, logits, k, weights[k], centres)
                samples[rows[unknown], columns[unknown], :, k] = new
                lot.x[at[0][unknown], at[1][unknown], :, k] = self.inputs(new)
            if self.kind == DIAGONAL_BILSTM and columns[0] == width - 1:
                for block, stream in zip(self.blocks, lot.streams):
                    block.row_known(lot, stream, rows[0])
        return samples.transpose(2, 0, 1, 3)

    def symbols(self, decoder: RangeDecoder, logits: np.ndarray, channel: int, weights: np.ndarray,
                centres: np.ndarray) -> np.ndarray:
        """Decodes the samples of a channel: (pixels, pictures), from logits (pixels, pictures, outputs) and centres
        (pixels, pictures)."""
        shape = logits.shape[:2]
        if self.bernoulli:  # [arithmetic: Networks of the paper, Frequencies]
            logit = logits.reshape(-1)
            m = np.abs(logit)
            few = (POWER[m % 32] >> np.minimum(m // 32, 63)) + 1
            many = np.full_like(few, 2**22 + 1)
            f = np.where(logit > 0, (few, many), (many, few)).T  # (pixels, 2)
            places = [decoder.symbol(ends) for ends in f.cumsum(axis=1)]
            return np.array(places, np.int32).reshape(shape)
        of = logits[..., 256 * channel:256 * (channel + 1)].reshape(-1, 256)[:, ORDER]
        centres = centres.reshape(-1)
        ends = frequencies(of, weights[(centres[:, None] + ORDER) % 256]).cumsum(axis=1)
        places = [decoder.symbol(e) for e in ends]
        return ((ORDER[np.array(places, int)] + centres) % 256).astype(np.int32).reshape(shape)
