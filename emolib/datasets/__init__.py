"""Labelled sets of faces: what they are, where they come from, how they are split."""

from collections.abc import Callable
from pathlib import Path

from emolib.datasets import enterface05, fer2013, image_folder, splits, synthface
from emolib.datasets.face_dataset import (
    Clips,
    DatasetError,
    FaceDataset,
    NoSubjectsError,
)
from emolib.errors import unknown

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
        Where your own files are; for ``"synthface"``, another corpus folder.
    **options
        Of `emolib.datasets.fer2013.load` and `emolib.datasets.image_folder.load`.

    Raises
    ------
    DatasetError
        If the name is unknown, or the source finds its files missing or damaged.
    """
    if name not in DATASETS:
        raise DatasetError(unknown("data set", name, DATASETS))
    return DATASETS[name](path, **options)
