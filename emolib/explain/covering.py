"""Where a network looks, by what it misses when a place is covered; no TensorFlow."""

from collections.abc import Callable
from itertools import product

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces import CROP
from emolib.faces.scale import check_images

#: Side of the square that covers, and how far it moves on, in pixels.
SQUARE, STEP = 16, 8


def occlusion_sensitivity(
    predict: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    class_index: int | np.ndarray | None = None,
) -> np.ndarray:
    """Map how much a class's probability falls when a place is covered.

    A square of 16 pixels, of the picture's mean grey, moves over it by 8 (Zeiler &
    Fergus 2014, doi:10.1007/978-3-319-10590-1_53). Each pixel gets the mean over the
    squares that cover it. Any network can be asked: nothing of its inside is needed.

    Parameters
    ----------
    predict : callable
        From images, uint8 (n, 64, 64), to probabilities (n, 6).
    images : ndarray, uint8, (n, 64, 64)
        Canonical crops, 0-255; also (n, 64, 64, 1), or one image (64, 64).
    class_index : int or ndarray of int (n,), optional
        The class to explain, 0 to 5; default is the predicted one.

    Returns
    -------
    ndarray, float32, (n, 64, 64)
        Probability lost, -1 to 1; below 0 where the class gains.

    Raises
    ------
    ArgumentError
        If an argument is none of these.
    """
    images = check_images(images)
    n = len(images)
    if n == 0:
        return np.zeros((0, CROP.size, CROP.size), np.float32)
    before = np.asarray(predict(images))
    index = check_classes(class_index, n)
    index = before.argmax(axis=1) if index is None else index
    rows = np.arange(n)
    grey = np.rint(images.mean(axis=(1, 2), keepdims=True)).astype(images.dtype)
    lost = np.zeros((n, CROP.size, CROP.size), np.float32)
    times = np.zeros((CROP.size, CROP.size), np.float32)
    starts = range(0, CROP.size - SQUARE + 1, STEP)
    for top, left in product(starts, starts):
        place = np.s_[top : top + SQUARE, left : left + SQUARE]
        covered = images.copy()
        covered[:, *place] = grey
        fall = before[rows, index] - np.asarray(predict(covered))[rows, index]
        lost[:, *place] += fall[:, None, None]
        times[place] += 1
    return lost / times


def check_classes(class_index: int | np.ndarray | None, n: int) -> np.ndarray | None:
    """Return the class of each of `n` images, (n,), None for the predicted ones.

    A `class_index` that names no class raises `ArgumentError`.
    """
    if class_index is None:
        return None
    index = np.asarray(class_index)
    whole = np.issubdtype(index.dtype, np.integer) and index.shape in ((), (n,))
    if not whole or not np.isin(index, np.arange(len(EMOTIONS))).all():
        raise ArgumentError(
            f"class_index must be one number, or one per image, in 0 to "
            f"{len(EMOTIONS) - 1}. Received: {class_index}"
        )
    return np.broadcast_to(index, n)
