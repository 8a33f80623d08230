"""Cross-validation over people: everybody is tested once, by a network of strangers.

With few people, one split by subject is luck: who happens to be tested decides the
number. Folds use them all (leave-one-subject-group-out). Taught in chapter 12.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from emolib.datasets.face_dataset import DatasetError, FaceDataset, NoSubjectsError
from emolib.datasets.splits import Split


def subject_folds(
    dataset: FaceDataset, count: int = 5, seed: int = 0
) -> Iterator[Split]:
    """Yield splits in which every subject is tested exactly once.

    Taught in chapter 12.

    Parameters
    ----------
    dataset : FaceDataset
        A source that names its subjects.
    count : int
        Number of folds, from 3 to the number of subjects (then each fold leaves one
        subject out). The fold after the tested one serves as validation.
    seed : int
        Equal seeds give equal folds.

    Yields
    ------
    Split
        Test and validation parts hold subjects that the training part does not.

    Raises
    ------
    NoSubjectsError
        If the source does not say who is in its images.
    DatasetError
        If there are fewer subjects than folds, or fewer than three folds.

    Examples
    --------
    >>> from emolib.datasets import FaceDataset
    >>> who = pd.DataFrame({"subject": ["a", "a", "b", "c"]})
    >>> black = np.zeros((4, 64, 64), np.uint8)
    >>> four = FaceDataset("four", black, np.zeros(4, int), who)
    >>> sorted(int(k) for fold in subject_folds(four, 3) for k in fold.test)
    [0, 1, 2, 3]
    """
    if dataset.groups is None:
        raise NoSubjectsError(
            f"{dataset.name!r} does not say who is in its images, so there are no "
            "folds over subjects; use emolib.datasets.splits.official or random_frame."
        )
    codes, names = pd.factorize(dataset.groups, sort=True)
    if not 3 <= count <= len(names):
        raise DatasetError(
            f"count must lie in 3 to {len(names)}, the subjects of {dataset.name!r}; "
            f"received {count}."
        )
    order = np.random.default_rng(seed).permutation(len(names))
    fold = np.empty(len(names), dtype=np.int64)
    fold[order] = np.arange(len(names)) % count
    fold = fold[codes]  # (n,)
    for tested in range(count):
        held = (tested + 1) % count
        yield Split(
            f"subject fold {tested + 1} of {count}",
            np.flatnonzero((fold != tested) & (fold != held)),
            np.flatnonzero(fold == held),
            np.flatnonzero(fold == tested),
        )
