"""Local least squares of the reference decoder. [arithmetic: Local least squares]

Written with the unlimited integers of Python (numpy arrays of objects), so that nothing can overflow unseen.
"""

from __future__ import annotations

import numpy as np

OFFSETS = [(-1, 0), (-1, 1), (-1, -1), (0, -2), (-2, 0), (-2, 1), (-1, 2), (-2, -1), (-1, -2), (-2, 2), (-2, -2)]
TOP = 2**28 - 1


def clamp(x: int, least: int, most: int) -> int:
    return max(least, min(most, x))


def log(x: int) -> int:
    """floor(log2 x)"""
    return x.bit_length() - 1


def eighths(x: int) -> int:
    """λ(x), about 8 log2 x."""
    return 8 * log(x) + (8 * x >> log(x)) % 8


def inverse_root(m: int) -> int:
    r = 1181116006 - (171798692 * m >> 28)
    for _ in range(4):
        r = r * (1610612736 - ((r * r >> 30) * m >> 29)) >> 30
    return r


def solve(a: list[list[int]], total: int, n: int) -> tuple[list[list[int]], list[int]]:
    """Weights of the channels and energies from the sums (lower triangle) and the sum of the pixels' weights."""
    size = len(a)
    top = max(a[i][i] + 16 for i in range(size))
    s = 27 - log(top)
    g = [[0] * size for _ in range(size)]
    down, inverse = [0] * size, [0] * size
    left = [0] * size
    for i in range(size):
        b = []
        for j in range(i + 1):
            entry = a[i][j] + (16 if i == j else 0)
            entry = clamp(entry << s if s >= 0 else entry >> -s, -TOP, TOP - 256)
            b.append(entry + (256 if i == j else 0))
        for j in range(i):
            u = clamp(b[j] - (sum(g[i][k] * g[j][k] for k in range(j)) >> 30), -TOP, TOP)
            g[i][j] = clamp(u * inverse[j] >> (down[j] + 15), -2 * TOP, 2 * TOP)
        left[i] = clamp(b[i] - (sum(x * x for x in g[i][:i]) >> 30), 64, TOP)
        down[i] = log(left[i]) >> 1
        inverse[i] = inverse_root(left[i] << (28 - 2 * down[i]))
    weights, energies = [], []
    for m in range(n, size):
        w = [0] * m
        for j in reversed(range(m)):
            q = (g[m][j] << 20) - sum(g[i][j] * w[i] for i in range(j + 1, m))
            q = clamp(q >> 21, -(2**31 - 1), 2**31 - 1)
            w[j] = clamp(q * inverse[j] >> (down[j] + 24), -TOP, TOP)
        weights.append(w)
        energies.append(clamp(32 + eighths(left[m]) - 8 * s - eighths(total + 1), 0, 127))
    return weights, energies


class Fit:
    def __init__(self, seen: np.ndarray, up: int, left: int, width: int, height: int, counts: list[int], vertical: int,
                 horizontal: int):
        """seen: the tile with its margins, pixel (r, c) at [r + up, c + left]."""
        self.seen, self.up, self.left, self.width = seen, up, left, width
        self.vertical, self.horizontal = vertical, horizontal
        self.regressors = [(k, *OFFSETS[i]) for k, count in enumerate(counts) for i in range(count)]
        self.n, self.channels = len(self.regressors), seen.shape[2]
        size = self.n + self.channels
        # One more row and column for the sum of weights.
        self.above = np.zeros(((width + 3) // 4 + 1, size + 1, size + 1), np.int64)
        self.sums = np.zeros((height, size + 1, size + 1), np.int64)
        self.block = np.zeros((height, size + 1, size + 1), np.int64)
        self.fits: dict[int, tuple[list[list[int]], list[int]]] = {}  # by row

    def values(self, r: int, c: int) -> list[int]:
        """The numbers v of a pixel; those of samples not yet known are worth nothing."""
        at = self.seen[r + self.up:, c + self.left:]
        west = self.seen[r + self.up, c + self.left - 1]
        here = lambda k, dr, dc: self.seen[r + self.up + dr, c + self.left + dc, k]
        out = [int(here(k, dr, dc) - west[k]) for k, dr, dc in self.regressors]
        return out + [int(at[0, 0, k] - west[k]) for k in range(self.channels)]

    def solve(self, rows: np.ndarray, columns: np.ndarray) -> None:
        for r, c in zip(rows.tolist(), columns.tolist()):
            b = c // 4
            before = self.sums[r] if b > 0 else self.above[0]
            self.sums[r] = before - self.horizontal * (before >> 4) + self.block[r] + self.above[b + 1]
            self.block[r] = 0
            size = self.n + self.channels
            self.fits[r] = solve(self.sums[r, :size, :size].tolist(), int(self.sums[r, size, size]), self.n)

    def predict(self, channel: int, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        out = []
        for r, c in zip(rows.tolist(), columns.tolist()):
            total = sum(w * v for w, v in zip(self.fits[r][0][channel], self.values(r, c)))
            west = int(self.seen[r + self.up, c + self.left - 1, channel])
            out.append(clamp(16 * west + ((total + 2**15) >> 16), 0, 4080))
        return np.array(out)

    def energies(self, rows: np.ndarray) -> np.ndarray:
        return np.array([self.fits[r][1] for r in rows.tolist()])

    def learn(self, rows: np.ndarray, columns: np.ndarray, predictions: np.ndarray) -> None:
        for r, c, p in zip(rows.tolist(), columns.tolist(), predictions):
            x = self.seen[r + self.up, c + self.left]
            error = int(np.abs(x - ((p + 8) >> 4)).sum()) * (3 if self.channels == 1 else 1)
            trust = 768 // (12 + error) if r > 0 else 0
            v = np.array(self.values(r, c))
            self.block[r, :-1, :-1] += trust * np.outer(v, v)
            self.block[r, -1, -1] += trust
            if c % 4 == 3 or c == self.width - 1:
                above = self.above[c // 4]
                above += self.block[r] - self.vertical * (above >> 4)
