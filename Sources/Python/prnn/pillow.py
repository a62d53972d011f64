"""Teaches Pillow to open and save archives; to import it is enough.

    import prnn.pillow
    from PIL import Image

    picture = Image.open("photo.prnn")
    picture.save("copy.prnn", effort="fast")

What is opened has the mode, the pixels and, of the archive's PNG chunks, the metadata (``info``, ``palette``, ``text``, Exif)
that Pillow gives of the PNG file. `Image.open` reads the mode and the size and decodes nothing; pixels and metadata are decoded
when one of them is asked for. The pictures of an archive are its frames; of an animation there is its first one
(``prnn.decode_png`` gives all).

What is saved is what Pillow saves as PNG, with the same options (``icc_profile``, ``exif``, ``dpi``, ``pnginfo``,
``transparency``, ``bits``), and those of ``prnn.encode_png`` that are called ``effort`` and ``threads``.

Damaged archives are an OSError, when they are opened or when they are decoded.
"""

from __future__ import annotations

import contextlib
import io

from PIL import Image, ImageFile, PngImagePlugin

from . import ColourType, InvalidArgumentError, PRNNError, Status, decode_png, encode_png, probe

_SIGNATURE = b"\x89PRNN\r\n\x1a"


def _mode(info):
    """The mode in which Pillow opens PNG files of this type; when they are loaded it says itself."""
    if info.colour_type == ColourType.GRAY:
        return {1: "1", 16: "I;16"}.get(info.bit_depth, "L")
    if info.colour_type == ColourType.GRAY_ALPHA and info.bit_depth == 8:
        return "LA"
    return {ColourType.RGB: "RGB", ColourType.PALETTE: "P"}.get(info.colour_type, "RGBA")


@contextlib.contextmanager
def _errors_of_pillow():
    try:
        yield
    except InvalidArgumentError:
        raise
    except PRNNError as error:
        # Pillow asks the next plug-in after a SyntaxError.
        kind = SyntaxError if error.status == Status.NOT_AN_ARCHIVE else OSError
        raise kind(error.text) from error


def _once_decoded(name):
    """An attribute that decoding sets."""

    def get(self):
        self._decode()
        return self.__dict__[name]

    def set(self, value):
        self._decode()
        self.__dict__[name] = value

    return property(get, set)


class PRNNImageFile(ImageFile.ImageFile):
    """An archive that Pillow has opened."""

    format = "PRNN"
    format_description = "prnn archive"

    info = _once_decoded("info")
    palette = _once_decoded("palette")
    text = _once_decoded("text")

    # None once nothing is left to decode, and of copies that are made without a file.
    _archive = None
    _is_waiting = False
    _frame = 0

    def _open(self):
        self._archive = self.fp.read()
        self.n_frames = self._turn_to(0).images
        self.is_animated = self.n_frames > 1

    def _turn_to(self, frame):
        with _errors_of_pillow():
            info = probe(self._archive, frame)
        self._mode = _mode(info)
        self._size = (info.width, info.height)
        self._frame = frame
        self._exif = None
        self._is_waiting = True
        return info

    def _decode(self):
        if not self._is_waiting:
            return
        with _errors_of_pillow():
            png = decode_png(self._archive, image=self._frame)
        try:
            picture = PngImagePlugin.PngImageFile(io.BytesIO(png))
        except SyntaxError as error:
            raise OSError(f"the archive's PNG chunks: {error}") from error
        picture.load()
        self._is_waiting = False
        self._mode = picture.mode
        self.im, self.palette, self.info, self.text = picture.im, picture.palette, picture.info, picture.text
        self.readonly = picture.readonly
        if self.n_frames == 1:
            self._archive = None
        if self._exclusive_fp and self.fp:
            self.fp.close()
        self.fp = None

    def load(self):
        """Decodes the picture.

        Raises:
            OSError: the archive is damaged, or something that it needs is missing.
        """
        self._decode()
        return super().load()

    def verify(self):
        """Decodes the picture, which compares all checksums; raises as ``load``."""
        self._decode()
        super().verify()

    def seek(self, frame):
        """Turns to another picture of the archive, which may have another mode and size.

        Raises:
            EOFError: there is none of this number.
        """
        if self._seek_check(frame):
            if self._archive is None:
                raise ValueError("Operation on closed image")
            self._turn_to(frame)
            Image._decompression_bomb_check(self.size)

    def tell(self):
        """The number of the picture."""
        return self._frame

    def close(self):
        """Gives the archive and the pixels back."""
        self._is_waiting = False
        self._archive = None
        super().close()


def _accept(prefix):
    return prefix.startswith(_SIGNATURE)


def _save(im, fp, filename):
    options = dict(im.encoderinfo)
    own = {name: options.pop(name) for name in ("effort", "threads") if name in options}
    # The PNG file is read at once, and only its samples and chunks are kept.
    options["compress_level"] = 0
    png = io.BytesIO()
    im.save(png, "PNG", **options)
    with _errors_of_pillow():
        fp.write(encode_png(png.getbuffer(), **own))


Image.register_open(PRNNImageFile.format, PRNNImageFile, _accept)
Image.register_save(PRNNImageFile.format, _save)
Image.register_extension(PRNNImageFile.format, ".prnn")
Image.register_mime(PRNNImageFile.format, "image/x-prnn")
