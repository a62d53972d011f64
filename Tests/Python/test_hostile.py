"""Damaged archives, wrong types, callbacks that raise, many threads at once."""

import array
import concurrent.futures
import mmap
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import numpy
import prnn
import pytest
from conftest import forged

READERS = [prnn.probe, prnn.decode, prnn.decode_png]
everyone = pytest.mark.parametrize("function", READERS, ids=lambda function: function.__name__)


def large():
    """A picture whose coding takes a second or so."""
    return numpy.random.default_rng(5).integers(0, 60, (500, 1000, 3)).astype(numpy.uint8)


@everyone
def test_truncated(archive, function):
    lengths = [*range(8, 60), *range(60, len(archive), len(archive) // 40), *range(len(archive) - 12, len(archive))]
    for length in lengths:
        with pytest.raises(prnn.TruncatedError) as raised:
            function(archive[:length])
        assert raised.value.status == prnn.Status.TRUNCATED and "cut short" in str(raised.value)


@everyone
def test_no_archive(function):
    for data in (b"", b"\x89PRNN\r\n\x1b\x00\x00", bytes(1000), b"\x89PNG\r\n\x1a\n"):
        with pytest.raises(prnn.PRNNError) as raised:
            function(data)
        assert raised.value.status == prnn.Status.NOT_AN_ARCHIVE
        assert not isinstance(raised.value, (ValueError, prnn.DamagedError))


def test_flipped_bits(archive):
    for place in [*range(len(archive) - 1, 0, -(len(archive) // 50)), *range(40)]:
        for bit in (0, 7):
            damaged = bytearray(archive)
            damaged[place] ^= 1 << bit
            for function in (prnn.decode, prnn.decode_png):
                with pytest.raises(prnn.PRNNError) as raised:
                    function(damaged)
                assert raised.value.status not in (prnn.Status.OK, prnn.Status.INTERNAL, prnn.Status.BUFFER_TOO_SMALL)


def test_pixels_that_are_not_those_that_were_coded(miscoded):
    assert prnn.probe(miscoded).shape == (90, 120, 3)
    for function in (prnn.decode, prnn.decode_png):
        with pytest.raises(prnn.DamagedError) as raised:
            function(miscoded)
        assert raised.value.status == prnn.Status.DAMAGED


@pytest.mark.parametrize("data", [None, "archive", 5, [1, 2], object()])
def test_what_has_no_bytes(data):
    for function in (*READERS, prnn.encode_png):
        with pytest.raises(TypeError):
            function(data)


def test_all_that_lends_bytes(tmp_path, archive, photo):
    (tmp_path / "a.prnn").write_bytes(archive)
    spaced = bytearray(2 * len(archive))
    spaced[::2] = archive
    with open(tmp_path / "a.prnn", "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        lenders = [
            bytearray(archive),
            memoryview(archive),
            memoryview(b"before" + archive)[6:],
            memoryview(spaced)[::2],
            array.array("B", archive),
            numpy.frombuffer(archive, numpy.uint8),
            mapped,
        ]
        for data in lenders:
            numpy.testing.assert_array_equal(prnn.decode(data), photo)
            assert prnn.probe(data) == prnn.probe(archive)
    png = prnn.decode_png(archive)
    assert prnn.encode_png(bytearray(png), effort="fast") == prnn.encode_png(memoryview(png), effort="fast") == archive


def test_what_was_lent_is_given_back(archive):
    data = bytearray(archive)
    prnn.decode(data)
    data.append(0)
    truncated = bytearray(archive[:-5])
    for function in READERS:
        try:
            function(truncated)
        except prnn.TruncatedError as error:
            # Even while there is a traceback.
            assert error.__traceback__ is not None
            truncated.append(0)
            truncated.pop()
        else:
            pytest.fail("has to raise")


def test_what_is_no_png_file():
    for data in (b"", b"no", b"\x89PNG\r\n\x1a\n", bytes(1000)):
        with pytest.raises(prnn.PRNNError) as raised:
            prnn.encode_png(data)
        assert raised.value.status == prnn.Status.BAD_PNG


def test_too_little_memory(archive, photo):
    for call in (
        lambda: prnn.decode(archive, memory_limit=1000),
        lambda: prnn.decode_png(archive, memory_limit=1000),
        lambda: prnn.encode(photo, memory_limit=1000),
        lambda: prnn.encode_png(prnn.decode_png(archive), memory_limit=1000),
    ):
        with pytest.raises(prnn.PRNNError) as raised:
            call()
        assert raised.value.status == prnn.Status.TOO_LARGE


@pytest.mark.parametrize(
    "sides, status",
    [
        ((2**31 - 1, 2**31 - 1), "TOO_LARGE"),
        ((40000, 40000), "TOO_LARGE"),
        ((2**31 - 1, 1), "TOO_LARGE"),
        ((121, 90), "DAMAGED"),
        ((2**32 - 1, 1), "DAMAGED"),
        ((0, 0), "DAMAGED"),
    ],
)
def test_sizes_that_are_not_true(archive, sides, status):
    sides = b"".join(side.to_bytes(4, "little") for side in sides)
    # The picture's and its tiles'.
    changed = forged(forged(archive, b"IMAG", 0, sides), b"IMAG", 12, sides)
    for function in (prnn.decode, prnn.decode_png, lambda data: prnn.decode(data, rgba=True)):
        with pytest.raises(prnn.PRNNError) as raised:
            function(changed)
        assert raised.value.status == prnn.Status[status]


def test_errors_are_kept_whole_by_pickle(archive):
    with pytest.raises(prnn.DamagedError) as raised:
        prnn.probe(archive[:20])
    again = pickle.loads(pickle.dumps(raised.value))
    assert (type(again), again.status, str(again)) == (prnn.TruncatedError, prnn.Status.TRUNCATED, str(raised.value))


def test_progress(photo):
    calls = []
    archive = prnn.encode(photo, effort="fast", progress=lambda *call: calls.append(call))
    # All samples are coded, and decoded to compare them.
    assert {total for _, total in calls} == {2 * photo.size}
    assert [done for done, _ in calls] == sorted(done for done, _ in calls) and calls[-1][0] <= 2 * photo.size
    png = prnn.decode_png(archive)
    for function, data, options, passes in [
        (prnn.encode, photo, {"verify": False}, 1),
        (prnn.encode_png, png, {}, 2),
        (prnn.encode_png, png, {"verify": False}, 1),
        (prnn.decode, archive, {}, 1),
        (prnn.decode_png, archive, {}, 1),
    ]:
        calls.clear()
        function(data, **options, progress=lambda *call: calls.append(call))
        assert {total for _, total in calls} == {passes * photo.size}


class Stop(BaseException):
    """No Exception, as KeyboardInterrupt is none."""


@pytest.mark.parametrize("error", [ValueError("mine"), KeyError(3), KeyboardInterrupt(), Stop()])
def test_what_progress_raises_cancels(archive, photo, error):
    png, calls = prnn.decode_png(archive), []

    def progress(done, total):
        calls.append(done)
        raise error

    for call in (
        lambda: prnn.encode(photo, progress=progress),
        lambda: prnn.encode_png(png, progress=progress),
        lambda: prnn.decode(archive, progress=progress),
        lambda: prnn.decode_png(archive, progress=progress),
    ):
        calls.clear()
        with pytest.raises(type(error)) as raised:
            call()
        assert raised.value is error and len(calls) == 1
        assert raised.traceback[-1].name == "progress"


def test_progress_of_a_wrong_kind(photo):
    for progress in (3, lambda: None):
        with pytest.raises(TypeError):
            prnn.encode(photo, effort="fast", progress=progress)


def test_what_progress_returns_means_nothing(archive, photo):
    for value in (True, False, 1, "stop", object()):
        numpy.testing.assert_array_equal(prnn.decode(archive, progress=lambda done, total: value), photo)


def test_progress_may_call_prnn(archive, photo):
    inner = []
    prnn.decode(archive, progress=lambda done, total: inner.append(prnn.decode(archive)))
    assert inner and all((pixels == photo).all() for pixels in inner)


@pytest.mark.parametrize("progress", ["None", "lambda done, total: None"])
def test_interrupts_cancel(progress):
    code = f"""
import numpy, prnn, sys, time
pixels = numpy.random.default_rng(5).integers(0, 60, (2000, 3000, 3)).astype(numpy.uint8)
print("ready", flush=True)
try:
    prnn.encode(pixels, effort="max", progress={progress})
except KeyboardInterrupt:
    sys.exit(7)
"""
    # A test that runs in the background of a script would hand on that interrupts are ignored.
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        assert child.stdout.readline() == b"ready\n"
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=15)
    finally:
        child.kill()
        child.communicate()
    assert (child.returncode, errors) == (7, b"")


def test_other_threads_run_meanwhile():
    worker = threading.Thread(target=lambda: prnn.encode(large(), effort="fast", threads=1))
    worker.start()
    turns = 0
    while worker.is_alive():
        time.sleep(0.001)
        turns += 1
    assert turns > 50


def test_many_threads_at_once():
    random = numpy.random.default_rng(11)
    pictures = [random.integers(0, 30, (20 + i, 25, i % 4 + 1)).astype(numpy.uint8) for i in range(12)]

    def round_trip(pixels):
        archive = prnn.encode(pixels, effort="fast", progress=lambda done, total: None)
        with pytest.raises(prnn.TruncatedError):
            prnn.decode(archive[:-1])
        return prnn.decode(archive), prnn.decode_png(archive)

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        results = list(pool.map(round_trip, pictures * 3))
    for pixels, (decoded, png) in zip(pictures * 3, results):
        numpy.testing.assert_array_equal(decoded.reshape(pixels.shape), pixels)
        assert png.startswith(b"\x89PNG")


def test_one_archive_by_many_threads(archive, photo):
    shared = bytearray(archive)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for row, found in enumerate(pool.map(lambda row: prnn.decode(shared, region=(0, row, 120, 3)), range(24))):
            numpy.testing.assert_array_equal(found, photo[row : row + 3])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_processes_that_were_forked(archive, photo):
    """The library has threads of its own, which a forked process lacks."""
    prnn.decode(archive)
    child = os.fork()
    if child == 0:
        os._exit(0 if (prnn.decode(archive) == photo).all() and prnn.encode(photo, effort="fast") == archive else 1)
    ends = time.monotonic() + 60
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > ends:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.01)
    assert done[1] == 0


def test_a_library_that_is_not_there(tmp_path):
    environment = {**os.environ, "PRNN_LIBRARY": str(tmp_path / "none.so")}
    done = subprocess.run([sys.executable, "-c", "import prnn"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "ImportError" in done.stderr and "PRNN_LIBRARY can name another file" in done.stderr
