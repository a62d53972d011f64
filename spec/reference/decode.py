#!/usr/bin/env python3
"""Reference decoder for .prnn archives, format versions 1 to 10.

Written from format.md, arithmetic.md and mixing.md alone; the names in brackets below, such as [format: IMAG], are the
sections of these texts. It is meant to be read beside them: it is slow, and uses integers only. What is inside a stream
is in local_networks.py, learning.py, paper_networks.py and mixing.py.

    python3 decode.py ARCHIVE.prnn [--model FILE.prnnmodel ...] [-o OUT.png|FOLDER] [--sha256]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from coding import ABSENT, Fields, FormatError, RangeDecoder, require
from lattice import Lattice, read_lattice
from learning import LearningNetwork, Rules, read_fits, read_rules
from mixing import decode_mixed
from model_file import ALPHA, COLOUR, GRAY, Model, load_model
from metadata import read_files, read_png_chunks, read_times
from names import check_names, read_names
from png_files import original_file, png_file

GROUPS = {  # colour type -> groups of channels, each with its network [format: Channels and groups]
    0: [([0], GRAY)],
    2: [([0, 1, 2], COLOUR)],
    3: [([0], GRAY)],
    4: [([0], GRAY), ([1], ALPHA)],
    6: [([0, 1, 2], COLOUR), ([3], ALPHA)],
}
NO_MODEL = 255  # in place of a model's number [format: IMAG]
NETWORKS, MIXED, PACKED, FILTERED, PREDICTED = 0, 1, 2, 3, 4  # the coding of a tile [format: TILE]
MOST_PIXELS = 2**26  # of a series; a limit of this program alone, so that a damaged header cannot take all memory


# --------------------------------------------------------------------------------------------- archives [format.md]


@dataclass
class Header:
    """The fields of IMAG, the names, times and files, the PNG chunks as (place, type, data), and how the networks learn.
    [format: IMAG, NAME, TIME, FILE, PNGC, META, LRNG]"""
    width: int
    height: int
    colour_type: int
    bit_depth: int
    interlaced: bool
    model_hash: bytes | None
    tile_width: int
    tile_height: int
    checksum: int | None  # of the image; in later versions every tile has one instead
    count: int = 1
    lot: int = 1
    levels: int = 1
    numbered: bool = False  # do the checksums of tiles go with their numbers?
    lattice: Lattice | None = None
    rules: Rules | None = None  # by which the networks learn
    names: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)  # seconds since 1970 began
    files: list[bytes] = field(default_factory=list)  # records, empty for files that do not come back
    png_chunks: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    codings: set[int] = field(default_factory=set)  # of its tiles

    @property
    def channels(self) -> int:
        return sum(len(channels) for channels, _ in GROUPS[self.colour_type])

    @property
    def scale(self) -> int:
        """What samples are multiplied by for the network. [format: Channels and groups]"""
        return 255 // (2**self.bit_depth - 1) if self.colour_type == 0 and self.bit_depth < 8 else 1

    @property
    def sample_bytes(self) -> int:
        """Samples of 16 bits are kept as two, the high byte first."""
        return 2 if self.bit_depth == 16 else 1

    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of every level, the coarsest first. [format: Lots]"""
        sizes = [(self.height, self.width)]
        while len(sizes) < self.levels:
            sizes.insert(0, tuple((side + 1) // 2 for side in sizes[0]))
        return sizes

    def parts(self, samples: np.ndarray, smaller: np.ndarray | None) -> list[tuple[np.ndarray, np.ndarray | None]]:
        """The tiles or lots of a level, each with that of the level before. [format: Tiles, Lots]"""
        if self.count == 1 and self.levels == 1:
            return [(samples[:, y:y + self.tile_height, x:x + self.tile_width], None)
                    for y in range(0, self.height, self.tile_height) for x in range(0, self.width, self.tile_width)]
        lots = [slice(first, first + self.lot) for first in range(0, self.count, self.lot)]
        return [(samples[lot], None if smaller is None else smaller[lot]) for lot in lots]

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
    KNOWN = {1: (b"MODL", b"IMAG", b"PNGC", b"VALU", b"INDX", b"TILE", b"DONE"),
             2: (b"MODL", b"MFIL", b"IMAG", b"NAME", b"PNGC", b"VALU", b"INDX", b"TILE", b"DONE"),
             3: (b"MODL", b"MFIL", b"IMAG", b"NAME", b"PNGC", b"VALU", b"LATT", b"LRNG", b"INDX", b"TILE", b"DONE")}
    KNOWN[4] = KNOWN[3]
    KNOWN[5] = KNOWN[4] + (b"TIME", b"META", b"FITS")
    KNOWN[6] = KNOWN[5] + (b"FILE",)
    KNOWN[7] = KNOWN[8] = KNOWN[9] = KNOWN[10] = KNOWN[6]

    def __init__(self, data: bytes):
        self.fields = Fields(data, "the archive")
        require(self.fields.take(8) == b"\x89PRNN\r\n\x1a", "not a .prnn archive")
        self.version = self.fields.number("H")
        require(self.version in self.KNOWN, f"the archive has version {self.version}, this program knows 1 to 10")
        self.skipped = False  # was there a chunk to skip between the last one taken and the one at hand?
        self.newest = False  # was there a chunk that only version 5 has?
        self.several = False  # has any series several tiles?
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
            if self.kind in self.KNOWN[self.version]:
                return
            require(self.name[0].islower(), f"unknown chunk {self.name}: the archive needs a later program")
            self.skipped = True

    def take(self, kind: bytes) -> Fields:
        """The fields of the chunk at hand, which has to be of this type; the next one is read."""
        require(self.kind == kind, f"a chunk {self.name} stands where {kind.decode()} should")
        fields = Fields(self.payload, f"the chunk {self.name}")
        self.skipped = False
        self.newest |= kind in (b"TIME", b"META", b"FITS")
        if kind != b"DONE":
            self.read()
        return fields


def read_image_header(chunks: Chunks, hashes: list[bytes]) -> Header:
    fields = chunks.take(b"IMAG")
    width, height, colour, depth, flags, model, tile_width, tile_height = fields.unpack("IIBBBBII")
    checksum, count, lot, levels, numbered = None, 1, 1, 1, 0
    if chunks.version == 1:
        checksum = fields.number("I")
    else:
        count, lot, levels = fields.unpack("IIB")
    if chunks.version > 3:
        numbered = fields.number("B")
        require(numbered <= (1 if chunks.version > 6 else 0), "the last byte of IMAG is unknown")
    fields.end()
    require(1 <= width < 2**31 and 1 <= height < 2**31, "the image's size is out of bounds")
    require(1 <= count and 1 <= lot <= min(count, 1024), "the numbers of images are out of bounds")
    require(1 <= levels <= 16, "the number of levels is out of bounds")
    require(width * height * count <= MOST_PIXELS, f"{count} x {width} x {height} pixels are too many for this program")
    require(colour in GROUPS, f"unknown colour type {colour}")
    depths = (() if colour not in (0, 3) else (1, 2, 4)) + (8,) + (() if colour == 3 or chunks.version < 4 else (16,))
    require(depth in depths, f"bit depth {depth} with colour type {colour}")
    require(flags <= 1, f"unknown flags {flags}")
    require(model < len(hashes) or chunks.version >= 4 and model == NO_MODEL,
            "the image names a model that the archive does not list")
    require(model != NO_MODEL or levels == 1, "several levels without a model")
    require(1 <= tile_width <= width and 1 <= tile_height <= height, "the tiles' size is out of bounds")
    require(count == levels == 1 or (tile_width, tile_height) == (width, height), "several images are cut into tiles")
    return Header(width, height, colour, depth, flags == 1, None if model == NO_MODEL else hashes[model], tile_width,
                  tile_height, checksum, count, lot, levels, numbered == 1)


def decode_series(chunks: Chunks, hashes: list[bytes], models: dict[bytes, Model]) -> tuple[Header, np.ndarray]:
    """The images of a series: their header, and their samples (images, height, width, channels)."""
    header = read_image_header(chunks, hashes)
    if chunks.kind == b"NAME":
        header.names = read_names(chunks.take(b"NAME"), header.count)
    networks, roles = {}, []  # roles: of the networks that code the series
    if header.model_hash is not None:
        require(header.model_hash in models,
                f"the model with hash {header.model_hash.hex()} is needed; give it by --model")
        networks = models[header.model_hash].networks
        roles = [role for _, role in GROUPS[header.colour_type]]
    for role in roles:
        require(role in networks, "the model has no network for this colour type")
        require(len(networks[role]) == header.levels, "the model has another number of levels")
        require(not networks[role][0].bernoulli or (header.colour_type, header.bit_depth) == (0, 1),
                "the model codes gray pictures of 1 bit only")

    if chunks.kind == b"TIME":
        header.times = read_times(chunks.take(b"TIME"), header.count)
    if chunks.kind == b"FILE":
        header.files = read_files(chunks.take(b"FILE"), header.count)
    while chunks.kind in (b"PNGC", b"META"):
        for place, kind, data in read_png_chunks(chunks):
            require(place <= 2 and kind.isalpha(), "unknown place or type of a PNG chunk")
            require(kind not in (b"IHDR", b"IDAT", b"IEND"), "a PNG chunk that the image header stands for")
            require(kind not in (b"PLTE", b"tRNS") or all(kind != k for _, k, _ in header.png_chunks),
                    "a PNG chunk comes twice")
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

    if chunks.kind == b"LATT":
        header.lattice = read_lattice(chunks.take(b"LATT"))
        require(COLOUR in roles, "a colour lattice of an image without colours, or without networks")
        require(networks[COLOUR][0].is_local, "a colour lattice with a network that is not local")
    if chunks.kind == b"LRNG":
        header.rules = read_rules(chunks.take(b"LRNG"))
        require(roles and all(networks[role][0].is_local for role in roles), "networks that do not learn are to learn")
        if chunks.kind == b"FITS":
            header.rules = read_fits(chunks.take(b"FITS"), header.rules)

    require(header.model_hash is not None or not seen, "weights of values without a model")
    # [format: INDX, Tiles, Lots] The tiles row by row or the lots in order, with nothing between them; of several
    # levels those of the coarsest first.
    fields = chunks.take(b"INDX")
    levels = [np.empty((header.count, height, width, header.channels * header.sample_bytes), np.uint8)
              for height, width in header.sizes()]
    parts = [part for i, samples in enumerate(levels)
             for part in header.parts(samples, levels[i - 1] if i > 0 else None)]
    require(len(fields.data) == 4 * len(parts), "the chunk INDX does not fit the number of tiles")
    for i, (samples, smaller) in enumerate(parts):
        require(not chunks.skipped, "a foreign chunk stands between INDX and the tiles")
        payload = chunks.take(b"TILE")
        require(len(payload.data) == fields.number("I"), "the chunk INDX does not fit the length of a tile")
        checksum = payload.number("I") ^ (i if header.numbered else 0) if chunks.version > 1 else None
        require(chunks.version < 7 or header.numbered == (len(parts) > 1), "the last byte of IMAG does not fit the number of tiles")
        chunks.several |= i > 0
        coding = payload.number("B") if chunks.version > 3 else NETWORKS
        header.codings.add(coding)
        if coding == NETWORKS:
            require(header.model_hash is not None, "a tile is coded by networks, but the image names no model")
            require(header.bit_depth <= 8, "networks do not code samples of 16 bits")
            level = i * len(levels) // len(parts)
            decode_tile(payload, header, {role: networks[role][level] for role in roles}, weights, samples, smaller)
        else:
            require(header.levels == 1, "a tile of several levels is not coded by networks")
            decode_other_tile(payload, header, coding, samples)
        require(checksum in (None, zlib.crc32(samples.tobytes())),
                "the archive is damaged: wrong checksum of the samples")
    require(header.model_hash is None or NETWORKS in header.codings, "the image names a model that codes no tile")
    samples = levels[-1]
    require(header.checksum in (None, zlib.crc32(samples.tobytes())),
            "the image is damaged: wrong checksum of the samples")
    return header, samples


def decode_tile(fields: Fields, header: Header, networks: dict, weights: np.ndarray, samples: np.ndarray,
                smaller: np.ndarray | None) -> None:
    """Fills in the samples (images, height, width, channels) of a tile or lot that networks code; smaller: those of the
    level before. [format: TILE, Tiles, Lots, Streams]"""
    count, height, width, _ = samples.shape
    for channels, role in GROUPS[header.colour_type]:
        scale = header.scale
        stream = fields.take(fields.number("I"))
        if all((weights[c] != ABSENT).sum() == 1 for c in channels):
            require(len(stream) == 0, "a stream of a group of constant channels is not empty")
            scaled = np.array([int(np.argmax(weights[c] != ABSENT)) for c in channels])
        else:
            decoder, network = RangeDecoder(stream), networks[role]
            if header.rules is not None:
                network = LearningNetwork(network, header.rules)  # every stream starts with the model's weights
            scale = 1 if network.bernoulli else scale
            known = None if smaller is None else smaller[..., channels] * scale
            lattice = header.lattice if role == COLOUR else None
            more = (lattice,) if lattice and not lattice.planes else ()
            scaled = network.decode(decoder, count, height, width, weights[channels], known, *more)
            decoder.end()
        require(not (scaled % scale).any(), "the image is damaged: a sample is no multiple of the scale")
        scaled = scaled // scale
        if role == COLOUR and header.lattice and header.lattice.planes:
            scaled = header.lattice.colours(scaled)
        require(scaled.max() < 2**header.bit_depth, "the image is damaged: a sample is too large for the bit depth")
        samples[..., channels] = scaled
    fields.end()


def decode_other_tile(fields: Fields, header: Header, coding: int, samples: np.ndarray) -> None:
    """Fills in the samples of a tile or lot that no network codes. [format: TILE]"""
    require(coding in (MIXED, PACKED, FILTERED, PREDICTED), f"unknown coding {coding} of a tile")
    require(coding != PREDICTED or header.bit_depth == 16, "coding 4 of a tile whose samples do not have 16 bits")
    stream = fields.take(fields.number("I"))
    fields.end()
    if coding in (MIXED, PREDICTED):
        decoder = RangeDecoder(stream)
        samples[:] = decode_mixed(decoder, *samples.shape, header.sample_bytes, coding == PREDICTED)
        decoder.end()
        require(samples.max() < 2**header.bit_depth, "the image is damaged: a sample is too large for the bit depth")
        return
    count, height, width, channels = samples.shape
    depth = min(8, header.bit_depth)
    row = (width * channels * depth + 7) // 8
    length = row + (coding == FILTERED)  # of a row in the stream
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(stream, count * height * length + 1)
    except zlib.error as error:
        raise FormatError(f"a tile cannot be inflated ({error})") from None
    require(inflate.eof and not inflate.unused_data and len(data) == count * height * length, "a tile has another length")
    rows = np.frombuffer(data, np.uint8).reshape(count, height, length)
    if coding == FILTERED:
        rows = np.stack([unfiltered(image, channels if depth == 8 else 1) for image in rows])
    bits = np.unpackbits(rows.reshape(count * height, row), axis=1)
    used = width * channels * depth
    require(not bits[:, used:].any(), "the end of a packed row is not zero")
    places = 1 << np.arange(depth - 1, -1, -1)
    samples[:] = (bits[:, :used].reshape(-1, depth) @ places).reshape(samples.shape)


def unfiltered(rows: np.ndarray, pixel: int) -> np.ndarray:
    """Rows of bytes, of rows with a filter type in front. [format: TILE, coding 3]"""
    result = np.zeros((len(rows) + 1, pixel + rows.shape[1] - 1), np.int64)  # with a row above and a pixel on the left
    for above, here, (kind, *data) in zip(result, result[1:], rows.tolist()):
        require(kind < 5, "a filter type that PNG does not have")
        for x, value in enumerate(data):
            left, up, corner = int(here[x]), int(above[x + pixel]), int(above[x])
            paeth = min((left, up, corner), key=lambda v: abs(left + up - corner - v))  # of equals the first
            here[x + pixel] = value + (0, left, up, (left + up) // 2, paeth)[kind] & 255
    return result[1:, pixel:].astype(np.uint8)


def read_models(chunks: Chunks, models: dict[bytes, Model]) -> tuple[list[bytes], dict[bytes, Model]]:
    """The hashes of the archive's models, and the models known with those in it. [format: MODL, MFIL]"""
    hashes, models = [], dict(models)
    while chunks.kind == b"MODL" or not hashes and chunks.version < 4:
        fields = chunks.take(b"MODL")
        hashes.append(fields.take(32))
        fields.take(fields.number("B"))  # name
        fields.end()
        if chunks.kind == b"MFIL":
            model = load_model(chunks.take(b"MFIL").rest())
            require(model.hash == hashes[-1], "the model in the archive has another hash")
            models[model.hash] = model
    require(len(hashes) <= 255, "the archive names too many models")  # [format: Limits]
    return hashes, models


def decode_archive(data: bytes, models: dict[bytes, Model]) -> list[tuple[Header, np.ndarray]]:
    """The series of an archive, each with its raw samples (images, height, width, channels), one byte each, not scaled.
    models: by the SHA-256 of their files. [format: A chunk, Order]"""
    chunks = Chunks(data)
    hashes, models = read_models(chunks, models)
    series = []
    while chunks.kind == b"IMAG" or not series:
        series.append(decode_series(chunks, hashes, models))
    fields = chunks.take(b"DONE")
    require(fields.number("I") == sum(h.count for h, _ in series), "the archive is damaged: wrong number of images")
    fields.end()
    chunks.fields.end()  # nothing follows
    require(chunks.version != 3 or any(h.lattice or h.rules for h, _ in series),
            "an archive of version 3 without a colour lattice or networks that learn")
    require(chunks.version != 4 or any(h.codings - {NETWORKS} for h, _ in series),
            "an archive of version 4 whose tiles are all coded by networks")
    require(chunks.version != 5 or chunks.newest, "an archive of version 5 without TIME, META or FITS")
    require(chunks.version != 6 or any(h.files or h.rules and h.rules.least is not None for h, _ in series),
            "an archive of version 6 without FILE or a least weight in LRNG")
    require(chunks.version > 5 or not any(h.rules and h.rules.least is not None for h, _ in series),
            "a least weight in LRNG, which only version 6 has")
    phases = any(h.rules and h.rules.phases for h, _ in series)
    require(chunks.version > 6 or not phases, "phases in LRNG, which only version 7 has")
    planes = any(h.lattice and h.lattice.planes for h, _ in series)
    require(chunks.version > 7 or not planes, "Y, C1 and C2 in place of colours, which only version 8 has")
    require(chunks.version != 8 or planes, "an archive of version 8 without Y, C1 and C2 in place of colours")
    for coding, version in (FILTERED, 9), (PREDICTED, 10):
        there = any(coding in h.codings for h, _ in series)
        require(chunks.version >= version if there else chunks.version != version,
                f"coding {coding} before version {version}, or not in an archive of version {version}")
    require(chunks.version != 7 or phases or chunks.several, "an archive of version 7 of single tiles, without phases")
    require(len({bool(h.names) for h, _ in series}) == 1, "some images have names and some have not")
    check_names([name for h, _ in series for name in h.names])
    return series


# ------------------------------------------------------------------------------------------------- output


def write_image(header: Header, samples: np.ndarray, number: int, path: Path) -> None:
    record = header.files[number] if header.files else b""
    path.write_bytes(original_file(header, samples, record) if record else png_file(header, samples))
    if header.times:
        os.utime(path, (header.times[number], header.times[number]))


def write(series: list[tuple[Header, np.ndarray]], output: Path) -> None:
    """Pictures with names go into a folder, one without into a file. No name leads out of the folder: see is_name."""
    for header, samples in series:
        for i, name in enumerate(header.names):
            (output / name).parent.mkdir(parents=True, exist_ok=True)
            write_image(header, samples[i], i, output / name)
    if not series[0][0].names:
        require(len(series) == 1 and len(series[0][1]) == 1, "the archive has several images, a PNG file holds one")
        write_image(series[0][0], series[0][1][0], 0, output)


def main() -> None:
    parser = argparse.ArgumentParser(description="Reference decoder for .prnn archives.")
    parser.add_argument("archive", metavar="ARCHIVE.prnn")
    parser.add_argument("--model", metavar="FILE.prnnmodel", action="append", default=[])
    parser.add_argument("-o", dest="output", metavar="OUT", help="a PNG file to write, or a folder for a set")
    parser.add_argument("--sha256", action="store_true", help="print the SHA-256 of the samples of each image")
    options = parser.parse_args()
    path = ""
    try:
        models = {}
        for path in options.model:
            model = load_model(Path(path).read_bytes())
            models[model.hash] = model
        path = options.archive
        series = decode_archive(Path(path).read_bytes(), models)
        if options.sha256:
            for _, samples in series:
                for image in samples:
                    print(hashlib.sha256(image.tobytes()).hexdigest())
        if options.output is not None:
            path = options.output
            write(series, Path(path))
    except (FormatError, OSError, MemoryError) as error:
        cause = getattr(error, "strerror", None) or str(error) or "not enough memory"
        sys.exit(f"decode.py: {path}: {cause}")


if __name__ == "__main__":
    main()
