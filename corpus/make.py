"""Makes the project's own pictures in corpus/made: small, of every colour type, the same bytes on every machine.

usage: python3 corpus/make.py [DIR]      (standard library only)
"""

import pathlib
import struct
import sys
import zlib


def lattice(seed):
    """A function of two whole numbers with values 0 ... 255: a hash."""

    def at(x, y):
        h = (x * 374761393 + y * 668265263 + seed * 974634581) & 0xFFFFFFFF
        h = (h ^ h >> 13) * 1274126177 & 0xFFFFFFFF
        return (h ^ h >> 16) & 255

    return at


def noise(seed, x, y, size):
    """Value noise in 1/256, bilinear between lattice points `size` apart; whole numbers only."""
    at = lattice(seed)
    i, j, u, v = x // size, y // size, x % size, y % size
    top = at(i, j) * (size - u) + at(i + 1, j) * u
    low = at(i, j + 1) * (size - u) + at(i + 1, j + 1) * u
    return (top * (size - v) + low * v) * 256 // (size * size * 255)


def clouds(seed, x, y):
    return sum(noise(seed + k, x, y, size) * size for k, size in enumerate((64, 32, 16, 8, 4))) // 124


def landscape(x, y, w, h):
    """Sky, hills and grain, as (r, g, b)."""
    ridge = h // 2 + (clouds(3, x, 0) - 128) // 3
    grain = lattice(9)(x, y) % 5 - 2
    if y < ridge:
        c = clouds(11, x, y * 2)
        rgb = (90 + y // 2 + c // 4, 130 + y // 3 + c // 5, 190 + c // 8)
    else:
        c = clouds(29, x, y)
        shade = (y - ridge) // 3
        rgb = (40 + c // 2 + shade // 2, 60 + c // 2 - shade // 3, 30 + c // 3)
    return tuple(max(0, min(255, v + grain)) for v in rgb)


def disc(x, y, w, h):
    """Alpha of a disc with a soft edge."""
    d = ((2 * x - w) ** 2 + (2 * y - h) ** 2) * 255 // (w * h)
    return max(0, min(255, (230 - d) * 8))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path, width, height, depth, colour, rows, extra=b""):
    """rows: for each row its samples, packed to `depth` bits."""
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)) + extra
    raw = bytearray()
    for row in rows:
        raw.append(0)
        for i in range(0, len(row), 8 // depth):
            byte = 0
            for k in range(8 // depth):
                byte = byte << depth | (row[i + k] if i + k < len(row) else 0)
            raw.append(byte)
    path.write_bytes(out + chunk(b"IDAT", zlib.compress(bytes(raw), 9)) + chunk(b"IEND", b""))


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "made"
    out.mkdir(parents=True, exist_ok=True)
    w, h = 160, 120
    rgb = [[landscape(x, y, w, h) for x in range(w)] for y in range(h)]
    gray = [[(3 * r + 6 * g + b) // 10 for r, g, b in row] for row in rgb]
    alpha = [[disc(x, y, w, h) for x in range(w)] for y in range(h)]
    flat = lambda rows: [[v for pixel in row for v in pixel] for row in rows]
    png(out / "hills.png", w, h, 8, 2, flat(rgb))
    png(out / "hills-rgba.png", w, h, 8, 6, flat([[p + (a,) for p, a in zip(*r)] for r in zip(rgb, alpha)]))
    png(out / "hills-gray.png", w, h, 8, 0, gray)
    png(out / "hills-gray-alpha.png", w, h, 8, 4, flat([list(zip(*r)) for r in zip(gray, alpha)]))
    for depth in (1, 2, 4):
        png(out / f"hills-gray{depth}.png", w, h, depth, 0, [[v >> (8 - depth) for v in row] for row in gray])
    palette = bytes(v for i in range(16) for v in (i * 17, 255 - i * 9, i * 5))
    index = [[v >> 4 for v in row] for row in gray]
    extra = chunk(b"PLTE", palette) + chunk(b"tRNS", bytes([0, 64, 128]))
    png(out / "hills-palette.png", w, h, 4, 3, index, extra)


if __name__ == "__main__":
    main()
