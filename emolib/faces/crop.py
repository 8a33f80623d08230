"""The canonical face crop: the one geometry that all images of the course share.

The renderer draws into it, photographs are aligned to it, and models read it.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from emolib.errors import ArgumentError


@dataclass(frozen=True)
class CanonicalCrop:
    """Geometry of the canonical crop: its side `size`, pixels, and where pupils are.

    In fractions of the side, `eye_line` is the height of the line through both, from
    the top, and `interocular` their distance, symmetric about the vertical middle.
    """

    size: int
    eye_line: float
    interocular: float

    def eyes(self, size: int | None = None) -> tuple[tuple[float, float], ...]:
        """Return ``((x, y), (x, y))`` of image-left and image-right pupil, pixels.

        The origin is the top left corner of the top left pixel.
        """
        side = self.size if size is None else size
        half, y = self.interocular / 2, self.eye_line * side
        return ((0.5 - half) * side, y), ((0.5 + half) * side, y)


#: Chosen to match the mean face of FER2013's training images (48x48, pupils near
#: row 17.5 and columns 14.8 and 33.3), so that a ready crop needs resizing only.
CROP = CanonicalCrop(size=64, eye_line=0.37, interocular=0.385)

#: The one resize filter: a triangle widened when shrinking (Pillow's BILINEAR),
#: without overshoot, and short to write again in another language.
RESAMPLE = Image.Resampling.BILINEAR


#: More often than this along a side, no pixel of the crop is sampled: a face that is
#: larger is shrunk first. None in a picture of 13 million pixels is.
_FINEST = 48

#: A picture with a margin around it of up to so many pixels is used whole, which keeps
#: the last bit of what is sampled; of a larger one only the region around the face.
_CANVAS = 16_000_000


def check_picture(image: np.ndarray) -> np.ndarray:
    """Return an array that is a picture, else raise `ArgumentError`.

    It is uint8, (height, width), (height, width, 3) or (height, width, 4): grey, RGB,
    or RGBA, whose transparency is ignored.
    """
    image = np.asarray(image)
    shaped = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (3, 4))
    if image.dtype != np.uint8 or not shaped or min(image.shape) == 0:
        raise ArgumentError(
            "A picture is uint8, 0-255, of shape (height, width), (height, width, 3) "
            f"or (height, width, 4); received {image.dtype} of shape {image.shape}."
        )
    return image


def as_picture(image: np.ndarray, mode: str) -> Image.Image:
    """Return an array (see `check_picture`) as a Pillow image, mode "L" or "RGB"."""
    picture = Image.fromarray(check_picture(image))
    return picture if picture.mode == mode else picture.convert(mode)


def to_canonical(image: np.ndarray) -> np.ndarray:
    """Turn a face crop of any size into the canonical grey format, uint8 (64, 64).

    Parameters
    ----------
    image : ndarray, uint8, (height, width), (height, width, 3) or (height, width, 4)
        Grey, RGB or RGBA, the eyes about where `CROP` wants them, as in FER2013; other
        arrays raise `ValueError`.
    """
    return np.array(as_picture(image, "L").resize((CROP.size, CROP.size), RESAMPLE))


def align(
    image: np.ndarray, left_eye: tuple[float, float], right_eye: tuple[float, float]
) -> np.ndarray:
    """Cut the canonical crop, uint8 (64, 64), out of a photograph, given the pupils.

    The picture is turned and scaled so that they fall on `CROP`'s; beyond its edge its
    last pixels are repeated.

    Parameters
    ----------
    image : ndarray, uint8, (height, width), (height, width, 3) or (height, width, 4)
        Grey, RGB or RGBA; other arrays raise `ValueError`.
    left_eye, right_eye : (x, y)
        Pupils at the image's left and right, in pixels from the top left corner; if
        they coincide or are swapped, a `ValueError` says so.
    """
    image = check_picture(image)
    dx, dy = right_eye[0] - left_eye[0], right_eye[1] - left_eye[1]
    distance = math.hypot(dx, dy)
    if not (distance >= 1e-6 and dx > 0):
        raise ArgumentError(
            "left_eye must lie to the left of right_eye in the image; received "
            f"{left_eye} and {right_eye}."
        )
    side = distance / CROP.interocular  # of the crop, in pixels of the photograph
    over = max(1, math.ceil(side / CROP.size))  # sample finely, then shrink
    shrink = math.ceil(over / _FINEST)  # of the photograph: side has no bound
    fine = CROP.size * math.ceil(over / shrink)
    step = side / fine
    cos, sin = dx / distance * step, dy / distance * step
    cx, cy = fine / 2, CROP.eye_line * fine
    left = (left_eye[0] + right_eye[0]) / 2 - cos * cx + sin * cy
    top = (left_eye[1] + right_eye[1]) / 2 - sin * cx - cos * cy
    margin, (height, width) = math.ceil(2 * side), image.shape[:2]
    if (width + 2 * margin) * (height + 2 * margin) <= _CANVAS:
        x, right, y, bottom = -margin, width + margin, -margin, height + margin
    else:
        x, right = _span(left, cos * fine, -sin * fine, 2 * shrink)
        y, bottom = _span(top, sin * fine, cos * fine, 2 * shrink)
    region = _region(image, range(x, right), range(y, bottom))
    if shrink > 1:
        region = region.reduce(shrink)
        cos, sin = cos / shrink, sin / shrink
    matrix = (cos, -sin, (left - x) / shrink, sin, cos, (top - y) / shrink)
    crop = region.transform((fine, fine), Image.Transform.AFFINE, matrix, RESAMPLE)
    return np.array(crop.resize((CROP.size, CROP.size), RESAMPLE))


def _span(start: float, one: float, other: float, around: int) -> tuple[int, int]:
    """Return from where to where a square reaches along x or y, and `around` it."""
    ends = start, start + one, start + other, start + one + other
    return math.floor(min(ends)) - around, math.ceil(max(ends)) + around


def _region(image: np.ndarray, x: range, y: range) -> Image.Image:
    """Cut a region out, grey; beyond the edge of the picture its last pixels go on."""
    (top, bottom), above = _inside(y, image.shape[0])
    (left, right), beside = _inside(x, image.shape[1])
    inside = image[top:bottom, left:right]
    strips = range(0, len(inside), max(1, 2**20 // inside.shape[1]))
    parts = (as_picture(inside[k : k + strips.step], "L") for k in strips)
    grey = np.concatenate([np.asarray(part) for part in parts])
    return Image.fromarray(np.pad(grey, (above, beside), mode="edge"))


def _inside(span: range, size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return from where to where a span lies in 0 to `size`, and how far it leaves it.

    What lies outside altogether has the nearest pixel inside.
    """
    first, last = (min(max(k, 0), size - 1) for k in (span.start, span.stop - 1))
    before = min(max(first - span.start, 0), len(span) - 1)
    return (first, last + 1), (before, len(span) - before - (last + 1 - first))


def triangle_weights(source: int, target: int) -> np.ndarray:
    """Return the weights of `RESAMPLE` along one side, float32 (target, source).

    ``weights @ image @ weights.T`` resizes a square image: faster on a stack of images,
    or inside a network. Rows sum to 1.

    Parameters
    ----------
    source, target : int
        Side before and after, pixels.
    """
    scale = source / target
    middle = (np.arange(target)[:, None] + 0.5) * scale - 0.5
    distance = np.abs(np.arange(source) - np.clip(middle, 0, source - 1))
    weights = np.maximum(0, 1 - distance / max(scale, 1.0))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
