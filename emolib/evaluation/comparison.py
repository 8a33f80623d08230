"""Two models on the same images, and one model with ever more people to learn from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from emolib.arguments import check_whole
from emolib.datasets import FaceDataset
from emolib.evaluation.bootstrap import EvaluationError, bootstrap_interval, group_codes
from emolib.evaluation.metrics import checked, evaluate


@dataclass(frozen=True)
class McNemar:
    """Images that only the first or only the second of two models names correctly.

    `p_value` is how probable so uneven a division is if neither model were better, and
    the images independent.
    """

    only_first: int
    only_second: int
    p_value: float


@dataclass(frozen=True)
class Difference:
    """How much better the second of two models is.

    `difference` is its accuracy minus that of the first, -1 to 1, and `interval` the 95
    % interval by bootstrap over groups; the others are those of `Evaluation`.
    """

    difference: float
    interval: tuple[float, float]
    n: int
    n_groups: int
    optimistic: bool


def mcnemar(y_true: np.ndarray, first: np.ndarray, second: np.ndarray) -> McNemar:
    """Return a `McNemar`: whether two models err equally often on the same images.

    Only images on which one is right and the other wrong tell; under the null each is a
    toss of a coin (McNemar 1947, doi:10.1007/BF02295996; here the exact binomial test,
    two-sided). Several images of a person are not independent, and make the p-value too
    small: prefer `paired_bootstrap`.

    Parameters
    ----------
    y_true : ndarray of int, (n,)
        As in `evaluate`, and so are the errors.
    first, second : ndarray of float, (n, 6)
        Probabilities of the two models.
    """
    right, other = _right(y_true, first), _right(y_true, second)
    only_first, only_second = int((right & ~other).sum()), int((other & ~right).sum())
    apart = only_first + only_second
    p_value = float(binomtest(only_first, apart).pvalue) if apart else 1.0
    return McNemar(only_first, only_second, p_value)


def paired_bootstrap(
    y_true: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    groups: Sequence | np.ndarray | None = None,
) -> Difference:
    """Return the `Difference` of two models, with an interval over people.

    Each sample draws people and scores both models on the same ones, so that what is
    hard for both cancels (Efron & Tibshirani 1993).

    Parameters
    ----------
    y_true, groups : array, (n,)
        As in `evaluate`, and so are the errors.
    first, second : ndarray of float, (n, 6)
        Probabilities of the two models.
    """
    gain = _right(y_true, second).astype(int) - _right(y_true, first)  # -1, 0 or 1
    codes = group_codes(groups, len(gain))
    return Difference(
        difference=float(gain.mean()),
        interval=bootstrap_interval(gain, codes),
        n=len(gain),
        n_groups=int(codes.max()) + 1,
        optimistic=groups is None,
    )


def learning_curve(
    dataset: FaceDataset,
    test: FaceDataset,
    sizes: Sequence[int],
    fit: Callable[[FaceDataset, int], Callable[[np.ndarray], np.ndarray]],
    *,
    seeds: Sequence[int] = (0, 1, 2),
) -> pd.DataFrame:
    """Score a method that learns from ever more people.

    Each seed draws its own order of people; the larger samples contain the smaller.

    Parameters
    ----------
    dataset, test : FaceDataset
        What to learn from, and other people to score on, else `EvaluationError`.
    sizes, seeds : sequence of int
        Numbers of people to learn from, 1 to all (else `EvaluationError`), and seeds,
        0 or more (else `ArgumentError`).
    fit : callable
        ``fit(part, seed)`` trains on a `FaceDataset` and returns a function from
        images, uint8 (n, 64, 64), to probabilities (n, 6).

    Returns
    -------
    DataFrame
        One row per seed and size: people, images, seed, accuracy, and low and high of
        its 95 % interval over test people.
    """
    for seed in seeds:
        check_whole("seed", seed)
    if dataset.groups is None or test.groups is None:
        raise EvaluationError(
            "A learning curve over people needs to know who is in each image; "
            f"{(dataset if dataset.groups is None else test).name!r} does not say it."
        )
    people = np.unique(dataset.groups)
    if shared := set(people) & set(test.groups):
        raise EvaluationError(
            f"{len(shared)} people are in both sets (such as {min(shared)}); split by "
            "subject first."
        )
    if unfit := [size for size in sizes if not 1 <= size <= len(people)]:
        raise EvaluationError(
            f"sizes must be 1 to {len(people)}, the number of people; received {unfit}."
        )
    rows = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(people)
        for size in sizes:
            part = dataset.subset(np.isin(dataset.groups, order[:size]))
            answers = fit(part, seed)(test.images)
            result = evaluate(test.labels, answers, test.groups)
            rows.append((size, len(part), seed, result.accuracy, *result.interval))
    columns = ["people", "images", "seed", "accuracy", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _right(y_true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    y_true, probabilities = checked(y_true, probabilities)
    return probabilities.argmax(axis=1) == y_true
