"""Context mixing: tiles that no network codes. [mixing]

Written from mixing.md alone; the names in brackets below, such as [mixing: Matches], are the sections of that text. It
is meant to be read beside it: it is slow, and uses integers only.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from coding import RangeDecoder


def clamp(x: int, a: int, b: int) -> int:
    return min(max(x, a), b)


# ------------------------------------------------------------------------------------------- [mixing: Numbers]


def mix(first, *others):
    """Of ints, or of arrays of uint64, whose products are modulo 2^64 by themselves."""
    for other in others:
        g = (first * 0x9E3779B1) ^ ((other * (0x85EBCA77 << 7)) & 2**64 - 1)
        h = g ^ (g >> 29)
        first = ((h * 0xBF58476D1CE4E5B9) & 2**64 - 1) >> 32
    return first


@lru_cache(2**16)
def fold(pixel: int) -> int:
    return mix(pixel % 2**32, pixel >> 32)


SIGMA = [  # round(65536 / (1 + e^(-k/4))) for k = 0 ... 46, at most 65535
    32768, 36843, 40793, 44511, 47911, 50941, 53581, 55834, 57724, 59287, 60565, 61598, 62428, 63090, 63615, 64030,
    64357, 64614, 64816, 64974, 65097, 65194, 65269, 65328, 65374, 65410, 65438, 65459, 65476, 65489, 65500, 65508,
    65514, 65519, 65523, 65526, 65528, 65530, 65531, 65532, 65533, 65534, 65534, 65535, 65535, 65535, 65535]
MOST = 2943  # of logits


def probabilities() -> np.ndarray:
    """P(z) for z = -2943 ... 2943."""
    sigma = np.array([65536 - s for s in SIGMA[:0:-1]] + SIGMA)  # sigma[k + 46]
    j, f = np.divmod(np.arange(-MOST, MOST + 1) + 2944, 64)
    return sigma[j] + (((sigma[j + 1] - sigma[j]) * f + 32) >> 6)


P = probabilities()
LOGIT = np.minimum(np.searchsorted(P, 16 * np.arange(4096) + 8), 2 * MOST) - MOST  # L; P never falls
RATE = np.array([655360 // (10 * n + 13) for n in range(31)])
TRUST = np.array([0] + [128 + 16 * n for n in range(1, 8)] + [256] * 23)


def p(z: int) -> int:
    return int(P[z + MOST])


# ------------------------------------------------------------------------------------------- [mixing: A mixer]


class Mixer:
    def __init__(self, contexts: int, table_bits: int, entries: tuple[int, int, int], shift: int, weight: int = 10000):
        """entries: of each set of weights; weight: of an opinion at first."""
        self.contexts, self.shift_of_hash, self.shift = np.arange(contexts), 32 - table_bits, shift
        self.p = np.zeros((contexts, 2**table_bits), np.int32)
        self.check = np.zeros((contexts, 2**table_bits), np.uint8)
        self.count = np.zeros((contexts, 2**table_bits), np.uint8)
        self.weights = np.zeros((sum(entries), 2 * contexts + 1), np.int64)  # of the three sets, one after the other
        self.weights[:, :contexts] = weight
        self.first = np.array([0, entries[0], entries[0] + entries[1]])  # entry of each set
        steps = [64 * p(clamp(184 * (i - 16), -MOST, MOST)) for i in range(33)]
        self.refinements = np.tile(np.array(steps), (2, 4096, 1))

    def slots(self, hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The slot of each context's table, as an index of the arrays. [A slot]"""
        i, check = self.contexts, hashes % 128
        j = (hashes >> self.shift_of_hash).astype(np.int64)
        here, there = self.check[i, j] == check, self.check[i, j ^ 1] == check
        other = ~here & (there | (self.count[i, j ^ 1] < self.count[i, j]))
        slots = np.where(other, j ^ 1, j)
        new = np.flatnonzero(~here & ~there)
        self.p[new, slots[new]] = 2**19
        self.check[new, slots[new]] = check[new]
        self.count[new, slots[new]] = 0
        return i, slots

    def decide(self, decoder: RangeDecoder, hashes: np.ndarray, entries: list[int], rows: list[int], rate: int = 64) -> int:
        """The next decision, of which the mixer learns. entries: of each set of weights; rows: of each refinement; rate: what
        part of an error is learned, in 1/64."""
        slots = self.slots(hashes)  # [Probability]
        p20, n = self.p[slots].astype(np.int64), self.count[slots]
        inputs = np.concatenate([(LOGIT[p20 >> 8] * TRUST[n]) >> 8, (((p20 >> 4) - 32768) * TRUST[n]) >> 13, [256]])
        chosen = self.first + entries
        weights = self.weights[chosen]
        of_sets = np.clip((weights @ inputs) >> 16, -MOST, MOST)
        z = int(of_sets.sum()) // 3
        j, f = divmod(z + 2944, 184)
        refined = [self.refinements[r, row] for r, row in enumerate(rows)]
        sums = [((int(t[j]) * (184 - f) + int(t[j + 1]) * f) // 184) >> 6 for t in refined]
        probability = clamp((2 * p(z) + sum(sums) + 2) >> 2, 1, 65535)

        y = 1 - decoder.symbol(np.array([probability, 65536]))  # [The decision]: 1 comes first

        errors = (65535 * y - P[of_sets + MOST]) * rate >> 6  # [Learning]
        steps = (errors[:, None] * inputs + (1 << self.shift - 1)) >> self.shift
        self.weights[chosen] = np.clip(weights + steps, -2**22, 2**22)
        self.p[slots] = p20 + ((((2**20 - 1) * y - p20) * RATE[n]) >> 16)
        self.count[slots] = np.minimum(n + 1, 30)
        for t in refined:
            t[j + (f >= 92)] += (65535 * 64 * y - t[j + (f >= 92)]) >> 6
        return y


# -------------------------------------------------------------------------------------------- [mixing: Pixels]


class Image:
    """The pixels of an image so far, or what is kept of each; called, it is q(d, e)."""

    def __init__(self, width: int, above=0):
        self.width, self.rows, self.row, self.column, self.above = width, [], 0, 0, above

    def __call__(self, d: int, e: int) -> int:
        row, column = self.row - d, self.column + e
        if row < 0:
            return self.above
        if d > 0:
            return self.rows[row][clamp(column, 0, self.width - 1)]
        return self.rows[row][column] if column >= 0 else self(1, -self.column)


class Around:
    """What is around a pixel."""

    def __init__(self, q: Image):
        self.q, self.w, self.ww, self.www = q, q(0, -1), q(0, -2), q(0, -3)
        self.n, self.nw, self.ne, self.nee, self.nww = q(1, 0), q(1, -1), q(1, 1), q(1, 2), q(1, -2)
        self.nn, self.nne, self.nnw, self.nnn = q(2, 0), q(2, 1), q(2, -1), q(3, 0)

    def pattern(self) -> int:
        """[mixing: Candidates]"""
        w, n, ww, nn, ne, nw = self.w, self.n, self.ww, self.nn, self.ne, self.nw
        alike = [w == n, w == nw, n == nw, n == ne, w == ww, n == nn, ne == self.nee, nw == self.nww, nn == self.nne,
                 ww == self.nww, ne == self.nne, nw == self.nnw]
        return sum(bit << i for i, bit in enumerate(alike))

    def wide(self, candidates: list[int]) -> int:
        q, number = self.q, 0
        for pixel in (self.ww, self.nn, self.nee, self.nww, self.nne, self.nnw, self.nnn, self.www, q(1, 3), q(1, -3),
                      q(2, 2), q(2, -2)):
            number = 4 * number + (candidates[:3].index(pixel) if pixel in candidates[:3] else 3)
        return number

    def above(self) -> int:
        q, number = self.q, 0
        while number < 15 and q.column + number + 1 < q.width and q(1, number + 1) == self.n:
            number += 1
        return number


# ------------------------------------------------------------------------------------------- [mixing: Matches]


class Matches:
    def __init__(self, table_bits: int):
        self.shift = 32 - table_bits
        self.tables: tuple[dict, dict] = {}, {}  # place in the table -> place, as its image, row and column
        self.match, self.length = None, 0

    def find(self, a: Around) -> None:
        """Before a pixel is decoded."""
        q = a.q
        near = mix(mix(fold(a.w), fold(a.ww), fold(a.n)), mix(fold(a.nw), fold(a.ne)), fold(a.nn))
        far = mix(mix(near, mix(fold(a.www), fold(q(0, -4)), fold(q(0, -5)))), mix(fold(q(0, -6)), fold(a.nee)))
        keys = far >> self.shift, near >> self.shift
        for table, key, length in zip(self.tables, keys, (1, -1)):
            if self.match is None and key in table:
                self.match, self.length = table[key], length
        for table, key in zip(self.tables, keys):
            table[key] = q, q.row, q.column

    def expected(self) -> int | None:
        if self.match is None:
            return None
        image, row, column = self.match
        return image.rows[row][column]

    def state(self) -> int:
        return 0 if self.match is None else 1 if self.length == -1 else 2 if self.length < 16 else 3

    def after(self, pixel: int) -> None:
        if self.match is not None:
            image, row, column = self.match
            if pixel == self.expected() and column + 1 < image.width:
                self.match = image, row, column + 1
                self.length = 1 if self.length == -1 else min(self.length + 1, 65535)
            else:
                self.none()

    def none(self) -> None:
        self.match, self.length = None, 0


# ---------------------------------------------------------------------------- [mixing: Candidates, Flags, Bits]


class Tile:
    """What is learned in a tile or lot."""

    def __init__(self, decoder: RangeDecoder, pixels: int, channels: int, sample_bytes: int, predicts: bool):
        table_bits = next((b for b in range(12, 20) if 2**b >= 4 * pixels), 20)
        self.decoder, self.channels, self.sample_bytes, self.matches = decoder, channels, sample_bytes, Matches(table_bits)
        self.flags = Mixer(14, table_bits, (2048, 4096, 2048), 15)
        self.predictors = [Predictor(channel) for channel in range(channels // 2)] if predicts else []
        self.bits = Mixer(16, table_bits, (1024, 528, 64), 14, 7000) if predicts else Mixer(16, table_bits, (2048, 1024, 648), 14)
        self.decided = 0  # bits
        self.left = self.history = 0

    def decode_image(self, height: int, width: int) -> list[list[int]]:
        image = Image(width)
        self.errors = Image(width, [[0] * 10 for _ in self.predictors])
        for image.row in range(height):
            image.rows.append([])
            self.errors.rows.append([])
            for image.column in range(width):
                self.errors.row, self.errors.column = image.row, image.column
                around = Around(image)
                self.matches.find(around)
                pixel, kind = self.decode_flags(around)
                if self.predictors:
                    pixel = self.predict(around, pixel)
                elif pixel is None:
                    pixel = self.decode_bits(around)
                self.matches.after(pixel)
                image.rows[-1].append(pixel)
                self.left = min(self.left + 1, 31) if pixel == around.w else 0
                self.history = (self.history << 3 | kind) % 2**16
            self.matches.none()
            self.left = 0
        return image.rows

    def decode_flags(self, a: Around) -> tuple[int | None, int]:
        """The pixel, if it is a candidate, and its kind, or 7."""
        expected, state, q = self.matches.expected(), self.matches.state(), a.q
        candidates = {expected: 5} if state >= 2 else {}  # and their kinds, in order
        near = (a.w, a.n, a.ne, a.nw, a.ww)
        if self.predictors:
            near = near[:1] if a.w == a.n or self.history % 8 != 7 else ()
        for kind, pixel in enumerate(near):
            candidates.setdefault(pixel, kind)
        pattern, above, left = a.pattern(), a.above(), self.left
        w, n, ww, nn, nw, ne, nee, nww, nne = map(fold, (a.w, a.n, a.ww, a.nn, a.nw, a.ne, a.nee, a.nww, a.nne))
        wn = mix(w, n)
        c0 = mix(wn, nw, ne)
        length = self.matches.length
        length = 0 if length == -1 else length if length <= 32 else 20 + length // 32 if length <= 400 else 40
        contexts = [
            c0, wn, mix(n, ne, nw), mix(w, ww, nw), pattern, mix(pattern, a.wide(list(candidates))),
            mix(c0, mix(ww, nn, nee), mix(nww, nne)), None, None, 16 * left + above + 512 * (pattern % 32),
            mix(wn, mix(ne, nee), mix(nn, ww)), self.history, mix(mix(n, nn), w, q.column),
            mix(mix(w, ww), mix(fold(a.www), fold(q(0, -4))), mix(n, ne))]
        for i, (candidate, kind) in enumerate(candidates.items()):
            agrees = candidate == expected
            s = i + 8 * kind + 64 * agrees + 128 * state + 512 * (i == len(candidates) - 1)
            contexts[7], contexts[8] = length | 64 * agrees, fold(candidate)
            hashes = mix(np.array(contexts, np.uint64), s, np.arange(14, dtype=np.uint64))
            entries = [256 * i + 64 * state + pattern % 64, pattern, 256 * i + 8 * left + min(above, 7)]
            if self.flags.decide(self.decoder, hashes, entries, [256 * i + pattern % 256, mix(wn, s) >> 20]):
                return candidate, kind
        return None, 7

    def predict(self, a: Around, found: int | None) -> int:
        """The pixel, which is known if it was a candidate. [mixing: Bits with predictions]"""
        pixel, errors = 0, []
        for c, predictor in enumerate(self.predictors):
            predictor.look(a, self.errors, pixel)
            sample = self.decode_sample(a, c, predictor, pixel) if found is None else sample_of(found, c)
            errors.append(predictor.learn(sample))
            pixel += (sample >> 8 | sample % 256 << 8) << 16 * c
        self.errors.rows[-1].append(errors)
        return pixel

    def decode_sample(self, a: Around, c: int, p: Predictor, known: int) -> int:
        least, part = 0, 1
        before = fold(known) if c > 0 else 0
        energy, energy_of_filter = (level(sum(abs(e[i]) for e in p.errors)) for i in (8, 9))
        spread = level(abs(p.w - p.nw) + abs(p.n - p.nw) + abs(p.n - p.ne))
        (b_w, f_w), (b_n, f_n) = (e[8:] for e in p.errors[:2])
        around = mix(fold(a.w), fold(a.n))
        g, blend, filtered = p.guesses, p.blend, p.filtered
        for b in range(15, -1, -1):
            threshold = least + 2**b
            prefix = (least >> b) + 2 ** (16 - b)
            part = 1 if b == 7 else part
            high = least >> 8 if b < 8 else 0

            def f(x: int) -> int:
                return fine(x - threshold)

            def r(x: int) -> int:
                return coarse(x - threshold)

            contexts = [
                f(blend) + 256 * energy, f(blend) + 256 * r(blend + b_w) + 65536 * r(blend + b_n), f(g[0]) + 256 * spread,
                f(g[1]) + 256 * r(g[5]), f(filtered) + 256 * coarse(f_w) + 65536 * coarse(f_n), f(g[2]) + 256 * r(g[3]),
                f(filtered + ((f_w + f_n) >> 2)) + 256 * energy, f(filtered) + 256 * energy, prefix,
                mix(prefix, around, before), mix(prefix, byte(a.w, 2 * c) + 256 * byte(a.n, 2 * c)),
                f(g[6]) + 256 * energy + 65536 * spread, f(filtered) + 256 * r(blend) + 65536 * r(g[0]), mix(prefix, before),
                f(filtered) + 256 * coarse(f_w + f_n) + 65536 * energy_of_filter, part + 256 * (high >> 4)]
            o = 16 * c + b
            hashes = mix(np.array(contexts, np.uint64), o, np.arange(16, dtype=np.uint64))
            entries = [16 * o + energy, 33 * b + r(blend), o]
            rows = [128 * (o % 32) + f(filtered), mix(f(filtered), o, energy) >> 20]
            self.decided += 1
            rate = 12 + 52 * 32768 // (self.decided + 32768)
            y = self.bits.decide(self.decoder, hashes, entries, rows, rate)
            least, part = least + (y << b), 2 * part + y
        return least

    def decode_bits(self, a: Around) -> int:
        known = 0
        for k in range(self.channels):
            near = [byte(x, k) for x in (a.w, a.n, a.nw, a.ne, a.ww, a.nn)]
            more = more_w = more_n = 0
            if k % self.sample_bytes:  # a low byte
                near = [v + 256 * (byte(x, k - 1) - byte(known, k - 1))
                        for v, x in zip(near, (a.w, a.n, a.nw, a.ne, a.ww, a.nn))]
            elif k > 0:
                before = k - self.sample_bytes
                v, w, n, nw = (byte(x, before) for x in (known, a.w, a.n, a.nw))
                more, more_w, more_n = v - med(w, n, nw), v - w, v - n
            w, n, nw, ne, ww, nn = near
            gradient = abs(w - nw) + abs(n - nw) + abs(n - ne)
            median = clamp(med(w, n, nw), 0, 255)
            w, n, nw, ne, ww, nn = (clamp(v, 0, 255) for v in near)
            guess = clamp(median + more, 0, 255)
            activity = sum(bound <= gradient for bound in (2, 6, 14, 30, 60, 120, 200))
            contexts = [
                w + 256 * n, fold(known), mix(fold(known), w + 256 * n), median, guess + 256 * activity,
                (w + n) >> 1 | (abs(w - n) >> 3) << 8, w + 256 * nw, 0, mix(fold(a.w), fold(a.n), fold(known)),
                n + 256 * ne, clamp(w + more_w, 0, 255) + 256 * guess, clamp(n + more_n, 0, 255) + 256 * activity,
                clamp(2 * n - nn, 0, 255) + 256 * (ww >> 4), mix(fold(a.w), fold(known)), mix(fold(a.n), fold(known)),
                clamp(((w + ne) >> 1) + more, 0, 255)]
            of_sample = mix(np.array(contexts, np.uint64), k, np.arange(16, dtype=np.uint64))
            part = 1
            for b in range(7, -1, -1):
                def says(x: int) -> int:
                    return 0 if (x + 256) >> (b + 1) != part else 1 + (x >> b) % 2

                entries = [256 * k + part, (8 * k + activity) * 16 + b, (9 * k + b) * 9 + 3 * says(guess) + says(w)]
                rows = [256 * k + part, mix(guess, part, k) >> 20]
                part = 2 * part + self.bits.decide(self.decoder, mix(of_sample, part), entries, rows)
            known += part % 256 << 8 * k
        return known


def byte(pixel: int, k: int) -> int:
    return (pixel >> 8 * k) % 256


def med(w: int, n: int, nw: int) -> int:
    return clamp(w + n - nw, min(w, n), max(w, n))


# --------------------------------------------------------------------- [mixing: Bits with predictions (coding 4)]


def sample_of(pixel: int, c: int) -> int:
    """Of 16 bits, the high byte first."""
    return byte(pixel, 2 * c) * 256 + byte(pixel, 2 * c + 1)


def fine(d: int) -> int:
    a = min(abs(d), 65535)
    h = a.bit_length() - 1
    return (a if a < 4 else 4 * (h - 1) + (a >> h - 2) % 4) + 64 * (d < 0)


def coarse(d: int) -> int:
    return min(abs(d), 65535).bit_length() + 16 * (d < 0)


def level(energy: int) -> int:
    return sum((3 << i) >> 1 <= energy for i in range(15))


class Predictor:
    """What is predicted of the samples of a channel."""

    def __init__(self, channel: int):
        self.channel, self.taps = channel, [0] * (16 if channel > 0 else 12)

    def look(self, a: Around, errors: Image, known: int) -> None:
        """Before a sample; known: the pixel's samples before it."""
        c = self.channel
        # w, n, nw, ne, ww, nn, nne, nee, nww, nnw, www, nnn, of this channel and of the one before
        pixels = (a.w, a.n, a.nw, a.ne, a.ww, a.nn, a.nne, a.nee, a.nww, a.nnw, a.www, a.nnn)
        own = w, n, nw, ne, _, nn, nne, *_ = [sample_of(x, c) for x in pixels]
        guesses = [med(w, n, nw), w + n - nw, w, n, (w + ne) >> 1, n + ne - nne, ((w + n) >> 1) + ((ne - nw) >> 2), 2 * n - nn]
        others = []
        if c > 0:
            others = [sample_of(x, c - 1) for x in pixels]
            v, (w1, n1, nw1, ne1, _, _, nne1) = sample_of(known, c - 1), others[:7]
            more = [v - med(w1, n1, nw1), v - (w1 + n1 - nw1), v - w1, v - n1, v - ((w1 + ne1) >> 1), v - (n1 + ne1 - nne1),
                    (2 * v - w1 - n1) >> 1, 0]
            guesses[7] = guesses[0]
            guesses = [g + m for g, m in zip(guesses, more)]
            others = [x - v for x in others[:4]]
        self.guesses = [clamp(g, 0, 65535) for g in guesses]
        self.w, self.n, self.nw, self.ne = w, n, nw, ne
        self.errors = [errors(d, e)[c] for d, e in ((0, -1), (1, 0), (1, -1), (1, 1))]
        counts = [2**40 // (2 + sum(e[i] for e in self.errors)) ** 2 for i in range(8)]
        self.blend = (sum(k * g for k, g in zip(counts, self.guesses)) + sum(counts) // 2) // sum(counts)
        self.inputs = [x - self.blend for x in own] + others
        self.filtered = clamp(self.blend + (sum(u * t for u, t in zip(self.inputs, self.taps)) >> 16), 0, 65535)

    def learn(self, x: int) -> list[int]:
        """After a sample; its errors."""
        f, norm = x - self.filtered, 1 + (sum(u * u for u in self.inputs) >> 8)
        for i, u in enumerate(self.inputs):
            step = abs(8 * f * u) // norm
            self.taps[i] = clamp(self.taps[i] + (step if f * u > 0 else -step), -(2**20), 2**20)
        return [abs(x - g) for g in self.guesses] + [x - self.blend, f]


def decode_mixed(decoder: RangeDecoder, count: int, height: int, width: int, channels: int, sample_bytes: int,
                 predicts: bool) -> np.ndarray:
    """The bytes (images, height, width, bytes of a pixel) of a tile or lot; sample_bytes: 1, or 2 of 16 bits; predicts: coding 4."""
    tile = Tile(decoder, count * height * width, channels, sample_bytes, predicts)
    pixels = np.array([tile.decode_image(height, width) for _ in range(count)], np.uint64)
    return (pixels[..., None] >> np.arange(0, 8 * channels, 8, dtype=np.uint64) & 255).astype(np.uint8)
