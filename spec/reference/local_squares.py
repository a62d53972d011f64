"""Local least squares of the reference decoder. [arithmetic: Local least squares]

All rows of a step at once, in integers of 64 bits, which hold everything: see the bounds there.
"""

from __future__ import annotations

import numpy as np

OFFSETS = [(-1, 0), (-1, 1), (-1, -1), (0, -2), (-2, 0), (-2, 1), (-1, 2), (-2, -1), (-1, -2), (-2, 2), (-2, -2)]
TOP = 2**28 - 1


def clamp(x: int, least: int, most: int) -> int:
    return max(least, min(most, x))


def log(x: np.ndarray) -> np.ndarray:
    """floor(log2 x), of numbers from 1 to 2^52"""
    return np.frexp(x)[1].astype(np.int64) - 1


def eighths(x: np.ndarray) -> np.ndarray:
    """λ(x), about 8 log2 x."""
    return 8 * log(x) + (8 * x >> log(x)) % 8


def inverse_root(m: np.ndarray) -> np.ndarray:
    r = 1181116006 - (171798692 * m >> 28)
    for _ in range(4):
        r = r * (1610612736 - ((r * r >> 30) * m >> 29)) >> 30
    return r


def solve(a: np.ndarray, total: np.ndarray, n: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Weights (channels: (m, systems)) and energies (channels, systems) from the sums (size, size, systems) and the sums of
    the pixels' weights (systems)."""
    size = len(a)
    ridge = 16 * np.eye(size, dtype=np.int64)[:, :, None]
    b = a + ridge
    s = 27 - log(np.diagonal(b).max(axis=1))
    b = np.where(s >= 0, b << np.maximum(s, 0), b >> np.maximum(-s, 0)).clip(-TOP, TOP - 256) + 16 * ridge
    g = np.zeros_like(b)
    down, inverse, left = (np.zeros_like(b[0]) for _ in range(3))
    for j in range(size):
        left[j] = (b[j, j] - ((g[j, :j] ** 2).sum(axis=0) >> 30)).clip(64, TOP)
        down[j] = log(left[j]) >> 1
        inverse[j] = inverse_root(left[j] << (28 - 2 * down[j]))
        u = (b[j + 1:, j] - ((g[j + 1:, :j] * g[j, :j]).sum(axis=1) >> 30)).clip(-TOP, TOP)
        g[j + 1:, j] = (u * inverse[j] >> (down[j] + 15)).clip(-2 * TOP, 2 * TOP)
    weights = []
    for m in range(n, size):
        w = np.zeros_like(b[0, :m] if m > 0 else b[0, :0])
        for j in reversed(range(m)):
            q = (g[m, j] << 20) - (g[j + 1:m, j] * w[j + 1:]).sum(axis=0)
            q = (q >> 21).clip(-(2**31 - 1), 2**31 - 1)
            w[j] = (q * inverse[j] >> (down[j] + 24)).clip(-TOP, TOP)
        weights.append(w)
    return weights, (32 + eighths(left[n:]) - 8 * s - eighths(total + 1)).clip(0, 127)


class Fit:
    def __init__(self, seen: np.ndarray, up: int, left: int, width: int, height: int, counts: list[int], vertical: int,
                 horizontal: int, columns: int = 4):
        """seen: the tile with its margins, pixel (r, c) at [r + up, c + left]. columns: of a block."""
        self.seen, self.up, self.left, self.width, self.columns = seen, up, left, width, columns
        self.vertical, self.horizontal = vertical, horizontal
        self.regressors = [(k, *OFFSETS[i]) for k, count in enumerate(counts) for i in range(count)]
        self.n, self.channels = len(self.regressors), seen.shape[2]
        size = self.n + self.channels
        # One more row and column for the sum of weights.
        self.above = np.zeros((-(-width // columns) + 1, size + 1, size + 1), np.int64)
        self.sums = np.zeros((height, size + 1, size + 1), np.int64)
        self.block = np.zeros((height, size + 1, size + 1), np.int64)
        self.weights = [np.zeros((height, self.n + k), np.int64) for k in range(self.channels)]
        self.energy = np.zeros((height, self.channels), np.int64)

    def values(self, r: int, c: int) -> list[int]:
        """The numbers v of a pixel; those of samples not yet known are worth nothing."""
        at = self.seen[r + self.up:, c + self.left:]
        west = self.seen[r + self.up, c + self.left - 1]
        here = lambda k, dr, dc: self.seen[r + self.up + dr, c + self.left + dc, k]
        out = [int(here(k, dr, dc) - west[k]) for k, dr, dc in self.regressors]
        return out + [int(at[0, 0, k] - west[k]) for k in range(self.channels)]

    def solve(self, rows: np.ndarray, columns: np.ndarray) -> None:
        for r, c in zip(rows.tolist(), columns.tolist()):
            b = c // self.columns
            before = self.sums[r] if b > 0 else self.above[0]
            self.sums[r] = before - self.horizontal * (before >> 4) + self.block[r] + self.above[b + 1]
            self.block[r] = 0
        size = self.n + self.channels
        sums = np.moveaxis(self.sums[rows], 0, -1)
        weights, energies = solve(sums[:size, :size], sums[size, size], self.n)
        for k, w in enumerate(weights):
            self.weights[k][rows] = w.T
        self.energy[rows] = energies.T

    def predict(self, channel: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        out = []
        for r, c in zip(rows.tolist(), columns.tolist()):
            weights = self.weights[channel][r]
            total = int(weights @ np.array(self.values(r, c)[:len(weights)]))
            west = int(self.seen[r + self.up, c + self.left - 1, channel])
            out.append(clamp(16 * west + ((total + 2**15) >> 16), 0, 4080))
        return np.array(out)

    def energies(self, rows: np.ndarray) -> np.ndarray:
        return self.energy[rows]

    def learn(self, rows: np.ndarray, columns: np.ndarray, predictions: np.ndarray) -> None:
        for r, c, p in zip(rows.tolist(), columns.tolist(), predictions):
            x = self.seen[r + self.up, c + self.left]
            error = int(np.abs(x - ((p + 8) >> 4)).sum()) * (3 if self.channels == 1 else 1)
            trust = 768 // (12 + error) if r > 0 else 0
            v = np.array(self.values(r, c))
            self.block[r, :-1, :-1] += trust * np.outer(v, v)
            self.block[r, -1, -1] += trust
            if (c + 1) % self.columns == 0 or c == self.width - 1:
                above = self.above[c // self.columns]
                above += self.block[r] - self.vertical * (above >> 4)
