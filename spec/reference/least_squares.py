"""Local least squares (../arithmetic.md, "Local least squares") of whole pictures for training, by the program's own kernels.

Needs clang; the kernels are compiled once in a while, beside the system's temporary files.
"""

import ctypes
import functools
import hashlib
import os
import pathlib
import subprocess
import tempfile

import numpy as np

@functools.cache
def kernels():
    here = pathlib.Path(__file__).parent
    folder = here.parents[1] / "Sources" / "PixelKernels"
    sources = [here / "squares.c", *sorted(folder.glob("*.c"))]
    text = b"".join(f.read_bytes() for f in [*sources, *sorted(folder.glob("*.h")), *sorted(folder.glob("include/*.h"))])
    library = pathlib.Path(tempfile.gettempdir()) / f"prnn-squares-{hashlib.sha256(text).hexdigest()[:16]}.so"
    if not library.exists():
        part = library.with_suffix(f".{os.getpid()}")
        subprocess.run(["clang", "-O2", "-shared", "-fPIC", f"-I{folder}/include", "-o", part, *sources, "-lm"], check=True)
        part.replace(library)
    return ctypes.CDLL(library)


def fit(canvas, up, left, height, width, window, kernel=None):
    """Predictions in 1/16 (int16) and energies (uint8) of a picture, both (height, width, channels).

    window: regressors of each channel, then what is forgotten from row to row and from block to block, in 1/16.

    canvas: (rows, columns, channels) uint8 with the picture from row `up` and column `left` on."""
    channels = canvas.shape[2]
    assert canvas.flags.c_contiguous and up >= 2 and left >= 2 and canvas.shape[1] >= left + width + 2
    counts = np.array(window[:-2], np.int32)
    predictions = np.empty((height, width, channels), np.int16)
    energies = np.empty((height, width, channels), np.uint8)
    stride = canvas.shape[1] * channels
    pointer = lambda a: ctypes.c_void_p(a.ctypes.data)
    failed = kernels().prnn_squares_picture(
        kernel, channels, width, height, ctypes.c_void_p(canvas.ctypes.data + up * stride + left * channels),
        ctypes.c_int64(stride), pointer(counts), *window[-2:], pointer(predictions), pointer(energies))
    assert not failed, "this CPU has no such kernels"
    return predictions, energies


def centres(predictions):
    """(windows, ...) predictions in 1/16 to their rounded mean (...)."""
    n = len(predictions)
    return (predictions.astype(np.int32).sum(0) + 8 * n) // (16 * n)


def planes(canvas, up, left, height, width, windows):
    """What a network is told of each pixel: predictions (height, width, windows, channels) int16, energies likewise uint8,
    and for the pixels after it the errors of the centres, fine(x - centre), (height, width, channels) uint8."""
    fits = [fit(canvas, up, left, height, width, w) for w in windows]
    predictions, energies = (np.stack(a) for a in zip(*fits))
    errors = canvas[up : up + height, left : left + width].astype(np.int32) - centres(predictions)
    errors = (64 + 4 * np.clip(errors, -15, 15)).astype(np.uint8)
    return predictions.transpose(1, 2, 0, 3), energies.transpose(1, 2, 0, 3), errors
