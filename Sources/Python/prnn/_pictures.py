"""Pictures as arrays, and what is said of them."""

from __future__ import annotations

import dataclasses
import enum

import numpy

from . import _library
from ._calls import address, whole_number
from ._errors import invalid


class ColourType(enum.IntEnum):
    """PNG's colour types."""

    GRAY = 0
    RGB = 2
    PALETTE = 3
    GRAY_ALPHA = 4
    RGBA = 6

    @property
    def channels(self) -> int:
        """Samples a pixel."""
        return _CHANNELS[self]


_CHANNELS = {
    ColourType.GRAY: 1,
    ColourType.RGB: 3,
    ColourType.PALETTE: 1,
    ColourType.GRAY_ALPHA: 2,
    ColourType.RGBA: 4,
}
_TYPES = {1: ColourType.GRAY, 2: ColourType.GRAY_ALPHA, 3: ColourType.RGB, 4: ColourType.RGBA}


@dataclasses.dataclass(frozen=True)
class Info:
    """What an archive says of one picture.

    Attributes:
        images: pictures in the archive.
        width: pixels.
        height: pixels.
        colour_type: ``ColourType``.
        bit_depth: bits a sample: 1, 2, 4, 8 or 16.
        channels: samples a pixel.
        interlaced: whether the PNG file was.
        levels: sizes that can be decoded: 1, but for multi-scale models.
        version: of the format.
    """

    images: int
    width: int
    height: int
    colour_type: ColourType
    bit_depth: int
    channels: int
    interlaced: bool
    levels: int
    version: int

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the array ``decode`` gives: (height, width) or (height, width, channels)."""
        return shape_of(self.height, self.width, self.channels)

    @property
    def dtype(self) -> numpy.dtype:
        """That of the array ``decode`` gives: uint8, or uint16 of 16 bits."""
        return numpy.dtype(numpy.uint16 if self.bit_depth == 16 else numpy.uint8)


def shape_of(height, width, channels):
    """The shape of a picture's array."""
    return (height, width) if channels == 1 else (height, width, channels)


def picture_of(array, colour_type, bit_depth, palette):
    """The arguments of ``encode`` as the library takes them."""
    array = numpy.asarray(array)
    pixels = _rows(array)
    colours = None if palette is None else _colours(palette)
    colour_type = _colour_type(colour_type, 1 if pixels.ndim == 2 else pixels.shape[2], colours)
    if bit_depth is None:
        bit_depth = _bit_depth(array.dtype, colours)
    if (bit_depth == 16) != (pixels.itemsize == 2):
        raise invalid(f"{array.dtype} of {bit_depth} bits a sample")
    height, row_bytes = len(pixels), pixels[0].nbytes
    # That of a single row means nothing.
    stride = pixels.strides[0] if height > 1 else row_bytes
    picture = _library.Picture(
        width=whole_number(pixels.shape[1], 32, "width"),
        height=whole_number(height, 32, "height"),
        colour_type=colour_type,
        bit_depth=whole_number(bit_depth, 32, "bit_depth"),
        pixels=address(pixels),
        size=(height - 1) * stride + row_bytes,
        stride=stride,
    )
    if colours is not None:
        picture.palette, picture.palette_count = address(colours), len(colours)
    # What it points to has to live as long.
    picture.arrays = pixels, colours
    return picture


def _rows(array):
    """The samples, of uint8 or of uint16 in the machine's order; those of a row together, and rows one after the other."""
    if array.dtype.kind not in "bu" or array.itemsize > 2:
        raise TypeError(f"samples of {array.dtype}; they can be uint8, uint16 and bool")
    if array.ndim not in (2, 3) or array.size == 0:
        raise invalid(f"an array of {array.shape}; it can be (height, width) and (height, width, channels)")
    if array.dtype.kind == "b":
        array = array.view(numpy.uint8)
    elif not array.dtype.isnative:
        array = array.astype(numpy.uint16)
    follow = len(array) == 1 or array.strides[0] >= array[0].nbytes
    return array if follow and array[0].flags.c_contiguous else numpy.ascontiguousarray(array)


def _colours(palette):
    """(colours, 3)"""
    colours = numpy.asarray(palette)
    if colours.dtype != numpy.uint8:
        raise TypeError(f"a palette of {colours.dtype}; it can be uint8")
    if colours.ndim != 2 or colours.shape[1] != 3 or not 1 <= len(colours) <= 256:
        raise invalid(f"a palette of {colours.shape}; it can be (1 to 256, 3)")
    return numpy.ascontiguousarray(colours)


def _colour_type(wanted, channels, colours):
    if wanted is None:
        if channels not in _TYPES:
            raise invalid(f"{channels} channels; there can be 1 to 4")
        wanted = _TYPES[channels] if colours is None else ColourType.PALETTE
    wanted = ColourType(wanted)
    if wanted.channels != channels:
        raise invalid(f"{wanted.name} has {wanted.channels} channels, and the array {channels}")
    if (wanted == ColourType.PALETTE) != (colours is not None):
        raise invalid(f"{wanted.name} {'without' if colours is None else 'with'} a palette")
    return wanted


def _bit_depth(dtype, colours):
    if dtype.itemsize == 2:
        return 16
    if dtype.kind == "b":
        return 1
    return 8 if colours is None else next(bits for bits in (1, 2, 4, 8) if len(colours) <= 1 << bits)
