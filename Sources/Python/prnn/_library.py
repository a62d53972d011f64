"""The functions and structures of prnn.h.

The library is the file that the environment's PRNN_LIBRARY names, else the libprnn.so.0 in this folder, which wheels have, else
the system's. ctypes lets other threads of Python run while a function of it does.
"""

import ctypes
import os
import pathlib
from ctypes import POINTER, c_char, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p

PROGRESS = ctypes.CFUNCTYPE(c_int, c_void_p, c_uint64, c_uint64)
SAMPLES, RGBA8 = 0, 1
EFFORTS = {"balanced": 0, "fast": 1, "max": 2}
NO_VERIFY, STRIP = 1, 2


class _Sized(ctypes.Structure):
    """A structure that begins with its size."""

    def __init__(self, **fields):
        super().__init__(struct_size=ctypes.sizeof(self), **fields)


class Error(ctypes.Structure):
    _fields_ = [("text", c_char * 256)]


class Info(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("images", c_uint64),
        ("width", c_uint32),
        ("height", c_uint32),
        ("colour_type", c_uint32),
        ("bit_depth", c_uint32),
        ("channels", c_uint32),
        ("interlaced", c_uint32),
        ("levels", c_uint32),
        ("version", c_uint32),
    ]


class Request(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("image", c_uint64),
        ("halvings", c_uint32),
        ("x", c_uint32),
        ("y", c_uint32),
        ("width", c_uint32),
        ("height", c_uint32),
    ]


class Options(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("threads", c_uint32),
        ("effort", c_uint32),
        ("flags", c_uint32),
        ("memory_limit", c_uint64),
        ("model", c_void_p),
        ("model_size", c_size_t),
        ("progress", PROGRESS),
        ("progress_context", c_void_p),
    ]


class Picture(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("width", c_uint32),
        ("height", c_uint32),
        ("colour_type", c_uint32),
        ("bit_depth", c_uint32),
        ("pixels", c_void_p),
        ("size", c_size_t),
        ("stride", c_size_t),
        ("palette", c_void_p),
        ("palette_count", c_uint32),
    ]


class Buffer(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t)]


_ERROR, _OPTIONS, _REQUEST, _BUFFER = POINTER(Error), POINTER(Options), POINTER(Request), POINTER(Buffer)
_FUNCTIONS = {  # what they give and take
    "prnn_version": (c_char_p, []),
    "prnn_status_text": (c_char_p, [c_int]),
    "prnn_probe": (c_int, [c_void_p, c_size_t, c_uint64, POINTER(Info), _ERROR]),
    "prnn_decode": (
        c_int,
        [c_void_p, c_size_t, _REQUEST, c_int, c_void_p, c_size_t, c_size_t, _OPTIONS, _ERROR],
    ),
    "prnn_decode_png": (c_int, [c_void_p, c_size_t, _REQUEST, _OPTIONS, _BUFFER, _ERROR]),
    "prnn_encode": (c_int, [POINTER(Picture), _OPTIONS, _BUFFER, _ERROR]),
    "prnn_encode_png": (c_int, [c_void_p, c_size_t, _OPTIONS, _BUFFER, _ERROR]),
    "prnn_buffer_free": (None, [_BUFFER]),
}


def _load():
    own = pathlib.Path(__file__).with_name("libprnn.so.0")
    name = os.environ.get("PRNN_LIBRARY") or (str(own) if own.exists() else own.name)
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise ImportError(f"{name} cannot be loaded ({error}); PRNN_LIBRARY can name another file", name=name) from error
    for function, (result, arguments) in _FUNCTIONS.items():
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    return library


library = _load()
