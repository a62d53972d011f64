"""Pillow opens archives as it opens the PNG files they were made of, and saves what it saves as PNG."""

import copy
import io
import pickle
import subprocess
import sys

import prnn
import pytest
from conftest import PNG_SUITE, VECTORS
from PIL import ExifTags, Image, ImageSequence, PngImagePlugin, UnidentifiedImageError

# Pillow itself refuses the others: PngSuite's corrupt files.
PICTURES = [path for path in sorted(PNG_SUITE.glob("*.png")) if not path.stem.startswith("x")]
# Every third, and all with chunks that Pillow knows.
SAMPLE = sorted({*PICTURES[::3], *(path for path in PICTURES if path.stem[:2] in ("ct", "cc", "cd", "ex", "tb", "tp", "tm"))})


def opened(archive):
    return Image.open(io.BytesIO(archive))


def same(found, expected):
    """Of two loaded pictures, by all that a program can ask of them."""
    assert (found.mode, found.size, found.info) == (expected.mode, expected.size, expected.info)
    assert found.tobytes() == expected.tobytes()
    assert found.getpalette("RGBA" if found.mode == "P" else None) == expected.getpalette("RGBA" if found.mode == "P" else None)
    assert found.convert("RGBA").tobytes() == expected.convert("RGBA").tobytes()
    assert found.has_transparency_data == expected.has_transparency_data


def saved(picture, **options):
    output = io.BytesIO()
    picture.save(output, "PRNN", **{"effort": "fast", **options})
    return output.getvalue()


def test_the_sample_is_large_and_has_every_mode():
    assert len(SAMPLE) >= 60
    assert {Image.open(path).mode for path in SAMPLE} == {"1", "L", "I;16", "RGB", "P", "LA", "RGBA"}


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: path.stem)
def test_opens_as_the_file_does(tmp_path, path):
    archive = prnn.encode_png(path.read_bytes(), effort="fast", verify=False)
    (tmp_path / "a.prnn").write_bytes(archive)
    with Image.open(path) as expected, Image.open(tmp_path / "a.prnn") as found:
        assert (found.format, found.mode, found.size) == ("PRNN", expected.mode, expected.size)
        assert found.get_format_mimetype() == "image/x-prnn"
        expected.load()
        found.load()
        same(found, expected)
        assert found.text == expected.text
        assert dict(found.getexif()) == dict(expected.getexif())
        assert (found.palette is None) == (expected.palette is None)
        if found.palette:
            assert found.palette.getdata() == expected.palette.getdata()


def test_opening_decodes_nothing(monkeypatch, archive, photo):
    calls = []
    monkeypatch.setattr(prnn.pillow, "decode_png", lambda *a, **k: calls.append(1) or prnn.decode_png(*a, **k))
    picture = opened(archive)
    assert (picture.mode, picture.size, picture.n_frames, picture.is_animated) == ("RGB", (120, 90), 1, False)
    assert not calls
    assert picture.getpixel((3, 2)) == tuple(photo[2, 3])
    assert picture.info == {} and picture.tobytes() == photo.tobytes() and len(calls) == 1


@pytest.mark.parametrize("name, of", [("info", dict), ("palette", object), ("text", dict)])
def test_metadata_are_there_before_load(name, of):
    data = (PNG_SUITE / "ctzn0g04.png").read_bytes()
    expected = Image.open(io.BytesIO(data))
    expected.load()
    found = getattr(opened(prnn.encode_png(data)), name)
    assert found == getattr(expected, name) and isinstance(found, of)


def test_what_is_set_before_load_stays():
    picture = opened(prnn.encode_png((PNG_SUITE / "ctzn0g04.png").read_bytes()))
    picture.info = {"mine": 1}
    picture.load()
    assert picture.info == {"mine": 1}


def test_pixels_can_be_changed(archive):
    picture = opened(archive)
    picture.load()[1, 2] = (7, 8, 9)
    assert picture.getpixel((1, 2)) == (7, 8, 9)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGB", "RGBA"])
def test_saves_every_mode(tmp_path, mode):
    source = Image.open(PNG_SUITE / "basn2c08.png").convert("L" if mode == "I;16" else mode)
    picture = Image.frombytes(mode, (32, 16), source.tobytes()) if mode == "I;16" else source
    picture.save(tmp_path / "a.prnn", effort="fast", threads=1)
    picture.save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.prnn") as found, Image.open(tmp_path / "a.png") as expected:
        assert found.mode == mode
        same(found, expected)
        assert found.tobytes() == picture.tobytes()


@pytest.mark.parametrize("mode", ["CMYK", "HSV", "YCbCr", "LAB", "F"])
def test_modes_that_png_does_not_have(tmp_path, mode):
    with pytest.raises(OSError, match=f"cannot write mode {mode} as PNG"):
        Image.new(mode, (4, 4)).save(tmp_path / "a.prnn")
    assert not (tmp_path / "a.prnn").exists()


def test_metadata_come_through(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make] = 6, "A camera"
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "Ærø", zip=True)
    text.add_itxt("Comment", "こんにちは", "ja", "コメント")
    text.add(b"prNn", b"private", after_idat=True)
    options = {"icc_profile": bytes(range(200)), "exif": exif, "dpi": (300, 200), "pnginfo": text, "transparency": (1, 2, 3)}
    picture = Image.new("RGB", (5, 6), (1, 2, 3))
    picture.save(tmp_path / "a.prnn", **options)
    picture.save(tmp_path / "a.png", **options)
    with Image.open(tmp_path / "a.prnn") as found, Image.open(tmp_path / "a.png") as expected:
        assert found.info["icc_profile"] == bytes(range(200))
        assert found.info["dpi"] == pytest.approx((300, 200), abs=0.02)
        assert found.info["transparency"] == (1, 2, 3)
        assert found.text == {"Title": "Ærø", "Comment": "こんにちは"}
        assert found.text["Comment"].lang == "ja"
        assert dict(found.getexif()) == {274: 6, 271: "A camera"}
        expected.load()
        same(found, expected)
    assert b"prNn" in prnn.decode_png((tmp_path / "a.prnn").read_bytes())


def test_metadata_of_the_picture_are_saved_as_in_png(tmp_path):
    with Image.open(PNG_SUITE / "tbbn3p08.png") as picture:
        found, output = opened(saved(picture)), io.BytesIO()
        picture.save(output, "PNG")
        same(found, opened(output.getvalue()))
        assert found.info["transparency"] == 0


def test_options(archive):
    picture = opened(archive)
    sizes = [len(saved(picture, effort=effort)) for effort in ("fast", "balanced")]
    assert sizes[0] > sizes[1] and saved(picture, effort="fast", compress_level=9, optimize=True) == archive
    colours = Image.new("P", (8, 8))
    colours.putpalette(range(3 * 16))
    assert [prnn.probe(saved(colours, **options)).bit_depth for options in ({}, {"bits": 1})] == [4, 1]
    with pytest.raises(ValueError, match="there is no effort 'best'"):
        saved(picture, effort="best")
    # What was asked for one time does not stay.
    picture.save(output := io.BytesIO(), "PRNN")
    assert len(output.getvalue()) == sizes[1]


def test_frames_are_the_pictures_of_the_archive(program, tmp_path, monkeypatch):
    folder, names = tmp_path / "set", ["basi3p02", "basn4a16", "ctzn0g04", "exif2c08"]
    folder.mkdir()
    for name in names:
        (folder / f"{name}.png").write_bytes((PNG_SUITE / f"{name}.png").read_bytes())
    (folder / "z.png").write_bytes((PNG_SUITE / "s05n3p02.png").read_bytes())
    program("compress", folder, "-o", tmp_path / "a.prnn", "--effort", "fast")
    with Image.open(tmp_path / "a.prnn") as picture:
        assert picture.n_frames == 5 and picture.is_animated
        for number, frame in enumerate(ImageSequence.Iterator(picture)):
            with Image.open(sorted(folder.iterdir())[number]) as expected:
                assert (frame.tell(), frame.mode, frame.size) == (number, expected.mode, expected.size)
                expected.load()
                same(frame, expected)
                assert dict(frame.getexif()) == dict(expected.getexif())
        assert number == 4
        for beyond in (-1, 5):
            with pytest.raises(EOFError):
                picture.seek(beyond)
        picture.seek(1)
        assert picture.mode == "RGBA"
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5 * 5)
        with pytest.raises(Image.DecompressionBombError):
            picture.seek(2)


def test_an_animation_shows_its_first_picture():
    frames, output = [Image.new("RGB", (6, 5), colour) for colour in ("red", "blue")], io.BytesIO()
    frames[0].save(output, "PNG", save_all=True, append_images=frames[1:], duration=40)
    archive = prnn.encode_png(output.getvalue())
    picture = opened(archive)
    assert picture.n_frames == 1 and picture.getpixel((0, 0)) == (255, 0, 0) and picture.info["duration"] == 40
    same(opened(prnn.decode_png(archive)), opened(output.getvalue()))
    assert opened(prnn.decode_png(archive)).n_frames == 2


def test_copies(archive, photo):
    for picture in (opened(archive).copy(), copy.deepcopy(opened(archive)), pickle.loads(pickle.dumps(opened(archive)))):
        assert picture.tobytes() == photo.tobytes() and picture.size == (120, 90)


def test_a_file_that_is_saved_over_itself(tmp_path, archive, photo):
    (tmp_path / "a.prnn").write_bytes(archive)
    with Image.open(tmp_path / "a.prnn") as picture:
        picture.save(tmp_path / "a.prnn", effort="balanced")
    assert len((tmp_path / "a.prnn").read_bytes()) < len(archive)
    assert opened((tmp_path / "a.prnn").read_bytes()).tobytes() == photo.tobytes()


def test_closing(tmp_path, archive):
    (tmp_path / "a.prnn").write_bytes(archive)
    picture = Image.open(tmp_path / "a.prnn")
    file = picture.fp
    picture.load()
    assert file.closed
    picture.close()
    with pytest.raises(ValueError, match="closed"):
        picture.getpixel((0, 0))
    unread = Image.open(tmp_path / "a.prnn")
    file = unread.fp
    unread.close()
    assert file.closed
    with pytest.raises(ValueError, match="closed"):
        unread.load()
    lent = open(tmp_path / "a.prnn", "rb")
    Image.open(lent).load()
    assert not lent.closed
    lent.close()


def test_what_is_no_archive(archive):
    for data in (b"", b"\x89PRNN\r\n", b"\x89PRNN\r\n\x1b" + archive[8:], b"\x89PNG\r\n\x1a\n" + archive):
        with pytest.raises(UnidentifiedImageError):
            opened(data)
    with pytest.raises(SyntaxError):
        prnn.pillow.PRNNImageFile(io.BytesIO(b"no"))


def test_damaged_archives(archive):
    for size in (8, 9, 30, len(archive) // 2, len(archive) - 1):
        with pytest.raises(OSError, match="cut short"):
            opened(archive[:size])
    damaged = bytearray(archive)
    damaged[len(archive) // 2] ^= 4
    with pytest.raises(OSError, match="damaged"):
        opened(damaged)
    opened(archive).verify()


def test_damage_that_only_decoding_shows(miscoded):
    picture = opened(miscoded)
    assert picture.size == (120, 90)
    for act in (picture.load, picture.copy, picture.verify, lambda: picture.info, picture.load):
        with pytest.raises(OSError, match="the pixels do not match their checksum"):
            act()


def test_chunks_that_pillow_cannot_read():
    text, output = PngImagePlugin.PngInfo(), io.BytesIO()
    text.add(b"zTXt", b"Title\0\1compressed by an unknown method")
    Image.new("L", (3, 3)).save(output, "PNG", pnginfo=text)
    with pytest.raises(OSError):
        opened(output.getvalue())
    picture = opened(prnn.encode_png(output.getvalue()))
    with pytest.raises(OSError, match="Unknown compression method 1 in zTXt chunk"):
        picture.load()


def test_the_mode_is_what_pillow_says_in_the_end(monkeypatch, archive):
    monkeypatch.setattr(prnn.pillow, "_mode", lambda info: "L")
    picture = opened(archive)
    assert picture.mode == "L" and picture.load() and picture.mode == "RGB"


def test_a_model_that_is_missing():
    picture = Image.open(VECTORS / "paper-pixel-cnn.prnn")
    with pytest.raises(OSError, match="model"):
        picture.load()


def test_large_pictures_are_refused(monkeypatch, archive):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 120 * 90 // 2 - 1)
    with pytest.raises(Image.DecompressionBombError):
        opened(archive)


def test_prnn_alone_does_not_import_pillow():
    code = "import prnn, sys; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
