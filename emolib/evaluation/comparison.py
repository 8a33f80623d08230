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


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return p-values corrected for their number, float64 (n,), each at most 1.

    The chance that any of those below 0.05 is a false alarm is then at most 5 %,
    whatever they have in common (Holm 1979, https://www.jstor.org/stable/4615733). NaN
    was no test: it stays, and is not counted.

    Parameters
    ----------
    p_values : array of float, (n,)
        0 to 1 or NaN, else `EvaluationError`.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, float)
    if p.ndim != 1 or ((p < 0) | (p > 1)).any():
        raise EvaluationError(
            f"p_values must be a list of numbers from 0 to 1; received {p_values!r}."
        )
    order = np.argsort(p)[: np.isfinite(p).sum()]  # NaN comes last
    corrected = np.full(len(p), np.nan)
    grown = p[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(grown), 1)
    return corrected


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
