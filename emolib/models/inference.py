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
from emolib.faces.scale import check_images

_BATCH = 256  # images passed through a network at a time; it bounds the memory
_WANTED = f"one input ({CROP.size}, {CROP.size}, 1), grey, 0-255"


class _PredictsProbabilities(Protocol):
    def predict_proba(self, images: np.ndarray) -> np.ndarray: ...


def predict(model: _PredictsProbabilities, images: np.ndarray) -> np.ndarray:
    """Return the probabilities of each image, float32 (n, 6), in the order of EMOTIONS.

    They say how much a face resembles the *posed* expressions that the model was
    trained on, and not what the person feels; rows sum to 1.

    Parameters
    ----------
    model : keras.Model or Baseline
        Also a network without its last layer; its features (n, d) are then the result.
    images : ndarray, uint8, (n, 64, 64)
        Canonical crops, 0-255; also (n, 64, 64, 1), or one image (64, 64).

    Raises
    ------
    ArgumentError
        If the images have another shape, or another scale, such as 0-1; or if `model`
        is a network of one's own that takes or answers something else.
    """
    images = check_images(images)
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(images), np.float32)
    if len(images) == 0:
        return np.zeros((0, len(EMOTIONS)), np.float32)
    return checked_answers(model, images, features=True)


def checked_answers(
    model: Callable, images: np.ndarray, features: bool = False
) -> np.ndarray:
    """Return what a network answers to images (n, 64, 64), n > 0, if it is sound.

    That is float32 (n, 6), probabilities, or where `features` are allowed (n, d). If it
    is not, an `ArgumentError` says what the network lacks.
    """
    check_form(model)
    try:
        found = answers(model, images)
    except Exception as error:  # Keras and TensorFlow raise errors of many kinds
        raise ArgumentError(
            f"{_named(model)} cannot read faces: {_first_line(error)} It has to take "
            f"{_WANTED}."
        ) from error
    _check_answers(model, found, features)
    return found.astype(np.float32, copy=False)


def answers(model: Callable, images: np.ndarray) -> np.ndarray:
    """Return what a network answers to images (n, 64, 64), n > 0, batch by batch.

    Nothing is checked: a training that diverges answers NaN.
    """
    # Calling the model costs a tenth of keras' predict() for a handful of images.
    starts = range(0, len(images), _BATCH)
    batches = (images[i : i + _BATCH, ..., None].astype(np.float32) for i in starts)
    return np.concatenate([np.asarray(model(b, training=False)) for b in batches])


def predict_both_ways(model: _PredictsProbabilities, images: np.ndarray) -> np.ndarray:
    """Predict each image and its mirror image, and average.

    Parameters, result and errors are those of `predict`.
    """
    return both_ways(partial(predict, model), check_images(images))


def both_ways(
    answer: Callable[[np.ndarray], np.ndarray], images: np.ndarray
) -> np.ndarray:
    """Return the mean answer (n, 6) to images (n, h, w) and to their mirror images.

    The two differ in nothing that an emotion depends on, so a difference is the
    network's error, and the mean halves it. `answer` is called once, with both kinds.
    """
    there, back = np.split(answer(np.concatenate([images, images[:, :, ::-1]])), 2)
    return (there + back) / 2


def check_form(model: Callable) -> None:
    """Refuse a network that says it takes something else than faces (n, 64, 64, 1).

    Also one of several outputs.
    One that does not say, such as a subclassed one, passes. Raises `ArgumentError`.
    """
    if not callable(model):
        raise ArgumentError(
            f"Expected a keras.Model or a baseline; received a {type(model).__name__}. "
            "emolib.models.load_model loads a network by its name."
        )
    if len(outputs := getattr(model, "outputs", None) or ()) > 1:
        raise ArgumentError(
            f"{_named(model)} has {len(outputs)} outputs; choose one of them with "
            "keras.Model(model.input, model.outputs[0])."
        )
    shapes = [tuple(one.shape) for one in getattr(model, "inputs", None) or ()]
    if not shapes:
        return
    wanted = (None, CROP.size, CROP.size, 1)
    fits = len(shapes) == 1 and len(shapes[0]) in (3, 4) and all(
        have in (None, want) for have, want in zip(shapes[0], wanted, strict=False)
    )  # fmt: skip
    if fits:
        return
    remedy = "Give the other input inside the network."
    if len(shapes) == 1:
        remedy = "Begin it with keras.Input((64, 64, 1)), then Reshape to its own form."
        if len(shapes[0]) == 4:
            _, *side, channels = shapes[0]
            parts = [f"Resizing({side[0]}, {side[1]})"] * (
                any(one not in (None, CROP.size) for one in side)
            ) + [f"Concatenate()([faces] * {channels})"] * (channels != 1)
            remedy = (
                "Begin it with faces = keras.Input((64, 64, 1)) and "
                f"{' and '.join(parts)} of keras.layers."
            )
    raise ArgumentError(
        f"{_named(model)} takes {' and '.join(map(str, shapes))}; it has to take "
        f"{_WANTED}. {remedy}"
    )


def _check_answers(model: Callable, found: np.ndarray, features: bool) -> None:
    """Refuse answers that are no probabilities (n, 6), nor allowed features (n, d).

    What tells classes from features is their sum, or the last layer: a dense one that
    is linear, or ends in softmax or sigmoid, names classes.
    """
    classes = len(EMOTIONS)
    if found.ndim != 2:
        raise ArgumentError(
            f"{_named(model)} answers {found.shape[1:]} for each face; it has to "
            f"answer {classes} probabilities. End it with Flatten or "
            f"GlobalAveragePooling2D and Dense({classes}, activation='softmax')."
        )
    broken = ~np.isfinite(found).all(axis=1)
    if broken.any():
        raise ArgumentError(
            f"{_named(model)} answers NaN or infinity to {broken.sum()} of "
            f"{len(found)} images (first: image {broken.argmax()}). Its training has "
            "diverged; train it again with a smaller learning rate."
        )
    sums = found.sum(axis=1, dtype=np.float64)
    shares = bool((found >= -1e-6).all() and (np.abs(sums - 1) < 1e-3).all())
    if found.shape[1] == classes and not shares:
        raise ArgumentError(
            f"{_named(model)} answers no probabilities (values from {found.min():.3g} "
            f"to {found.max():.3g}, rows that sum to {sums.min():.3g} to "
            f"{sums.max():.3g}). Add a softmax if these are logits: "
            "keras.Sequential([model, keras.layers.Softmax()])."
        )
    others = shares or not features or _names_classes(model)
    if found.shape[1] != classes and others:
        raise ArgumentError(
            f"{_named(model)} answers {found.shape[1]} classes; expected {classes}, in "
            f"the order {', '.join(EMOTIONS)}. End it with Dense({classes}, "
            "activation='softmax')."
        )


def _names_classes(model: Callable) -> bool:
    last = (getattr(model, "layers", None) or [None])[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    ends = ("linear", "softmax", "sigmoid", "log_softmax")
    return type(last).__name__ in ("Dense", "Activation") and activation in ends


def _named(model: Callable) -> str:
    return f"The network {getattr(model, 'name', type(model).__name__)!r}"


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    text = (lines or [type(error).__name__])[0].strip()
    return text if text.endswith(".") else f"{text}."
