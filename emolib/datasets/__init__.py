"""Labelled sets of faces: what they are, where they come from, how they are split."""

from collections.abc import Callable
from inspect import signature
from pathlib import Path

from emolib.datasets import enterface05, fer2013, image_folder, splits, synthface
from emolib.datasets.face_dataset import (
    Clips,
    DatasetError,
    FaceDataset,
    NoSubjectsError,
)
from emolib.datasets.layouts import LAYOUTS
from emolib.errors import ArgumentError, unknown

__all__ = [
    "DATASETS", "Clips", "DatasetError", "FaceDataset", "NoSubjectsError", "load",
    "splits",
]  # fmt: skip

#: Every source by name, with the function that loads it.
DATASETS: dict[str, Callable[..., FaceDataset]] = {
    "synthface": synthface.load,
    "fer2013": fer2013.load,
    "image_folder": image_folder.load,
    "enterface05": enterface05.load,
}


def load(name: str, /, path: str | Path | None = None, **options) -> FaceDataset:
    """Load a labelled set of faces.

    Parameters
    ----------
    name : str
        ``"synthface"`` (ships with the course), ``"fer2013"`` or ``"image_folder"``
        (your own files), ``"enterface05"`` (prepared with ``emolib datasets prepare``).
    path : str or Path, optional
        Where your own files are; for ``"synthface"``, another corpus folder. An
        ``"image_folder"`` has one folder per emotion, of pictures in the formats of
        `emolib.faces.formats.FORMATS` (PNG, JPEG, WebP, TIFF and others), or is a set
        with ``layout="ck48"``, ``"rafdb"``, ``"affectnet"``, ``"jaffe"``, ``"kdef"``.
    **options
        Of `emolib.datasets.fer2013.load` and `emolib.datasets.image_folder.load`.

    Raises
    ------
    DatasetError
        If the name is unknown, or the source finds its files missing or damaged.
    ArgumentError
        If the source has no such option.
    """
    if name not in DATASETS:
        hint = ""
        if name in LAYOUTS:
            hint = f" Pass load('image_folder', path, layout={name!r})."
        raise DatasetError(unknown("data set", name, DATASETS) + hint)
    known = [*signature(DATASETS[name]).parameters][1:]
    if strange := next((option for option in options if option not in known), None):
        raise ArgumentError(unknown(f"option of {name!r}", strange, known))
    return DATASETS[name](path, **options)
