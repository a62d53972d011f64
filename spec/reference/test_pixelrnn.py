"""Tests of pixelrnn.py, run by hand (`python3 test_pixelrnn.py`; CI has no PyTorch): against a loop over single pixels
written from the definitions, the order of the pixels, tensor files, gradients against differences, the stored vectors.
"""

import math
import pathlib
import tempfile
import unittest

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file

import make_pixelrnn_vectors as vectors
import pixelrnn

STORED = pathlib.Path(__file__).parent.parent / "vectors" / "pixelrnn"


def relu(v):
    return np.maximum(v, 0)


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


class PixelByPixel:
    """One picture through a network, pixel after pixel, in numpy. Shares nothing with pixelrnn.py but the names."""

    def __init__(self, arch, weights):
        self.arch = arch
        self.w = {name: t.double().numpy() for name, t in weights.items()}

    def add(self, z, name, taps, maps):
        """z[r, c] += sum over taps of maps[r + dr, c + dc] times the tap's matrix, where that pixel is inside."""
        height, width = z.shape[:2]
        weight = self.w[name + ".weight"]
        assert len(weight) == len(taps)
        for r in range(height):
            for c in range(width):
                for (dr, dc), matrix in zip(taps, weight):
                    if 0 <= r + dr < maps.shape[0] and 0 <= c + dc < maps.shape[1]:
                        z[r, c] += maps[r + dr, c + dc] @ matrix
        return z

    def one(self, name, x, taps=((0, 0),)):
        height, width = x.shape[:2]
        z = np.zeros((height, width, self.w[name + ".weight"].shape[2])) + self.w.get(name + ".bias", 0)
        return self.add(z, name, taps, x)

    def lstm_step(self, z, c):
        h = len(c)
        o, f, i, g = z[:h], z[h : 2 * h], z[2 * h : 3 * h], z[3 * h :]
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c

    def row_lstm(self, name, z):
        height, width = z.shape[:2]
        h0, c0, weight = (self.w[name + part] for part in ("initial.h", "initial.c", "state.weight"))
        hidden, cells = {}, {}
        for r in range(height):
            for c in range(width):
                gates = z[r, c].copy()
                for tap, dc in enumerate((-1, 0, 1)):
                    gates += hidden.get((r - 1, c + dc), h0) @ weight[tap]
                hidden[r, c], cells[r, c] = self.lstm_step(gates, cells.get((r - 1, c), c0))
        return hidden

    def diagonal(self, name, z, behind):
        height, width = z.shape[:2]
        h0, c0, weight = (self.w[name + part] for part in ("initial.h", "initial.c", "state.weight"))
        hidden, cells = {}, {}
        for r in range(height):
            for c in range(width) if behind == -1 else reversed(range(width)):
                gates = z[r, c] + hidden.get((r, c + behind), h0) @ weight[0] + hidden.get((r - 1, c), h0) @ weight[1]
                hidden[r, c], cells[r, c] = self.lstm_step(gates, cells.get((r, c + behind), c0))
        return hidden

    def inner(self, name, x, u):
        def conditional(z, part):
            return z if u is None else self.add(z, name + part, [(0, 0)], u)

        if self.arch.kind == "pixel-cnn":
            a = relu(self.one(name + "reduce", relu(x)))
            z = self.one(name + "middle", a, [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 0)])
            return relu(conditional(z, "condition"))
        out = np.zeros(x.shape[:2] + (self.arch.features,))
        if self.arch.kind == "row-lstm":
            hidden = self.row_lstm(name, conditional(self.one(name + "input", x, [(0, -1), (0, 0)]), "condition"))
            for at, h in hidden.items():
                out[at] = h
            return out
        left = self.diagonal(name + "left.", conditional(self.one(name + "left.input", x), "left.condition"), -1)
        right = self.diagonal(name + "right.", conditional(self.one(name + "right.input", x), "right.condition"), 1)
        for r, c in left:
            out[r, c] = left[r, c] + right.get((r - 1, c), self.w[name + "right.initial.h"])
        return out

    def scaled(self, picture):
        v = picture.astype(float)
        return 2 * v - 1 if self.arch.output == "bernoulli" else (v - 128) / 64

    def centre(self, picture, r, c, k):
        """What a difference is from: the median of W, N and W + N - NW, moved with the errors of the channels before."""
        def sample(r, c, j):
            if r < 0:
                return 128
            return int(picture[r, c, j]) if c >= 0 else sample(r - 1, 0, j)

        def prediction(j):
            w, n, nw = sample(r, c - 1, j), sample(r - 1, c, j), sample(r - 1, c - 1, j)
            return sorted((w, n, w + n - nw))[1]

        errors = [int(picture[r, c, j]) - prediction(j) for j in range(k)]
        return min(255, max(0, prediction(k) + (sum(errors) // k if k else 0)))

    def upsampled(self, small, height, width):
        """As a transposed convolution of stride 2, kernel 8 and padding 3: the pixel (r, c) sees the small pixel (y, x)
        with the kernel's row r - 2 y + 3 and column c - 2 x + 3."""
        u = np.zeros((height, width, self.arch.condition))
        x = self.scaled(small)
        for r in range(height):
            for c in range(width):
                phase = 2 * (r % 2) + c % 2
                u[r, c] = self.w[f"upsample.{phase}.bias"]
                for y in range(small.shape[0]):
                    for s in range(small.shape[1]):
                        kr, kc = r - 2 * y + 3, c - 2 * s + 3
                        if 0 <= kr < 8 and 0 <= kc < 8:
                            # The taps go with rising y, the kernel with falling y.
                            tap = (7 - kr) // 2 * 4 + (7 - kc) // 2
                            u[r, c] += x[y, s] @ self.w[f"upsample.{phase}.weight"][tap]
        return relu(u)

    def nats(self, picture, small):
        arch, channels = self.arch, self.arch.channels
        height, width = picture.shape[:2]
        u = None if small is None else self.upsampled(small, height, width)
        taps = [(r, c) for r in (-3, -2, -1) for c in range(-3, 4)] + [(0, -3), (0, -2), (0, -1), (0, 0)]
        x = self.one("first", self.scaled(picture), taps)
        skipped = 0
        for index in range(arch.layers):
            inner = self.inner(f"block.{index}.", x, u)
            y = self.one(f"block.{index}.expand", inner)
            x = x + y if arch.residual else y
            if arch.skip:
                skipped = skipped + self.one(f"block.{index}.skip", inner)
        x = x + skipped
        for name in ("head.0", "head.1", "output"):
            x = self.one(name, relu(x))
        total = 0.0
        for r in range(height):
            for c in range(width):
                if u is not None and r % 2 == 0 and c % 2 == 0:
                    continue
                for k in range(channels):
                    v = int(picture[r, c, k])
                    if arch.output != "bernoulli":
                        v = v if arch.output == "softmax" else (v - self.centre(picture, r, c, k)) % 256
                        z = x[r, c, 256 * k : 256 * (k + 1)]
                        total += math.log(np.exp(z - z.max()).sum()) + z.max() - z[v]
                    else:
                        total += math.log1p(math.exp(-x[r, c, 0] if v else x[r, c, 0]))
        return total


def exact(weights):
    return {name: t.double() for name, t in weights.items()}


class Definition(unittest.TestCase):
    def test_every_network_agrees_with_a_loop_over_pixels(self):
        for seed, (name, arch) in enumerate(vectors.NETWORKS.items()):
            with self.subTest(name):
                weights = vectors.weights(arch, seed)
                samples, small = vectors.pictures(arch, seed)
                loop = PixelByPixel(arch, weights)
                want = sum(loop.nats(samples[i].numpy(), None if small is None else small[i].numpy()) for i in range(2))
                got = pixelrnn.Network(arch, torch.float64).nats(exact(weights), samples, small).item()
                self.assertAlmostEqual(got, want, delta=1e-8 * want)

    def test_wide_and_high_pictures(self):
        for name, arch in vectors.NETWORKS.items():
            for height, width in ((1, 1), (1, 7), (7, 1), (3, 8), (8, 3)):
                with self.subTest(name, height=height, width=width):
                    weights = vectors.weights(arch, 3)
                    samples = torch.randint(0, 2, (1, height, width, arch.channels), dtype=torch.uint8)
                    small = samples[:, ::2, ::2] if arch.condition else None
                    loop = PixelByPixel(arch, weights)
                    want = loop.nats(samples[0].numpy(), None if small is None else small[0].numpy())
                    got = pixelrnn.Network(arch, torch.float64).nats(exact(weights), samples, small).item()
                    self.assertAlmostEqual(got, want, delta=1e-8 * want)

    def test_a_logit_depends_on_earlier_samples_only(self):
        """And every sample is seen by a later pixel, if there is one."""
        for seed, (name, arch) in enumerate(vectors.NETWORKS.items()):
            with self.subTest(name):
                weights = exact(vectors.weights(arch, seed))
                samples, small = vectors.pictures(arch, seed)
                net = pixelrnn.Network(arch, torch.float64)
                base = net.logits(weights, samples[:1], None if small is None else small[:1])
                base = base.reshape(5 * 6 * arch.channels, -1)
                for at in range(5 * 6 * arch.channels):
                    other = samples[:1].clone()
                    other.view(-1)[at] ^= 1
                    moved = net.logits(weights, other, None if small is None else small[:1])
                    moved = moved.reshape(5 * 6 * arch.channels, -1)
                    self.assertTrue(torch.equal(base[: at + 1], moved[: at + 1]), f"sample {at} is seen too early")
                    if at < len(base) - arch.channels:
                        self.assertFalse(torch.equal(base[at + 1 :], moved[at + 1 :]), f"sample {at} is never seen")

    def test_masks_by_hand(self):
        """Three channels, groups of one feature: mask A leaves R → G, R → B, G → B; mask B its own channel as well."""
        arch = pixelrnn.Architecture("row-lstm", 3, 1, 3, 3)
        masks = {name.removesuffix(".weight"): mask for name, mask in arch.masks().items()}
        self.assertEqual(masks["head.1"][0].tolist(), [[1, 1, 1], [0, 1, 1], [0, 0, 1]])
        self.assertEqual(masks["first"][-1].tolist(), [[0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0]])
        self.assertTrue((masks["first"][:-1] == 1).all())
        self.assertEqual(masks["block.0.input"][1, 2].tolist(), [0, 1, 1] * 4)
        self.assertTrue((masks["block.0.input"][0] == 1).all())
        self.assertNotIn("block.0.state", masks)


class Files(unittest.TestCase):
    def test_gradients_agree_with_differences(self):
        for seed, (name, arch) in enumerate(vectors.NETWORKS.items()):
            with self.subTest(name):
                net = pixelrnn.Network(arch, torch.float64)
                weights = exact(vectors.weights(arch, seed))
                samples, small = vectors.pictures(arch, seed)
                generator = torch.Generator().manual_seed(seed)
                way = {n: torch.randn(t.shape, generator=generator, dtype=torch.float64) for n, t in weights.items()}
                step = 1e-6

                def moved(by):
                    return net.nats({n: t + by * way[n] for n, t in weights.items()}, samples, small).item()

                slope = (moved(step) - moved(-step)) / (2 * step)
                made = vectors.vector(arch, seed)
                want = sum((made["grad." + n].double() * way[n]).sum().item() for n in weights)
                self.assertAlmostEqual(slope, want, delta=1e-4 * abs(want) + 1e-3)

    def test_bfloat16_with_the_fused_loss_comes_near(self):
        for seed, (name, arch) in enumerate(vectors.NETWORKS.items()):
            with self.subTest(name):
                made = vectors.vector(arch, seed)
                weights = {n: made[n].requires_grad_() for n in arch.parameters()}
                nats = pixelrnn.Network(arch, torch.bfloat16).nats(weights, made["samples"], made.get("small"))
                nats.backward()
                self.assertAlmostEqual(nats.item(), made["nats"].item(), delta=0.03 * made["nats"].item())
                got = torch.cat([t.grad.flatten() for t in weights.values()])
                want = torch.cat([made["grad." + n].flatten() for n in weights])
                self.assertGreater(torch.cosine_similarity(got, want, 0).item(), 0.98)

    def test_a_saved_network_is_loaded_again(self):
        arch = pixelrnn.Architecture("row-lstm", 3, 2, 5, 7, False, True, "softmax")
        weights = pixelrnn.initial_weights(arch, 1)
        with tempfile.TemporaryDirectory() as folder:
            pixelrnn.save(folder + "/net.safetensors", arch, weights)
            loaded, tensors = pixelrnn.load(folder + "/net.safetensors")
        self.assertEqual(loaded, arch)
        for name, t in weights.items():
            self.assertTrue(torch.equal(tensors[name], t), name)

    def test_stored_vectors(self):
        for seed, (name, arch) in enumerate(vectors.NETWORKS.items()):
            with self.subTest(name):
                path = STORED / f"{name}.safetensors"
                with safe_open(path, "pt") as file:
                    metadata = file.metadata()
                self.assertIn(f'"kind": "{arch.kind}"', metadata["architecture"])
                self.assertEqual(pixelrnn.load(path)[0], arch)
                self.assertLess(path.stat().st_size, 200_000)
                stored, made = load_file(path), vectors.vector(arch, seed)
                self.assertEqual(stored.keys(), made.keys())
                for key, t in made.items():
                    torch.testing.assert_close(stored[key], t)


if __name__ == "__main__":
    unittest.main()
