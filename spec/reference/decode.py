#!/usr/bin/env python3
"""Reference decoder for .prnn archives, format version 1.

Written from format.md and arithmetic.md alone; the names in brackets below, such as [format: IMAG], are the sections
of these texts. It is meant to be read beside them: it is slow, and uses integers only, no floating point.

    python3 decode.py ARCHIVE.prnn --model FILE.prnnmodel [--model FILE2 ...] [-o OUT.png] [--sha256]
"""

from __future__ import annotations

import argparse
import hashlib
import struct
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

COLOUR, GRAY, ALPHA = 1, 2, 3  # roles of networks [format: Model files]
GROUPS = {  # colour type -> groups of channels, each with its network [format: Channels and groups]
    0: [([0], GRAY)],
    2: [([0, 1, 2], COLOUR)],
    3: [([0], GRAY)],
    4: [([0], GRAY), ([1], ALPHA)],
    6: [([0, 1, 2], COLOUR), ([3], ALPHA)],
}
ABSENT = -128  # the weight of a value that does not occur [format: VALU]
MOST_PIXELS = 2**26  # in an image; a limit of this program alone, so that a damaged header cannot take all memory


class FormatError(Exception):
    """A file that these texts do not allow. The message is for people."""


def require(condition: bool, cause: str) -> None:
    if not condition:
        raise FormatError(cause)


class Fields:
    """Reads the fields of a payload or a file from first to last."""

    def __init__(self, data: bytes, name: str):
        self.data, self.name, self.position = data, name, 0

    def take(self, count: int) -> bytes:
        require(count <= len(self.data) - self.position, f"{self.name} is too short")
        self.position += count
        return self.data[self.position - count:self.position]

    def unpack(self, layout: str) -> tuple:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def number(self, layout: str) -> int:
        return self.unpack(layout)[0]

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.position)

    def end(self) -> None:
        require(self.position == len(self.data), f"{self.name} is too long")


# ---------------------------------------------------------------------------------- models [format: Model files]


@dataclass
class Layer:
    weights: np.ndarray  # (outputs, inputs) int32
    bias: np.ndarray  # (outputs,) int32
    shift: np.ndarray  # (outputs,) int32

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """[arithmetic: Layers] for many pixels: (pixels, inputs) -> (pixels, outputs). load_model has checked that
        no sum, and so no partial sum, leaves 32 bits."""
        return (inputs @ self.weights.T + self.bias) >> self.shift


@dataclass
class Network:
    channels: int
    up: int
    left: int
    right: int
    first: Layer
    residual: list[Layer]
    heads: list[tuple[Layer, Layer]]  # for each channel its head and its logits


@dataclass
class Model:
    name: str
    hash: bytes
    networks: dict[int, Network]  # by role


def read_layer(fields: Fields, inputs: int, outputs: int) -> Layer:
    weights = np.frombuffer(fields.take(inputs * outputs), "i1").reshape(outputs, inputs).astype(np.int32)
    bias = np.frombuffer(fields.take(4 * outputs), "<i4").astype(np.int32)
    shift = np.frombuffer(fields.take(outputs), "u1").astype(np.int32)
    require(weights.min() >= -127, "a weight of the model is -128")
    require(shift.max() <= 31, "a shift of the model is above 31")
    largest = np.abs(weights).sum(axis=1, dtype=np.int64) * 127 + np.abs(bias.astype(np.int64))
    require(largest.max() < 2**31, "a sum of the model can leave 32 bits")
    return Layer(weights, bias, shift)


def read_network(fields: Fields) -> tuple[int, Network]:
    role, channels, up, left, right, hidden, layers, bottleneck = fields.unpack("BBBBBHBH")
    require(role in (COLOUR, GRAY, ALPHA) and channels == (3 if role == COLOUR else 1), "unknown kind of network")
    require(1 <= up <= 16 and 1 <= left <= 16 and right <= 16, "a network's window is out of bounds")
    require(hidden in range(16, 513, 16) and layers <= 32 and bottleneck in range(16, 257, 16),
            "a network's layers are out of bounds")
    require(channels * (up * (left + 1 + right) + left) <= 1024, "a network's window is too large")
    inputs = 2 * channels * (up * (left + 1 + right) + left) + 3 * channels
    first = read_layer(fields, inputs, hidden)
    residual = [read_layer(fields, hidden, hidden) for _ in range(layers)]
    heads = [(read_layer(fields, hidden + 3 + 4 * c, bottleneck), read_layer(fields, bottleneck, 256))
             for c in range(channels)]
    return role, Network(channels, up, left, right, first, residual, heads)


def load_model(data: bytes) -> Model:
    fields = Fields(data, "the model file")
    require(fields.take(8) == b"PRNNMODL", "not a model file")
    version = fields.number("H")
    require(version == 1, f"the model file has version {version}, this program knows 1")
    name = fields.take(fields.number("B")).decode("utf-8", "replace")
    fields.take(fields.number("I"))  # provenance
    networks: dict[int, Network] = {}
    for _ in range(fields.number("B")):
        role, network = read_network(fields)
        require(role not in networks, "the model has two networks of one role")
        networks[role] = network
    fields.end()
    return Model(name, hashlib.sha256(data).digest(), networks)


# ------------------------------------------------------------------ one stream [arithmetic: The range decoder]


class RangeDecoder:
    def __init__(self, stream: bytes):
        require(len(stream) % 2 == 0, "a stream has an odd length")
        self.stream, self.position = stream, 0
        self.range, self.value = 2**64 - 1, 0
        for _ in range(4):
            self.value = self.value << 16 | self.word()

    def word(self) -> int:
        """The next two bytes, most significant first; 0 past the end."""
        word = int.from_bytes(self.stream[self.position:self.position + 2], "big")
        self.position += 2
        return word

    def symbol(self, ends: np.ndarray) -> int:
        """The place of the next symbol in the order of coding; ends[i] is the sum of the frequencies up to and with
        place i. The search finds the first end above the target, which is never that of a frequency of 0."""
        total = int(ends[-1])
        unit = self.range // total
        target = min(self.value // unit, total - 1)
        place = int(np.searchsorted(ends, target, side="right"))
        start = int(ends[place - 1]) if place else 0
        self.value -= unit * start
        self.range = unit * (int(ends[place]) - start)
        while self.range < 2**48:
            self.value = (self.value << 16 | self.word()) % 2**64
            self.range <<= 16
        return place

    def end(self) -> None:
        # n steps of renormalisation have taken 4 + n words; an encoder writes n + 1 at the most.
        require(self.position - 6 >= len(self.stream), "a stream has bytes that belong to no sample")


# ------------------------------------------------------------------- one group of one tile [arithmetic: all the rest]


def fine(d: np.ndarray) -> np.ndarray:
    return 64 + 4 * np.clip(d, -15, 15)


def middle(d: np.ndarray) -> np.ndarray:
    return 64 + np.clip(d, -63, 63)


def coarse(d: np.ndarray) -> np.ndarray:
    return 64 + np.sign(d) * (np.abs(d) >> 2)


def level(v: np.ndarray) -> list[np.ndarray]:
    return [v >> 1, 8 * np.minimum(v, 15), 8 * np.minimum(255 - v, 15)]


# [arithmetic: Frequencies] the numbers round(2^22 * 2^(-i/32)), and the order of the symbols: 0, 16, ..., 240, 1, ...
POWER = np.array([
    4194304, 4104429, 4016479, 3930414, 3846194, 3763778, 3683128, 3604206,
    3526975, 3451399, 3377443, 3305071, 3234251, 3164947, 3097129, 3030764,
    2965821, 2902269, 2840080, 2779223, 2719670, 2661393, 2604365, 2548558,
    2493948, 2440508, 2388213, 2337038, 2286960, 2237956, 2190001, 2143074], np.int64)
ORDER = np.arange(256).reshape(16, 16).T.reshape(256)


def frequencies(logits: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """[arithmetic: Frequencies] from the clamped logits and the weights of the values of the symbols."""
    occurs = weights != ABSENT
    logits = np.where(occurs, np.clip(logits + 2 * weights, -32768, 32767), -32768)
    d = logits.max(axis=1, keepdims=True) - logits
    f = (POWER[d % 32] >> np.minimum(d // 32, 63)) + 1  # POWER is below 2^23: a shift by 32 ... 63 gives 0
    return np.where(occurs, f, 0)


def decode_group(stream: bytes, height: int, width: int, network: Network, weights: np.ndarray) -> np.ndarray:
    """The (scaled) samples (height, width, channels) of a stream. weights: (channels, 256)."""
    up, left, right, channels = network.up, network.left, network.right, network.channels
    decoder = RangeDecoder(stream)

    # The tile with a margin for the samples outside: x[r][c] is at seen[r + up, c + left]. [arithmetic: Outside]
    # All of it is 128 at first; the left and right margins of a row are filled in as soon as they are known.
    seen = np.full((up + height, left + width + right, channels), 128, np.int32)
    # The window's pixels in order, relative to the pixel at hand. [arithmetic: Inputs of the network]
    window = [(-dr, dc) for dr in range(up, 0, -1) for dc in range(-left, right + 1)]
    window += [(0, dc) for dc in range(-left, 0)]
    window_rows, window_columns = np.array(window).T

    lag = right + 1  # [arithmetic: Order]
    for t in range(width + lag * (height - 1)):
        r = np.arange(max(0, -((width - 1 - t) // lag)), min(height - 1, t // lag) + 1)
        if len(r) == 0:
            continue  # lag > width: no pixel has this t
        rows, columns = r + up, t - lag * r + left  # the step's pixels in `seen`

        # [arithmetic: Prediction]
        w, n, nw = seen[rows, columns - 1], seen[rows - 1, columns], seen[rows - 1, columns - 1]
        low, high = np.minimum(w, n), np.maximum(w, n)
        p = np.where(nw >= high, low, np.where(nw <= low, high, w + n - nw))
        around = seen[rows[:, None] + window_rows, columns[:, None] + window_columns]  # (pixels, window, channels)
        d = (around - p[:, None, :]).reshape(len(r), -1)
        state = network.first(np.hstack([fine(d), coarse(d)] + level(p))).clip(0, 127)  # clip(0, 127) is relu
        for layer in network.residual:
            state = np.minimum(127, state + layer(state).clip(0, 127))

        e = np.zeros_like(p)
        for k in range(channels):
            # [arithmetic: Layers, Centre and Extra inputs]
            offset = [0, e[:, 0], (e[:, 0] + e[:, min(1, k)]) >> 1][k]
            centre = np.clip(p[:, k] + offset, 0, 255)
            extra = level(centre)
            for j in range(k):
                extra += [fine(e[:, j]), middle(e[:, j]), coarse(e[:, j]), p[:, j] >> 1]
            head, output = network.heads[k]
            bottleneck = head(np.column_stack([state] + extra)).clip(0, 127)
            logits = output(bottleneck).clip(-32768, 32767)

            values = (centre[:, None] + ORDER) % 256  # of the symbols in the order of coding
            ends = frequencies(logits[:, ORDER], weights[k][values]).cumsum(axis=1)
            for i in range(len(r)):
                seen[rows[i], columns[i], k] = values[i, decoder.symbol(ends[i])]
            e[:, k] = seen[rows, columns, k] - p[:, k]

        for row, column in zip(rows, columns):
            if column == left and row + 1 < up + height:  # the first pixel stands left of the row below
                seen[row + 1, :left] = seen[row, left]
            if column == left + width - 1:  # the last pixel stands right of its own row
                seen[row, left + width:] = seen[row, column]
    decoder.end()
    return seen[up:, left:left + width]


# --------------------------------------------------------------------------------------------- archives [format.md]


@dataclass
class Header:
    """The fields of IMAG, and the PNGC chunks as (place, type, data). [format: IMAG, PNGC]"""
    width: int
    height: int
    colour_type: int
    bit_depth: int
    interlaced: bool
    model_hash: bytes
    tile_width: int
    tile_height: int
    checksum: int
    png_chunks: list[tuple[int, bytes, bytes]] = field(default_factory=list)

    @property
    def channels(self) -> int:
        return sum(len(channels) for channels, _ in GROUPS[self.colour_type])

    @property
    def scale(self) -> int:
        """What samples are multiplied by for the network. [format: Channels and groups]"""
        return 255 // (2**self.bit_depth - 1) if self.colour_type == 0 else 1

    def default_weights(self) -> np.ndarray:
        """The weights of the values of a channel without VALU. [format: Which values occur]"""
        weights = np.full(256, ABSENT)
        if self.colour_type == 3:
            entries = next((len(data) // 3 for _, kind, data in self.png_chunks if kind == b"PLTE"), 0)
            weights[:min(2**self.bit_depth, max(1, entries))] = 0
        else:
            weights[::self.scale] = 0
        return weights


class Chunks:
    """The chunks of an archive in order, one ahead. [format: A chunk]"""
    KNOWN = (b"MODL", b"IMAG", b"PNGC", b"VALU", b"INDX", b"TILE", b"DONE")

    def __init__(self, data: bytes):
        self.fields = Fields(data, "the archive")
        require(self.fields.take(8) == b"\x89PRNN\r\n\x1a", "not a .prnn archive")
        version = self.fields.number("H")
        require(version == 1, f"the archive has version {version}, this program knows 1")
        self.skipped = False  # was there a chunk to skip between the last one taken and the one at hand?
        self.read()

    def read(self) -> None:
        """Reads the next chunk that this program knows, or refuses."""
        while True:
            start = self.fields.position
            self.kind, length = self.fields.unpack("4sI")
            require(self.kind.isalpha(), "the archive is damaged: a chunk's type is not four letters")
            self.name = self.kind.decode("ascii")
            self.payload = self.fields.take(length)
            crc = zlib.crc32(self.fields.data[start:self.fields.position])
            require(self.fields.number("I") == crc, f"the archive is damaged: wrong CRC of a chunk {self.name}")
            if self.kind in self.KNOWN:
                return
            require(self.name[0].islower(), f"unknown chunk {self.name}: the archive needs a later program")
            self.skipped = True

    def take(self, kind: bytes) -> Fields:
        """The fields of the chunk at hand, which has to be of this type; the next one is read."""
        require(self.kind == kind, f"a chunk {self.name} stands where {kind.decode()} should")
        fields = Fields(self.payload, f"the chunk {self.name}")
        self.skipped = False
        if kind != b"DONE":
            self.read()
        return fields


def read_image_header(chunks: Chunks, hashes: list[bytes]) -> Header:
    fields = chunks.take(b"IMAG")
    width, height, colour, depth, flags, model, tile_width, tile_height, checksum = fields.unpack("IIBBBBIII")
    fields.end()
    require(1 <= width < 2**31 and 1 <= height < 2**31, "the image's size is out of bounds")
    require(width * height <= MOST_PIXELS, f"{width} x {height} pixels are too many for this program")
    require(colour in GROUPS, f"unknown colour type {colour}")
    require(depth in ((1, 2, 4, 8) if colour in (0, 3) else (8,)), f"bit depth {depth} with colour type {colour}")
    require(flags <= 1, f"unknown flags {flags}")
    require(model < len(hashes), "the image names a model that the archive does not list")
    require(1 <= tile_width <= width and 1 <= tile_height <= height, "the tiles' size is out of bounds")
    return Header(width, height, colour, depth, flags == 1, hashes[model], tile_width, tile_height, checksum)


def decode_image(chunks: Chunks, hashes: list[bytes], models: dict[bytes, Model]) -> tuple[Header, np.ndarray]:
    header = read_image_header(chunks, hashes)
    require(header.model_hash in models, f"the model with hash {header.model_hash.hex()} is needed; give it by --model")
    networks = models[header.model_hash].networks
    for _, role in GROUPS[header.colour_type]:
        require(role in networks, "the model has no network for this colour type")

    while chunks.kind == b"PNGC":
        fields = chunks.take(b"PNGC")
        place, kind = fields.unpack("B4s")
        require(place <= 2 and kind.isalpha(), "unknown place or type of a PNG chunk")
        require(kind not in (b"IHDR", b"IDAT", b"IEND"), "a PNG chunk that the image header stands for")
        require(kind not in (b"PLTE", b"tRNS") or all(kind != k for _, k, _ in header.png_chunks), "a PNG chunk comes twice")
        data = fields.rest()
        require(kind != b"PLTE" or len(data) in range(3, 769, 3), "a palette of a wrong length")
        header.png_chunks.append((place, kind, data))

    require(header.colour_type != 3 or any(k == b"PLTE" for _, k, _ in header.png_chunks), "no palette")
    weights = np.tile(header.default_weights(), (header.channels, 1))
    seen = set()
    while chunks.kind == b"VALU":
        fields = chunks.take(b"VALU")
        channel = fields.number("B")
        require(channel < header.channels, f"VALU for channel {channel}, which the image does not have")
        require(channel not in seen, f"a second VALU for channel {channel}")
        seen.add(channel)
        weights[channel] = fields.unpack("256b")
        fields.end()
        occur = np.flatnonzero(weights[channel] != ABSENT)
        require(not (occur % header.scale).any() and not (occur // header.scale >= 2**header.bit_depth).any(),
                "VALU has a value that no sample can have")
        require(bool((weights[channel] != ABSENT).any()), "VALU without any value that occurs")

    # [format: INDX, Tiles] The tiles row by row, with nothing between them.
    fields = chunks.take(b"INDX")
    tiles_down, tiles_across = -(-header.height // header.tile_height), -(-header.width // header.tile_width)
    require(len(fields.data) == 4 * tiles_down * tiles_across, "the chunk INDX does not fit the number of tiles")
    samples = np.empty((header.height, header.width, header.channels), np.uint8)
    for tile in range(tiles_down * tiles_across):
        y, x = tile // tiles_across * header.tile_height, tile % tiles_across * header.tile_width
        require(not chunks.skipped, "a foreign chunk stands between INDX and the tiles")
        payload = chunks.take(b"TILE")
        require(len(payload.data) == fields.number("I"), "the chunk INDX does not fit the length of a tile")
        part = samples[y:y + header.tile_height, x:x + header.tile_width]
        decode_tile(payload, header, networks, weights, part)
    require(zlib.crc32(samples.tobytes()) == header.checksum, "the image is damaged: wrong checksum of the samples")
    return header, samples


def decode_tile(fields: Fields, header: Header, networks: dict[int, Network], weights: np.ndarray, samples: np.ndarray):
    """Fills in the samples of one tile. [format: TILE, Tiles, Streams]"""
    height, width, _ = samples.shape
    for channels, role in GROUPS[header.colour_type]:
        stream = fields.take(fields.number("I"))
        if all((weights[c] != ABSENT).sum() == 1 for c in channels):
            require(len(stream) == 0, "a stream of a group of constant channels is not empty")
            scaled = np.array([int(np.argmax(weights[c] != ABSENT)) for c in channels])
        else:
            scaled = decode_group(stream, height, width, networks[role], weights[channels])
        require(not (scaled % header.scale).any(), "the image is damaged: a sample is no multiple of the scale")
        scaled = scaled // header.scale
        require(scaled.max() < 2**header.bit_depth, "the image is damaged: a sample is too large for the bit depth")
        samples[:, :, channels] = scaled
    fields.end()


def decode_archive(data: bytes, models: dict[bytes, Model]) -> list[tuple[Header, np.ndarray]]:
    """The images of an archive, each with its raw samples (height, width, channels), one byte each, not scaled.
    models: by the SHA-256 of their files. [format: A chunk, Order]"""
    chunks = Chunks(data)
    hashes = []
    while chunks.kind == b"MODL" or not hashes:
        fields = chunks.take(b"MODL")
        hashes.append(fields.take(32))
        fields.take(fields.number("B"))  # name
        fields.end()
    require(len(hashes) <= 255, "the archive names too many models")  # [format: Limits]
    images = []
    while chunks.kind == b"IMAG" or not images:
        images.append(decode_image(chunks, hashes, models))
    fields = chunks.take(b"DONE")
    require(fields.number("I") == len(images), "the archive is damaged: wrong number of images")
    fields.end()
    chunks.fields.end()  # nothing follows
    return images


# ------------------------------------------------------------------------------------------------- output


def png_file(header: Header, samples: np.ndarray) -> bytes:
    """A PNG file of the samples and the PNG chunks. For simplicity it is never interlaced and no row is filtered:
    the picture is the one that was compressed, the file is not."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bits = np.unpackbits(samples.reshape(header.height, -1, 1), axis=2)[:, :, 8 - header.bit_depth:]
    packed = np.packbits(bits.reshape(header.height, -1), axis=1)  # a row is filled up to whole bytes
    filtered = np.pad(packed, ((0, 0), (1, 0)))  # a 0 before each row: filter "none"
    ihdr = struct.pack(">IIBBBBB", header.width, header.height, header.bit_depth, header.colour_type, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", ihdr)]
    parts += [chunk(kind, data) for place, kind, data in header.png_chunks if place < 2]
    parts.append(chunk(b"IDAT", zlib.compress(filtered.tobytes(), 9)))
    parts += [chunk(kind, data) for place, kind, data in header.png_chunks if place == 2]
    return b"".join(parts + [chunk(b"IEND", b"")])


def main() -> None:
    parser = argparse.ArgumentParser(description="Reference decoder for .prnn archives.")
    parser.add_argument("archive", metavar="ARCHIVE.prnn")
    parser.add_argument("--model", metavar="FILE.prnnmodel", action="append", default=[])
    parser.add_argument("-o", dest="output", metavar="OUT.png", help="write the picture as a PNG file")
    parser.add_argument("--sha256", action="store_true", help="print the SHA-256 of the samples of each image")
    options = parser.parse_args()
    path = ""
    try:
        models = {}
        for path in options.model:
            model = load_model(Path(path).read_bytes())
            models[model.hash] = model
        path = options.archive
        images = decode_archive(Path(path).read_bytes(), models)
        if options.sha256:
            for _, samples in images:
                print(hashlib.sha256(samples.tobytes()).hexdigest())
        if options.output is not None:
            require(len(images) == 1, "the archive has several images, a PNG file holds one")
            path = options.output
            Path(path).write_bytes(png_file(*images[0]))
    except (FormatError, OSError, MemoryError) as error:
        cause = getattr(error, "strerror", None) or str(error) or "not enough memory"
        sys.exit(f"decode.py: {path}: {cause}")


if __name__ == "__main__":
    main()
