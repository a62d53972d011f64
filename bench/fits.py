"""How well local least squares predict 14 crops of 160 x 160 of training pictures: the entropy of the errors in classes of the energy, in
bits/dim, and their mean.

usage: bench/fits.py PICTURES FIT...      a fit: regressors of R, G and B, what is forgotten per row and block, as 5,10,5,2,4
"""

import pathlib
import sys

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "spec/reference"))

import least_squares  # noqa: E402

SIDE, COUNT, MARGIN = 160, 14, 2


def crops(folder):
    rng = np.random.default_rng(1)
    files = sorted(pathlib.Path(folder).glob("*.png"))
    for f in files[:: len(files) // COUNT][:COUNT]:
        a = np.asarray(Image.open(f).convert("RGB"))
        y, x = (rng.integers(n - SIDE + 1) if n > SIDE else 0 for n in a.shape[:2])
        yield a[y : y + SIDE, x : x + SIDE]


def fitted(a, windows):
    """Mean predictions, rounded, and energies of a picture."""
    h, w, _ = a.shape
    canvas = np.full((h + MARGIN, w + 2 * MARGIN, 3), 128, np.uint8)
    canvas[MARGIN:, MARGIN : MARGIN + w], canvas[MARGIN:, MARGIN + w :] = a, a[:, -1:]
    canvas[MARGIN + 1 :, :MARGIN] = a[:-1, :1]
    p, e = zip(*(least_squares.fit(canvas, MARGIN, MARGIN, h, w, window) for window in windows))
    return least_squares.centres(np.stack(p)), np.mean(e, 0)


def main():
    pictures = list(crops(sys.argv[1]))
    windows = [tuple(map(int, s.split(","))) for s in sys.argv[2:]]
    for chosen in [[w] for w in windows] + ([windows] if len(windows) > 1 else []):
        counts, errors = np.zeros((3, 32, 511)), []
        for a in pictures:
            p, e = fitted(a, chosen)
            d = a.astype(int) - p
            for k in range(3):
                np.add.at(counts[k], ((e[..., k] / 4).astype(int), d[..., k] + 255), 1)
            errors.append(np.abs(d).mean())
        share = counts / np.maximum(1, counts.sum(2, keepdims=True))
        bits = -(counts * np.log2(np.where(counts > 0, share, 1))).sum() / counts.sum()
        print(" and ".join(map(str, chosen)), f"H {bits:.3f} MAE {np.mean(errors):.3f}")


if __name__ == "__main__":
    main()
