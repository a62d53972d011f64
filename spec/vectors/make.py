"""Makes the conformance vectors: small archives of every kind, and the SHA-256 of their samples in vectors.json; of those that give PNG files back byte for
byte also that of each file, in files.json.

usage: python3 spec/vectors/make.py [PRNN]     (needs Pillow and the program, .build/release/prnn when not given)

Makes only files that are not there: they are frozen. (Those of versions 2 to 6 with several tiles or lots would be of version 7 today; mixing-gray16 and mixing-rgba16, of version 4,
would be of version 10.)
`tiny.prnnmodel` is a small model with another window, so that no decoder gets away with that of the bundled models; the
two archives of hills.png are of those. The models paper-*.prnnmodel are of make_models.py, tiny-squares and tiny-mates are of make_local_models.py.
"""

import hashlib
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import types
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "spec/reference"))
PRNN = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / ".build/release/prnn")


import png_files  # of spec/reference


def field(h, w, c, seed):
    rng = random.Random(seed)
    a = np.zeros((h, w, c), np.uint8)
    for y in range(h):
        for x in range(w):
            for k in range(c):
                a[y, x, k] = max(0, min(255, 60 + 3 * x + 2 * y + 15 * k + rng.randrange(-6, 7)))
    return a


def pictures():
    """Name, image, and samples as PNG holds them."""
    for h, w in ((1, 1), (1, 9), (9, 1), (7, 2), (16, 23)):
        a = field(h, w, 3, h)
        yield f"rgb-{w}x{h}", Image.fromarray(a), a, {}
    a = field(12, 17, 4, 2)
    yield "rgba", Image.fromarray(a, "RGBA"), a, {}
    a[..., 3] = 200
    yield "rgba-constant-alpha", Image.fromarray(a, "RGBA"), a, {}
    a = field(12, 17, 2, 3)
    yield "gray-alpha", Image.fromarray(a, "LA"), a, {}
    a = field(30, 21, 1, 4)[..., 0]
    yield "gray", Image.fromarray(a), a, {}
    a = field(72, 72, 1, 5)[..., 0] // 8 * 8
    yield "gray-comb", Image.fromarray(a), a, {}
    a = field(2, 1030, 1, 6)[..., 0]
    yield "gray-tiles", Image.fromarray(a), a, {}
    a = field(11, 13, 1, 7)[..., 0] >> 4
    im = Image.fromarray(a, "P")
    im.putpalette([v for i in range(16) for v in (i * 16, 255 - i, i)])
    yield "palette4", im, a, {"bits": 4, "transparency": bytes([0, 99])}
    a = (field(11, 13, 1, 8)[..., 0] > 90).astype(np.uint8)
    yield "gray1", Image.fromarray(a * 255).convert("1", dither=Image.NONE), a, {}


def sets():
    """Archives of several pictures: name, options, and the samples of each file. The larger pictures of a set are another
    series; series come in the order of their first pictures, so the dictionary's order is that of the archive."""
    yield "set", ("--model", HERE / "tiny.prnnmodel"), {
        "a/1.png": field(6, 9, 4, 11), "a/10.png": field(6, 9, 4, 12), "a/2.png": field(6, 9, 4, 13),
        "b\u00e4r.png": field(8, 5, 3, 14), "b\u00e4s.png": field(8, 5, 3, 15)}
    yield "set-embedded", ("--model", HERE / "tiny.prnnmodel", "--embed-model"), {"only.png": field(5, 6, 1, 16)[..., 0]}
    # More than a lot, in need of value weights.
    yield "set-lots", ("--model", HERE / "tiny.prnnmodel"), {
        f"comb_{i:04d}.png": field(2, 3, 1, i)[..., 0] // 16 * 16 for i in range(3, 1040)}


def planes(h, w, seed):
    """Y, C1 and C2: slopes with a little noise."""
    rng = random.Random(seed)
    a = np.zeros((3, h, w), np.int64)
    for y in range(h):
        for x in range(w):
            a[:, y, x] = 70 + x // 2 + y // 3 + rng.randrange(4), 118 + x // 9 + rng.randrange(3), 140 - y // 9 + rng.randrange(3)
    return a


def converted(factors, black, planes):
    """The colours of an 8-bit conversion; factors in 1/65536, as in LATT."""
    (f, red_c2, green_c1, green_c2, blue_c1), (y, c1, c2) = factors, planes - np.array([black, 128, 128])[:, None, None]
    rgb = f * y + red_c2 * c2, f * y - green_c1 * c1 - green_c2 * c2, f * y + blue_c1 * c1
    return np.stack([(v + 32768) >> 16 for v in rgb], -1).clip(0, 255).astype(np.uint8)


def lattices():
    """Archives with LATT: JFIF's colours, BT.601's and a pixel outside, few colours."""
    jfif, bt601 = (65536, 91881, 22554, 46802, 116130), (76309, 104597, 25675, 53279, 132201)
    yield "lattice-jfif", converted(jfif, 0, planes(30, 41, 31))
    a = converted(bt601, 16, planes(26, 33, 32))
    a[7, 9] = 1, 255, 3
    yield "lattice-escape", np.dstack([a, a[..., 1] // 7 * 7])
    yield "lattice-learned", converted(jfif, 0, planes(40, 37, 33)) // 12 * 12
    yield "planes-jfif", converted(jfif, 0, noisy_planes(64, 66, 36))


def noisy_planes(h, w, seed):
    """Planes whose chroma is too noisy for the colours of a conversion to be coded as such."""
    a = planes(h, w, seed)
    a[1:] += np.random.default_rng(seed).integers(0, 10, a[1:].shape)
    return a


def planes_rgba():
    """Some colours clamped, and alpha."""
    a = noisy_planes(64, 64, 37)
    a[0] += 3 * (np.arange(64)[:, None] // 2)
    colours = converted((76309, 104597, 25675, 53279, 132201), 16, a)
    return np.dstack([colours, (a[0] // 9 * 9).astype(np.uint8)])


def unfiltered(h, w, pixel, seed):
    """A picture whose rows are of 0 and 1 behind one of PNG's filters each."""
    rng = np.random.default_rng(seed)
    a = np.zeros((h + 1, w + 1, pixel), int)
    for y in range(1, h + 1):
        kind = rng.integers(1, 5)
        for x in range(1, w + 1):
            left, up, corner = a[y, x - 1], a[y - 1, x], a[y - 1, x - 1]
            candidates = np.stack([left, up, corner])
            nearest = np.take_along_axis(candidates, abs(left + up - corner - candidates).argmin(0)[None], 0)[0]
            a[y, x] = (rng.random(pixel) < 0.04) * 90 + (left, up, (left + up) // 2, nearest)[kind - 1] & 255
    return a[1:, 1:].astype(np.uint8)


def bits(h, w, seed):
    rng = np.random.default_rng(seed)
    return ((np.add.outer(np.arange(h), np.arange(w)) // 3 + (rng.random((h, w)) < 0.2)) % 2).astype(np.uint8)


def paper():
    """Archives of the networks of the paper: name, model, and the samples of the files; those of a set by name."""
    yield "paper-bits", "paper-bits", {f"{i}.png": bits(9, 7, i) for i in range(5)}
    yield "paper-bits-levels", "paper-bits-levels", bits(11, 14, 6)
    yield "paper-gray-tiles", "paper-gray", field(3, 140, 1, 21)[..., 0]
    yield "paper-gray-comb", "paper-gray", field(61, 70, 1, 22)[..., 0] // 8 * 8
    yield "paper-gray-alpha", "paper-gray-alpha", field(7, 9, 2, 23)
    yield "paper-gray-levels", "paper-gray-levels", {f"{i}.png": field(7, 11, 1, 24 + i)[..., 0] for i in range(3)}
    yield "paper-gray-levels-1x1", "paper-gray-levels", field(1, 1, 1, 27)[..., 0]
    for kind in ("pixel-cnn", "row-lstm", "diagonal-bilstm"):
        yield f"paper-{kind}", f"paper-{kind}", field(9, 11, 3, len(kind))
    yield "paper-differences", "paper-differences", field(9, 11, 3, 40)
    yield "paper-differences-levels", "paper-differences-levels", {f"{i}.png": field(7, 6, 1, 41 + i)[..., 0] for i in range(3)}
    yield "paper-levels", "paper-levels", field(9, 14, 3, 28)
    yield "paper-levels-set", "paper-levels", {f"{i}.png": field(6, 5, 3, 29 + i) for i in range(4)}


def learning():
    """Archives whose networks learn: name, model, the numbers of LRNG and behind a slash FITS, and the samples of the files."""
    yield "learning-heads", "tiny", "256,1,7,14,3,3,60,0,0,629,629", field(60, 64, 3, 31)
    yield "learning-all", "tiny", "40,2,5,9,2,3,0,900,3000,3000,3000", field(50, 70, 4, 32)
    yield "learning-coarse", "tiny", "1,0,0,8,0,0,1,65535,65535,65535,65535", field(34, 30, 3, 33)
    mixed = "30,1,7,9,3,3,60,0,0,2000,2000,50,2,6,10,3,3,0,50,4000,4000,4000,40"
    yield "learning-mixed", "tiny", mixed, field(40, 45, 3, 35)
    yield "learning-lot", "tiny", "30,3,7,9,3,3,0,60,9000,9000,9000", {
        f"{i:02}.png": field(20, 24, 1, 34 + i)[..., 0] for i in range(20)}
    yield "learning-squares", "tiny-squares", mixed, {f"{i}.png": field(17, 26, 4, 60 + i) for i in range(4)}
    few = converted((65536, 91881, 22554, 46802, 116130), 0, planes(50, 48, 36)) // 12 * 12
    yield "learning-lattice", "tiny", "30,1,7,9,3,3,60,0,0,0,0," + mixed[:-2] + "200", np.dstack([few, field(50, 48, 1, 37)])
    yield "learning-comb", "tiny", mixed, field(72, 72, 1, 5)[..., 0] // 8 * 8
    near, wide = "2,2,2,4,9,9", "9,10,9,11,1,1"
    yield "fits-rgb", "tiny-squares", "256,1,7,14,3,3,60,0,0,629,629/255," + near, field(41, 57, 3, 38)
    yield "fits-rgba", "tiny-squares", f"{mixed}/40,{near},{wide},11,11,7,1,15,15,0,0,1,1,4,2", field(40, 45, 4, 39)
    yield "fits-lot", "tiny-squares", f"{mixed}/200,{near}", {
        f"{i:02}.png": field(20, 24, 1, 41 + i)[..., 0] for i in range(20)}
    noise = np.random.default_rng(7).integers(0, 256, (33, 70, 3), np.uint8)
    yield "fits-noise", "tiny-squares", f"{mixed}/255,{near},{wide}", noise
    yield "fits-held", "tiny-squares", f"{mixed[:-2]}200,3/255,{near},{wide}", few[:40, 3:44]
    yield "learning-held", "tiny", f"{mixed[:-2]}255,1", np.dstack([few, field(50, 48, 1, 37)])
    four = f"{mixed[:-3]},30,1,7,9,3,3,0,0,0,3000,3000,30,0,7,11,2,3,9,70,900,900,900,40"
    yield "phases-rgb", "tiny-mates", f"{four},17", field(40, 45, 3, 54)
    yield "phases-tiles", "tiny-mates", f"{mixed},17/40,{near}", np.hstack([field(9, 1030, 3, 55), field(9, 30, 3, 56)])
    yield "mates-rgb", "tiny-mates", mixed, field(40, 45, 3, 45)
    yield "mates-rgba", "tiny-mates", f"{four},2/60,{near},{wide}", field(37, 45, 4, 46)
    yield "mates-lattice", "tiny-mates", f"{four},1", few
    yield "planes-rgba", "tiny", mixed + ",17", planes_rgba()
    yield "mates-lot", "tiny-mates", four, {f"{i:02}.png": field(20, 24, 1, 47 + i)[..., 0] for i in range(7)}
    yield "fits-photo-fast", "photo-fast", f"{mixed}/40,{near},{wide}", field(23, 30, 2, 40)


def squares():
    """Archives of local networks with least squares: name and samples."""
    for h, w in ((1, 1), (1, 9), (9, 1), (7, 2), (3, 4), (40, 37)):
        yield f"squares-rgb-{w}x{h}", field(h, w, 3, 40 + w)
    noise = np.random.default_rng(5).integers(0, 256, (12, 33, 3)).astype(np.uint8)
    noise[4:] &= 128
    yield "squares-noise", noise
    yield "squares-gray", field(30, 21, 1, 41)[..., 0]
    yield "squares-gray-alpha", field(12, 17, 2, 42)


def drawing(h, w, c, seed):
    """Boxes of few colours, some of them repeated, and a patch of noise."""
    rng = np.random.default_rng(seed)
    a = np.zeros((h, w, c), np.uint8) + rng.integers(0, 256, c).astype(np.uint8)
    for _ in range(9):
        y, x = rng.integers(0, max(1, h - 3)), rng.integers(0, max(1, w - 4))
        a[y:y + rng.integers(2, 12), x:x + rng.integers(2, 16)] = rng.integers(0, 256, c)
    a[h // 2:h // 2 + h // 4, w // 2:w // 2 + w // 4] = a[:h // 4, :w // 4]
    a[-h // 5:, -w // 5:] = rng.integers(0, 256, a[-h // 5:, -w // 5:].shape)
    return a


def png(path, depth, colour, samples, before=(), after=()):
    """Writes a PNG file; of 16 bits, the samples' bytes are the last axis. Chunks before and after the samples: kind, data."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    h, w = samples.shape[:2]
    rows = samples.reshape(h, -1)
    if depth < 8:
        rows = np.packbits(np.unpackbits(rows[..., None], axis=2)[:, :, 8 - depth:].reshape(h, -1), axis=1)
    body = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes())
    palette = [chunk(b"PLTE", bytes(range(3 << depth)))] if colour == 3 else []
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)), *palette,
             *(chunk(*c) for c in before), chunk(b"IDAT", body), *(chunk(*c) for c in after), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def deep(samples):
    """Samples of 16 bits (height, width, ...) as bytes (height, width, bytes of a pixel)."""
    return samples.astype(">u2").view(np.uint8).reshape(*samples.shape[:2], -1)


def mixing():
    """Archives without networks, or with some tiles of them: name, depth, colour type, samples, options."""
    only = ("--coding", "mixing")
    for h, w in ((1, 1), (1, 17), (19, 1), (3, 2)):
        yield f"mixing-rgb-{w}x{h}", 8, 2, drawing(h, w, 3, 70 + w), only
    yield "mixing-rgba", 8, 6, drawing(37, 53, 4, 71), only
    yield "mixing-gray", 8, 0, drawing(33, 41, 1, 72), only
    yield "mixing-gray-alpha", 8, 4, drawing(21, 25, 2, 73), only
    yield "mixing-palette", 4, 3, drawing(31, 29, 1, 74) >> 4, only
    for depth in (1, 2):
        yield f"mixing-gray{depth}", depth, 0, drawing(30, 43, 1, 75 + depth) >> 8 - depth, only
    slope = 4000 + np.add.outer(37 * np.arange(26), 29 * np.arange(31)) + np.random.default_rng(7).integers(0, 30, (26, 31))
    yield "mixing-gray16", 16, 0, deep(slope), only
    colours = np.stack([slope, slope // 2 + 90, slope // 3, slope * 0 + 65535], -1)
    yield "mixing-rgba16", 16, 6, deep(colours), only
    yield "predicted-gray16", 16, 0, deep(slope * (slope > 4300)), only  # with a flat part
    yield "predicted-rgba16", 16, 6, deep(colours), only
    # Of two tiles.
    steps = np.random.default_rng(12).integers(-300, 300, (1, 2050))
    yield "predicted-gray-alpha16", 16, 4, deep(np.stack([30000 + np.cumsum(steps, 1), 65535 * (steps > 0)], -1)), only
    # Steps so high that taps of the filter are clamped.
    steps = 65280 * (np.add.outer(np.arange(15) // 7, np.arange(30)) >> 3 & 1)
    steps = steps[..., None] + np.random.default_rng(14).integers(0, 4, (15, 30, 3))
    yield "predicted-steps16", 16, 2, deep(steps), only
    extremes = 65535 * np.random.default_rng(13).integers(0, 2, (15, 14, 3))
    yield "predicted-lot16", 16, 2, {f"{i}.png": deep(np.roll(extremes // (1 + i), i, 1)) for i in range(3)}, only
    yield "mixing-noise", 8, 2, np.random.default_rng(8).integers(0, 256, (14, 19, 3)).astype(np.uint8), only
    yield "mixing-noise4", 4, 0, np.random.default_rng(9).integers(0, 16, (15, 21, 1)).astype(np.uint8), only
    # A tile of networks, and one of context mixing.
    rng = np.random.default_rng(11)
    slopes = 110 + np.add.outer(40 * np.sin(np.arange(12) / 9), 60 * np.sin(np.arange(530) / 37))[..., None]
    slopes = slopes + rng.normal(0, 5, (12, 530, 1)) + rng.normal(0, 2, (12, 530, 3))
    wide = np.concatenate([slopes.clip(0, 255).astype(np.uint8), np.repeat(drawing(12, 106, 3, 78), 5, 1)], 1)
    yield "filtered-rgb", 8, 2, unfiltered(40, 41, 3, 81), ()
    yield "filtered-gray-alpha16", 16, 4, unfiltered(26, 21, 4, 82), ()
    packed = unfiltered(40, 30, 1, 83)
    yield "filtered-gray4", 4, 0, np.concatenate([packed >> 4, packed & 15], 2).reshape(40, 60, 1), ()
    waves = {f"{i}.png": np.add.outer(np.arange(60) * 3, np.arange(64) * (5 + i)).astype(np.uint8) for i in range(3)}
    yield "filtered-lot", 8, 0, {name: a[..., None] for name, a in waves.items()}, ()
    yield "mixing-tiles", 8, 2, wide, ("--model", "photo-fast")
    yield "mixing-lot", 8, 6, {f"{i}.png": np.roll(drawing(15, 14, 4, 79), i, 1) for i in range(5)}, only


def metadata():
    """Archives of version 5: name, colour type, options; of each file the name, samples, time and chunks before and after."""
    few = [(b"sRGB", b"\0"), (b"pHYs", bytes([0, 0, 11, 19, 0, 0, 11, 19, 1])), (b"prVt", b"")]
    text = [(b"tEXt", b"Comment\0" + b"a line of many, " * 20)]
    # Lists of either kind, deflated and not; times that go up, down, and before 1970.
    yield "metadata-set", 0, ("--coding", "mixing"), [
        *((f"{i}.png", field(9, 12, 1, 80 + i), 10**9 + t, few + text, text) for i, t in enumerate((0, 7, -1, 86400))),
        ("few.png", field(5, 8, 1, 90), -3600, few, ())]
    # Coded by networks, which version 4 alone does not allow; palette and transparency are in the list.
    yield "metadata-single", 3, ("--coding", "networks", "--model", HERE / "tiny.prnnmodel"), [
        ("", field(11, 13, 1, 91) >> 4, 2**33, [(b"tRNS", bytes(9)), *text], few[2:])]
    # Times only.
    yield "metadata-time", 2, ("--coding", "mixing"), [("", drawing(4, 6, 3, 92), 10**9, (), ())]


def exact_png(depth, colour, samples, filters, deflate, interlaced=False, data_length=None, tail=b"", before=()):
    """A PNG file with these filter types and this deflate stream of its rows."""
    header = types.SimpleNamespace(width=samples.shape[1], height=samples.shape[0], bit_depth=depth, colour_type=colour,
                                   interlaced=interlaced, png_chunks=before)
    rows = png_files.filtered_rows(header, samples, filters)
    stream = b"\x78\x9c" + deflate(rows) + struct.pack(">I", zlib.adler32(rows))
    data_length = data_length or len(stream)
    return png_files.frame(header, interlaced,
                           [stream[i:i + data_length] for i in range(0, len(stream), data_length)]) + tail


def deflated(level, strategy, memory, window):
    def run(rows):
        deflate = zlib.compressobj(level, zlib.DEFLATED, -window, memory, strategy)
        return deflate.compress(rows) + deflate.flush()
    return run


def exact():
    """Archives of version 6: name; of each file the name, samples, and the file."""
    a = drawing(26, 31, 1, 101) >> 4
    palette = [(1, b"PLTE", bytes(range(48))), (2, b"tEXt", b"Title\0exact")]
    filters = bytes(i * 7 % 5 for i in range(4 + 4 + 3 + 7 + 6 + 13 + 13))  # rows of the passes
    yield "exact-interlaced", [("", a, exact_png(4, 3, a, filters, deflated(9, 1, 9, 15), True, 100, b"behind", palette))]
    a = field(40, 60, 3, 102)
    yield "exact-window", [("", a, exact_png(8, 2, a, bytes(i % 5 for i in range(40)), deflated(7, 0, 1, 9)))]
    files = []
    for i, deflate in enumerate((deflated(6, 0, 8, 15), deflated(6, 2, 3, 15), deflated(5, 4, 8, 12), deflated(1, 3, 9, 15),
                                 lambda rows: png_files.stored(rows, [7, 0, 100]),
                                 lambda rows: struct.pack("<BHH", 0, 9, 65535 - 9) + rows[:9] + deflated(6, 0, 8, 15)(rows[9:]))):
        a = field(17, 19, 1, 103 + i)
        files.append((f"{i}.png", a, exact_png(8, 0, a, bytes(4 if y else 1 for y in range(17)), deflate)))
    yield "exact-set", files


def as_image(samples):
    if samples.max() > 1:
        return Image.fromarray(samples)
    return Image.fromarray(samples * 255).convert("1", dither=Image.NONE)


def main():
    table, file_table = {}, {}
    with tempfile.TemporaryDirectory() as folder:

        def add(name, source, samples, *options):
            if "--effort" not in options:
                options += ("--effort", "fast")
            if name.split("-")[0] not in ("mixing", "predicted", "metadata", "exact", "filtered"):
                options += ("--coding", "networks")
            if not name.startswith("metadata"):
                options += ("--no-preserve",)
            if not (HERE / f"{name}.prnn").exists():
                subprocess.run([PRNN, "compress", "--force", source, "-o", HERE / f"{name}.prnn", *options], check=True)
            table[f"{name}.prnn"] = hashlib.sha256(b"".join(a.tobytes() for a in samples)).hexdigest()

        for name, image, samples, options in pictures():
            path = f"{folder}/{name}.png"
            image.save(path, **options)
            add(name, path, [samples], "--model", HERE / "tiny.prnnmodel")
        for name, samples in lattices():
            path = f"{folder}/{name}.png"
            Image.fromarray(samples).save(path)
            add(name, path, [samples], "--model", HERE / "tiny.prnnmodel")
        hills = ROOT / "corpus/made/hills.png"
        for model in ("photo", "photo-fast"):
            add(model, hills, [np.asarray(Image.open(hills))], "--model", model)
        for name, options, files in sets():
            for file, samples in files.items():
                path = pathlib.Path(folder, name, file)
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(samples).save(path)
            add(name, pathlib.Path(folder, name), files.values(), *options)
        for name, model, effort, files in learning():
            source = pathlib.Path(folder, name)
            if isinstance(files, dict):
                source.mkdir()
                for file, samples in files.items():
                    Image.fromarray(samples).save(source / file)
            else:
                source, files = source.with_suffix(".png"), {"": files}
                Image.fromarray(files[""]).save(source)
            model = model if model.startswith("photo") else HERE / f"{model}.prnnmodel"
            add(name, source, files.values(), "--model", model, "--effort", effort)
        for name, model, files in paper():
            source = pathlib.Path(folder, name)
            if isinstance(files, dict):
                source.mkdir()
                for file, samples in files.items():
                    as_image(samples).save(source / file)
            else:
                source, files = source.with_suffix(".png"), {"": files}
                as_image(files[""]).save(source)
            add(name, source, files.values(), "--model", HERE / f"{model}.prnnmodel")
        for name, samples in squares():
            path = pathlib.Path(folder, f"{name}.png")
            Image.fromarray(samples).save(path)
            add(name, path, [samples], "--model", HERE / "tiny-squares.prnnmodel")
        for name, depth, colour, files, options in mixing():
            source = pathlib.Path(folder, name)
            if isinstance(files, dict):
                source.mkdir()
                for file, samples in files.items():
                    png(source / file, depth, colour, samples)
            else:
                source, files = source.with_suffix(".png"), {"": files}
                png(source, depth, colour, files[""])
            add(name, source, files.values(), *options)
        for name, colour, options, files in metadata():
            source = pathlib.Path(folder, name) if files[0][0] else pathlib.Path(folder, f"{name}.png")
            if files[0][0]:
                source.mkdir()
            for file, samples, time, before, after in files:
                png(source / file, 4 if colour == 3 else 8, colour, samples, before, after)
                os.utime(source / file, (time, time))
            add(name, source, [samples for _, samples, *_ in files], *options)
        for name, files in exact():
            source = pathlib.Path(folder, name) if files[0][0] else pathlib.Path(folder, f"{name}.png")
            if files[0][0]:
                source.mkdir()
            for file, _, data in files:
                (source / file).write_bytes(data)
            add(name, source, [samples for _, samples, _ in files], "--coding", "mixing", "--exact")
            hashes = [hashlib.sha256(data).hexdigest() for _, _, data in files]
            # The last file of a set is not zlib's.
            file_table[f"{name}.prnn"] = hashes[:-1] + [None] if files[0][0] else hashes
    (HERE / "files.json").write_text(json.dumps(file_table, indent=1) + "\n")
    (HERE / "vectors.json").write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
