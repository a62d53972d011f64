"""What the tests share.

The environment's PRNN_PROGRAM is the program, and its PRNN_LIBRARY the library, where prnn has none of its own.
"""

import os
import pathlib
import subprocess
import zlib

import numpy
import pytest

try:
    import prnn
except ImportError as error:
    pytest.exit(f"prnn cannot be imported: {error}", returncode=2)

import prnn.pillow

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PNG_SUITE = REPOSITORY / "Tests/PngSuite"
VECTORS = REPOSITORY / "spec/vectors"
PROGRAM = os.environ.get("PRNN_PROGRAM", "")
if not os.access(PROGRAM, os.X_OK):
    pytest.exit(f"PRNN_PROGRAM has to name the program prnn; it is '{PROGRAM}'", returncode=2)


@pytest.fixture
def program():
    """Runs the command-line program."""

    def run(*words):
        done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def photo():
    """Smooth colours and some noise, which networks code: (90, 120, 3) of uint8."""
    y, x, channel = numpy.mgrid[:90, :120, :3]
    noise = numpy.random.default_rng(7).normal(0, 4, (90, 120, 3))
    return (128 + 60 * numpy.sin(x / 17 + channel) + 50 * numpy.cos(y / 23) + noise).clip(0, 255).astype(numpy.uint8)


@pytest.fixture(scope="session")
def archive(photo):
    return prnn.encode(photo, effort="fast")


def forged(archive, chunk, place, content):
    """An archive with other bytes at a place of its first chunk of a type, whose checksum is right."""
    changed, start = bytearray(archive), archive.index(chunk)
    end = start + 8 + int.from_bytes(archive[start + 4 : start + 8], "little")
    changed[start + 8 + place : start + 8 + place + len(content)] = content
    changed[end : end + 4] = zlib.crc32(changed[start:end]).to_bytes(4, "little")
    assert len(changed) == len(archive)
    return bytes(changed)


@pytest.fixture(scope="session")
def miscoded(archive):
    """An archive in whose coded pixels a few bytes are others, all checksums of chunks being right."""
    return forged(archive, b"TILE", 100, b"others")
