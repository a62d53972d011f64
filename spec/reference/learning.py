"""Local networks that learn while they decode, of format version 3. [format: LRNG, arithmetic: Learning]

The letters of the text have these names here: N interval, mu momentum, nu squares, phi floor, chi head_shift, tau
trunk_shift, D decay, rho rate; kappa scale, theta trunk. All arrays are of 64 bits where the text says 32, so that
a sum that left 32 bits would show as another result, not as a wrapped one; the sums G are wrapped as it says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from coding import Fields, Layer, require
from local_networks import LocalNetwork


@dataclass(frozen=True)
class Rules:
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


def read_rules(fields: Fields) -> Rules:
    rules = Rules(*fields.unpack("HBBBBBH4H"))
    fields.end()
    require(rules.interval >= 1, "the networks learn after every 0 pixels")
    require(max(rules.momentum, rules.squares, rules.head_shift, rules.trunk_shift) <= 15 and 8 <= rules.floor <= 24,
            "the numbers by which the networks learn are out of bounds")
    return rules


def clamp16(y: np.ndarray) -> np.ndarray:
    return y.clip(-32768, 32767)


def c63(y: np.ndarray) -> np.ndarray:
    return y.clip(-63, 63)


def rounded(y: np.ndarray, shift: int) -> np.ndarray:
    return (y + (2**shift >> 1)) >> shift


def log2(x: np.ndarray) -> np.ndarray:
    """Rounded down, of numbers from 1 to 2^31 - 1."""
    return np.searchsorted(2**np.arange(31), x, side="right") - 1


class Wide:
    """The W of a layer, (outputs, inputs), or its B, (outputs, 1): X in the text, with m, v and G. [Wide weights, Update]"""

    def __init__(self, values: np.ndarray, bound: int, rate: np.ndarray):
        """rate: of each output, min(32767, ...) of rho'."""
        self.values, self.bound, self.rate = values, bound, rate[:, None]
        self.momentum, self.square, self.sum = (np.zeros_like(values) for _ in range(3))

    def update(self, rules: Rules, number: int) -> None:
        z = (number + 2).bit_length() - 1
        decay = math.isqrt((rules.decay << 20) // (rules.decay + number)) if rules.decay else 1024
        a = 64 * ((self.sum + 2**31) % 2**32 - 2**31).clip(-2**23, 2**23)
        self.momentum += (a - self.momentum) >> min(rules.momentum, z)
        r = (a >> 8).clip(-32767, 32767)
        self.square += (r * r - self.square) >> min(rules.squares, z)
        size = np.maximum(rules.floor, (log2(np.maximum(self.square, 1)) >> 1) + 8)  # epsilon
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

    def update(self, rules: Rules, number: int) -> None:
        if self.rate > 0:
            self.wide.update(rules, number)
            self.wide_bias.update(rules, number)
            self.round()


def symbol_slopes(f: np.ndarray, symbols: np.ndarray, first_pixel: int) -> np.ndarray:
    """g of many pixels, (pixels, 256), from the frequencies of all symbols. [Slopes of a sample]"""
    sigma = np.minimum((63 * 64 << 27) // f.sum(axis=1, keepdims=True), 2**32 - 1)
    q = (((f >> 7) * sigma) % 2**32) >> 20  # f is below 2^23, so the product is below 2^48
    q[np.arange(len(q)), symbols] -= 4032
    j = first_pixel + np.arange(len(q))[:, None]
    return c63((q + (39 * j + 23 * np.arange(256)) % 64) >> 6)


class LearningNetwork(LocalNetwork):
    """A local network as it is while one stream is decoded."""

    def __init__(self, network: LocalNetwork, rules: Rules):
        vars(self).update(vars(network))
        self.rules = rules
        self.first = LearningLayer(network.first, rules.first)
        self.residual = [LearningLayer(layer, rules.residual) for layer in network.residual]
        self.heads = [(LearningLayer(head, rules.heads), LearningLayer(output, rules.logits))
                      for head, output in network.heads]
        scale = min(head.scale for head, _ in self.heads)
        for head, _ in self.heads:
            head.scale = scale
        self.pixels = self.waiting = self.updates = 0  # waiting: pixels since the last update

    def learn(self, inputs: np.ndarray, states: list[np.ndarray], channels: list[tuple]) -> None:
        rules, count = self.rules, len(inputs)

        # [Backward, Sums]
        trunk = np.zeros_like(states[0], np.int64)
        for (head, output), (head_inputs, bottleneck, f, symbols) in zip(self.heads, channels):
            g = symbol_slopes(f, symbols, self.pixels)
            output.collect(g, bottleneck)
            inside = (bottleneck > 0) & (bottleneck < 127)
            gamma = np.where(inside, c63(rounded(output.back(g), rules.head_shift)), 0)
            head.collect(gamma, head_inputs)
            trunk = clamp16(trunk + head.back(gamma)[:, :trunk.shape[1]])
        for layer, before, after in reversed(list(zip(self.residual, states, states[1:]))):
            delta = np.where((before < after) & (after < 127), c63(rounded(trunk, rules.trunk_shift)), 0)
            layer.collect(delta, before)
            e = max(-15, min(15, layer.scale - rules.trunk_shift))
            trunk = clamp16(trunk + ((layer.back(delta) << max(-e, 0)) >> max(e, 0)))
        inside = (states[0] > 0) & (states[0] < 127)
        self.first.collect(np.where(inside, c63(rounded(trunk, rules.trunk_shift)), 0), inputs)

        self.pixels += count
        self.waiting += count
        if self.waiting >= rules.interval:
            for layer in [self.first, *self.residual, *(layer for pair in self.heads for layer in pair)]:
                layer.update(rules, self.updates)
            self.updates += 1
            self.waiting = 0
