"""PixelCNN, Row LSTM, Diagonal BiLSTM and their conditional forms in PyTorch, as Sources/PixelModels/PixelRNN.swift
defines them.

Maps are (batch, height, width, features). The weights are a dict from name to tensor: weights (taps, inputs, outputs),
biases (outputs), initial states (features). `logits` and `nats` work in any floating type: float64 for the stored
vectors, bfloat16 for training. A masked weight counts as 0 whatever it holds.
"""

import dataclasses
import json
import math

import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file

KINDS = ["pixel-cnn", "row-lstm", "diagonal-bilstm"]
HERE, LEFT, RIGHT, UP = (0, 0), (0, -1), (0, 1), (-1, 0)
ABOVE = [(-1, -1), (-1, 0), (-1, 1)]


@dataclasses.dataclass(frozen=True)
class Architecture:
    """The fields of PixelRNN.swift, named as in the JSON of a tensor file."""

    kind: str
    channels: int
    layers: int
    features: int
    headWidth: int
    residual: bool = True
    skip: bool = False
    output: str = "softmax"
    condition: int = 0

    def group(self, index, count):
        return index * self.channels // count

    def block(self, index):
        """The convolutions of a block, in the order of the file."""
        h = self.features

        def conditional(part, outputs, gates):
            if not self.condition:
                return []
            return [Convolution(f"block.{index}.{part}", [HERE], self.condition, outputs, None, gates, False)]

        def lstm(prefix, taps, states):
            name = f"block.{index}.{prefix}"
            return [Convolution(name + "input", taps, 2 * h, 4 * h, "b", 4),
                    Convolution(name + "state", states, h, 4 * h, None, 4, False),
                    *conditional(prefix + "condition", 4 * h, 4)]

        if self.kind == "pixel-cnn":
            inner = [Convolution(f"block.{index}.reduce", [HERE], 2 * h, h, "b"),
                     Convolution(f"block.{index}.middle", ABOVE + [LEFT, HERE], h, h, "b"),
                     *conditional("condition", h, 1)]
        elif self.kind == "row-lstm":
            inner = lstm("", [LEFT, HERE], ABOVE)
        else:
            inner = lstm("left.", [HERE], [LEFT, UP]) + lstm("right.", [HERE], [RIGHT, UP])
        inner.append(Convolution(f"block.{index}.expand", [HERE], h, 2 * h, "b"))
        if self.skip:
            inner.append(Convolution(f"block.{index}.skip", [HERE], h, 2 * h, "b", bias=False))
        return inner

    def first(self):
        taps = [(r, c) for r in (-3, -2, -1) for c in range(-3, 4)] + [(0, c) for c in range(-3, 1)]
        return Convolution("first", taps, self.channels, 2 * self.features, "a")

    def head(self):
        last = 1 if self.output == "bernoulli" else 256 * self.channels
        return [Convolution("head.0", [HERE], 2 * self.features, self.headWidth, "b"),
                Convolution("head.1", [HERE], self.headWidth, self.headWidth, "b"),
                Convolution("output", [HERE], self.headWidth, last, "b")]

    def upsample(self):
        """One convolution of the small picture for each phase (row parity, column parity) of the large one."""
        def taps(phase):
            return [(r + phase // 2, c + phase % 2) for r in range(-2, 2) for c in range(-2, 2)]

        phases = range(4) if self.condition else []
        return [Convolution(f"upsample.{p}", taps(p), self.channels, self.condition, None) for p in phases]

    def convolutions(self):
        blocks = [c for index in range(self.layers) for c in self.block(index)]
        return self.upsample() + [self.first()] + blocks + self.head()

    def initial_states(self, index):
        sides = {"pixel-cnn": [], "row-lstm": [""], "diagonal-bilstm": ["left.", "right."]}[self.kind]
        return [f"block.{index}.{side}initial.{part}" for side in sides for part in "hc"]

    def parameters(self):
        """{name: shape} of all tensors, in the order of the file."""
        shapes = {}
        for c in self.convolutions():
            shapes[c.name + ".weight"] = (len(c.taps), c.inputs, c.outputs)
            if c.bias:
                shapes[c.name + ".bias"] = (c.outputs,)
        for index in range(self.layers):
            shapes |= {name: (self.features,) for name in self.initial_states(index)}
        return shapes

    def mask(self, c):
        """The mask of a convolution, (taps, inputs, outputs) of 0 and 1; None where all weights are there."""
        if c.mask is None:
            return None
        width = c.outputs // c.gates
        source = torch.tensor([self.group(i, c.inputs) for i in range(c.inputs)])[:, None]
        target = torch.tensor([self.group(o % width, width) for o in range(c.outputs)])[None]
        mask = torch.ones(len(c.taps), c.inputs, c.outputs)
        mask[-1] = source < target if c.mask == "a" else source <= target
        return None if mask.min() == 1 else mask

    def masks(self):
        """{name of the weight: mask}, of the convolutions that have one."""
        masks = {c.name + ".weight": self.mask(c) for c in self.convolutions()}
        return {name: mask for name, mask in masks.items() if mask is not None}

    def macs(self):
        total = sum(len(c.taps) * c.inputs * c.outputs for c in self.convolutions())
        return total - sum(len(c.taps) * c.inputs * c.outputs for c in self.upsample()[1:])


@dataclasses.dataclass(frozen=True)
class Convolution:
    """`taps` are (row, column) from the pixel itself; a mask ("a", "b") holds for the last of them."""

    name: str
    taps: list
    inputs: int
    outputs: int
    mask: str | None
    gates: int = 1
    bias: bool = True


def initial_weights(arch, seed=0):
    """Normal weights with a variance of gain / inputs; small ones where a block or the network ends."""
    generator = torch.Generator().manual_seed(seed)
    weights = {name: torch.zeros(shape) for name, shape in arch.parameters().items()}
    masks = arch.masks()
    for c in arch.convolutions():
        lstm = c.gates == 4
        gain = 1.0 if lstm or c.name == "first" or c.name.endswith("expand") else 2.0
        if c.name.endswith(("expand", "skip")):
            gain /= arch.layers
        if c.name == "output":
            gain = 0.05
        name = c.name + ".weight"
        draw = torch.randn(weights[name].shape, generator=generator) * math.sqrt(gain / (len(c.taps) * c.inputs))
        weights[name] = draw * masks.get(name, 1)
        if lstm and c.bias:
            weights[c.name + ".bias"][arch.features : 2 * arch.features] = 1  # the forget gate: remember
    return weights


def centres(x):
    """x: samples (batch, height, width, channels) -> what the differences of `differences` are from: the median edge
    prediction, moved with the errors of the channels before."""
    above = F.pad(x[:, :-1], (0, 0, 0, 0, 1, 0), value=128)
    # Left of a row is the first sample of the row above.
    west = torch.cat([above[:, :, :1], x[:, :, :-1]], 2)
    before = torch.cat([F.pad(above[:, :-1, :1], (0, 0, 0, 0, 1, 0), value=128), above[:, :, :-1]], 2)
    low, high = torch.minimum(west, above), torch.maximum(west, above)
    p = torch.where(before >= high, low, torch.where(before <= low, high, west + above - before))
    error = x - p
    moves = torch.zeros_like(x)
    if x.shape[3] == 3:
        moves[..., 1] = error[..., 0]
        moves[..., 2] = (error[..., 0] + error[..., 1]) >> 1
    return (p + moves).clamp(0, 255)


def convolve(x, weight, bias, taps):
    """Adds x[r + row][c + column] · weight[tap] over the taps; outside the map is 0. The taps are the first ones of a
    rectangle read row by row."""
    if taps == [HERE]:
        return F.linear(x, weight[0].t(), bias)
    (top, left), bottom = taps[0], taps[-1][0]
    right = max(column for _, column in taps)
    size = (bottom - top + 1, right - left + 1)
    rest = weight.new_zeros(size[0] * size[1] - len(taps), *weight.shape[1:])
    kernel = torch.cat([weight, rest]).unflatten(0, size).permute(3, 2, 0, 1)
    x = F.pad(x.permute(0, 3, 1, 2), (-left, right, -top, bottom))
    return F.conv2d(x, kernel, bias).permute(0, 2, 3, 1)


class Network:
    """A network's function of weights and pictures, in the floating type `dtype`."""

    def __init__(self, arch, dtype=torch.float32):
        self.arch, self.dtype = arch, dtype
        self.masks = {name: mask.to(dtype) for name, mask in arch.masks().items()}
        self.by_name = {c.name: c for c in arch.convolutions()}

    def convolve(self, weights, name, x):
        c = self.by_name[name]
        weight = weights[name + ".weight"].to(self.dtype)
        if name + ".weight" in self.masks:
            weight = weight * self.masks[name + ".weight"]
        bias = weights[name + ".bias"].to(self.dtype) if c.bias else None
        return convolve(x, weight, bias, c.taps)

    def inputs(self, samples):
        if self.arch.output == "bernoulli":
            return samples.to(self.dtype) * 2 - 1
        return (samples.to(self.dtype) - 128) / 64

    def symbols(self, samples):
        """What the softmax is over, of the same shape."""
        samples = samples.long()
        return samples if self.arch.output == "softmax" else (samples - centres(samples)) % 256

    def condition_map(self, weights, small, height, width):
        """The map (batch, height, width, condition) made from the picture of half the size."""
        x = self.inputs(small)
        phases = torch.stack([F.relu(self.convolve(weights, f"upsample.{p}", x)) for p in range(4)])
        n, y, x = small.shape[:3]
        grid = phases.view(2, 2, n, y, x, -1).permute(2, 3, 0, 4, 1, 5).reshape(n, 2 * y, 2 * x, -1)
        return grid[:, :height, :width]

    def block(self, weights, index, x, condition):
        """inner: (batch, height, width, features)"""
        name = f"block.{index}."

        def with_condition(z, part):
            return z if condition is None else z + self.convolve(weights, name + part, condition)

        def state(part):
            return weights[name + part].to(self.dtype)

        if self.arch.kind == "pixel-cnn":
            a = F.relu(self.convolve(weights, name + "reduce", F.relu(x)))
            return F.relu(with_condition(self.convolve(weights, name + "middle", a), "condition"))
        if self.arch.kind == "row-lstm":
            z = with_condition(self.convolve(weights, name + "input", x), "condition")
            return row_scan(z, state("state.weight"), state("initial.h"), state("initial.c"))
        sides = []
        for side in ("left.", "right."):
            z = with_condition(self.convolve(weights, name + side + "input", x), side + "condition")
            sides.append(z if side == "left." else z.flip(2))

        def both(part):
            return torch.stack([state("left." + part), state("right." + part)])

        left, right = diagonal_scan(torch.stack(sides), both("state.weight"), both("initial.h"), both("initial.c"))
        outside = state("right.initial.h").expand_as(right[:, :1])
        return left + torch.cat([outside, right.flip(2)[:, :-1]], 1)

    def before_output(self, weights, samples, small=None):
        """What the last convolution sees: (batch, height, width, head width)."""
        height, width = samples.shape[1:3]
        condition = self.condition_map(weights, small, height, width) if self.arch.condition else None
        x = self.convolve(weights, "first", self.inputs(samples))
        skipped = None
        for index in range(self.arch.layers):
            inner = self.block(weights, index, x, condition)
            y = self.convolve(weights, f"block.{index}.expand", inner)
            x = x + y if self.arch.residual else y
            if self.arch.skip:
                s = self.convolve(weights, f"block.{index}.skip", inner)
                skipped = s if skipped is None else skipped + s
        if skipped is not None:
            x = x + skipped
        for name in ("head.0", "head.1"):
            x = self.convolve(weights, name, F.relu(x))
        return F.relu(x)

    def logits(self, weights, samples, small=None):
        """samples: (batch, height, width, channels) uint8 -> (batch, height, width, channels, 256), or without the
        last for a Bernoulli network."""
        x = self.convolve(weights, "output", self.before_output(weights, samples, small))
        return x if self.arch.output == "bernoulli" else x.unflatten(3, (self.arch.channels, 256))

    def nats(self, weights, samples, small=None):
        """The sum of nats over the batch; without the pixels that a conditional network is given."""
        coded = None
        if self.arch.condition:
            coded = torch.ones(samples.shape[:3])
            coded[:, ::2, ::2] = 0
        if self.arch.output != "bernoulli" and self.dtype == torch.bfloat16:
            x = self.before_output(weights, samples, small).flatten(0, 2)
            weight = weights["output.weight"][0]
            if "output.weight" in self.masks:
                weight = weight * self.masks["output.weight"][0]
            flat = None if coded is None else coded.flatten()
            return SoftmaxLoss.apply(x, weight, weights["output.bias"], self.symbols(samples).flatten(0, 2), flat)
        logits = self.logits(weights, samples, small)
        if logits.dtype == torch.bfloat16:
            logits = logits.float()
        if self.arch.output == "bernoulli":
            cost = F.binary_cross_entropy_with_logits(logits, samples.to(logits.dtype), reduction="none")
        else:
            symbols = self.symbols(samples).flatten()
            cost = F.cross_entropy(logits.flatten(0, 3), symbols, reduction="none").view(samples.shape)
        return cost.sum() if coded is None else (cost * coded[..., None]).sum()


class SoftmaxLoss(torch.autograd.Function):
    """The output layer and its nats, a few pixels at a time so that logits never leave the cache; makes the gradients
    on the way. x (pixels, w), weight (w, channels · 256), bias, target (pixels, channels), coded (pixels) of 0 and 1, or
    None.
    """

    PIXELS = 256

    @staticmethod
    def forward(ctx, x, weight, bias, target, coded):
        nats = 0.0
        gradient_x, gradient_w, gradient_b = torch.empty_like(x), torch.zeros_like(weight), torch.zeros_like(bias)
        for at in range(0, len(x), SoftmaxLoss.PIXELS):
            part = slice(at, at + SoftmaxLoss.PIXELS)
            z = torch.addmm(bias.to(x.dtype), x[part], weight.to(x.dtype))
            p = torch.log_softmax(z.view(-1, 256), 1, dtype=torch.float32)
            t = target[part].reshape(-1, 1)
            cost = p.gather(1, t)
            p = p.exp_().scatter_add_(1, t, torch.full_like(cost, -1))
            if coded is not None:
                which = coded[part].repeat_interleave(target.shape[1])[:, None]
                cost, p = cost * which, p * which
            nats -= cost.sum()
            p = p.view(z.shape)
            g = p.to(x.dtype)
            gradient_b += p.sum(0)
            gradient_w += x[part].t() @ g
            torch.mm(g, weight.to(x.dtype).t(), out=gradient_x[part])
        ctx.save_for_backward(gradient_x, gradient_w, gradient_b)
        return nats

    @staticmethod
    def backward(ctx, scale):
        x, w, b = ctx.saved_tensors
        return x * scale.to(x.dtype), w * scale, b * scale, None, None


def cell(z, c):
    """Gates (…, 4h) in the order o, f, i, g and the cell before -> hidden state and cell."""
    o, f, i, g = z.chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def row_scan(z, weight, h0, c0):
    """Row LSTM: z (n, height, width, 4h), weight (3, h, 4h) -> h (n, height, width, h). A matmul for each row."""
    n, height, width, _ = z.shape
    features = h0.shape[0]
    h, c = h0.expand(n, width, features), c0.expand(n, width, features)
    edge = h0.expand(n, 1, features)
    rows = []
    for r in range(height):
        wide = torch.cat([edge, h, edge], 1)
        above = torch.cat([wide[:, :-2], wide[:, 1:-1], wide[:, 2:]], 2)
        h, c = cell(z[:, r] + above @ weight.flatten(0, 1), c)
        rows.append(h)
    return torch.stack(rows, 1)


def diagonal_scan(z, weight, h0, c0):
    """Both directions of the Diagonal BiLSTM, each from its left: z (2, n, height, width, 4h), weight (2, 2, h, 4h),
    states (2, h) -> h (2, n, height, width, h).

    Row r is moved r places to the right, so that a column holds a diagonal; a batched matmul for each column.
    """
    _, n, height, width, _ = z.shape
    features = h0.shape[1]
    # (2, height, n, diagonals, 4h)
    skewed = torch.stack([F.pad(z[:, :, r], (0, 0, r, height - 1 - r)) for r in range(height)], 1)
    h_start = h0[:, None, None].expand(2, height, n, features)
    c_start = c0[:, None, None].expand(2, height, n, features)
    weight = weight.flatten(1, 2)
    h, c = h_start, c_start
    columns = []
    for d in range(height + width - 1):
        above = torch.cat([h_start[:, :1], h[:, :-1]], 1)
        state = torch.cat([h, above], 3).flatten(1, 2)
        h, c = cell(skewed[:, :, :, d] + torch.bmm(state, weight).view(2, height, n, -1), c)
        if d + 1 < height:  # rows that have not begun keep the state outside
            h = torch.cat([h[:, : d + 1], h_start[:, d + 1 :]], 1)
            c = torch.cat([c[:, : d + 1], c_start[:, d + 1 :]], 1)
        columns.append(h)
    h = torch.stack(columns, 3)  # (2, height, n, diagonals, h)
    return torch.stack([h[:, r, :, r : r + width] for r in range(height)], 2)


def save(path, arch, weights, extra=None):
    """A tensor file; `extra`: more metadata, strings by name."""
    masks = arch.masks()
    tensors = {name: (weights[name].detach().float() * masks.get(name, 1)).contiguous() for name in arch.parameters()}
    metadata = {"architecture": json.dumps(dataclasses.asdict(arch))} | (extra or {})
    save_file(tensors, path, metadata)


def load(path):
    """(architecture, weights) of a tensor file of one network."""
    with safe_open(path, "pt") as file:
        arch = Architecture(**json.loads(file.metadata()["architecture"]))
        return arch, {name: file.get_tensor(name) for name in arch.parameters()}
