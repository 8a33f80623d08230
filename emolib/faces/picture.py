"""Reading the reader's own pictures into one form."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from emolib.errors import EmolibError

#: More pixels than this are refused before they are decoded: a small file can hold a
#: picture that fills the memory. Pillow itself warns from 89 million on.
MOST_PIXELS = 80_000_000

#: What is read: names that Pillow has for them. EPS, for one, would start a program.
FORMATS = (
    "PNG", "JPEG", "MPO", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "PPM", "JPEG2000",
)  # fmt: skip


class PictureError(EmolibError, ValueError):
    """A picture cannot be read; the message names it and says what to do."""


def read_picture(source: str | Path | bytes | Image.Image) -> np.ndarray:
    """Read a picture of any common format: RGB, uint8 (height, width, 3), upright.

    It is turned as its EXIF says, transparent parts become white, 16 bits and floats
    are scaled to 8, of an animation the first frame is taken. Safe in threads.

    Parameters
    ----------
    source : str, Path, bytes or PIL.Image.Image
        A file's path, its content, or an opened picture (which is left as it is).

    Raises
    ------
    PictureError
        If there is no such file, or it is empty, cut short, damaged, not a picture or
        of more than `MOST_PIXELS` pixels.

    Examples
    --------
    >>> read_picture(Image.new("L", (4, 2), 7))[0, 0].tolist()
    [7, 7, 7]
    """
    if isinstance(source, Image.Image):
        return _decoded(source, "The picture")
    if isinstance(source, str | Path):
        name, content = str(source), _content(Path(source))
    elif isinstance(source, bytes | bytearray | memoryview):
        name, content = "The picture", bytes(source)
    else:
        raise PictureError(
            "Expected the path of a picture, its bytes or a PIL image; received "
            f"{type(source).__name__}."
        )
    if not content:
        raise PictureError(f"{name} is empty: 0 bytes. Copy or save it again.")
    Image.init()
    formats = [one for one in FORMATS if one in Image.OPEN]  # not all have AVIF
    try:
        image = Image.open(io.BytesIO(content), formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name, "far too many") from error
    except Exception as error:  # each format's reader fails in ways of its own
        raise PictureError(
            f"{name} is not a picture that can be read; give one of "
            f"{', '.join(formats)}."
        ) from error
    with image:
        return _decoded(image, name)


def _content(path: Path) -> bytes:
    path = path.expanduser()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise PictureError(f"{path} does not exist; check the path.") from None
    except IsADirectoryError:
        words = f"{path} is a folder; give the path of one picture in it."
        raise PictureError(words) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(
            f"{path} cannot be read ({reason}); check the path and its permissions."
        ) from error


def _decoded(image: Image.Image, name: str) -> np.ndarray:
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise _too_large(name, f"{width} x {height}")
    try:
        image.load()
    except Exception as error:
        raise PictureError(
            f"{name} is cut short or damaged ({error}); copy or download it again."
        ) from error
    try:
        turned = ImageOps.exif_transpose(image)
    except Exception:  # a damaged note about the camera is no reason to refuse
        turned = image
    try:
        return np.array(_in_rgb(turned))
    except Exception as error:
        raise PictureError(
            f"{name} has colours that cannot be converted (mode {image.mode}); save it "
            "as an ordinary PNG or JPEG."
        ) from error


def _too_large(name: str, pixels: str) -> PictureError:
    return PictureError(
        f"{name} has {pixels} pixels; up to {MOST_PIXELS:,} are read. Save it smaller."
    )


def _in_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # more than 8 bits a pixel
        return Image.fromarray(_shallow(np.array(image), image.mode)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _shallow(values: np.ndarray, mode: str) -> np.ndarray:
    """Scale 16-bit, 32-bit and floating point values to bytes.

    In 16 bits 65535 is white. Elsewhere it is the first of 1 (floating point only), 255
    and 65535 that holds all values, else the range there is is stretched.
    """
    values = np.nan_to_num(values.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    if mode.startswith("I;16"):
        low, high = 0.0, 65535.0
    elif low >= 0:
        whites = (1.0, 255.0, 65535.0) if mode == "F" else (255.0, 65535.0)
        low, high = 0.0, next((white for white in whites if high <= white), high)
    scaled = (values - low) * 255 / max(high - low, 1e-12)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
