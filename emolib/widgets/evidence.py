"""The evidence map of a lab: which places of a face an answer rests on."""

from collections.abc import Callable

import numpy as np

from emolib.emotions import EMOTIONS
from emolib.explain import occlusion_sensitivity
from emolib.explain.covering import STEP

#: What is lost is warm, what is won is blue.
LOSES, GAINS = np.array([255.0, 122.0, 0.0]), np.array([86.0, 180.0, 233.0])
#: Where each part of a face ends, in shares of the height of a canonical crop.
BANDS = {
    "the forehead": 0.28, "the brows": 0.36, "the eyes": 0.48,
    "the nose and the cheeks": 0.65, "the mouth": 0.85, "the chin": 1.0,
}  # fmt: skip
#: A map of smaller numbers is not stretched to the full colours.
_LEAST = 0.05


def evidence_map(
    predict: Callable[[np.ndarray], np.ndarray], grey: np.ndarray
) -> tuple[np.ndarray, str]:
    """Map what the answer to a face loses where a grey square covers it.

    Parameters
    ----------
    predict : callable
        As in `occlusion_sensitivity`.
    grey : ndarray, uint8, (64, 64)

    Returns
    -------
    image : ndarray, uint8, (64, 64, 3)
        The face with the map of `occlusion_sensitivity` over it.
    words : str
        What the map says.
    """
    lost = occlusion_sensitivity(predict, grey[None])[0]
    emotion = EMOTIONS[predict(grey[None])[0].argmax()]
    words = _in_words(lost, emotion)
    words += f" Orange: what {emotion} needs; blue: what speaks against it."
    return overlay(grey, lost), words


def overlay(grey: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Lay a map over a face: what speaks for an answer orange, what against it blue.

    Parameters
    ----------
    grey : ndarray, uint8, (64, 64)
    evidence : ndarray of float, (64, 64)
        Stretched to the full colours by its largest value, unless that is below 0.05.

    Returns
    -------
    ndarray, uint8, (64, 64, 3)
    """
    most = max(_LEAST, float(np.abs(evidence).max()))
    share = (0.8 * np.abs(evidence) / most)[..., None]  # (64, 64, 1)
    colours = np.where(evidence[..., None] > 0, LOSES, GAINS)
    return np.rint(grey[..., None] * (1 - share) + colours * share).astype(np.uint8)


def _in_words(lost: np.ndarray, emotion: str) -> str:
    row = np.unravel_index(lost.argmax(), lost.shape)[0]
    # each square of that side is of one value, so its middle is the place
    middle = (row // STEP + 0.5) * STEP / len(lost)
    place = next(name for name, end in BANDS.items() if middle < end)
    points = round(100 * float(lost.max()))
    if points < 1:
        return f"No square that is covered costs {emotion} a point."
    return f"Covering {place} costs most: {emotion} falls by {points} points."
