"""Which faces a reader wants to see: by label, answer, person, and how they were taken.

Plain values; what a data set does not know of its faces is not offered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, unknown
from emolib.results import percent

ALL = "all"
#: Below this top probability an answer counts as unsure.
UNSURE_BELOW = 0.5
#: Edges of the ranges of top probabilities that are told apart.
SURE = (0.0, UNSURE_BELOW, 0.75, 0.95, 1.0)
#: From so many degrees on, light comes from a side; what is hard, and what is soft.
ASIDE, HARD, SOFT = 20, 0.7, 0.4


@dataclass(frozen=True, eq=False)
class Criterion:
    """One thing to choose faces by.

    Attributes
    ----------
    words : str
        What it is.
    options : dict of str to ndarray of bool, (n,)
        Which faces fit each of its values.
    """

    words: str
    options: dict[str, np.ndarray]


def criteria(faces: FaceDataset, probabilities: np.ndarray) -> dict[str, Criterion]:
    """Return by name what faces can be chosen by.

    Parameters
    ----------
    faces : FaceDataset
        Labelled, n of them.
    probabilities : ndarray of float, (n, 6)
        The answers to them.
    """
    meta, labels = faces.meta, faces.labels
    said, top = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = said == labels
    found = {
        "emotion": ("Label", _each(labels)),
        "said": ("The model says", _each(said)),
        "verdict": (
            "The model is",
            {"right": right, "wrong": ~right, "unsure": top < UNSURE_BELOW},
        ),
        "confidence": ("Its top probability", _ranges(top)),
        "subject": ("Person", _values(meta["subject"])),
        "occluder": ("Before the face", _values(meta.get("occluder"))),
        "light": ("Light", _lights(meta)),
    }
    everything = {ALL: np.ones(len(faces), bool)}
    return {
        name: Criterion(words, everything | options)
        for name, (words, options) in found.items()
        if len(options) > 1
    }


def fitting(known: Mapping[str, Criterion], chosen: Mapping[str, str]) -> np.ndarray:
    """Return which faces fit all that was chosen, bool (n,).

    Parameters
    ----------
    known : mapping of str to Criterion
        What `criteria` returned.
    chosen : mapping of str to str
        Values by the names of criteria; others raise `ArgumentError`.
    """
    fits = known["emotion"].options[ALL]
    for name, value in chosen.items():
        if name not in known:
            raise ArgumentError(unknown("criterion", name, known))
        if value not in known[name].options:
            raise ArgumentError(unknown(name, value, known[name].options))
        fits = fits & known[name].options[value]
    return fits


def _each(classes: np.ndarray) -> dict[str, np.ndarray]:
    return {name: classes == k for k, name in enumerate(EMOTIONS)}


def _ranges(top: np.ndarray) -> dict[str, np.ndarray]:
    return {
        percent(low, high).replace("\N{NO-BREAK SPACE}", " "): (top >= low)
        & ((top < high) | (high == 1))
        for low, high in pairwise(SURE)
    }


def _values(column: pd.Series | None) -> dict[str, np.ndarray]:
    """Return the faces of each value that occurs, the values sorted."""
    if column is None:
        return {}
    names = sorted(column.dropna().unique(), key=str)
    return {str(name): (column == name).to_numpy(bool) for name in names}


def _lights(meta: pd.DataFrame) -> dict[str, np.ndarray]:
    fields = ["light_azimuth", "light_elevation", "light_contrast"]
    if not set(fields) <= set(meta):
        return {}
    azimuth, elevation, contrast = meta[fields].to_numpy(float).T
    options = {
        "from the left": azimuth < -ASIDE,
        "from the front": np.abs(azimuth) <= ASIDE,
        "from the right": azimuth > ASIDE,
        "from below": elevation < 0,
        "hard": contrast >= HARD,
        "soft": contrast < SOFT,
    }
    return {name: fits for name, fits in options.items() if fits.any()}
