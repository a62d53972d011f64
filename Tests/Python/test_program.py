"""The package and the command-line program make the same bytes."""

import json

import prnn
import pytest
from conftest import PNG_SUITE, REPOSITORY

MADE = sorted((REPOSITORY / "corpus/made").glob("*.png"))
# Of every colour type and depth, interlaced, with chunks before and after the pixels.
SUITE = "basi0g16 basi6a08 basn0g01 basn2c16 basn3p04 basn4a16 tbgn3p08 ctzn0g04 exif2c08 ch2n3p08 PngSuite".split()
PICTURES = [*MADE, *(path for path in sorted(PNG_SUITE.glob("*.png")) if path.stem in SUITE)]


@pytest.mark.parametrize("effort", ["fast", "balanced"])
@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_the_same_bytes(program, tmp_path, path, effort):
    output, again = tmp_path / "a.prnn", tmp_path / "a.png"
    program("compress", path, "-o", output, "--no-preserve", "--effort", effort)
    archive = prnn.encode_png(path.read_bytes(), effort=effort)
    assert archive == output.read_bytes()
    program("decompress", output, "-o", again)
    assert prnn.decode_png(archive) == again.read_bytes()


def test_stripped(program, tmp_path):
    path, output = PNG_SUITE / "exif2c08.png", tmp_path / "a.prnn"
    program("compress", path, "-o", output, "--no-preserve", "--strip")
    archive = prnn.encode_png(path.read_bytes(), strip=True)
    assert archive == output.read_bytes()
    assert b"eXIf" in prnn.decode_png(prnn.encode_png(path.read_bytes())) and b"eXIf" not in prnn.decode_png(archive)


def test_exact(program, tmp_path):
    path, output = PNG_SUITE / "basn2c08.png", tmp_path / "a.prnn"
    program("compress", path, "-o", output, "--exact")
    assert prnn.decode_png(output.read_bytes()) == path.read_bytes()


def test_what_is_said_of_a_picture(program, tmp_path):
    for path in PICTURES:
        archive = prnn.encode_png(path.read_bytes(), effort="fast", verify=False)
        (tmp_path / "a.prnn").write_bytes(archive)
        said = json.loads(program("info", "--json", tmp_path / "a.prnn"))
        series, info = said["series"][0], prnn.probe(archive)
        assert (info.images, info.version) == (said["images"], said["formatVersion"])
        for ours, theirs in [("width",) * 2, ("height",) * 2, ("levels",) * 2, ("interlaced",) * 2, ("bit_depth", "bitDepth")]:
            assert getattr(info, ours) == series[theirs], (path, ours)
