"""prnn: lossless image compression with autoregressive networks.

    import prnn

    archive = prnn.encode(pixels)                         # an array of uint8 or uint16, (height, width[, channels])
    same = prnn.decode(archive)
    part = prnn.decode(archive, region=(10, 20, 64, 48))  # x, y, width, height
    archive = prnn.encode_png(open("photo.png", "rb").read())

Archives, PNG files and models are bytes, or what lends bytes (bytearray, memoryview, mmap), passed without a copy. All functions
may be called from any number of threads at once, and let other threads run; Ctrl-C cancels them. ``import prnn.pillow`` teaches
Pillow to open and save archives.

These arguments mean the same everywhere:

    threads       how many to work with, to 1024; 0: one for each processor.
    memory_limit  bytes that a picture may take; 0: 2 GiB.
    effort        "fast", "balanced" or "max": how much time coding may take, for smaller archives.
    model         the bytes of a model file, to encode with, and to decode archives that need it; None: those of the library.
    progress      is called with the number of samples coded and how many there are, neither exact, now and then, by any
                  thread but the main one, one at a time. What it raises cancels the call, and is raised from there; what it
                  returns means nothing.

What fails raises a ``PRNNError`` with a ``status``: ``InvalidArgumentError``, which is a ValueError, ``DamagedError`` and, when
the end is missing, ``TruncatedError``, which is a DamagedError. Of objects of a wrong type it is TypeError.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from ctypes import byref
from typing import Union

import numpy

from . import _library
from ._calls import Work, address, check, lent, request, whole_number
from ._errors import DamagedError, InvalidArgumentError, PRNNError, Status, TruncatedError, error_of
from ._library import library
from ._pictures import ColourType, Info, picture_of, shape_of

__all__ = [
    "ColourType",
    "DamagedError",
    "Info",
    "InvalidArgumentError",
    "PRNNError",
    "Status",
    "TruncatedError",
    "decode",
    "decode_png",
    "encode",
    "encode_png",
    "probe",
]
__version__ = library.prnn_version().decode()

BytesLike = Union[bytes, bytearray, memoryview]
Progress = Callable[[int, int], object]
Region = tuple[int, int, int, int]


def probe(data: BytesLike, image: int = 0) -> Info:
    """What an archive says of the picture of a number, without decoding it.

    Raises:
        PRNNError: no archive, a damaged one, or no such picture.
    """
    number = whole_number(image, 64, "image")
    found, error = _library.Info(), _library.Error()
    with lent(data) as (archive, size):
        check(library.prnn_probe(archive, size, number, byref(found), byref(error)), error)
    values = {field.name: getattr(found, field.name) for field in dataclasses.fields(Info)}
    values["colour_type"] = ColourType(found.colour_type)
    values["interlaced"] = bool(found.interlaced)
    return Info(**values)


def decode(
    data: BytesLike,
    *,
    image: int = 0,
    region: Region | None = None,
    halvings: int = 0,
    rgba: bool = False,
    threads: int = 0,
    memory_limit: int = 0,
    model: BytesLike | None = None,
    progress: Progress | None = None,
) -> numpy.ndarray:
    """Decodes a picture, or a part of it.

    Args:
        data: the archive.
        image: the picture's number in it.
        region: x, y, width, height of the part, in pixels of the size that ``halvings`` gives; None: all.
        halvings: how many times to halve the sides, rounding up; fewer than the ``levels`` of the picture.
        rgba: to show: palettes and transparent colours are looked up, fewer than 8 bits are scaled to 8, of 16 bits the upper
            8 are taken.

    Returns:
        (height, width) of one channel, else (height, width, channels), uint8 or of 16 bits uint16: the samples as they are,
        in a palette picture numbers of colours. With ``rgba`` (height, width, 4), uint8.

    Raises:
        PRNNError: with the status TOO_LARGE when there is not enough memory.
    """
    wanted = request(image, region, halvings)
    work = Work(threads=threads, memory_limit=memory_limit, model=model, progress=progress)
    return work.do(_decode, data, wanted, rgba)


def decode_png(
    data: BytesLike,
    *,
    image: int = 0,
    region: Region | None = None,
    halvings: int = 0,
    threads: int = 0,
    memory_limit: int = 0,
    model: BytesLike | None = None,
    progress: Progress | None = None,
) -> bytes:
    """Decodes a picture, or a part of it as for ``decode``, to a PNG file with all chunks.

    Of archives made with `prnn compress --exact` it is the very file that was compressed.

    Raises:
        PRNNError: with the status TOO_LARGE when it would take more than ``memory_limit``.
    """
    wanted = request(image, region, halvings)
    work = Work(threads=threads, memory_limit=memory_limit, model=model, progress=progress)
    return work.do(_decode_png, data, wanted)


def encode(
    array: numpy.ndarray,
    *,
    colour_type: ColourType | None = None,
    bit_depth: int | None = None,
    palette: numpy.ndarray | None = None,
    effort: str = "balanced",
    verify: bool = True,
    threads: int = 0,
    memory_limit: int = 0,
    model: BytesLike | None = None,
    progress: Progress | None = None,
) -> bytes:
    """Encodes a picture.

    Args:
        array: (height, width) or (height, width, channels) of uint8, uint16 or bool, with 1 (gray, or numbers of colours), 2
            (gray, alpha), 3 (RGB) or 4 (RGBA) channels. It is not copied if the samples of a row lie together, and rows one
            after the other, with any gaps.
        colour_type: what the channels are, if they are to be as expected.
        bit_depth: bits a sample: 16 of uint16; of uint8 1, 2, 4 (gray and palettes, samples below 2 ** bit_depth) or 8. None:
            16 of uint16, 1 of bool, with a palette the fewest that number its colours, else 8.
        palette: (colours, 3) of uint8, red, green and blue of 1 to 256 colours, which makes a palette picture.
        verify: whether to decode the archive to compare it, which takes as long again.

    Raises:
        TypeError: samples of another type.
        InvalidArgumentError: an empty array, one of another shape, or samples that do not fit their bits.
        PRNNError: with the status TOO_LARGE when the picture takes more than ``memory_limit``.
    """
    picture = picture_of(array, colour_type, bit_depth, palette)
    flags = 0 if verify else _library.NO_VERIFY
    options = {"threads": threads, "memory_limit": memory_limit, "model": model, "progress": progress}
    return Work(effort=effort, flags=flags, **options).do(_encode, picture)


def encode_png(
    png: BytesLike,
    *,
    strip: bool = False,
    effort: str = "balanced",
    verify: bool = True,
    threads: int = 0,
    memory_limit: int = 0,
    model: BytesLike | None = None,
    progress: Progress | None = None,
) -> bytes:
    """Encodes a PNG file with all its chunks.

    Args:
        png: the file's bytes.
        strip: leave out chunks that do not change what the picture looks like.
        verify: whether to decode the archive to compare it, which takes as long again.

    Raises:
        PRNNError: with the status BAD_PNG of what is no PNG file, or a damaged one; TOO_LARGE when it takes more than
            ``memory_limit``.
    """
    flags = (0 if verify else _library.NO_VERIFY) | (_library.STRIP if strip else 0)
    options = {"threads": threads, "memory_limit": memory_limit, "model": model, "progress": progress}
    return Work(effort=effort, flags=flags, **options).do(_encode_png, png)


def _decode(work, data, wanted, rgba):
    info = probe(data, wanted.image)
    width, height = (((side - 1) >> wanted.halvings) + 1 for side in (info.width, info.height))
    if wanted.width > 0:
        # The library refuses parts that reach beyond, and no array need be that large for it.
        width, height = min(width, wanted.width), min(height, wanted.height)
    shape = (height, width, 4) if rgba else shape_of(height, width, info.channels)
    try:
        pixels = numpy.empty(shape, numpy.uint8 if rgba else info.dtype)
    except (MemoryError, ValueError):
        raise error_of(Status.TOO_LARGE, f"{width}x{height} pixels are more than there is memory for") from None
    layout = _library.RGBA8 if rgba else _library.SAMPLES
    place = address(pixels), pixels.nbytes, pixels.strides[0]
    with lent(data) as (archive, size):
        work.call(library.prnn_decode, archive, size, byref(wanted), layout, *place)
    return pixels


def _decode_png(work, data, wanted):
    with lent(data) as (archive, size):
        return work.bytes_of(library.prnn_decode_png, archive, size, byref(wanted))


def _encode(work, picture):
    return work.bytes_of(library.prnn_encode, byref(picture))


def _encode_png(work, png):
    with lent(png) as (file, size):
        return work.bytes_of(library.prnn_encode_png, file, size)
