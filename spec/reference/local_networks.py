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
    def __init__(self, fields: Fields, kind: int, is_mate: bool = False):
        """[format: Local networks]"""
        self.channels, self.up, self.left, self.right, hidden, layers, bottleneck = fields.unpack("BBBBHBH")
        require(1 <= self.up <= 16 and 1 <= self.left <= 16 and self.right <= 16, "a network's window is out of bounds")
        require(hidden in range(16, 513, 16) and layers <= 32 and bottleneck in range(16, 257, 16),
                "a network's layers are out of bounds")
        samples = self.channels * (self.up * (self.left + 1 + self.right) + self.left)
        require(self.channels in (1, 3) and samples <= 1024, "a network's window is too large")

        self.fits: list[tuple[list[int], int, int]] = []  # regressors of each channel, vertical, horizontal
        flags = fields.number("B") if kind == 4 else 0
        if kind == 4:
            require(flags <= (1 if is_mate else 3), "a network has flags that these texts do not know")
            for _ in range(self.read_fits(fields) if flags & 1 else 0):
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
        self.lag = max(8, (self.right + 4) // 4 * 4) if self.fits else self.right + 1  # [arithmetic: Order]

        self.mates: list[LocalNetwork] = []
        count = fields.number("B") if flags & 2 else 0
        require(not flags & 2 or 1 <= count <= 3, "a network has no mates, or too many")
        for _ in range(count):
            kind = fields.number("B")
            require(kind in (0, 4), "a mate is no local network")
            mate = LocalNetwork(fields, kind, is_mate=True)
            require(mate.channels == self.channels, "a mate has another number of channels")
            require(mate.lag == self.lag or mate.lag < self.lag and not mate.fits, "a mate is of another order")
            self.mates.append(mate)

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
        """After a step: the network's inputs, its features, and of each channel what `channel` gave, the slopes by the
        logits, as learning.py has them, and nothing else. Nothing to do here."""

    def decode_picture(self, decoder: RangeDecoder, height: int, width: int, weights: np.ndarray,
                       memory: Memory | None) -> np.ndarray:
        return decode_picture(Together([self]), decoder, height, width, weights, memory)


class Together:
    """What codes a picture: here one network as it is; see learning.py."""

    def __init__(self, networks: list[LocalNetwork]):
        self.networks = networks

    def begin_picture(self, *tile) -> None:
        pass

    def begin_step(self, rows: np.ndarray, columns: np.ndarray) -> None:
        pass

    def begin_channel(self, k: int, views: list[View]) -> np.ndarray:
        """The logits of a channel, (pixels, 256), by the symbols of the first network."""
        return views[0].computed[-1]

    def logits(self, k: int, pixel: int, values: np.ndarray) -> np.ndarray | None:
        """Those of a pixel, if they are not those that begin_channel gave. values: the samples of the symbols."""

    def decoded(self, k: int, pixel: int, f: np.ndarray, symbol: int, sample: int) -> None:
        """f: the frequencies of all symbols as the range decoder was given them."""

    def slopes(self, f: np.ndarray, symbols: np.ndarray) -> np.ndarray | None:
        """By the logits of a channel of a step, (pixels, 256)."""

    def end_step(self) -> None:
        pass


class View:
    """What one network makes of a tile."""

    def __init__(self, network: LocalNetwork, seen: np.ndarray, up: int, left: int, width: int, height: int):
        """seen: the tile with margins of `up` rows and `left` columns before it."""
        self.network, self.seen, self.up, self.left = network, seen, up, left
        # The window's pixels in order, relative to the pixel at hand. [arithmetic: Inputs of the network]
        window = [(-dr, dc) for dr in range(network.up, 0, -1) for dc in range(-network.left, network.right + 1)]
        window += [(0, dc) for dc in range(-network.left, 0)]
        self.window_rows, self.window_columns = np.array(window).T
        self.fits = [Fit(seen, up, left, width, height, *fit) for fit in network.fits]
        # The errors of the centres as activations, with a margin of one pixel. [arithmetic: Least squares in the network]
        self.errors = np.full((height + 1, width + 2, network.channels), 64)

    def begin_step(self, r: np.ndarray, x: np.ndarray) -> None:
        """The pixels in rows r and columns x."""
        seen, fits, channels = self.seen, self.fits, self.network.channels
        self.r, self.x, self.rows, self.columns = r, x, r + self.up, x + self.left  # the last two in `seen`
        rows, columns = self.rows, self.columns

        # [arithmetic: Prediction]
        w, n, nw = seen[rows, columns - 1], seen[rows - 1, columns], seen[rows - 1, columns - 1]
        low, high = np.minimum(w, n), np.maximum(w, n)
        self.p = p = np.where(nw >= high, low, np.where(nw <= low, high, w + n - nw))
        # (pixels, window, channels)
        around = seen[rows[:, None] + self.window_rows, columns[:, None] + self.window_columns]
        d = (around - p[:, None, :]).reshape(len(r), -1)
        inputs = [fine(d), coarse(d)] + level(p)
        self.predictions = np.zeros((len(fits), len(r), channels), np.int64)
        for j, fit in enumerate(fits):
            if x[0] % 4 == 0:
                fit.solve(r, x)
            self.predictions[j, :, 0] = fit.predict(0, r, x)
            q = self.predictions[j, :, :1] - 16 * p[:, :1]
            inputs += [middle(q >> 2), middle(q >> 5), fit.energies(r)]
        if fits:
            errors = self.errors
            inputs += [errors[r + 1, x], errors[r, x + 1], errors[r, x], errors[r, x + 2]]  # W, N, NW, NE
        self.inputs = np.hstack(inputs)
        self.states = self.network.features(self.inputs)
        self.e, self.u, self.coded = np.zeros_like(p), np.zeros_like(p), []

    def begin_channel(self, k: int) -> None:
        """[arithmetic: Layers, Centre and Extra inputs]"""
        fits, p, e, u, r = self.fits, self.p, self.e, self.u, self.r
        offset = [0, e[:, 0], (e[:, 0] + e[:, min(1, k)]) >> 1][k]
        centre = edge = np.clip(p[:, k] + offset, 0, 255)
        if fits:  # [arithmetic: Least squares in the network]
            for j, fit in enumerate(fits if k > 0 else []):
                self.predictions[j, :, k] = fit.predict(k, r, self.x)
            centre = (self.predictions[:, :, k].sum(0) + 8 * len(fits)) // (16 * len(fits))
        extra = level(centre)
        for j in range(k):
            extra += [fine(e[:, j]), middle(e[:, j]), coarse(e[:, j]), p[:, j] >> 1]
        if fits:
            extra += [fine(edge - centre), coarse(edge - centre)]
            for j, fit in enumerate(fits):
                q = self.predictions[j, :, k] - 16 * centre
                extra += [middle(q), middle(q >> 3), fit.energies(r)[:, k]]
            for j in range(k):
                extra += [fine(u[:, j]), middle(u[:, j])]
        self.centre, self.computed = centre, self.network.channel(k, self.states, extra)

    def end_channel(self, k: int, slopes: np.ndarray | None) -> None:
        """slopes: (pixels, 256), by the network's own symbols."""
        samples = self.seen[self.rows, self.columns, k]
        self.e[:, k] = samples - self.p[:, k]
        self.u[:, k] = samples - self.centre
        self.coded.append((*self.computed, slopes))

    def end_step(self) -> None:
        self.network.learn(self.inputs, self.states, self.coded)
        if self.fits:
            self.errors[self.r + 1, self.x + 1] = fine(self.u)
        for j, fit in enumerate(self.fits):
            fit.learn(self.r, self.x, self.predictions[j])


def turned(numbers: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """(pixels, 256): each row so that the number at its turn comes first, and the last is followed by the first."""
    return np.take_along_axis(numbers, (np.arange(256) + turns[:, None]) % 256, axis=-1)


def decode_picture(together: Together, decoder: RangeDecoder, height: int, width: int, weights: np.ndarray,
                   memory: Memory | None) -> np.ndarray:
    networks = together.networks
    up, left, right = (max(getattr(n, side) for n in networks) for side in ("up", "left", "right"))
    channels, lag = networks[0].channels, networks[0].lag

    # The tile with a margin for the samples outside: x[r][c] is at seen[r + up, c + left]. [arithmetic: Outside]
    # All of it is 128 at first; the left and right margins of a row are filled in as soon as they are known.
    seen = np.full((up + height, left + width + right, channels), 128, np.int32)
    views = [View(network, seen, up, left, width, height) for network in networks]
    first = views[0]
    together.begin_picture(seen, up, left, width, height)
    for t in range(width + lag * (height - 1)):
        r = np.arange(max(0, -((width - 1 - t) // lag)), min(height - 1, t // lag) + 1)
        if len(r) == 0:
            continue  # lag > width: no pixel has this t
        rows, columns = r + up, t - lag * r + left  # the step's pixels in `seen`
        for view in views:
            view.begin_step(r, t - lag * r)
        together.begin_step(r, t - lag * r)
        for k in range(channels):
            for view in views:
                view.begin_channel(k)
            logits = together.begin_channel(k, views)
            values = (first.centre[:, None] + np.arange(256)) % 256  # of the symbols
            f, symbols = frequencies(logits, weights[k][values]), np.empty(len(r), np.int64)
            for i in range(len(r)):
                row, column = rows[i], columns[i]
                common = together.logits(k, i, values[i])
                if common is not None:
                    logits[i] = common
                    f[i] = frequencies(logits[i:i + 1], weights[k][values[i:i + 1]])[0]
                if memory:
                    around = {"x": seen[row, column], "w": seen[row, column - 1],
                              "n": seen[row - 1, column], "nw": seen[row - 1, column - 1]}
                    f[i] = memory.frequencies(k, row - up, column - left, around, first.p[i], logits[i],
                                              weights[k][values[i]], values[i])
                symbols[i] = ORDER[decoder.symbol(f[i, ORDER].cumsum())]
                seen[row, column, k] = values[i, symbols[i]]
                together.decoded(k, i, f[i], symbols[i], seen[row, column, k])
                if memory:
                    memory.learn(k, seen[row, column])
            slopes = together.slopes(f, symbols)
            for view in views:
                view.end_channel(k, slopes if slopes is None else turned(slopes, view.centre - first.centre))
        for view in views:
            view.end_step()
        together.end_step()
        for row, column in zip(rows, columns):
            if column == left and row + 1 < up + height:  # the first pixel stands left of the row below
                seen[row + 1, :left] = seen[row, left]
            if column == left + width - 1:  # the last pixel stands right of its own row
                seen[row, left + width:] = seen[row, column]
    return seen[up:, left:left + width]
