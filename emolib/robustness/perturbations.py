"""Pictures made worse, from not at all (severity 0) to badly (1), in everyday units.

The kinds are those of ImageNet-C (Hendrycks & Dietterich 2019, arXiv:1903.12261) that
happen to faces, and patches (DeVries & Taylor 2017, arXiv:1708.04552). Their strengths
are our own: each severity stands for something one can picture, such as 6 pixels
between the eyes.
"""

import io
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageEnhance
from skimage.exposure import adjust_gamma
from skimage.filters import gaussian
from skimage.transform import resize
from skimage.util import random_noise

from emolib.arguments import check_number, check_whole
from emolib.errors import ArgumentError, unknown
from emolib.faces import CROP
from emolib.faces.scale import check_images, described

#: The face in the canonical crop: an ellipse, its middle and half axes (x, y), in
#: fractions of the side. It ends at the hairline and, with the crop, at the chin.
FACE = ((0.5, 0.53), (0.43, 0.52))
#: What the display does to light: grey = 255 * light ** (1 / 2.2).
_DISPLAY = 2.2


class Perturbation(NamedTuple):
    """One way to spoil a picture.

    Attributes
    ----------
    words : str
        What a severity means, with a place for its value: ``"{:.1f} stops less light"``
    strength : callable
        Severity, above 0 to 1 -> that value.
    change : callable
        A picture, uint8 (64, 64), the value and a `numpy.random.Generator` -> the
        picture changed, grey values of 0-255 of any type.
    """

    words: str
    strength: Callable[[float], float]
    change: Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


def perturb(
    images: np.ndarray, name: str, severity: float, *, seed: int = 0
) -> np.ndarray:
    """Return faces made worse, uint8 and of the shape they came in.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
        Canonical crops, 0-255; also (n, 64, 64, 1), or one image (64, 64).
    name : str
        One of `PERTURBATIONS`.
    severity : float
        0 (the same, byte for byte) to 1; `meaning` says what it stands for.
    seed : int
        Of noise, and of patches at a random place. The same image at the same position
        meets the same noise, stronger or weaker.

    Raises
    ------
    ArgumentError
        If images are of another kind, the name is unknown, or a number out of range.

    Examples
    --------
    >>> face = np.full((64, 64), 90, np.uint8)
    >>> int(perturb(face, "underexposure", 1).max())
    35
    """
    kind = _found(name, severity)
    check_whole("seed", seed)
    images = np.asarray(images)
    faces = check_images(images)
    if faces.dtype != np.uint8:
        raise ArgumentError(
            f"perturb takes uint8 images; received {described(images)}. Give "
            "np.rint(images).astype(np.uint8)."
        )
    if severity == 0 or len(faces) == 0:
        return images.copy()
    changed = [
        kind.change(face, kind.strength(severity), np.random.default_rng([seed, k, 30]))
        for k, face in enumerate(faces)
    ]
    changed = np.clip(np.rint(changed), 0, 255).astype(np.uint8)
    return changed.reshape(images.shape)


def meaning(name: str, severity: float) -> str:
    """Say what a severity of a perturbation does, in units that one can picture.

    Parameters
    ----------
    name, severity : str, float
        As in `perturb`, and so are the errors.

    Examples
    --------
    >>> meaning("blur", 0.5)
    'blurred over 2.0 pixels (standard deviation)'
    """
    kind = _found(name, severity)
    if severity == 0:
        return "unchanged"
    said = kind.words.format(kind.strength(severity))
    return said.replace("%", "\N{NO-BREAK SPACE}%")


def _found(name: str, severity: float) -> Perturbation:
    if name not in PERTURBATIONS:
        raise ArgumentError(unknown("perturbation", name, PERTURBATIONS))
    check_number("severity", severity, 0, 1)
    return PERTURBATIONS[name]


# ------------------------------------------------------------------ what is covered


@cache
def _grid() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x and y of each pixel, fractions of the side, and which are the face's."""
    y, x = (np.mgrid[: CROP.size, : CROP.size] + 0.5) / CROP.size
    (middle_x, middle_y), (half_x, half_y) = FACE
    face = ((x - middle_x) / half_x) ** 2 + ((y - middle_y) / half_y) ** 2 <= 1
    return x, y, face


def _cover(image: np.ndarray, share: float, middle: tuple, form: tuple) -> np.ndarray:
    """Cover a share of the face with a box around a place, in the mean grey.

    `form` is how far the box reaches across and down, relative to each other.
    """
    x, y, face = _grid()
    reach = np.maximum(np.abs(x - middle[0]) / form[0], np.abs(y - middle[1]) / form[1])
    inside = reach <= np.quantile(reach[face], share)
    return np.where(inside, image.mean(), image)


def _patch(most: float, middle: tuple | None, form: tuple) -> Perturbation:
    """Return the patch over a region that covers at `most` that share of the face."""

    def change(image, share, rng):
        x, y, face = _grid()
        place = rng.integers(face.sum())  # drawn with any share: patches grow
        where = (x[face][place], y[face][place]) if middle is None else middle
        return _cover(image, share, where, form)

    return Perturbation("covers {:.0%} of the face", lambda s: most * s, change)


# ------------------------------------------------------------------ light and camera


def _expose(image: np.ndarray, stops: float | np.ndarray) -> np.ndarray:
    """Multiply the light by two for each stop; what exceeds white is white."""
    light = adjust_gamma(image / 255, _DISPLAY) * 2.0**stops
    return 255 * adjust_gamma(np.clip(light, 0, 1), 1 / _DISPLAY)


def _side_light(image: np.ndarray, stops: float, _) -> np.ndarray:
    """Light the right half `stops` more than the left, middle to middle."""
    return _expose(image, 2 * stops * (_grid()[0] - 0.5))


def _less_contrast(image: np.ndarray, left: float, _) -> np.ndarray:
    return np.asarray(ImageEnhance.Contrast(Image.fromarray(image)).enhance(left))


def _noisy(image: np.ndarray, levels: float, rng: np.random.Generator) -> np.ndarray:
    return 255 * random_noise(image, "gaussian", rng, var=(levels / 255) ** 2)


def _few_pixels(image: np.ndarray, between_eyes: float, _) -> np.ndarray:
    side = max(1, round(between_eyes / CROP.interocular))
    small = resize(image, (side, side), anti_aliasing=True, preserve_range=True)
    return resize(small, image.shape, order=1, preserve_range=True)


def _jpeg(image: np.ndarray, quality: float, _) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=round(quality))
    return np.asarray(Image.open(stream))


_ALL_EYES = CROP.interocular * CROP.size  # pixels between the eyes of a crop

#: Every perturbation by name. Patches are of the picture's own mean grey; severity 1
#: covers 30 % of the face from the mouth or the eyes outwards, or half of it.
PERTURBATIONS: dict[str, Perturbation] = {
    "patch over the mouth": _patch(0.3, (0.5, 0.8), (1.0, 0.6)),
    "patch over the eyes": _patch(0.3, (0.5, CROP.eye_line), (1.0, 0.4)),
    "patch from above": _patch(0.5, (0.5, 0.0), (np.inf, 1.0)),
    "patch from below": _patch(0.5, (0.5, 1.0), (np.inf, 1.0)),
    "patch anywhere": _patch(0.5, None, (1.0, 1.0)),
    "underexposure": Perturbation(
        "{:.1f} stops less light", lambda s: 3 * s, lambda i, v, _: _expose(i, -v)
    ),
    "overexposure": Perturbation(
        "{:.1f} stops more light", lambda s: 3 * s, lambda i, v, _: _expose(i, v)
    ),
    "gamma": Perturbation(
        "gamma {:.1f}: middle grey becomes darker, black and white stay",
        lambda s: 1 + 2 * s,
        lambda i, v, _: adjust_gamma(i, v),
    ),
    "side light": Perturbation(
        "{:.1f} stops between the halves of the face", lambda s: 5 * s, _side_light
    ),
    "contrast": Perturbation(
        "leaves {:.0%} of the contrast", lambda s: 1 - 0.9 * s, _less_contrast
    ),
    "noise": Perturbation(
        "noise of {:.0f} grey levels (standard deviation)", lambda s: 30 * s, _noisy
    ),
    "blur": Perturbation(
        "blurred over {:.1f} pixels (standard deviation)",
        lambda s: 4 * s,
        lambda i, v, _: gaussian(i, v, preserve_range=True),
    ),
    "low resolution": Perturbation(
        "{:.0f} pixels between the eyes",
        lambda s: _ALL_EYES * (4 / _ALL_EYES) ** s,
        _few_pixels,
    ),
    "JPEG": Perturbation("JPEG of quality {:.0f}", lambda s: 95 - 92 * s, _jpeg),
}
