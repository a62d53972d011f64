"""Local networks that learn while they decode, and fits that code with them. [format: LRNG, FITS, arithmetic: Learning]

The letters of the text have these names here: N interval, mu momentum, nu squares, phi floor, chi head_shift, tau
trunk_shift, D decay, rho rate, eta, zeta and Omega the mixing's rates and weights; kappa scale, theta trunk. All arrays are of
64 bits where the text says 32, so that a sum that left 32 bits would show as another result, not as a wrapped one; the
sums G are wrapped as it says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from coding import POWER, Fields, Layer, frequencies, log2, require
from local_networks import LocalNetwork, Together, View, decode_picture, turned
from local_squares import Fit


@dataclass(frozen=True)
class Rule:
    """[format: LRNG]"""
    interval: int
    momentum: int
    squares: int
    floor: int
    head_shift: int
    trunk_shift: int
    decay: int
    first: int  # the rates
    residual: int
    heads: int
    logits: int


@dataclass(frozen=True)
class Rules:
    rules: list[Rule]  # one of each copy
    mixing: int | None  # the rate; only of several copies
    least: int | None = None  # of the weights of copies, in sixteenths
    phases: bool = False  # has each phase of a pixel its weights?
    fits: list[tuple] = field(default_factory=list)  # regressors of R, G, B; of one channel; vertical, horizontal
    fits_mixing: int = 0


def read_rules(fields: Fields) -> Rules:
    count = len(fields.data) // 17
    require(1 <= count <= 4, "the chunk LRNG has no rules, or too many")
    rules = [Rule(*fields.unpack("HBBBBBH4H")) for _ in range(count)]
    mixing = fields.number("B") if count > 1 else None
    least = fields.number("B") if count > 1 and len(fields.data) == 17 * count + 2 else None
    fields.end()
    phases, least = (least or 0) & 16 != 0, None if least is None else least & ~16
    require((least or 0) <= 4, "the least weight of LRNG is out of bounds")
    for rule in rules:
        require(rule.interval >= 1, "the networks learn after every 0 pixels")
        require(max(rule.momentum, rule.squares, rule.head_shift, rule.trunk_shift) <= 15 and 8 <= rule.floor <= 24,
                "the numbers by which the networks learn are out of bounds")
    return Rules(rules, mixing, least, phases)


def read_fits(fields: Fields, rules: Rules) -> Rules:
    """[format: FITS]"""
    mixing = fields.number("B")
    count = len(fields.data) // 6
    require(1 <= count <= 4, "the chunk FITS has no fits, or too many")
    fits = [fields.unpack("6B") for _ in range(count)]
    fields.end()
    for *counts, vertical, horizontal in fits:
        require(max(counts) <= 11 and 1 <= sum(counts[:3]) <= 29 and counts[3] >= 1
                and 1 <= vertical <= 15 and 1 <= horizontal <= 15, "a fit of FITS is out of bounds")
    return replace(rules, fits=fits, fits_mixing=mixing)


def clamp16(y: np.ndarray) -> np.ndarray:
    return y.clip(-32768, 32767)


def c63(y: np.ndarray) -> np.ndarray:
    return y.clip(-63, 63)


def rounded(y: np.ndarray, shift: int) -> np.ndarray:
    return (y + (2**shift >> 1)) >> shift


def whole_log2(x: np.ndarray) -> np.ndarray:
    """Rounded down, of numbers from 1 to 2^31 - 1."""
    return np.searchsorted(2**np.arange(31), x, side="right") - 1


class Wide:
    """The W of a layer, (outputs, inputs), or its B, (outputs, 1): X in the text, with m, v and G. [Wide weights, Update]"""

    def __init__(self, values: np.ndarray, bound: int, rate: np.ndarray):
        """rate: of each output, min(32767, ...) of rho'."""
        self.values, self.bound, self.rate = values, bound, rate[:, None]
        self.momentum, self.square, self.sum = (np.zeros_like(values) for _ in range(3))

    def update(self, rule: Rule, number: int) -> None:
        z = (number + 2).bit_length() - 1
        decay = math.isqrt((rule.decay << 20) // (rule.decay + number)) if rule.decay else 1024
        a = 64 * ((self.sum + 2**31) % 2**32 - 2**31).clip(-2**23, 2**23)
        self.momentum += (a - self.momentum) >> min(rule.momentum, z)
        r = (a >> 8).clip(-32767, 32767)
        self.square += (r * r - self.square) >> min(rule.squares, z)
        size = np.maximum(rule.floor, (whole_log2(np.maximum(self.square, 1)) >> 1) + 8)  # epsilon
        n = self.momentum.clip(-8 << size, 8 << size)
        n = (n << np.maximum(12 - size, 0)) >> np.maximum(size - 12, 0)
        change = (n * (self.rate * decay >> 10) + 2048) >> 12
        self.values = (self.values - change).clip(-self.bound, self.bound)
        self.sum[:] = 0


class LearningLayer(Layer):
    def __init__(self, layer: Layer, rate: int):
        super().__init__(layer.weights, layer.bias, layer.shift)
        self.rate = rate
        rates = rate << layer.shift.astype(np.int64)
        self.wide = Wide(layer.weights.astype(np.int64) << 16, 127 << 16, np.minimum(32767, rates >> 4))
        bias = layer.bias.astype(np.int64).clip(-2**21, 2**21) << 8
        self.wide_bias = Wide(bias[:, None], 2**29, np.minimum(32767, rates >> 8))

        # [Weights to pass slopes back] n(x), by the bits of x: 127 // x is at least 2^n and below 2^(n + 1)
        largest = np.abs(layer.weights).max(axis=1)
        self.scale = min(int(s) + ((127 // int(x)).bit_length() - 1 if x else 31)
                         for s, x in zip(layer.shift, largest))
        self.round()

    def round(self) -> None:
        """The weights for the next step. [Wide weights]"""
        self.weights = rounded(self.wide.values, 16).clip(-127, 127).astype(np.int32)
        self.bias = rounded(self.wide_bias.values[:, 0], 8).astype(np.int32)

    def back(self, slopes: np.ndarray) -> np.ndarray:
        """The clamped sums over the outputs, for many pixels: (pixels, outputs) -> (pixels, inputs)."""
        d = (16 + self.shift.astype(np.int64) - self.scale).clip(1, 30)[:, None]
        weights = ((self.wide.values + (1 << (d - 1))) >> d).clip(-127, 127)
        return clamp16(slopes @ weights)

    def collect(self, slopes: np.ndarray, inputs: np.ndarray) -> None:
        """[Sums]"""
        if self.rate > 0:
            self.wide.sum += slopes.T @ inputs
            self.wide_bias.sum += slopes.sum(axis=0)[:, None]

    def update(self, rule: Rule, number: int) -> None:
        if self.rate > 0:
            self.wide.update(rule, number)
            self.wide_bias.update(rule, number)
            self.round()


def symbol_slopes(f: np.ndarray, symbols: np.ndarray, first_pixel: int) -> np.ndarray:
    """g of many pixels, (pixels, 256), from the frequencies of all symbols. [Slopes of a sample]"""
    sigma = np.minimum((63 * 64 << 27) // f.sum(axis=1, keepdims=True), 2**32 - 1)
    q = (((f >> 7) * sigma) % 2**32) >> 20  # f is below 2^23, so the product is below 2^48
    q[np.arange(len(q)), symbols] -= 4032
    j = first_pixel + np.arange(len(q))[:, None]
    return c63((q + (39 * j + 23 * np.arange(256)) % 64) >> 6)


class LearningCopy(LocalNetwork):
    """A local network as it is while one stream is decoded; one of several, perhaps."""

    def __init__(self, network: LocalNetwork, rule: Rule):
        vars(self).update(vars(network))
        self.rule = rule
        self.first = LearningLayer(network.first, rule.first)
        self.residual = [LearningLayer(layer, rule.residual) for layer in network.residual]
        self.heads = [(LearningLayer(head, rule.heads), LearningLayer(output, rule.logits))
                      for head, output in network.heads]
        scale = min(head.scale for head, _ in self.heads)
        for head, _ in self.heads:
            head.scale = scale
        self.pixels = self.waiting = self.updates = 0  # waiting: pixels since the last update

    def learn(self, inputs: np.ndarray, states: list[np.ndarray], channels: list[tuple]) -> None:
        rule, count = self.rule, len(inputs)

        # [Backward, Sums]
        trunk = np.zeros_like(states[0], np.int64)
        for (head, output), (head_inputs, bottleneck, _, g) in zip(self.heads, channels):
            output.collect(g, bottleneck)
            inside = (bottleneck > 0) & (bottleneck < 127)
            gamma = np.where(inside, c63(rounded(output.back(g), rule.head_shift)), 0)
            head.collect(gamma, head_inputs)
            trunk = clamp16(trunk + head.back(gamma)[:, :trunk.shape[1]])
        for layer, before, after in reversed(list(zip(self.residual, states, states[1:]))):
            delta = np.where((before < after) & (after < 127), c63(rounded(trunk, rule.trunk_shift)), 0)
            layer.collect(delta, before)
            e = max(-15, min(15, layer.scale - rule.trunk_shift))
            trunk = clamp16(trunk + ((layer.back(delta) << max(-e, 0)) >> max(e, 0)))
        inside = (states[0] > 0) & (states[0] < 127)
        self.first.collect(np.where(inside, c63(rounded(trunk, rule.trunk_shift)), 0), inputs)

        self.pixels += count
        self.waiting += count
        if self.waiting >= rule.interval:
            for layer in [self.first, *self.residual, *(layer for pair in self.heads for layer in pair)]:
                layer.update(rule, self.updates)
            self.updates += 1
            self.waiting = 0


def power(exponent: int) -> int:
    return int(POWER[exponent % 32]) >> (exponent // 32)


TAILS = np.array([(log2(2**22 + power(a)) - 5632) >> 3 for a in range(1024)] + [0])  # of larger exponents: 0


class CodingFit:
    """A fit that makes logits. [Fits that code]"""

    def __init__(self, fit: tuple, channels: int):
        *colour, gray, self.vertical, self.horizontal = fit
        self.counts = colour if channels == 3 else [gray]
        self.means = [[power(8 * (31 - i)) >> 4 for i in range(32)] for _ in range(channels)]
        self.numbers = [[0] * 32 for _ in range(channels)]

    def begin_picture(self, *tile) -> None:
        self.fit = Fit(*tile, self.counts, self.vertical, self.horizontal, columns=1)

    def begin_step(self, rows: np.ndarray, columns: np.ndarray) -> None:
        self.rows, self.columns = rows, columns
        self.fit.solve(rows, columns)
        self.classes = self.fit.energies(rows) >> 2
        self.predictions = np.zeros((len(rows), len(self.means)), np.int64)

    def predict(self, k: int) -> None:
        self.predictions[:, k] = self.fit.predict(k, self.rows, self.columns)

    def logits(self, k: int, pixel: int, values: np.ndarray) -> np.ndarray:
        mean = self.means[k][self.classes[pixel, k]]
        width = max(0, min(47, (log2(max(mean, 1)) >> 6) - 32))
        distance = np.abs(8 * values - ((int(self.predictions[pixel, k]) + 1) >> 1))
        exponents = 2 * distance * int(POWER[8 * (width % 4)]) >> (16 + width // 4)
        return np.maximum(-1023, -exponents - 2 * TAILS[np.minimum(exponents, 1024)])

    def learn(self, k: int, pixel: int, sample: int) -> None:
        means, numbers, at = self.means[k], self.numbers[k], self.classes[pixel, k]
        numbers[at] = min(numbers[at] + 1, 255)
        error = abs(16 * int(sample) - int(self.predictions[pixel, k])) << 8
        means[at] += (error - means[at]) >> ((numbers[at] + 1).bit_length() - 1)

    def end_step(self) -> None:
        self.fit.learn(self.rows, self.columns, self.predictions)


class Mixing:
    """How the copies of a network, and fits, code together: weights[k, c, e] of channel, context and expert. [Mixing]"""

    def __init__(self, channels: int, rules: Rules):
        copies = len(rules.rules)
        self.fits = [CodingFit(fit, channels) for fit in rules.fits]
        self.rates = np.array([rules.mixing or 0] * copies + [rules.fits_mixing] * len(self.fits), np.int64)
        self.phases = rules.phases
        self.weights = np.zeros((channels, 64 if rules.phases else 16, len(self.rates)), np.int64)
        self.weights[:, :, :copies] = 2**20 // copies
        self.least = np.full(len(self.rates), 1 - 2**21)
        if rules.least is not None:
            self.least[:copies] = rules.least * 2**16

    def begin_picture(self, *tile) -> None:
        for fit in self.fits:
            fit.begin_picture(*tile)

    def begin_step(self, rows: np.ndarray, columns: np.ndarray) -> None:
        self.offsets = 16 * (2 * (rows % 2) + columns % 2) if self.phases else 0 * rows
        for fit in self.fits:
            fit.begin_step(rows, columns)

    def begin(self, k: int, apart: np.ndarray) -> None:
        """The logits of one channel of a step: (copies, pixels, 256), by the symbols of the first network."""
        self.apart = apart.astype(np.int64)
        totals = frequencies(apart[0], np.zeros_like(apart[0])).sum(axis=1)
        self.contexts = [max(0, min(15, (log2(int(total)) - 5632) >> 7)) + offset for total, offset in zip(totals, self.offsets)]
        for fit in self.fits:
            fit.predict(k)

    def logits(self, k: int, pixel: int, values: np.ndarray) -> np.ndarray:
        """values: the samples of the symbols."""
        self.all = np.vstack([self.apart[:, pixel], *(fit.logits(k, pixel, values) for fit in self.fits)])
        weights = self.weights[k, self.contexts[pixel]] >> 8
        return clamp16((weights @ self.all + 2**11) >> 12)

    def learn(self, k: int, pixel: int, f: np.ndarray, symbol: int, sample: int) -> None:
        """f: the frequencies of all symbols as the range decoder was given them."""
        f, weights = f >> 8, self.weights[k, self.contexts[pixel]]
        expected = (self.all @ f) // f.sum()
        weights[:] = (weights + self.rates * (self.all[:, symbol] - expected)).clip(self.least, 2**21 - 1)
        for fit in self.fits:
            fit.learn(k, pixel, sample)

    def end_step(self) -> None:
        for fit in self.fits:
            fit.end_step()


class Copies(LocalNetwork):
    """The copies of one network. What the methods of LocalNetwork give of one network, those here give as a list, an entry
    for each copy."""

    def __init__(self, network: LocalNetwork, rules: list[Rule]):
        vars(self).update(vars(network))
        self.copies = [LearningCopy(network, rule) for rule in rules]

    def features(self, inputs: np.ndarray) -> list[list[np.ndarray]]:
        return [copy.features(inputs) for copy in self.copies]

    def channel(self, k: int, states: list[list[np.ndarray]], extra: list[np.ndarray]) -> tuple:
        return tuple(zip(*(copy.channel(k, s, extra) for copy, s in zip(self.copies, states))))

    def learn(self, inputs: np.ndarray, states: list[list[np.ndarray]], channels: list[tuple]) -> None:
        for i, copy in enumerate(self.copies):
            copy.learn(inputs, states[i], [(h[i], b[i], y[i], g) for h, b, y, g in channels])


class LearningNetwork(LocalNetwork):
    """A local network whose copies, and those of its mates, learn and code together while one stream is decoded."""

    def __init__(self, network: LocalNetwork, rules: Rules):
        vars(self).update(vars(network))
        self.together = LearningTogether(network, rules)

    def decode_picture(self, decoder, height: int, width: int, weights: np.ndarray, memory) -> np.ndarray:
        return decode_picture(self.together, decoder, height, width, weights, memory)


class LearningTogether(Together):
    def __init__(self, network: LocalNetwork, rules: Rules):
        members = [network, *network.mates][:len(rules.rules)]
        super().__init__([Copies(member, rules.rules[i::len(members)]) for i, member in enumerate(members)])
        self.count = len(rules.rules)
        if min(network.up, network.left, network.right) < 2:
            rules = replace(rules, fits=[])
        self.mixing = Mixing(network.channels, rules) if self.count > 1 or rules.fits else None
        self.pixels = 0

    def begin_picture(self, *tile) -> None:
        if self.mixing:
            self.mixing.begin_picture(*tile)

    def begin_step(self, rows: np.ndarray, columns: np.ndarray) -> None:
        if self.mixing:
            self.mixing.begin_step(rows, columns)

    def begin_channel(self, k: int, views: list[View]) -> np.ndarray:
        own = [[turned(y, views[0].centre - view.centre) for y in view.computed[-1]] for view in views]
        logits = [own[e % len(views)][e // len(views)] for e in range(self.count)]
        if self.mixing:
            self.mixing.begin(k, np.stack(logits))
        return logits[0]  # several copies: their common logits will take the place of these

    def logits(self, k: int, pixel: int, values: np.ndarray) -> np.ndarray | None:
        return self.mixing.logits(k, pixel, values) if self.mixing else None

    def decoded(self, k: int, pixel: int, f: np.ndarray, symbol: int, sample: int) -> None:
        if self.mixing:
            self.mixing.learn(k, pixel, f, symbol, sample)

    def slopes(self, f: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        self.step = len(symbols)
        return symbol_slopes(f, symbols, self.pixels)

    def end_step(self) -> None:
        self.pixels += self.step
        if self.mixing:
            self.mixing.end_step()
