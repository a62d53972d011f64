"""Training pictures: loading, augmentation, and the pool of padded canvases that pixels are drawn from.

A canvas holds one picture with the samples that the codec assumes outside it: rows above are 128, the samples left of a
row are the first sample of the row above, the samples right of it repeat its last one (../arithmetic.md, "Outside").
"""

import csv
import pathlib

import numpy as np
import torch
from PIL import Image, ImageFilter

import least_squares

SIDE = 272
FILTERS = [Image.BOX, Image.BILINEAR, Image.HAMMING, Image.BICUBIC, Image.LANCZOS]


def load(folder):
    """All PNG files below a folder: {name: (height, width, 3) uint8}."""
    return {str(f.relative_to(folder))[:-4]: load_file(f) for f in sorted(pathlib.Path(folder).rglob("*.png"))}


def load_file(path):
    return np.asarray(Image.open(path).convert("RGB"))


def load_alpha(folder):
    """The alpha planes below a folder that are not constant: {name: (height, width, 3) uint8}, three times the same."""
    out = {}
    for f in sorted(pathlib.Path(folder).rglob("*.png")):
        image = Image.open(f)
        if image.mode in ("RGBA", "LA"):
            a = np.asarray(image.getchannel("A"))
            if a.min() < a.max() and min(a.shape) >= 16:
                out[str(f.relative_to(folder))[:-4]] = np.repeat(a[..., None], 3, 2)
    return out


def sources(table):
    """SOURCES.tsv as {file without suffix: source}."""
    with open(table) as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    return {r["file"].split("/")[-1].removesuffix(".jxl"): r["source"] for r in rows}


def half_chroma(a, rng):
    """Stores chroma at half resolution and brings it back, as JPEG, video and Photo CD do."""
    ycc = Image.fromarray(a).convert("YCbCr").split()
    size = ycc[0].size
    small = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    down, up = rng.choice([Image.BOX, Image.BILINEAR]), rng.choice([Image.NEAREST, Image.BILINEAR, Image.BICUBIC])
    chroma = [c.resize(small, down).resize(size, up) for c in ycc[1:]]
    return np.asarray(Image.merge("YCbCr", [ycc[0], *chroma]).convert("RGB"))


def augment(a, rng, strength=1.0):
    """One random variation of a picture (h, w, 3) uint8; about half of all calls only flip and transpose."""
    if rng.random() < 0.5:
        a = a[:, ::-1]
    if rng.random() < 0.5:
        a = a[::-1]
    if rng.random() < 0.5:
        a = a.transpose(1, 0, 2)
    y, x = (rng.integers(max(0, n - SIDE) + 1) for n in a.shape[:2])
    a = np.ascontiguousarray(a[y : y + SIDE, x : x + SIDE])
    chance = lambda p: rng.random() < p * strength
    if chance(0.25):
        h, w = a.shape[:2]
        k = rng.uniform(0.5, 1.0) if rng.random() < 0.75 else rng.uniform(1.0, 1.6)
        im = Image.fromarray(a).resize((max(48, round(w * k)), max(48, round(h * k))), int(rng.choice(FILTERS)))
        a = np.asarray(im)[:SIDE, :SIDE]
    if chance(0.15):
        radius, percent = rng.uniform(0.4, 1.5), rng.uniform(20, 150)
        a = np.asarray(Image.fromarray(a).filter(ImageFilter.UnsharpMask(radius, int(percent), 0)))
    elif chance(0.06):
        a = np.asarray(Image.fromarray(a).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8))))
    if chance(0.2):
        g, c = np.exp(rng.uniform(-0.5, 0.5)), rng.uniform(0.8, 1.15)
        gains = rng.uniform(0.92, 1.08, 3) if rng.random() < 0.5 else np.ones(3)
        ramp = np.arange(256)[:, None] / 255
        tab = ((ramp**g - 0.5) * c * gains + 0.5) * 255
        tab = np.clip(tab + 0.5, 0, 255).astype(np.uint8)
        # Dither by resampling noise would hide the gaps of a histogram; real edits leave them, so leave them too.
        a = np.stack([tab[a[..., k], k] for k in range(3)], -1)
    if chance(0.12):
        sigma = np.exp(rng.uniform(np.log(0.4), np.log(8)))
        n = rng.normal(0, sigma, a.shape[:2] + ((3,) if rng.random() < 0.7 else (1,)))
        a = np.clip(a + n + 0.5, 0, 255).astype(np.uint8)
    if chance(0.15):
        a = half_chroma(a, rng)
    if chance(0.03):
        a = np.repeat(np.asarray(Image.fromarray(a).convert("L"))[..., None], 3, 2)
    return np.ascontiguousarray(a)


class Pool:
    """Pictures on equal canvases in one flat tensor, so that a pixel's window is an index plus constant offsets."""

    def __init__(self, count, channels, up, left, right, side=SIDE, squares=()):
        self.up, self.left, self.right, self.side, self.channels = up, left, right, side, channels
        self.rows, self.columns = side + up, side + left + right
        self.canvas = torch.zeros(count, self.rows, self.columns, channels, dtype=torch.uint8).share_memory_()
        self.size = torch.zeros(count, 2, dtype=torch.int64).share_memory_()
        self.squares = squares
        if squares:
            # Local least squares, see least_squares.planes; what lies outside a picture has no errors.
            at, each = (count, self.rows, self.columns), (len(squares), channels)
            self.fits = torch.zeros(*at, *each, dtype=torch.int16).share_memory_()
            self.energies = torch.zeros(*at, *each, dtype=torch.uint8).share_memory_()
            self.errors = torch.full((*at, channels), 64, dtype=torch.uint8).share_memory_()

    def put(self, i, a):
        h, w = min(a.shape[0], self.side), min(a.shape[1], self.side)
        a = a[:h, :w]
        c = np.full((self.rows, self.columns, self.channels), 128, np.uint8)
        c[self.up : self.up + h, self.left : self.left + w] = a
        c[self.up : self.up + h, self.left + w : self.left + w + self.right] = a[:, -1:]
        c[self.up + 1 : self.up + h, : self.left] = a[:-1, :1]
        if self.squares:
            inside = (i, slice(self.up, self.up + h), slice(self.left, self.left + w))
            fits, energies, errors = least_squares.planes(c, self.up, self.left, h, w, self.squares)
            self.fits[inside], self.energies[inside] = torch.from_numpy(fits), torch.from_numpy(energies)
            self.errors[i] = 64
            self.errors[inside] = torch.from_numpy(errors)
        self.canvas[i] = torch.from_numpy(c)
        self.size[i, 0], self.size[i, 1] = h, w

    def index_offsets(self, offsets):
        """For each pixel of the window, the distance of its first sample from the current pixel's."""
        return torch.tensor([(dy * self.columns + dx) * self.channels for dy, dx in offsets])

    def look(self, at, offsets, device="cpu"):
        """The windows (n, offsets, channels), samples (n, channels) and least squares (or None) of pixels at positions."""
        channels = torch.arange(self.channels)
        neighbours = self.index_offsets([(0, -1), (-1, 0), (-1, -1), (-1, 1)])
        flat = self.canvas.view(-1)

        def around(plane, offsets):
            return plane[(at[:, None] + offsets)[..., None] + channels].to(device)

        squares = None
        if self.squares:
            pixel = at // self.channels
            each = (len(self.squares), self.channels)
            squares = (self.fits.view(-1, *each)[pixel].to(device), self.energies.view(-1, *each)[pixel].to(device),
                       around(self.errors.view(-1), neighbours))
        return around(flat, offsets), flat[at[:, None] + channels].to(device), squares

    def positions(self, i, y, x):
        return ((i * self.rows + y + self.up) * self.columns + x + self.left) * self.channels

    def draw(self, n, generator=None):
        """n random pixels, as positions in the flat tensor."""
        area = (self.size[:, 0] * self.size[:, 1]).double()
        i = torch.multinomial(area, n, replacement=True, generator=generator)
        u = torch.rand(2, n, generator=generator, dtype=torch.float64)
        y = (u[0] * self.size[i, 0]).long()
        x = (u[1] * self.size[i, 1]).long()
        return self.positions(i, y, x)
