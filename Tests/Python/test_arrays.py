"""Arrays in and out: every type, shape and memory layout, parts of pictures, and smaller sizes."""

import io

import numpy
import prnn
import pytest
from conftest import REPOSITORY, VECTORS
from PIL import Image
from prnn import ColourType, Info

KINDS = [  # (dtype, channels, colour type)
    (dtype, channels, colour_type)
    for dtype in (numpy.uint8, numpy.uint16)
    for channels, colour_type in [(1, "GRAY"), (2, "GRAY_ALPHA"), (3, "RGB"), (4, "RGBA")]
]


def noise(shape, dtype=numpy.uint8, below=None):
    below = below or numpy.iinfo(dtype).max + 1
    return numpy.random.default_rng(3).integers(0, below, shape).astype(dtype)


def same(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    numpy.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype, channels, colour_type", KINDS)
def test_every_type_and_number_of_channels_comes_back(dtype, channels, colour_type):
    pixels = noise((19, 23, channels), dtype)
    archive = prnn.encode(pixels, effort="fast")
    bits = 8 * pixels.itemsize
    info = prnn.probe(archive)
    expected = (19, 23) if channels == 1 else (19, 23, channels)
    assert info == Info(1, 23, 19, ColourType[colour_type], bits, channels, False, 1, info.version)
    assert info.shape == expected and info.dtype == dtype
    same(prnn.decode(archive), pixels.reshape(expected))


def test_two_dimensions_are_gray():
    pixels = noise((5, 9))
    archive = prnn.encode(pixels, effort="fast")
    assert archive == prnn.encode(pixels[:, :, None], effort="fast")
    same(prnn.decode(archive), pixels)


@pytest.mark.parametrize("effort", ["fast", "balanced", "max"])
def test_every_effort_comes_back(photo, effort):
    part = photo[:40, :50]
    same(prnn.decode(prnn.encode(part, effort=effort, threads=2)), part)


def test_efforts_and_checks_differ_as_they_say(photo):
    sizes = [len(prnn.encode(photo, effort=effort)) for effort in ("fast", "balanced", "max")]
    assert sizes[0] > sizes[1] > sizes[2]
    assert prnn.encode(photo, effort="fast", verify=False) == prnn.encode(photo, effort="fast", threads=1)


def test_truth_values_are_one_bit_of_gray():
    pixels = noise((17, 30), below=2).astype(bool)
    archive = prnn.encode(pixels)
    info = prnn.probe(archive)
    assert (info.colour_type, info.bit_depth) == (ColourType.GRAY, 1)
    same(prnn.decode(archive), pixels.astype(numpy.uint8))
    same(prnn.decode(archive, rgba=True)[..., 2], pixels * numpy.uint8(255))


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_fewer_bits_than_eight(bits):
    pixels = noise((17, 30), below=1 << bits)
    archive = prnn.encode(pixels, bit_depth=bits)
    assert prnn.probe(archive).bit_depth == bits
    same(prnn.decode(archive), pixels)
    same(prnn.decode(archive, rgba=True)[..., 0], pixels * numpy.uint8(255 // ((1 << bits) - 1)))
    pixels[3, 4] = 1 << bits
    with pytest.raises(prnn.InvalidArgumentError, match=f"a sample of {1 << bits} in row 3"):
        prnn.encode(pixels, bit_depth=bits)


@pytest.mark.parametrize("count, bits", [(1, 1), (2, 1), (3, 2), (5, 4), (17, 8), (256, 8)])
def test_palettes(count, bits):
    colours, pixels = noise((count, 3)), noise((12, 31), below=count)
    archive = prnn.encode(pixels, palette=colours[:, ::-1])
    info = prnn.probe(archive)
    assert (info.colour_type, info.bit_depth, info.channels) == (ColourType.PALETTE, bits, 1)
    same(prnn.decode(archive), pixels)
    shown = prnn.decode(archive, rgba=True)
    same(shown[..., :3], colours[:, ::-1][pixels])
    assert (shown[..., 3] == 255).all()


def test_rgba_of_other_types():
    gray = noise((6, 7, 2))
    same(prnn.decode(prnn.encode(gray), rgba=True), gray[:, :, [0, 0, 0, 1]])
    deep = noise((6, 7, 3), numpy.uint16)
    shown = prnn.decode(prnn.encode(deep), rgba=True)
    same(shown[..., :3], (deep >> 8).astype(numpy.uint8))


@pytest.mark.parametrize(
    "layout",
    [
        lambda a: a[::-1],
        lambda a: a[:, ::-1],
        lambda a: a[::-1, ::-1],
        lambda a: a[::2],
        lambda a: a[:, ::3],
        lambda a: a[3:20, 5:9],
        lambda a: a[4:5],
        lambda a: a[:, 4:5],
        lambda a: a.swapaxes(0, 1),
        lambda a: a[..., ::-1],
        lambda a: a[..., 1:3],
        lambda a: a[..., 2],
        lambda a: numpy.asfortranarray(a),
        lambda a: numpy.broadcast_to(a[0], a.shape),
        lambda a: numpy.lib.stride_tricks.sliding_window_view(a[0, :, 0], 20),
        lambda a: a.astype(a.dtype.newbyteorder()),
    ],
)
@pytest.mark.parametrize("dtype", [numpy.uint8, numpy.uint16])
def test_any_strides_and_byte_order(layout, dtype):
    pixels = layout(noise((24, 31, 4), dtype))
    found = prnn.decode(prnn.encode(pixels, effort="fast", verify=False))
    assert found.dtype == dtype
    numpy.testing.assert_array_equal(found, pixels)


def test_rows_with_gaps_are_not_copied():
    from prnn._pictures import picture_of

    whole = noise((24, 31, 3))
    part = whole[2:10:2, 4:20]
    picture = picture_of(part, None, None, None)
    assert picture.pixels == whole.ctypes.data + 2 * 31 * 3 + 4 * 3
    assert (picture.stride, picture.size) == (2 * 31 * 3, 3 * 2 * 31 * 3 + 16 * 3)


def test_arrays_that_cannot_be_written_to(photo):
    pixels = photo[:20, :20].copy()
    pixels.flags.writeable = False
    found = prnn.decode(prnn.encode(pixels))
    same(found, pixels)
    assert found.flags.writeable and found.flags.owndata


def test_what_numpy_takes_for_an_array():
    pixels = noise((9, 12, 3))
    assert prnn.encode(Image.fromarray(pixels)) == prnn.encode(pixels)


@pytest.mark.parametrize("dtype", [numpy.int8, numpy.int16, numpy.uint32, numpy.int64, numpy.float32, object, "S1", "M8[s]"])
def test_other_types_are_refused(dtype):
    with pytest.raises(TypeError, match="uint8, uint16 and bool"):
        prnn.encode(numpy.zeros((4, 4), dtype))


@pytest.mark.parametrize("shape", [(), (4,), (0, 4), (4, 0), (4, 4, 0), (4, 4, 5), (1, 4, 4, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="channels"):
        prnn.encode(numpy.zeros(shape, numpy.uint8))


@pytest.mark.parametrize(
    "arguments, error",
    [
        ({"effort": "more"}, ValueError),
        ({"effort": 1}, ValueError),
        ({"bit_depth": 16}, ValueError),
        ({"bit_depth": 3}, ValueError),
        ({"bit_depth": 4}, ValueError),  # of RGB
        ({"bit_depth": 2**32 + 8}, ValueError),
        ({"colour_type": 1}, ValueError),
        ({"colour_type": ColourType.RGBA}, ValueError),
        ({"colour_type": ColourType.PALETTE}, ValueError),
        ({"palette": noise((4, 3))}, ValueError),
        ({"threads": -1}, ValueError),
        ({"threads": 1025}, ValueError),
        ({"threads": 2**32 + 1}, ValueError),
        ({"threads": 1.5}, TypeError),
        ({"memory_limit": -1}, ValueError),
        ({"memory_limit": 2**64}, ValueError),
        ({"model": "photo"}, TypeError),
    ],
)
def test_bad_arguments(arguments, error):
    with pytest.raises(error):
        prnn.encode(noise((4, 4, 3)), **arguments)


@pytest.mark.parametrize(
    "palette, error",
    [
        (noise((257, 3)), ValueError),
        (noise((0, 3)), ValueError),
        (noise((4, 4)), ValueError),
        (noise(12), ValueError),
        (noise((4, 3), numpy.uint16), TypeError),
        ([[1, 2, 3]], TypeError),
    ],
)
def test_bad_palettes(palette, error):
    with pytest.raises(error):
        prnn.encode(noise((4, 4), below=2), palette=palette)


def test_numbers_that_the_palette_does_not_have():
    with pytest.raises(prnn.InvalidArgumentError, match="a sample of 4"):
        prnn.encode(numpy.full((2, 2), 4, numpy.uint8), palette=noise((4, 3)))


@pytest.mark.parametrize("region", [(0, 0, 120, 90), (0, 0, 1, 1), (119, 89, 1, 1), (30, 20, 17, 40), (0, 89, 120, 1)])
def test_parts(photo, archive, region):
    x, y, width, height = region
    expected = photo[y : y + height, x : x + width]
    same(prnn.decode(archive, region=region), expected)
    shown = prnn.decode(archive, region=region, rgba=True)
    same(shown[..., :3], expected)
    assert (shown[..., 3] == 255).all()
    same(numpy.asarray(Image.open(io.BytesIO(prnn.decode_png(archive, region=region)))), expected)


@pytest.mark.parametrize(
    "region",
    [(0, 0, 0, 0), (5, 5, 0, 4), (5, 5, 4, 0), (0, 0, 121, 90), (1, 0, 120, 90), (120, 0, 1, 1), (-1, 0, 4, 4)]
    + [(2**32 - 1,) * 4, (2**32, 0, 4, 4), (0, 0, 2**32 + 4, 4), (0, 0, 4)],
)
def test_parts_outside_the_picture(archive, region):
    for function in (prnn.decode, prnn.decode_png):
        with pytest.raises(ValueError):
            function(archive, region=region)


def test_pictures_of_a_set(program, tmp_path):
    folder, arrays = tmp_path / "set", [noise((8 + i, 9, 3)) for i in range(3)]
    folder.mkdir()
    for number, pixels in enumerate(arrays):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    program("compress", folder, "-o", tmp_path / "set.prnn", "--effort", "fast")
    archive = (tmp_path / "set.prnn").read_bytes()
    for number, pixels in enumerate(arrays):
        info = prnn.probe(archive, number)
        assert (info.images, info.height, info.width) == (3, 8 + number, 9)
        same(prnn.decode(archive, image=number), pixels)
    for function in (prnn.probe, prnn.decode, prnn.decode_png):
        with pytest.raises(prnn.PRNNError, match="there is no image 3; the archive has 3") as raised:
            function(archive, image=3)
        assert raised.value.status == prnn.Status.NO_SUCH_IMAGE
        for number in (-1, 2**64):
            with pytest.raises(ValueError):
                function(archive, image=number)


@pytest.mark.parametrize("name, levels", [("paper-levels", 3), ("paper-gray-levels", 2)])
def test_smaller_sizes(program, tmp_path, name, levels):
    file, model = VECTORS / f"{name}.prnn", VECTORS / f"{name}.prnnmodel"
    archive = file.read_bytes()
    info = prnn.probe(archive)
    assert info.levels == levels
    for halvings in range(levels):
        output = tmp_path / str(halvings)
        program("decompress", file, "--model", model, "--scale", f"1/{1 << halvings}", "-o", output)
        for number in range(info.images):
            path = sorted(output.iterdir())[number] if info.images > 1 else output
            expected = numpy.asarray(Image.open(path))
            known = {"image": number, "halvings": halvings, "model": model.read_bytes()}
            assert expected.shape[:2] == (-(-info.height // 2**halvings), -(-info.width // 2**halvings))
            same(prnn.decode(archive, **known), expected)
            same(prnn.decode(archive, region=(1, 0, 2, 3), **known), expected[0:3, 1:3])
            same(numpy.asarray(Image.open(io.BytesIO(prnn.decode_png(archive, **known)))), expected)
    for halvings in (levels, 2**32 - 1):
        with pytest.raises(prnn.PRNNError) as raised:
            prnn.decode(archive, halvings=halvings)
        assert raised.value.status == prnn.Status.UNSUPPORTED
    with pytest.raises(ValueError):
        prnn.decode(archive, halvings=2**32)


def test_models_of_ones_own(program, tmp_path):
    pixels, model = noise((16, 20, 3), below=9), VECTORS / "paper-pixel-cnn.prnnmodel"
    archive = prnn.encode(pixels, model=memoryview(model.read_bytes()))
    same(prnn.decode(archive, model=bytearray(model.read_bytes())), pixels)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    program("compress", tmp_path / "a.png", "-o", tmp_path / "a.prnn", "--no-preserve", "--model", model)
    assert (tmp_path / "a.prnn").read_bytes() == archive


def test_an_unknown_model():
    with pytest.raises(prnn.PRNNError) as raised:
        prnn.decode((VECTORS / "paper-pixel-cnn.prnn").read_bytes())
    assert raised.value.status == prnn.Status.UNKNOWN_MODEL
    with pytest.raises(prnn.PRNNError) as raised:
        prnn.encode(noise((4, 4)), model=b"no model")
    assert raised.value.status == prnn.Status.BAD_MODEL


def test_version():
    header = (REPOSITORY / "Sources/CPRNN/include/prnn.h").read_text()
    assert f'#define PRNN_VERSION "{prnn.__version__}"' in header
    assert f'\nversion = "{prnn.__version__}"\n' in (REPOSITORY / "Sources/Python/pyproject.toml").read_text()
