"""What is kept of the PNG files beside their pictures. [format: Packed lists, TIME, FILE, PNGC, META]"""

from __future__ import annotations

import zlib
from typing import Iterator

from coding import Fields, FormatError, require

MOST_METADATA = 2**26  # bytes of a list of chunks or files; a limit of this program alone


def unpacked(fields: Fields, most: int, name: str) -> bytes:
    """A packed list."""
    size, data = fields.number("I"), fields.rest()
    require(size <= most, f"the list of {name} is too long")
    if len(data) == size:
        return data
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(data, size + 1)
    except zlib.error as error:
        raise FormatError(f"the list of {name} cannot be inflated ({error})") from None
    require(inflate.eof and not inflate.unused_data and len(data) == size, f"the list of {name} has another length")
    return data


def read_number(fields: Fields) -> int:
    """A number of seven bits a byte. [format: TIME]"""
    number, shift, byte = 0, 0, 128
    while byte >= 128:
        byte = fields.number("B")
        require(shift < 63 or byte < 2, "a number is out of bounds")
        number |= (byte & 127) << shift
        shift += 7
    return number


def read_times(fields: Fields, count: int) -> list[int]:
    """When the files of the images of a series were modified, in seconds since 1970 began."""
    numbers = Fields(unpacked(fields, 10 * count, "times"), "the list of times")
    times, time = [], 0
    for _ in range(count):
        code = read_number(numbers)
        time += -(code + 1) // 2 if code % 2 else code // 2
        time = (time + 2**63) % 2**64 - 2**63
        times.append(time)
    numbers.end()
    return times


def read_files(fields: Fields, count: int) -> list[bytes]:
    """The records of the files of a series; empty for a file that does not come back. [format: FILE]"""
    records = Fields(unpacked(fields, MOST_METADATA, "files"), "the list of files")
    files = [records.take(read_number(records)) for _ in range(count)]
    records.end()
    require(any(files), "a list of files without any")
    return files


def read_png_chunks(chunks) -> Iterator[tuple[int, bytes, bytes]]:
    """Place, type and data of the PNG chunks in the chunk at hand, PNGC or META."""
    if chunks.kind == b"PNGC":
        fields = chunks.take(b"PNGC")
        yield (*fields.unpack("B4s"), fields.rest())
        return
    items = Fields(unpacked(chunks.take(b"META"), MOST_METADATA, "PNG chunks"), "the list of PNG chunks")
    require(len(items.data) > 0, "the list of PNG chunks is empty")
    while items.position < len(items.data):
        place, kind, length = items.unpack("B4sI")
        yield place, kind, items.take(length)
