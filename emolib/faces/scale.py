"""The one rule about grey values: images are 0-255, and nothing else passes for them.

A network that rescales its input answers floats of 0-1 as readily, and wrongly.
"""

import numpy as np

from emolib.errors import ArgumentError
from emolib.faces.crop import CROP

#: How far beyond a scale a value may be, as interpolation leaves it: it rounds back.
SLACK = 0.5


def check_images(images: np.ndarray) -> np.ndarray:
    """Return canonical grey images as ``(n, 64, 64)``, or raise `ArgumentError`.

    A trailing channel axis of one and a single image of shape (64, 64) are accepted,
    and so are no images; values are those that `check_scale` lets pass.
    """
    images = as_array(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim == 2:
        images = images[None]
    if images.shape[1:] != (CROP.size, CROP.size):
        raise ArgumentError(
            f"Expected grey images of shape (n, {CROP.size}, {CROP.size}), 0-255; "
            f"received {described(images)}. {_reshaped(images.shape)}"
        )
    return check_scale(images)


def check_scale(images: np.ndarray) -> np.ndarray:
    """Return grey images of any shape, or raise `ArgumentError` for another scale.

    uint8 passes. Other numbers have to be finite and within 0-255, and not all of them
    within 0-1 unless all are 0; half a grey level beyond an end is let pass.
    """
    images = as_array(images)
    if images.dtype == np.uint8 or images.size == 0:
        return images
    if images.dtype.kind not in "uif":
        hint = "Multiply by np.uint8(255)." if images.dtype == bool else ""
    else:
        low, high = float(images.min()), float(images.max())
        bright = high > 1 + SLACK or low == high == 0
        if bright and low >= -SLACK and high <= 255 + SLACK:
            return images
        hint = _rescaled(low, high)
    raise ArgumentError(
        f"Expected grey values of 0-255; received {described(images)}. {hint}".strip()
    )


def described(images: np.ndarray) -> str:
    """Say of what type, shape and range an array is, for the message of an error."""
    text = f"{images.dtype} of shape {images.shape}"
    if images.size and images.dtype.kind in "uif":
        low, high = images.min(), images.max()
        finite = np.isfinite(low) and np.isfinite(high)
        text += f", {low:.6g} to {high:.6g}" if finite else ", with NaN or infinity"
    return text


def as_array(images: np.ndarray) -> np.ndarray:
    """Return images as an array; several sizes in a list raise `ArgumentError`."""
    try:
        return np.asarray(images)
    except ValueError as error:  # a list of several shapes
        raise ArgumentError(
            "Expected one array of images of one size; received images of several. "
            "emolib.faces.to_canonical brings each to the same form."
        ) from error


def _rescaled(low: float, high: float) -> str:
    """Say how to bring grey values from `low` to `high` to 0-255."""
    if not np.isfinite([low, high]).all():
        return "NaN and infinity are no grey values; find out where they come from."
    if low >= -SLACK and high <= 1 + SLACK:
        return "They look divided by 255: multiply by 255."
    if low >= -1 - SLACK and high <= 1 + SLACK:
        return "They look scaled to -1 to 1: give 127.5 * (images + 1)."
    if low >= 0 and 1000 < high <= 65535:
        return "Divide 16-bit values by 257, 12-bit ones by 16."
    return "Give the grey values as they are in the picture, neither moved nor scaled."


def _reshaped(shape: tuple[int, ...]) -> str:
    """Say how to bring an array of `shape` to (n, 64, 64)."""
    square = (CROP.size, CROP.size)
    if shape == (*square, 1):
        return "For one image, give image[None]."
    if len(shape) == 4 and shape[2:] == square and shape[1] == 1:
        return "The channels come first: give images[:, 0]."
    return (
        "emolib.faces.to_canonical brings a face crop of any size, grey or colour, to "
        "this form; the channels come last."
    )
