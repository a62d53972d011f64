"""From Python's arguments to the library's, and back."""

import contextlib
import ctypes
import operator
import threading
from ctypes import byref

import numpy

from ._errors import Status, error_of, invalid
from ._library import EFFORTS, PROGRESS, Buffer, Error, Options, Request, library


def whole_number(value, bits, name):
    """A number that an unsigned integer of so many bits holds: ctypes would cut larger ones silently."""
    value = operator.index(value)
    if not 0 <= value < 1 << bits:
        raise invalid(f"{name} is {value}; it can be 0 to {(1 << bits) - 1}")
    return value


@contextlib.contextmanager
def lent(data):
    """Lends the library the bytes of an object, without a copy where they lie together.

    Yields:
        Their address and their number.
    """
    view = memoryview(data)
    if not view.c_contiguous:
        view = memoryview(view.tobytes())
    array = numpy.frombuffer(view, numpy.uint8)
    yield address(array), array.size


def address(array):
    """Where the first element of an array is."""
    return array.__array_interface__["data"][0]


def request(image, region, halvings):
    """What to decode; ``region`` is (x, y, width, height) or None."""
    wanted = Request(image=whole_number(image, 64, "image"), halvings=whole_number(halvings, 32, "halvings"))
    if region is not None:
        wanted.x, wanted.y, wanted.width, wanted.height = (whole_number(number, 32, "region") for number in region)
        # To the library a part of 0x0 pixels is the whole picture.
        if wanted.width == 0 or wanted.height == 0:
            raise invalid(f"a region of {wanted.width}x{wanted.height} pixels")
    return wanted


def check(status, error):
    """Raises what the library has answered, if it is not PRNN_OK."""
    if status != Status.OK:
        raise error_of(status, (error.text or library.prnn_status_text(status)).decode())


def raise_from(errors):
    """Raises the error in a list, if there is one, which then lasts no longer than its handler needs it."""
    if errors:
        error = errors.pop()
        try:
            raise error
        finally:
            del error


class Work:
    """How to work, and how the work goes: the options of a call, and its progress."""

    def __init__(self, *, threads, memory_limit, model, progress, effort="balanced", flags=0):
        if effort not in EFFORTS:
            raise invalid(f"there is no effort {effort!r}, but {', '.join(EFFORTS)}")
        self._numbers = {
            "threads": whole_number(threads, 32, "threads"),
            "effort": EFFORTS[effort],
            "flags": flags,
            "memory_limit": whole_number(memory_limit, 64, "memory_limit"),
        }
        self._model = model
        self._progress = progress
        self._raised = []
        self._can_be_interrupted = False
        self._is_interrupted = False

    def do(self, body, *arguments):
        """What ``body(self, *arguments)`` gives, which calls the library.

        Python runs signal handlers in the main thread only, and what they raise on the way into a callback is lost. So the main
        thread waits, and another one calls; Ctrl-C then cancels.
        """
        if threading.current_thread() is not threading.main_thread():
            return body(self, *arguments)
        self._can_be_interrupted = True
        results, errors, ended = [], [], threading.Event()

        def call():
            try:
                results.append(body(self, *arguments))
            except BaseException as error:
                errors.append(error)
            ended.set()

        # It owns all that the library reads and writes: a second Ctrl-C leaves it to end alone. Thread.join is not for this: in
        # Python 3.11 and before, threads whose join was interrupted count as ended.
        thread = threading.Thread(target=call, name="prnn")
        try:
            thread.start()
            ended.wait()
        except BaseException:
            self._is_interrupted = True
            if thread.is_alive():
                ended.wait()
            raise
        raise_from(errors)
        return results.pop()

    def call(self, function, *arguments, output=()):
        """Calls a function of the library.

        Args:
            arguments: those before the options.
            output: those between them and the error.
        """
        options, error = Options(**self._numbers), Error()
        if self._progress is not None or self._can_be_interrupted:
            options.progress = PROGRESS(self._report)
        with contextlib.nullcontext((None, 0)) if self._model is None else lent(self._model) as (model, size):
            options.model, options.model_size = model, size
            status = function(*arguments, byref(options), *output, byref(error))
        raise_from(self._raised)
        check(status, error)

    def bytes_of(self, function, *arguments):
        """Calls a function of the library, and gives the bytes that it has made."""
        buffer = Buffer()
        try:
            self.call(function, *arguments, output=(byref(buffer),))
            # string_at takes no more than 2 GiB in older versions of Python.
            return bytes((ctypes.c_char * buffer.size).from_address(buffer.data))
        finally:
            library.prnn_buffer_free(byref(buffer))

    def _report(self, _, done, total):
        """Whether to stop: no exception can pass through the library."""
        if self._progress is not None and not self._raised and not self._is_interrupted:
            try:
                self._progress(done, total)
            except BaseException as error:
                self._raised.append(error)
        return bool(self._raised) or self._is_interrupted
