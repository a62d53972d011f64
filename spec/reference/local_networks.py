"""Local networks: what is in a stream, from the samples around a pixel. [arithmetic: The tile ... Layers]"""

from __future__ import annotations

import numpy as np

from coding import ORDER, Fields, RangeDecoder, frequencies, read_layer, require
from lattice import Lattice, Memory
from local_squares import Fit


def fine(d: np.ndarray) -> np.ndarray:
    return 64 + 4 * np.clip(d, -15, 15)


def middle(d: np.ndarray) -> np.ndarray:
    return 64 + np.clip(d, -63, 63)


def coarse(d: np.ndarray) -> np.ndarray:
    return 64 + np.sign(d) * (np.abs(d) >> 2)


def level(v: np.ndarray) -> list[np.ndarray]:
    return [v >> 1, 8 * np.minimum(v, 15), 8 * np.minimum(255 - v, 15)]


class LocalNetwork:
    level = 0  # networks of this kind have no levels
    bernoulli = False
    is_local = True
    mixing = None  # of the logits of several copies of the network: see learning.py

    def __init__(self, fields: Fields, kind: int):
        """[format: Local networks]"""
        self.channels, self.up, self.left, self.right, hidden, layers, bottleneck = fields.unpack("BBBBHBH")
        require(1 <= self.up <= 16 and 1 <= self.left <= 16 and self.right <= 16, "a network's window is out of bounds")
        require(hidden in range(16, 513, 16) and layers <= 32 and bottleneck in range(16, 257, 16),
                "a network's layers are out of bounds")
        samples = self.channels * (self.up * (self.left + 1 + self.right) + self.left)
        require(self.channels in (1, 3) and samples <= 1024, "a network's window is too large")

        self.fits: list[tuple[list[int], int, int]] = []  # regressors of each channel, vertical, horizontal
        if kind == 4:
            flags = fields.number("B")
            require(flags <= 1, "a network has flags that these texts do not know")
            for _ in range(self.read_fits(fields) if flags else 0):
                self.fits.append((list(fields.take(self.channels)), *fields.take(2)))
            for counts, vertical, horizontal in self.fits:
                require(max(counts) <= 11 and 1 <= sum(counts) <= 32 - self.channels and 1 <= vertical <= 15
                        and 4 <= horizontal <= 15, "a network's least squares are out of bounds")

        def layer(inputs: int, outputs: int):
            return read_layer(fields, inputs, outputs, "i1", 127)

        fits = len(self.fits)
        more = fits * (2 + self.channels) + 4 * self.channels if fits else 0
        self.first = layer(2 * samples + 3 * self.channels + more, hidden)
        self.residual = [layer(hidden, hidden) for _ in range(layers)]
        self.heads = []
        for c in range(self.channels):
            more = 2 + 3 * fits + 2 * c if fits else 0
            self.heads.append((layer(hidden + 3 + 4 * c + more, bottleneck), layer(bottleneck, 256)))

    def read_fits(self, fields: Fields) -> int:
        count = fields.number("B")
        require(1 <= count <= 2, "a network's least squares are out of bounds")
        require(self.up >= 2 and self.left >= 2 and self.right >= 2, "a network's window is too small for least squares")
        return count

    def pairs(self, other) -> bool:
        return False

    def decode(self, decoder: RangeDecoder, count: int, height: int, width: int, weights: np.ndarray,
               smaller: None, lattice: Lattice | None = None) -> np.ndarray:
        """The (scaled) samples (count, height, width, channels) of a tile or lot. weights: (channels, 256)."""
        memory = lattice and Memory(lattice)
        return np.stack([self.decode_picture(decoder, height, width, weights, memory) for _ in range(count)])

    # [arithmetic: Layers] for the pixels of a step, which are the rows of all arrays.

    def features(self, inputs: np.ndarray) -> list[np.ndarray]:
        """After the first layer and each residual one."""
        states = [self.first(inputs).clip(0, 127)]  # clip(0, 127) is relu
        for layer in self.residual:
            states.append(np.minimum(127, states[-1] + layer(states[-1]).clip(0, 127)))
        return states

    def channel(self, k: int, states: list[np.ndarray], extra: list[np.ndarray]) -> tuple[np.ndarray, ...]:
        """The inputs of the channel's head, its outputs, and the logits."""
        head, output = self.heads[k]
        inputs = np.column_stack([states[-1]] + extra)
        bottleneck = head(inputs).clip(0, 127)
        return inputs, bottleneck, output(bottleneck).clip(-32768, 32767)

    def learn(self, inputs: np.ndarray, states: list[np.ndarray], channels: list[tuple]) -> None:
        """After a step: the network's inputs, its features, and of each channel what `channel` gave, the frequencies of
        all symbols, and the symbols decoded. Nothing to do here: see learning.py."""

    def decode_picture(self, decoder: RangeDecoder, height: int, width: int, weights: np.ndarray,
                       memory: Memory | None) -> np.ndarray:
        up, left, right, channels = self.up, self.left, self.right, self.channels

        # The tile with a margin for the samples outside: x[r][c] is at seen[r + up, c + left]. [arithmetic: Outside]
        # All of it is 128 at first; the left and right margins of a row are filled in as soon as they are known.
        seen = np.full((up + height, left + width + right, channels), 128, np.int32)
        # The window's pixels in order, relative to the pixel at hand. [arithmetic: Inputs of the network]
        window = [(-dr, dc) for dr in range(up, 0, -1) for dc in range(-left, right + 1)]
        window += [(0, dc) for dc in range(-left, 0)]
        window_rows, window_columns = np.array(window).T

        lag = max(8, (right + 4) // 4 * 4) if self.fits else right + 1  # [arithmetic: Order]
        fits = [Fit(seen, up, left, width, height, *fit) for fit in self.fits]
        if self.mixing:
            self.mixing.begin_picture(seen, up, left, width, height)
        # The errors of the centres as activations, with a margin of one pixel. [arithmetic: Least squares in the network]
        errors = np.full((height + 1, width + 2, channels), 64)
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
            inputs = [fine(d), coarse(d)] + level(p)
            x = t - lag * r
            predictions = np.zeros((len(fits), len(r), channels), np.int64)
            for j, fit in enumerate(fits):
                if x[0] % 4 == 0:
                    fit.solve(r, x)
                predictions[j, :, 0] = fit.predict(0, r, x)
                q = predictions[j, :, :1] - 16 * p[:, :1]
                inputs += [middle(q >> 2), middle(q >> 5), fit.energies(r)]
            if fits:
                inputs += [errors[r + 1, x], errors[r, x + 1], errors[r, x], errors[r, x + 2]]  # W, N, NW, NE
            inputs = np.hstack(inputs)
            states = self.features(inputs)
            if self.mixing:
                self.mixing.begin_step(r, x)

            e, u, coded = np.zeros_like(p), np.zeros_like(p), []
            for k in range(channels):
                # [arithmetic: Layers, Centre and Extra inputs]
                offset = [0, e[:, 0], (e[:, 0] + e[:, min(1, k)]) >> 1][k]
                centre = edge = np.clip(p[:, k] + offset, 0, 255)
                if fits:  # [arithmetic: Least squares in the network]
                    for j, fit in enumerate(fits if k > 0 else []):
                        predictions[j, :, k] = fit.predict(k, r, x)
                    centre = (predictions[:, :, k].sum(0) + 8 * len(fits)) // (16 * len(fits))
                extra = level(centre)
                for j in range(k):
                    extra += [fine(e[:, j]), middle(e[:, j]), coarse(e[:, j]), p[:, j] >> 1]
                if fits:
                    extra += [fine(edge - centre), coarse(edge - centre)]
                    for j, fit in enumerate(fits):
                        q = predictions[j, :, k] - 16 * centre
                        extra += [middle(q), middle(q >> 3), fit.energies(r)[:, k]]
                    for j in range(k):
                        extra += [fine(u[:, j]), middle(u[:, j])]
                computed = self.channel(k, states, extra)
                logits = computed[-1]

                values = (centre[:, None] + np.arange(256)) % 256  # of the symbols
                f, symbols = frequencies(logits, weights[k][values]), np.empty(len(r), np.int64)
                for i in range(len(r)):
                    row, column = rows[i], columns[i]
                    if self.mixing:
                        logits[i] = self.mixing.logits(k, i, values[i])
                        f[i] = frequencies(logits[i:i + 1], weights[k][values[i:i + 1]])[0]
                    if memory:
                        around = {"x": seen[row, column], "w": seen[row, column - 1],
                                  "n": seen[row - 1, column], "nw": seen[row - 1, column - 1]}
                        f[i] = memory.frequencies(k, row - up, column - left, around, p[i], logits[i],
                                                  weights[k][values[i]], values[i])
                    symbols[i] = ORDER[decoder.symbol(f[i, ORDER].cumsum())]
                    seen[row, column, k] = values[i, symbols[i]]
                    if self.mixing:
                        self.mixing.learn(k, i, f[i], symbols[i], seen[row, column, k])
                    if memory:
                        memory.learn(k, seen[row, column])
                e[:, k] = seen[rows, columns, k] - p[:, k]
                u[:, k] = seen[rows, columns, k] - centre
                coded.append((*computed, f, symbols))
            self.learn(inputs, states, coded)

            if self.mixing:
                self.mixing.end_step()
            if fits:
                errors[r + 1, x + 1] = fine(u)
            for j, fit in enumerate(fits):
                fit.learn(r, x, predictions[j])
            for row, column in zip(rows, columns):
                if column == left and row + 1 < up + height:  # the first pixel stands left of the row below
                    seen[row + 1, :left] = seen[row, left]
                if column == left + width - 1:  # the last pixel stands right of its own row
                    seen[row, left + width:] = seen[row, column]
        return seen[up:, left:left + width]
