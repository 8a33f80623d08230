"""What a labelled set of faces is: pixels, labels and what is known of each image."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from emolib.arguments import check_number
from emolib.emotions import EMOTIONS
from emolib.errors import EmolibError
from emolib.faces import CROP
from emolib.faces.scale import as_array, described

#: The columns that ``FaceDataset.meta`` always has, in this order.
META_COLUMNS = (
    "subject", "emotion", "sentence", "clip", "frame", "intensity", "split",
)  # fmt: skip

#: The values that ``meta.split`` may have, apart from missing.
PARTS = ("train", "validation", "test")


class DatasetError(EmolibError, ValueError):
    """Data are missing, damaged or of the wrong form; the message says what to do."""


class NoSubjectsError(DatasetError):
    """The source does not say who is in its pictures; the message names a way out."""


class Clips(NamedTuple):
    """The clips of a data set as padded sequences.

    Attributes
    ----------
    images : ndarray, uint8, (clips, frames, 64, 64)
        Frames in temporal order, 0-255; shorter clips are padded with zeros.
    lengths, labels : ndarray, int64, (clips,)
        Frames that are not padding; 0 to 5, or -1 for a class outside the six.
    meta : DataFrame
        One row per clip: subject, emotion, sentence, clip, split.
    """

    images: np.ndarray
    lengths: np.ndarray
    labels: np.ndarray
    meta: pd.DataFrame


class FaceDataset:
    """An immutable set of canonical face images with labels and metadata.

    Parameters
    ----------
    name : str
        Where the images come from, such as ``"synthface"``.
    images : ndarray, uint8, (n, 64, 64)
        Grey, 0-255, in the geometry of `emolib.faces.CROP`; copied if writeable.
    labels : ndarray of int, (n,)
        0 to 5 in the order of ``EMOTIONS``; -1 where the source has another class.
    meta : DataFrame, optional
        One row per image. Missing columns of ``META_COLUMNS`` are added: ``emotion``
        from the labels, the others empty. `subject` is known for all images or for
        none.

    Raises
    ------
    DatasetError
        If shapes, dtypes, lengths, labels or metadata do not fit together.

    Examples
    --------
    >>> faces = FaceDataset("two", np.zeros((2, 64, 64), np.uint8), np.array([3, 0]))
    >>> list(faces.meta.emotion)
    ['happiness', 'anger']
    """

    __slots__ = ("_images", "_labels", "_meta", "_name")

    def __init__(
        self, name: str, images: np.ndarray, labels: np.ndarray,
        meta: pd.DataFrame | None = None,
    ):  # fmt: skip
        self._name = str(name)
        self._images = _checked_images(images)
        self._labels = _checked_labels(labels, len(self._images))
        self._meta = _checked_meta(meta, self._labels)

    @property
    def name(self) -> str:
        """Where the images come from."""
        return self._name

    @property
    def images(self) -> np.ndarray:
        """Pixels, uint8 (n, 64, 64), 0-255, read-only."""
        return self._images

    @property
    def labels(self) -> np.ndarray:
        """Classes, int64 (n,), 0 to 5 or -1, read-only."""
        return self._labels

    @property
    def meta(self) -> pd.DataFrame:
        """A copy of the metadata: one row per image, index 0 to n-1."""
        return self._meta.copy()

    @property
    def groups(self) -> np.ndarray | None:
        """Who is in each image, (n,), for splits and intervals; None if unknown."""
        subjects = self._meta["subject"]
        return None if subjects.isna().any() else subjects.to_numpy(dtype=object)

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._images)

    def __repr__(self) -> str:
        """Count images, subjects, clips, classes and parts."""
        meta = self._meta
        counts = [f"{len(self):,} images {CROP.size}x{CROP.size}"]
        known = [column for column in ("subject", "clip") if meta[column].notna().any()]
        counts += [f"{meta[column].nunique():,} {column}s" for column in known]
        lines = [f"FaceDataset {self.name!r}: {', '.join(counts)}"]
        for column, order in (("emotion", EMOTIONS), ("split", PARTS)):
            held = meta[column].value_counts()
            names = dict.fromkeys([*order, *held.index])
            lines.append(", ".join(f"{k} {held[k]:,}" for k in names if k in held))
        return "\n  ".join(line for line in lines if line)

    def subset(self, which: np.ndarray) -> "FaceDataset":
        """Return the images chosen by a mask or by positions.

        Parameters
        ----------
        which : array of bool, (n,), or of int, (k,)
            A mask, or positions from 0 to n-1 in the order wanted; DatasetError if the
            mask has another length, or a position does not exist.
        """
        index = _positions(which, len(self))
        images, labels = self._images[index], self._labels[index]
        images.flags.writeable = labels.flags.writeable = False  # not copied again
        return FaceDataset(self.name, images, labels, self._meta.iloc[index])

    def part(self, split: str) -> "FaceDataset":
        """Return one part of the source's own split.

        Parameters
        ----------
        split : {"train", "validation", "test"}
            DatasetError if it is none of them, or no image belongs to it.
        """
        if split not in PARTS:
            raise DatasetError(f"split must be one of {PARTS}; received {split!r}.")
        own = self._meta["split"]
        held = [part for part in PARTS if (own == part).any()]
        if split not in held:
            raise DatasetError(
                f"{self.name!r} has no {split} images (it has: "
                f"{', '.join(held) or 'no split of its own'}). Make a split with "
                "emolib.datasets.splits instead."
            )
        return self.subset((own == split).to_numpy(dtype=bool))

    def apex(self, threshold: float = 0.7) -> "FaceDataset":
        """Return the images near the height of the expression.

        Parameters
        ----------
        threshold : float, default 0.7
            Lowest intensity kept, 0 to 1, else `ArgumentError`. Images of unknown
            intensity are kept.
        """
        check_number("threshold", threshold, 0, 1)
        low = self._meta["intensity"].to_numpy(dtype=float) < threshold
        return self.subset(~low)  # NaN < threshold is False: unknown stays

    def labelled(self) -> "FaceDataset":
        """Return the images of the six emotions, without those labelled -1."""
        return self.subset(self._labels >= 0)

    def clips(self) -> Clips:
        """Gather the frames into clips, in order of first appearance.

        Single images, and clips with two labels, are a DatasetError.
        """
        if len(self) == 0 or self._meta["clip"].isna().any():
            raise DatasetError(
                f"{self.name!r} has images that belong to no clip; sequences need a "
                "source of clips, such as load('synthface')."
            )
        codes, names = pd.factorize(self._meta["clip"])
        lengths = np.bincount(codes)
        order = np.lexsort((self._meta["frame"].to_numpy(dtype=float), codes))
        starts = np.cumsum(lengths) - lengths
        position = np.arange(len(self)) - np.repeat(starts, lengths)
        images = np.zeros((len(names), lengths.max(), CROP.size, CROP.size), np.uint8)
        images[codes[order], position] = self._images[order]
        labels = self._labels[order[starts]]
        if (wrong := labels[codes] != self._labels).any():
            clip = names[codes[np.argmax(wrong)]]
            raise DatasetError(
                f"Clip {clip!r} has frames of more than one emotion; give those of "
                "each emotion a clip of their own."
            )
        columns = ["subject", "emotion", "sentence", "clip", "split"]
        meta = self._meta.iloc[order[starts]][columns].reset_index(drop=True)
        return Clips(images, lengths.astype(np.int64), labels, meta)


def _checked_images(images: np.ndarray) -> np.ndarray:
    images = as_array(images)
    if images.dtype != np.uint8 or images.shape[1:] != (CROP.size, CROP.size):
        raise DatasetError(
            f"images must be uint8 of shape (n, {CROP.size}, {CROP.size}), 0-255; "
            f"received {described(images)}. Bring other scales to 0-255, then "
            "np.rint(images).astype(np.uint8), and other sizes to the canonical crop "
            "with emolib.faces.to_canonical."
        )
    return _read_only(images, np.uint8)


def _checked_labels(labels: np.ndarray, n: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (n,) or not np.issubdtype(labels.dtype, np.integer):
        raise DatasetError(
            f"labels must be whole numbers of shape ({n},), one per image; received "
            f"{labels.dtype} of shape {labels.shape}. emolib.emotions.emotion_index "
            "gives the number of a name."
        )
    if n and not (labels.min() >= -1 and labels.max() < len(EMOTIONS)):
        raise DatasetError(
            f"labels must lie in 0 to {len(EMOTIONS) - 1}, or be -1 for a class "
            f"outside the six; received {labels.min()} to {labels.max()}."
        )
    return _read_only(labels, np.int64)


def _read_only(array: np.ndarray, dtype: type) -> np.ndarray:
    if array.flags.writeable or array.dtype != dtype:
        array = array.astype(dtype, copy=True)
        array.flags.writeable = False
    return array


def _checked_meta(meta: pd.DataFrame | None, labels: np.ndarray) -> pd.DataFrame:
    meta = pd.DataFrame(index=range(len(labels))) if meta is None else meta
    if not isinstance(meta, pd.DataFrame):
        raise DatasetError(
            f"meta must be a DataFrame; received a {type(meta).__name__}."
        )
    if len(meta) != len(labels):
        raise DatasetError(
            f"meta must have one row per image; received {len(meta)} rows for "
            f"{len(labels)} images."
        )
    meta = meta.reset_index(drop=True)
    named = np.array([*EMOTIONS, "other"], dtype=object)[labels]
    if "emotion" not in meta:
        meta["emotion"] = named
    if (wrong := (meta["emotion"] != named) & (labels >= 0)).any():
        row = int(np.argmax(wrong))
        raise DatasetError(
            f"meta.emotion and labels disagree in row {row}: "
            f"{meta['emotion'][row]!r} but label {labels[row]} ({named[row]})."
        )
    for column in META_COLUMNS:
        if column not in meta:
            dtype = float if column in ("sentence", "frame", "intensity") else str
            meta[column] = pd.Series(None, index=meta.index, dtype=dtype)
    unknown = meta["subject"].isna()
    if unknown.any() and not unknown.all():
        raise DatasetError(
            f"meta.subject is missing in {unknown.sum()} of {len(meta)} rows; give "
            "the subject of every image, or of none."
        )
    for column in ("frame", "intensity"):
        _check_numbers(meta[column])
    intensity = meta["intensity"].to_numpy(dtype=float)
    if ((intensity < 0) | (intensity > 1)).any():
        raise DatasetError(
            "meta.intensity must lie in 0 to 1 or be missing; received "
            f"{np.nanmin(intensity):g} to {np.nanmax(intensity):g}."
        )
    if splits := set(meta["split"].dropna()) - set(PARTS):
        raise DatasetError(
            f"meta.split must be one of {', '.join(PARTS)} or missing; received "
            f"{', '.join(sorted(map(repr, splits)))}."
        )
    return meta[[*META_COLUMNS, *(c for c in meta if c not in META_COLUMNS)]]


def _check_numbers(column: pd.Series) -> None:
    wrong = column.notna() & pd.to_numeric(column, errors="coerce").isna()
    if wrong.any():
        raise DatasetError(
            f"meta.{column.name} must be numbers; received "
            f"{column[wrong].iloc[0]!r} in row {wrong.idxmax()}."
        )


def _positions(which: np.ndarray, n: int) -> np.ndarray:
    which = np.asarray(which)
    if which.dtype == bool and which.shape == (n,):
        return np.flatnonzero(which)
    whole = which.size == 0 or np.issubdtype(which.dtype, np.integer)
    if which.ndim != 1 or not whole or ((which < 0) | (which >= n)).any():
        raise DatasetError(
            f"subset takes a mask of bool, ({n},), or a list of positions from 0 to "
            f"{n - 1}; received {which.dtype} of shape {which.shape}: "
            f"{np.array2string(which, threshold=6)}."
        )
    return which.astype(np.int64)
