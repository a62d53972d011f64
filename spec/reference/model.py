"""The networks of prnn in floating point (PyTorch), for training.

A *local PixelCNN*: one masked convolution (mask A) over a bounded causal window, residual 1x1 layers, and for each
channel in turn a head with a 256-way softmax that sees the channels before it.

Everything here mirrors the integer network of ../arithmetic.md one to one. Activations are unsigned 7-bit numbers in
steps of 1/16 (0 ... 127/16), weights are signed 8-bit numbers times a power of two of each row, logits are in bits.
With `quantise=True` the forward pass rounds weights and activations to exactly those numbers (straight-through gradients), so
that the exported integers lose next to nothing the training has not seen (biases and logits are rounded on export only).
"""

import dataclasses
import json

import torch
import torch.nn as nn
import torch.nn.functional as F

STEP = 16.0  # activations are multiples of 1/STEP
LOGIT_STEPS = 32  # logits are rounded to 1/32 bit when exported
TOP = 127  # the largest activation, in steps
ZERO = 64  # the activation that stands for a difference of zero
FINE, COARSE_SHIFT, MIDDLE = 15, 2, 63  # the three ways a difference is squashed


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What a network is. `up`, `left`, `right`: extent of the causal window in pixels; row 0 reaches left only."""

    channels: int = 3
    up: int = 4
    left: int = 4
    right: int = 4
    hidden: int = 64
    layers: int = 3
    bottleneck: int = 32
    # Windows of local least squares, none or up to two: regressors of each channel, then the two decays in 1/16.
    squares: tuple = ()

    def __post_init__(self):
        object.__setattr__(self, "squares", tuple(map(tuple, self.squares)))

    def offsets(self):
        """The window's pixels as (rows up, columns right), nearest row last, each row left to right."""
        above = [(-dy, dx) for dy in range(self.up, 0, -1) for dx in range(-self.left, self.right + 1)]
        return above + [(0, dx) for dx in range(-self.left, 0)]

    def inputs(self):
        """Fine and coarse differences of the window, the level of each channel's prediction, then least squares: of each
        window two numbers for the first channel's prediction and all energies; the errors of four neighbours."""
        squares = len(self.squares) * (2 + self.channels) + (4 * self.channels if self.squares else 0)
        return len(self.offsets()) * self.channels * 2 + 3 * self.channels + squares

    def head_inputs(self, channel):
        """The features, this channel's centre as a level, and four numbers for each channel before it; least squares: two
        for the other centre, three of each window, two for each channel before."""
        squares = 2 + 3 * len(self.squares) + 2 * channel if self.squares else 0
        return self.hidden + 3 + 4 * channel + squares

    def macs(self):
        n = self.inputs() * self.hidden + self.layers * self.hidden * self.hidden
        for c in range(self.channels):
            n += self.head_inputs(c) * self.bottleneck + self.bottleneck * 256
        return n

    def to_json(self):
        return json.dumps(dataclasses.asdict(self))


class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.floor(x + 0.5)

    @staticmethod
    def backward(ctx, g):
        return g


def row_shift(weight, extra=0.0):
    """The power of two s of each row such that weight * 2**s fits into -127 ... 127."""
    top = weight.abs().amax(1, keepdim=True).clamp(min=2.0**-12)
    return torch.floor(torch.log2(127.0 / top)).clamp(max=14.0)


class Dense(nn.Linear):
    """A 1x1 convolution whose weights can be rounded to 8 bits with one power-of-two scale for each row."""

    def rounded(self):
        with torch.no_grad():
            scale = torch.exp2(row_shift(self.weight))
        q = Round.apply(self.weight * scale).clamp(-127, 127)
        return q / scale

    def forward(self, x, quantise, dtype):
        w = self.rounded() if quantise else self.weight
        return F.linear(x, w.to(dtype), self.bias.to(dtype))


def difference(x, p):
    return x.to(torch.int16) - p.to(torch.int16)


def fine(d):
    return d.clamp(-FINE, FINE) * 4 + ZERO


def coarse(d):
    return torch.sign(d) * (d.abs() >> COARSE_SHIFT) + ZERO


def middle(d):
    return d.clamp(-MIDDLE, MIDDLE) + ZERO


def level(v):
    """A sample as three activations: halved, and its distances from black and from white."""
    return [v >> 1, v.clamp(max=15) * 8, (255 - v).clamp(max=15) * 8]


def median_edge(w, n, nw):
    """The median edge detector of LOCO-I: the median of W, N and W + N - NW."""
    lo, hi = torch.minimum(w, n), torch.maximum(w, n)
    return torch.where(nw >= hi, lo, torch.where(nw <= lo, hi, w + n - nw))


class Network(nn.Module):
    def __init__(self, arch):
        super().__init__()
        self.arch = arch
        o = arch.offsets()
        self.west, self.north, self.north_west = o.index((0, -1)), o.index((-1, 0)), o.index((-1, -1))
        self.first = Dense(arch.inputs(), arch.hidden)
        self.blocks = nn.ModuleList(Dense(arch.hidden, arch.hidden) for _ in range(arch.layers))
        self.heads = nn.ModuleList(Dense(arch.head_inputs(c), arch.bottleneck) for c in range(arch.channels))
        self.outs = nn.ModuleList(Dense(arch.bottleneck, 256) for c in range(arch.channels))
        with torch.no_grad():
            r = torch.arange(256.0)
            r = torch.where(r >= 128, r - 256, r)
            for out in self.outs:
                out.bias.copy_(-1.4427 * torch.log1p((r / 4) ** 2))
                out.weight.mul_(0.3)
            for block in self.blocks:
                block.weight.mul_(0.5)

    def centres(self, prediction, x):
        """The values that the median edges move to with the channels before: (n, channels) int16 in 0 ... 255."""
        e = difference(x, prediction)
        out = [prediction[:, 0]]
        if self.arch.channels == 3:
            out.append((prediction[:, 1] + e[:, 0]).clamp(0, 255))
            out.append((prediction[:, 2] + ((e[:, 0] + e[:, 1]) >> 1)).clamp(0, 255))
        return torch.stack(out, 1)

    def forward(self, window, x, quantise=False, dtype=torch.float32, squares=None):
        """window (n, offsets, channels) uint8, x (n, channels) uint8 -> cost in nats (n, channels).

        squares: predictions (n, windows, channels) int16, energies likewise uint8, errors (n, 4 neighbours, channels) uint8."""
        logits, target = self.logits(window, x, quantise, dtype, squares)
        n = x.shape[0]
        cost = F.cross_entropy(logits.flatten(0, 1).float() * 0.6931471805599453, target.flatten(), reduction="none")
        return cost.view(-1, n).T

    def logits(self, window, x, quantise=False, dtype=torch.float32, squares=None):
        def act(v):
            v = F.relu(v).clamp(max=TOP / STEP)
            return Round.apply(v * STEP) / STEP if quantise else v

        def real(q):
            return (q - ZERO).to(dtype) / STEP

        w16 = window.to(torch.int16)
        p = median_edge(w16[:, self.west], w16[:, self.north], w16[:, self.north_west])
        d = (w16 - p[:, None]).flatten(1)
        inputs = [real(fine(d)), real(coarse(d)), *map(real, level(p))]
        edges = c = self.centres(p, x)
        if self.arch.squares:
            fits, energies, errors = squares
            energies = energies.to(torch.int16)
            count = len(self.arch.squares)
            c = torch.div(fits.sum(1, dtype=torch.int32) + 8 * count, 16 * count, rounding_mode="floor").to(torch.int16)
            for j in range(count):
                d = fits[:, j, :1] - 16 * p[:, :1]
                inputs += [real(middle(d >> 2)), real(middle(d >> 5)), real(energies[:, j])]
            inputs.append(real(errors.to(torch.int16).flatten(1)))
        t = act(self.first(torch.cat(inputs, 1), quantise, dtype))
        for block in self.blocks:
            t = (t + act(block(t, quantise, dtype))).clamp(max=TOP / STEP)
        e, u = difference(x, p), difference(x, c)
        all_logits, all_targets = [], []
        for k in range(self.arch.channels):
            ck = c[:, k : k + 1]
            extra = [t, *map(real, level(ck))]
            for j in range(k):
                ej = e[:, j : j + 1]
                extra += [real(fine(ej)), real(middle(ej)), real(coarse(ej)), real(p[:, j : j + 1] >> 1)]
            if self.arch.squares:
                m = edges[:, k : k + 1] - ck
                extra += [real(fine(m)), real(coarse(m))]
                for j in range(len(self.arch.squares)):
                    d = fits[:, j, k : k + 1] - 16 * ck
                    extra += [real(middle(d)), real(middle(d >> 3)), real(energies[:, j, k : k + 1])]
                for j in range(k):
                    extra += [real(fine(u[:, j : j + 1])), real(middle(u[:, j : j + 1]))]
            b = act(self.heads[k](torch.cat(extra, 1), quantise, dtype))
            all_logits.append(self.outs[k](b, quantise, dtype))
            all_targets.append((x[:, k].to(torch.int16) - c[:, k]).long() & 255)
        return torch.stack(all_logits), torch.stack(all_targets)
