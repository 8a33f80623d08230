"""Ways to divide a data set into training, validation and test images.

`random_frame` and `random_clip` leak, `by_subject` and `by_subject_and_sentence` do
not, `official` is the source's own, `subject_folds` tests everybody once. `hold_out`
and `divide` set validation images aside for a training.
"""

import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from emolib.arguments import check_number, check_whole
from emolib.datasets.face_dataset import (
    PARTS,
    DatasetError,
    FaceDataset,
    NoSubjectsError,
)

FRACTIONS = (0.7, 0.1, 0.2)  #: Shares of training, validation and test.


class LeakageWarning(UserWarning):
    """The split lets the test images share something with the training images."""


@dataclass(frozen=True, eq=False)
class Split:
    """Positions of the training, validation and test images of a data set.

    Attributes
    ----------
    name : str
        How the split was made; ends in ``" (leaks)"`` if it leaks.
    train, validation, test : ndarray, int64, (k,)
        Ascending positions, read-only, none of them in two parts.
    leaks : tuple of str
        What training images share with validation or test images: ``"clip"``,
        ``"subject"``, or ``"subject?"`` where subjects are not recorded and images were
        divided at random; empty if nothing is known to leak.
    left_out : int
        Images that are in none of the three parts.
    """

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    leaks: tuple[str, ...] = ()
    left_out: int = 0

    def __post_init__(self):
        """Sort the positions, and refuse an image in two parts or an empty part."""
        for part in PARTS:
            index = np.sort(np.asarray(getattr(self, part), dtype=np.int64))
            index.flags.writeable = False
            object.__setattr__(self, part, index)
        together = np.concatenate([self.train, self.validation, self.test])
        if len(np.unique(together)) != len(together):
            raise DatasetError(
                f"Split {self.name!r} has an image in two parts; keep it in one."
            )
        held_out = len(together) - len(self.train)
        if len(self.train) == 0 or held_out == 0:
            raise DatasetError(
                f"Split {self.name!r} leaves {len(self.train)} images for training and "
                f"{held_out} for validation and test; use more data."
            )

    def __str__(self) -> str:
        """Return the name and the number of images in each part."""
        return (
            f"{self.name}: {len(self.train):,} train, {len(self.validation):,} "
            f"validation, {len(self.test):,} test, {self.left_out:,} left out"
        )

    def limit(self, n_train: int, labels: np.ndarray, seed: int = 0) -> "Split":
        """Keep only `n_train` training images, the classes in their proportions.

        Splits are compared fairly only if each trains on as many images.

        Parameters
        ----------
        n_train : int
            1 to ``len(train)``; DatasetError if there are fewer.
        labels : ndarray of int, (n,)
            Labels of the whole data set.
        seed : int, default 0
            0 or more, else `ArgumentError`.
        """
        check_whole("n_train", n_train)
        check_whole("seed", seed)
        if not 1 <= n_train <= len(self.train):
            raise DatasetError(
                f"n_train must lie in 1 to {len(self.train)}, the training images of "
                f"{self.name!r}; received {n_train}."
            )
        # Equally spaced picks of the images in order of class are stratified.
        shuffled = np.random.default_rng(seed).permutation(self.train)
        ordered = shuffled[np.argsort(np.asarray(labels)[shuffled], kind="stable")]
        picks = np.floor((np.arange(n_train) + 0.5) * len(ordered) / n_train)
        left_out = self.left_out + len(self.train) - n_train
        return replace(self, train=ordered[picks.astype(np.int64)], left_out=left_out)


def random_frame(dataset: FaceDataset, seed: int = 0) -> Split:
    """Divide single images at random, stratified by emotion: the leaky default.

    In a source of clips, near-copies of the test images are trained on. The name says
    so and a `LeakageWarning` is given, for single images too if their subjects are
    unknown.

    Parameters
    ----------
    dataset : FaceDataset
    seed : int, default 0
        Equal seeds give equal splits; below 0 there is an `ArgumentError`.
    """
    part = _deal(np.arange(len(dataset)), dataset.labels, seed)
    return _finish("random frame", dataset, part)


def random_clip(dataset: FaceDataset, seed: int = 0) -> Split:
    """Divide clips at random, stratified by emotion; people still leak.

    Parameters are those of `random_frame`. A source without clips is a DatasetError.
    """
    clips = dataset.meta["clip"]
    if clips.isna().any():
        raise DatasetError(
            f"{dataset.name!r} consists of single images, not clips; use by_subject, "
            "official or random_frame."
        )
    part = _deal(pd.factorize(clips)[0], dataset.labels, seed)
    return _finish("random clip", dataset, part)


def by_subject(dataset: FaceDataset, seed: int = 0) -> Split:
    """Divide people: nobody in the test part was seen in training.

    The default of the course. Parameters are those of `random_frame`. If the source
    does not say who is in its images, NoSubjectsError is raised.
    """
    part = _deal(pd.factorize(_subjects(dataset))[0], None, seed)
    return _finish("by subject", dataset, part)


def by_subject_and_sentence(dataset: FaceDataset, seed: int = 0) -> Split:
    """Divide people and sentences: test people say sentences unheard in training.

    About a third of each emotion's sentences, at least one, is kept for the test
    people. The others are for training and validation people. The rest is left out, and
    ``left_out`` counts it. Parameters are those of `random_frame`. Raises
    NoSubjectsError as `by_subject`, and DatasetError if an emotion has fewer than two
    sentences.
    """
    part = _deal(pd.factorize(_subjects(dataset))[0], None, seed)
    rng = np.random.default_rng([seed, 1])
    held = np.zeros(len(dataset), dtype=bool)
    for emotion, rows in dataset.meta.groupby("emotion", sort=True):
        sentences = np.sort(rows["sentence"].dropna().unique())
        if len(sentences) < 2:
            raise DatasetError(
                f"{dataset.name!r} has {len(sentences)} sentences for {emotion!r}; "
                "two are needed to hold one out. Use by_subject."
            )
        chosen = rng.choice(sentences, max(1, round(len(sentences) / 3)), replace=False)
        held[rows.index[rows["sentence"].isin(chosen)]] = True
    part = np.where((part == 2) == held, part, -1)
    return _finish("by subject and sentence", dataset, part)


def official(dataset: FaceDataset) -> Split:
    """Return the source's own split, as ``meta.split`` has it.

    Images without a part are left out; one of validation and test may be empty. If
    `dataset` does not set images apart from training, DatasetError is raised.
    """
    own = dataset.meta["split"]
    present = [part for part in PARTS if (own == part).any()]
    if "train" not in present or len(present) < 2:
        raise DatasetError(
            f"{dataset.name!r} has no complete split of its own (parts: "
            f"{', '.join(present) or 'none'}); use by_subject or random_frame."
        )
    part = own.map({name: k for k, name in enumerate(PARTS)}).fillna(-1)
    return _finish("official", dataset, part.to_numpy(dtype=np.int64))


def subject_folds(
    dataset: FaceDataset, count: int = 5, seed: int = 0
) -> Iterator[Split]:
    """Yield splits in which every subject is tested exactly once.

    With few people, the number from one split by subject depends on who is tested;
    cross-validation over people tests them all.

    Parameters
    ----------
    dataset : FaceDataset
        A source that names its subjects; NoSubjectsError if it does not.
    count : int, default 5
        Folds, from 3 to the number of subjects (then each leaves one subject out), else
        DatasetError. The fold after the tested one serves as validation.
    seed : int, default 0
        Equal seeds give equal folds.

    Examples
    --------
    >>> who = pd.DataFrame({"subject": ["a", "a", "b", "c"]})
    >>> black = np.zeros((4, 64, 64), np.uint8)
    >>> four = FaceDataset("four", black, np.zeros(4, int), who)
    >>> sorted(int(k) for fold in subject_folds(four, 3) for k in fold.test)
    [0, 1, 2, 3]
    """
    check_whole("count", count)
    check_whole("seed", seed)
    codes, names = pd.factorize(_subjects(dataset), sort=True)
    if not 3 <= count <= len(names):
        raise DatasetError(
            f"count must lie in 3 to {len(names)}, the subjects of {dataset.name!r}; "
            f"received {count}."
        )
    order = np.random.default_rng(seed).permutation(len(names))
    fold = (np.argsort(order) % count)[codes]  # (n,)
    for tested in range(count):
        held = (tested + 1) % count
        parts = (fold != tested) & (fold != held), fold == held, fold == tested
        name = f"subject fold {tested + 1} of {count}"
        yield Split(name, *map(np.flatnonzero, parts))


def hold_out(
    dataset: FaceDataset, fraction: float = 0.1, seed: int = 0
) -> tuple[FaceDataset, FaceDataset]:
    """Return training and validation images that share nothing.

    No subject is on both sides where subjects are known. Where they are not, only
    copies of one image are sure to stay together, so that the validation score is
    optimistic.

    Parameters
    ----------
    dataset : FaceDataset
        Of two subjects (or images) at least; DatasetError if there are fewer.
    fraction : float, default 0.1
        Share of the subjects (or images) to set aside, between 0 and 1, else
        `ArgumentError`.
    seed : int, default 0
        0 or more, else `ArgumentError`.
    """
    check_number("fraction", fraction, 0, 1, ends="()")
    check_whole("seed", seed)
    groups = dataset.groups
    if groups is None:
        groups = np.array([zlib.crc32(image.tobytes()) for image in dataset.images])
    names = np.unique(groups)
    if len(names) < 2:
        raise DatasetError(
            f"{dataset.name!r} has {len(names)} subjects or distinct images; at least "
            "two are needed to set some aside for validation."
        )
    chosen = np.random.default_rng(seed).permutation(names)
    aside = np.isin(groups, chosen[: max(1, round(fraction * len(names)))])
    return dataset.subset(~aside), dataset.subset(aside)


class Division(NamedTuple):
    """Images to train with, and `how` they were divided, in words."""

    train: FaceDataset
    validation: FaceDataset
    how: str


def divide(dataset: FaceDataset, seed: int = 0) -> Division:
    """Find training and validation images in any source; its test images stay unseen.

    These are the source's own parts where `dataset` has all three; otherwise `hold_out`
    sets aside a tenth of its training images by `seed`, and raises what it raises.
    """
    check_whole("seed", seed)
    parts = set(dataset.meta["split"].dropna())
    if parts == set(PARTS):
        train, validation = dataset.part("train"), dataset.part("validation")
        how = f"the source's own {len(validation):,} for validation"
    else:
        dataset = dataset.part("train") if "train" in parts else dataset
        train, validation = hold_out(dataset, 0.1, seed)
        unit = "image: subjects are unknown, so the score is optimistic"
        unit = unit if dataset.groups is None else "subject"
        how = f"{len(validation):,} set aside for validation by {unit}"
    return Division(train, validation, how)


def _subjects(dataset: FaceDataset) -> np.ndarray:
    """Return who is in each image, (n,), or raise where the source does not say it."""
    if dataset.groups is None:
        raise NoSubjectsError(
            f"{dataset.name!r} does not say who is in its images, so it cannot be "
            "divided by subject. Use splits.official where the source has a split of "
            "its own, or splits.random_frame, which may leak; for folders of your own "
            "images, load('image_folder', path, subject=...) finds names in file names."
        )
    return dataset.groups


def _deal(units: np.ndarray, labels: np.ndarray | None, seed: int) -> np.ndarray:
    """Deal whole units, alike in each class, into parts; return 0, 1 or 2, (n,)."""
    check_whole("seed", seed)
    rng = np.random.default_rng(seed)
    names, first = np.unique(units, return_index=True)
    classes = np.zeros(len(names), int) if labels is None else labels[first]
    part = np.empty(len(names), dtype=np.int64)
    for label in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == label))
        count = len(members)
        # from three units on, each part gets at least one
        sizes = np.round(np.array(FRACTIONS) * count).astype(int).clip(min=count > 2)
        sizes[0] = count - sizes[1:].sum()
        part[members] = np.repeat([0, 1, 2], sizes)
    return part[np.searchsorted(names, units)]


def _finish(name: str, dataset: FaceDataset, part: np.ndarray) -> Split:
    """Build the split and find out from the metadata what it leaks."""
    meta = dataset.meta
    known = [c for c in ("clip", "subject") if meta[c].notna().all()]
    train, held_out = meta[part == 0], meta[part > 0]
    leaks = tuple(c for c in known if held_out[c].isin(train[c]).any())
    if name.startswith("random") and "subject" not in known:
        leaks += ("subject?",)
    if leaks:
        warnings.warn(
            f"The split {name!r} of {dataset.name!r} leaks from test into training "
            f"({', '.join(leaks)}); its accuracy is no estimate for new people. Use "
            "by_subject where the source names its subjects.",
            LeakageWarning,
            stacklevel=3,
        )
        name += " (leaks)"
    parts = (np.flatnonzero(part == k) for k in range(3))
    return Split(name, *parts, leaks=leaks, left_out=int((part == -1).sum()))
