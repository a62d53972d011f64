#!/usr/bin/env python3
"""Files for Tests/Desktop/run that no program writes. usage: files.py REPOSITORY FOLDER"""

import pathlib
import struct
import sys
import zlib

repository, folder = map(pathlib.Path, sys.argv[1:])
vectors = repository / "spec/vectors"


def profile():
    """An ICC profile as small as libpng takes it: a header, and no tags."""
    white = (0xF6D6, 0x10000, 0xD32D)
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sII4s8sI3I4s44x",
        132, b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ", bytes(12), b"acsp", bytes(4), 0, 0, bytes(4), bytes(8), 0, *white, bytes(4),
    )
    return header + struct.pack(">I", 0)


def png_chunk(kind, payload):
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


picture = (repository / "corpus/made/hills-gray.png").read_bytes()
rgb = (repository / "corpus/made/hills.png").read_bytes()
ends_header = 8 + 25
(folder / "profile.png").write_bytes(
    rgb[:ends_header] + png_chunk(b"iCCP", b"made\0\0" + zlib.compress(profile())) + rgb[ends_header:]
)

# The sides of its one picture, and of its one tile, grown: more samples than the loader takes.
archive = bytearray((vectors / "mixing-rgb-1x1.prnn").read_bytes())
header = archive.index(b"IMAG")
length = struct.unpack_from("<I", archive, header + 4)[0]
struct.pack_into("<II", archive, header + 8, 40000, 40000)
struct.pack_into("<II", archive, header + 20, 40000, 40000)
struct.pack_into("<I", archive, header + 8 + length, zlib.crc32(archive[header : header + 8 + length]))
(folder / "huge").write_bytes(archive)

archive = bytearray((vectors / "mixing-rgb-1x1.prnn").read_bytes())
(folder / "small").write_bytes(archive)
archive[8] = 200
(folder / "newer").write_bytes(archive)
(folder / "other-model").write_bytes((vectors / "rgb-1x1.prnn").read_bytes())
(folder / "foreign").write_bytes(picture)
