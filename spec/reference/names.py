"""The names of the images of an archive. [format: NAME]"""

from __future__ import annotations

import re
import zlib

from coding import Fields, FormatError, require

MOST_NAMES = 2**26  # bytes of the names of a series; a limit of this program alone


def increased(name: bytes, step: int) -> bytes:
    """A name with the last number in it increased."""
    digits = re.search(rb"[0-9]+(?=[^0-9]*$)", name)
    require(digits is not None, "a name without a number is to be counted on")
    number = b"%0*d" % (len(digits[0]), int(digits[0]) + step)
    require(len(number) == len(digits[0]), "the number of a name has too few digits to count on")
    return name[:digits.start()] + number + name[digits.end():]


def is_name(name: bytes) -> bool:
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return (len(name) <= 4095 and all(ord(c) >= 32 and not 127 <= ord(c) < 160 for c in text)
            and all(part not in ("", ".", "..") for part in text.split("/")))


def read_names(fields: Fields, count: int) -> list[str]:
    """The names of a series: the payload of its chunk NAME."""
    size = fields.number("I")
    require(size <= MOST_NAMES, "the names are too long for this program")
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(fields.rest(), size + 1)
    except zlib.error as error:
        raise FormatError(f"the names cannot be inflated ({error})") from None
    require(inflate.eof and not inflate.unused_data and len(data) == size, "the list of names has another length")
    listing, name, names, total = Fields(data, "the list of names"), b"", [], 0
    for _ in range(count):
        code = listing.number("B")
        if code >= 192:
            name = increased(name, code - 191)
        else:
            require(code <= len(name), "a name has more in common with the last one than that has")
            end = data.find(b"\0", listing.position)
            require(end >= 0, "the list of names is too short")
            name = name[:code] + listing.take(end - listing.position)
            listing.take(1)
        require(is_name(name), f"{name!r} is no name for a picture")
        total += len(name)
        require(total <= MOST_NAMES, "the names are too long for this program")
        names.append(name.decode("utf-8"))
    listing.end()
    return names


def check_names(names: list[str]) -> None:
    """Every name once, and none the folder of another."""
    known = set(names)
    require(len(known) == len(names), "two images have the same name")
    for name in names:
        parts = name.split("/")
        require(all("/".join(parts[:i]) not in known for i in range(1, len(parts))), f"a folder of {name} is an image")
