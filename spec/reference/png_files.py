"""PNG files of what an archive holds: any file of the picture, or the very one it was made of. [format: FILE]"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from coding import Fields, FormatError, require
from metadata import read_number

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # x, y, steps


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(header, samples: np.ndarray) -> np.ndarray:
    """The rows of a picture or a pass, samples (height, width, channels), as PNG packs them."""
    bits = np.unpackbits(samples.reshape(len(samples), -1, 1), axis=2)[:, :, 8 - min(8, header.bit_depth):]
    return np.packbits(bits.reshape(len(samples), -1), axis=1)  # a row is filled up to whole bytes


def frame(header, interlaced: bool, data: list[bytes]) -> bytes:
    """A PNG file with these IDAT chunks."""
    ihdr = struct.pack(">IIBBBBB", header.width, header.height, header.bit_depth, header.colour_type, 0, 0, interlaced)
    parts = [SIGNATURE, chunk(b"IHDR", ihdr)]
    parts += [chunk(kind, data) for place, kind, data in header.png_chunks if place < 2]
    parts += [chunk(b"IDAT", part) for part in data]
    parts += [chunk(kind, data) for place, kind, data in header.png_chunks if place == 2]
    return b"".join(parts + [chunk(b"IEND", b"")])


def png_file(header, samples: np.ndarray) -> bytes:
    """A PNG file of the samples and the PNG chunks. For simplicity it is never interlaced and no row is filtered:
    the picture is the one that was compressed, the file is not."""
    filtered = np.pad(packed_rows(header, samples), ((0, 0), (1, 0)))  # a 0 before each row: filter "none"
    return frame(header, False, [zlib.compress(filtered.tobytes(), 9)])


# ---------------------------------------------------------------------------- the file itself [format: FILE]


def read_lengths(fields: Fields) -> list[int]:
    """The lengths of the parts, but for the rest. [format: FILE, lengths]"""
    lengths = []
    for _ in range(read_number(fields)):
        count, length = read_number(fields), read_number(fields)
        require(len(lengths) + count <= 2**24, "too many parts for this program")
        lengths += [length] * count
    return lengths


def cut(data: bytes, lengths: list[int]) -> list[bytes]:
    parts, start = [], 0
    for length in lengths:
        parts.append(data[start:start + length])
        start += length
    require(start <= len(data), "the parts are longer than the whole")
    return parts + ([data[start:]] if start < len(data) else [])


def read_edits(fields: Fields) -> list[tuple[int, int, bytes]]:
    edits = []
    for _ in range(read_number(fields)):
        kept, dropped, length = (read_number(fields) for _ in range(3))
        edits.append((kept, dropped, fields.take(length)))
    return edits


def edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    parts, start = [], 0
    for kept, dropped, inserted in edits:
        require(start + kept + dropped <= len(data), "an edit is behind the end")
        parts += [data[start:start + kept], inserted]
        start += kept + dropped
    return b"".join(parts + [data[start:]])


def paeth(left: np.ndarray, above: np.ndarray, corner: np.ndarray) -> np.ndarray:
    a, b, c = (v.astype(int) for v in (left, above, corner))
    pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    return np.where((pa <= pb) & (pa <= pc), left, np.where(pb <= pc, above, corner))


def filtered_rows(header, samples: np.ndarray, filters: bytes) -> bytes:
    """The rows of all passes, each with its filter type before it. [PNG, sections 7 to 9]"""
    pixel = max(1, samples.shape[2] * min(8, header.bit_depth) // 8)  # bytes
    parts, number = [], 0
    for x, y, step_x, step_y in ADAM7 if header.interlaced else ((0, 0, 1, 1),):
        part = samples[y::step_y, x::step_x]
        if part.size == 0:
            continue
        above = np.zeros_like(packed_rows(header, part[:1])[0])
        for row in packed_rows(header, part):
            require(number < len(filters), "there are fewer filter types than rows")
            left, corner = (np.concatenate([np.zeros(pixel, np.uint8), v])[:len(row)] for v in (row, above))
            predictions = (0 * row, left, above, ((left.astype(int) + above) // 2).astype(np.uint8), paeth(left, above, corner))
            require(filters[number] < 5, "unknown filter type")
            parts += [filters[number:number + 1], (row - predictions[filters[number]]).tobytes()]
            above, number = row, number + 1
    require(number == len(filters), "there are more filter types than rows")
    return b"".join(parts)


def stored(data: bytes, lengths: list[int]) -> bytes:
    """A deflate stream of blocks that are not compressed. [RFC 1951, section 3.2.4]"""
    blocks = cut(data, lengths)
    require(len(blocks) > 0 and max(map(len, blocks)) < 2**16, "a stored block is too long")
    heads = [struct.pack("<BHH", 0, len(b), 65535 - len(b)) for b in blocks]
    heads[-1] = b"\x01" + heads[-1][1:]
    return b"".join(head + block for head, block in zip(heads, blocks))


def original_file(header, samples: np.ndarray, record: bytes) -> bytes:
    """The file that an image was made of, byte for byte. Refused if other bytes come out, which may be for another zlib."""
    fields = Fields(record, "the record of a file")
    length, checksum, zlib_header = read_number(fields), fields.number("I"), fields.take(2)
    level = fields.number("B")
    if level == 0:
        lengths = read_lengths(fields)
    else:
        strategy, memory, window = fields.unpack("BBB")
        require(level <= 9 and strategy <= 4 and 1 <= memory <= 9 and 9 <= window <= 15, "unknown parameters of zlib")
    data_lengths = read_lengths(fields)
    row_edits, stream_edits, file_edits = (read_edits(fields) for _ in range(3))
    rows = edited(filtered_rows(header, samples, fields.rest()), row_edits)
    if level == 0:
        body = stored(rows, lengths)
    else:
        deflate = zlib.compressobj(level, zlib.DEFLATED, -window, memory, strategy)
        body = deflate.compress(rows) + deflate.flush()
    stream = edited(zlib_header + body + struct.pack(">I", zlib.adler32(rows)), stream_edits)
    file = edited(frame(header, header.interlaced, cut(stream, data_lengths)), file_edits)
    if len(file) != length or zlib.crc32(file) != checksum:
        raise FormatError("a file does not come back byte for byte")
    return file
