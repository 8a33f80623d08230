"""Reading the reader's own pictures into one form: the one place that opens any.

No program is started and nothing but the file is read. What decoding takes is estimated
from the header, and a file that would take more than `MOST_BYTES` is refused before:
small files can hold pictures that fill the memory.
"""

import contextlib
import ctypes
import io
import os
import stat
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from emolib.errors import EmolibError
from emolib.faces.formats import FORMATS, HEIF, RAW, WITH_PACKAGE, what_instead

#: More memory than this, in bytes, no picture may take while it is read, so that a
#: process that finds and reads faces stays below 500 MB.
MOST_BYTES = 390_000_000

#: More pixels, or a longer side, are refused even where the memory would suffice.
MOST_PIXELS, MOST_SIDE = 250_000_000, 65_535

#: What these bounds come to for ordinary pictures, for help texts.
LIMITS = (
    "Up to 50 million pixels are read (HEIC 48, WebP 22, AVIF 20, JPEG 2000 18); where "
    "faces are to be found, of a JPEG up to 250 million."
)

#: Bytes a pixel that readers take which decode all at once, and what they keep of it
#: until the picture is closed; measured. JPEG 2000: a channel; deep HEIC: twice that.
_AT_ONCE = {
    "WEBP": (17, 13), "AVIF": (18, 14), "HEIF": (7.75, 4.75), "JPEG2000": (6.5, 4),
}  # fmt: skip

#: Bytes of a file besides its pixels (profiles, notes, thumbnails) that are read, and
#: of a file that its reader takes whole.
_MOST_NOTES, _MOST_WHOLE = 16_000_000, 64_000_000

#: Formats whose files may move. Several pictures in a TIFF or MPO are no animation.
_MOVING = ("GIF", "WEBP", "PNG", "AVIF")

_STRIP = 2**20  # pixels that are converted at once
_HEIF_LOCK = threading.Lock()

#: How an upright picture looks as it was stored, by the number in its EXIF notes.
_STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright),
    7: lambda upright: upright.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda upright: np.rot90(upright, -1),
}


class PictureError(EmolibError, ValueError):
    """A picture cannot be read; the message names it and says what to do."""


def read_picture(source: str | Path | bytes | Image.Image) -> np.ndarray:
    """Read a picture of any common format: RGB, uint8 (height, width, 3), upright.

    It is turned as its EXIF says, transparent parts become white, 16 bits and floats
    are scaled to 8, of an animation the first frame is taken. HEIC needs the package
    ``pillow-heif``. Safe in threads.

    Parameters
    ----------
    source : str, Path, bytes or PIL.Image.Image
        A file's path, its content, or an opened picture (which is left as it is).

    Raises
    ------
    PictureError
        If there is no such file, or it is empty, cut short, damaged, not a picture of
        one of `emolib.faces.formats.FORMATS`, or too large: `LIMITS`.

    Examples
    --------
    >>> read_picture(Image.new("L", (4, 2), 7))[0, 0].tolist()
    [7, 7, 7]
    """
    return read_at_least(source, None)[0]


def read_at_least(
    source: str | Path | bytes | Image.Image, pixels: int | None
) -> tuple[np.ndarray, tuple[int, int]]:
    """Read a picture as `read_picture` does, smaller if so many `pixels` are enough.

    What is so large is shrunk by a whole number, while it is decoded if it is a JPEG,
    and further if the memory demands it. Returned with the (width, height) it has.
    """
    with _opened(source) as (image, name, held):
        factor = _factor(image, name, held, pixels)
        size = image.size
        by_reader = image.format in ("JPEG", "MPO") and image is not source
        if factor > 1 and by_reader:
            image.draft(None, (size[0] // factor, size[1] // factor))
        try:
            image.load()
        except Exception as error:
            raise PictureError(
                f"{name} is cut short or damaged ({error}). Copy it again."
            ) from error
        if not by_reader:
            size = image.size  # that of a TIFF is turned by now
        turn = _orientation(image)
        try:
            read = _in_strips(image, turn, 1 if by_reader else factor)
        except Exception as error:
            raise PictureError(
                f"{name} has colours that cannot be converted (mode {image.mode}); "
                "save it as an ordinary PNG or JPEG."
            ) from error
        return read, size[::-1] if turn >= 5 else size


def is_animation(source: str | Path | bytes) -> bool:
    """Tell whether a file moves; `read_picture` takes the first of its pictures.

    Parameters
    ----------
    source : str, Path or bytes
        As in `read_picture`, whose errors it raises.
    """
    with _opened(source) as (image, name, _):
        try:
            return image.format in _MOVING and bool(getattr(image, "is_animated", 0))
        except Exception as error:
            raise PictureError(
                f"{name} is cut short or damaged ({error}). Copy it again."
            ) from error


class _Metered:
    """A file that refuses to be read without end for what is not its pixels."""

    left, free = _MOST_NOTES, 0  # bytes; a read of up to `free` is not counted

    def read(self, size: int = -1) -> bytes:
        content = super().read(size)
        if len(content) > self.free:
            self.left -= len(content)
            if self.left < 0:
                raise OSError("it holds too much besides its pixels")
        return content


class _File(_Metered, io.FileIO):
    """One on the disk."""


class _Memory(_Metered, io.BytesIO):
    """One whose content is there."""


@contextlib.contextmanager
def _opened(
    source: str | Path | bytes | Image.Image,
) -> Iterator[tuple[Image.Image, str, int]]:
    """Open a picture without decoding it; with its name, and the bytes it holds."""
    name = "The picture"
    if isinstance(source, Image.Image):
        if getattr(source, "tile", None) and source.format not in _formats("HEIF"):
            raise PictureError(
                f"{name} was opened as {source.format}, which is not read; give one of "
                f"{', '.join(_formats())}."
            )
        yield source, name, 0
        return
    if isinstance(source, str | Path):
        name, file = str(source), _file(Path(source).expanduser())
    elif isinstance(source, bytes | bytearray | memoryview):
        file = _Memory(source)
    else:
        raise PictureError(
            "Expected the path of a picture, its bytes or a PIL image; received "
            f"{type(source).__name__}."
        )
    with file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            raise PictureError(f"{name} is empty: 0 bytes. Copy or save it again.")
        image, held = _image(file, name, size)
        with image:
            yield image, name, held


def _file(path: Path) -> _File | _Memory:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            words = f"{path} is a folder; give the path of one picture in it."
            raise PictureError(words)
        file = _File(path)
        if not stat.S_ISREG(mode):  # a pipe, in which nobody can go back
            with file:
                file.free = _MOST_WHOLE
                return _Memory(file.read(_MOST_WHOLE))
        return file
    except FileNotFoundError:
        raise PictureError(f"{path} does not exist; check the path.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, PictureError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise PictureError(
            f"{path} cannot be read ({reason}); check the path and its permissions."
        ) from error


def _formats(*more: str) -> list[str]:
    """Return Pillow's names of what is read here; not all have AVIF."""
    Image.init()
    return [one for one in dict.fromkeys(FORMATS.values()) if one in Image.OPEN] + [
        *more
    ]


def _image(file: _File | _Memory, name: str, size: int) -> tuple[Image.Image, int]:
    """Let the reader open a file whose format its first bytes tell, and no other.

    Returned with the bytes besides its pixels that it may hold in memory.

    Not `Image.open`, which has one limit of pixels for all, in a global variable.
    """
    file.seek(0)
    start, ending = file.read(64), Path(name).suffix.lower()
    for kind in _formats():
        factory, accepts = Image.OPEN[kind]
        if accepts and accepts(start[:16]) is not True:
            continue
        file.left = _MOST_WHOLE if kind in ("WEBP", "AVIF") else _MOST_NOTES
        held = {"WEBP": 2, "AVIF": 2, "JPEG2000": 1}.get(kind, 0) * size
        if kind == "PNG" and (held := _png_notes(file)) > _MOST_WHOLE:
            raise PictureError(f"{name} holds too much text; save its pixels alone.")
        file.seek(0)
        try:
            image = factory(file, "")
        except Image.DecompressionBombError as error:
            raise _too_large(name, "far too many") from error
        except Exception:  # each format's reader fails in ways of its own
            continue
        if kind == "TIFF" and (ending in RAW or _is_raw(image)):
            raise _not_read(name, RAW[0], b"")
        file.left = _MOST_NOTES
        file.free = 65_536 if kind in ("PNG", "TIFF") else size  # more is not pixels
        if kind == "TIFF":  # whose reader maps the file, of which this may be a page
            held = min(size, 8 * image.width * image.height)
        return image, held
    if start[4:8] == b"ftyp" and start[8:12] in HEIF:
        return _heif(file, name), size
    raise _not_read(name, ending, start)


def _is_raw(image: Image.Image) -> bool:
    """Tell whether a TIFF is a DNG, or begins with a thumbnail as raw data does."""
    return 50706 in image.tag_v2 or image.tag_v2.get(254, 0) & 1


def _not_read(name: str, ending: str, start: bytes) -> PictureError:
    what, kinds = what_instead(ending, start), ", ".join(_formats("HEIC"))
    more = f"it is {what} Give" if what else "give"
    return PictureError(
        f"{name} is not a picture that can be read; {more} one of {kinds}."
    )


def _heif(file: _File | _Memory, name: str) -> Image.Image:
    """Open a HEIC photograph; Pillow knows its reader only for that moment."""
    package = WITH_PACKAGE[".heic"]
    try:
        import pillow_heif
    except ImportError:
        raise PictureError(
            f"{name} is a HEIC photograph; to read it, `pip install {package}`, or "
            "save it as JPEG."
        ) from None
    file.seek(0)
    file.left = _MOST_WHOLE
    with _HEIF_LOCK:
        tables = (Image.OPEN, Image.SAVE, Image.SAVE_ALL, Image.MIME, Image.EXTENSION)
        before = [dict(table) for table in tables], Image.ID[:]
        pillow_heif.register_heif_opener()
        reader = Image.OPEN["HEIF"][0]
        for table, entries in zip(tables, before[0], strict=True):
            table.clear()
            table.update(entries)
        Image.ID[:] = before[1]
    try:
        return reader(file, "")
    except Exception as error:
        raise PictureError(
            f"{name} is cut short or damaged ({error}). Copy it again."
        ) from error


def _png_notes(file: _File | _Memory) -> int:
    """Return how many bytes all but the pixels of a PNG may take once unpacked."""
    notes, unpacked = 0, 4_000_000  # a megabyte of text, of 4 bytes a character
    file.seek(8)
    file.left = file.free = 2**62
    while len(header := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", header)
        if kind not in (b"IDAT", b"fdAT"):
            notes += length + unpacked * (kind in (b"zTXt", b"iTXt", b"iCCP"))
        file.seek(length + 4, os.SEEK_CUR)
    return notes


def _too_large(name: str, what: str) -> PictureError:
    return PictureError(f"{name} has {what}. Save it smaller.")


def _factor(image: Image.Image, name: str, held: int, enough: int | None) -> int:
    """Return by which whole number to shrink a picture, or refuse it."""
    (width, height), pixels = image.size, image.width * image.height
    if pixels > MOST_PIXELS or max(width, height) > MOST_SIDE:
        raise _too_large(
            name,
            f"{width:,} x {height:,} pixels; up to {MOST_PIXELS:,} are read, "
            f"{MOST_SIDE:,} a side",
        )
    factors = [1]
    if enough:
        by_reader = image.format in ("JPEG", "MPO")
        all_factors = (1, 2, 4, 8) if by_reader else range(1, 33)
        factors = [one for one in all_factors if pixels >= enough * one * one] or [1]
        # A little smaller than enough is better than not at all.
        factors = factors[-1:] + [one for one in all_factors if one > factors[-1]][:1]
    for factor in factors:
        takes = _bytes(image, held, factor)
        if takes <= MOST_BYTES:
            if takes > MOST_BYTES / 4:
                _give_back()
            return factor
    raise _too_large(
        name,
        f"{width:,} x {height:,} pixels, which would take {takes / 1e6:,.0f} MB of "
        f"memory; up to {MOST_BYTES / 1e6:,.0f} may be used",
    )


def _give_back() -> None:
    """Let the C library return what was freed: glibc may keep 100 MB of pictures."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # others need no hint
        ctypes.CDLL(None).malloc_trim(0)


def _bytes(image: Image.Image, held: int, factor: int) -> float:
    """Return how many bytes it takes at most to decode a picture and convert it."""
    width, height = image.size
    pixels, tile = width * height, getattr(image, "tile", None)
    result = 3 * pixels / factor**2
    if image.format in _AT_ONCE:
        during, after = (each * pixels for each in _AT_ONCE[image.format])
        if image.format == "JPEG2000":
            during *= len(image.getbands())
        elif image.info.get("bit_depth", 8) > 8:
            during *= 2
        return held + max(during, after + result)
    if not tile:  # decoded already
        return result
    channels = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2}
    core, work = channels.get(image.mode, 4) * pixels, 0
    if image.format in ("JPEG", "MPO"):
        core, work = core / factor**2, _coefficients(image)
    elif tile[0].codec_name == "libtiff":
        tags = image.tag_v2
        rows = tags.get(323, min(tags.get(278, height), height))
        depth = max(tags.get(258, (1,))) / 8 * tags.get(277, 1)
        block = tags.get(322, width) * rows  # that is decoded at once
        work = block * (depth if tags.get(262) != 6 else max(depth, 4))  # 6 is YCbCr
        work += core * (tags.get(274, 1) != 1)  # is turned
        held, work = 0, work + held  # the file is mapped until then
    elif tile[0].codec_name in ("bmp_rle", "ppm", "ppm_plain"):
        work = 2 * core  # these are written in Python
    return held + core + max(work, result)


def _coefficients(image: Image.Image) -> int:
    """Return the bytes that libjpeg holds back of a JPEG in several scans; else 0."""
    channels, file = image.layer, image.fp
    here = file.tell()
    header = struct.pack(">HHB", 0xFFDA, 6 + 2 * len(channels), len(channels))
    file.seek(max(0, here - 8 - 2 * len(channels)))
    whole = file.read(5) == header
    file.seek(here)
    if whole and "progressive" not in image.info:
        return 0
    most = max(x for _, x, _, _ in channels) * max(y for _, _, y, _ in channels)
    share = sum(x * y for _, x, y, _ in channels) / most
    return round(2 * share * image.width * image.height)


def _orientation(image: Image.Image) -> int:
    try:
        turn = image.getexif().get(274, 1)
    except Exception:  # a damaged note about the camera is no reason to refuse
        return 1
    return turn if turn in _STORED else 1


def _in_strips(image: Image.Image, turn: int, factor: int) -> np.ndarray:
    """Convert a decoded picture bit by bit, and turn it and shrink it in passing."""
    width, height = (-(-side // factor) for side in image.size)
    upright = (width, height) if turn >= 5 else (height, width)
    result = np.empty((*upright, 3), np.uint8)
    stored = _STORED[turn](result)
    rows = max(1, _STRIP // (image.width * factor))
    levels = _range(image) if image.mode.startswith(("I", "F")) else None
    for top in range(0, height, rows):
        strip = _in_rgb(_strip(image, factor * top, factor * rows), levels)
        strip = strip.reduce(factor) if factor > 1 else strip
        stored[top : top + rows] = np.asarray(strip)
    return result


def _strip(image: Image.Image, top: int, rows: int) -> Image.Image:
    return image.crop((0, top, image.width, min(top + rows, image.height)))


def _in_rgb(image: Image.Image, levels: tuple[float, float] | None) -> Image.Image:
    if levels:  # more than 8 bits a pixel
        low, high = levels
        scaled = (_numbers(image) - low) * 255 / max(high - low, 1e-12)
        grey = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _numbers(image: Image.Image) -> np.ndarray:
    return np.nan_to_num(np.array(image).astype(np.float64))


def _range(image: Image.Image) -> tuple[float, float]:
    """Return which 16-bit, 32-bit or floating point values are black and white.

    In 16 bits 65535 is white. Elsewhere it is the first of 1 (floating point only), 255
    and 65535 that holds all values, else the range there is is stretched.
    """
    if image.mode.startswith("I;16"):
        return 0.0, 65535.0
    rows = max(1, _STRIP // image.width)
    strips = range(0, image.height, rows)
    parts = (_numbers(_strip(image, top, rows)) for top in strips)
    lows, highs = zip(*((part.min(), part.max()) for part in parts), strict=True)
    low, high = min(lows), max(highs)
    if low >= 0:
        whites = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
        low, high = 0.0, next((white for white in whites if high <= white), high)
    return float(low), float(high)
