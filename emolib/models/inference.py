"""From images to probabilities with any model of the course; no TensorFlow of its own.

`both_ways` is the one place where a picture and its mirror image become one answer.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces import CROP

_BATCH = 256  # images passed through a network at a time; it bounds the memory


class _PredictsProbabilities(Protocol):
    def predict_proba(self, images: np.ndarray) -> np.ndarray: ...


def check_images(images: np.ndarray) -> np.ndarray:
    """Return canonical grey images as ``(n, 64, 64)``, or raise ``ValueError``.

    A trailing channel axis of one and a single image of shape (64, 64) are accepted.
    """
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.ndim == 2:
        images = images[None]
    if images.shape[1:] != (CROP.size, CROP.size) or images.dtype.kind not in "uif":
        raise ArgumentError(
            f"Expected grey images of shape (n, {CROP.size}, {CROP.size}), 0-255; "
            f"received {images.dtype} of shape {images.shape}. "
            "emolib.faces.to_canonical brings a face crop of any size to this form."
        )
    return images


def predict(model: _PredictsProbabilities, images: np.ndarray) -> np.ndarray:
    """Return the probabilities of each image, float32 (n, 6), in the order of EMOTIONS.

    They say how much a face resembles the *posed* expressions that the model was
    trained on, and not what the person feels; rows sum to 1.

    Parameters
    ----------
    model : keras.Model or Baseline
    images : ndarray, uint8, (n, 64, 64)
        Canonical crops, 0-255; also (n, 64, 64, 1), or one image (64, 64). Another
        shape raises `ValueError`.
    """
    images = check_images(images)
    if len(images) == 0:
        return np.zeros((0, len(EMOTIONS)), np.float32)
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(images), np.float32)
    # Calling the model costs a tenth of keras' predict() for a handful of images.
    starts = range(0, len(images), _BATCH)
    batches = (images[i : i + _BATCH, ..., None].astype(np.float32) for i in starts)
    return np.concatenate([np.asarray(model(b, training=False)) for b in batches])


def predict_both_ways(model: _PredictsProbabilities, images: np.ndarray) -> np.ndarray:
    """Predict each image and its mirror image, and average.

    Parameters and result are those of `predict`; images of shape (n, 64, 64).
    """
    return both_ways(partial(predict, model), images)


def both_ways(
    answer: Callable[[np.ndarray], np.ndarray], images: np.ndarray
) -> np.ndarray:
    """Return the mean answer (n, 6) to images (n, h, w) and to their mirror images.

    The two differ in nothing that an emotion depends on, so a difference is the
    network's error, and the mean halves it. `answer` is called once, with both kinds.
    """
    there, back = np.split(answer(np.concatenate([images, images[:, :, ::-1]])), 2)
    return (there + back) / 2
