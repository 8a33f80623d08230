"""How sure a mean is: the bootstrap over people."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emolib.errors import EmolibError

#: Bootstrap samples, their seed, and the percentiles of a 95 % interval.
RESAMPLES, SEED = 2000, 0
LEVEL = (2.5, 97.5)


class EvaluationError(EmolibError, ValueError):
    """Predictions cannot be scored as they are; the message says what to do."""


def bootstrap_interval(values: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `values`, int or bool (n,), over groups.

    The percentile bootstrap over clusters (Field & Welsh 2007,
    doi:10.1111/j.1467-9868.2007.00593.x); `codes` number the groups (n,) from 0. NaN
    with fewer than two groups, which say nothing about others.
    """
    sizes = np.bincount(codes)  # (groups,)
    if len(sizes) < 2:
        return float("nan"), float("nan")
    sums = np.bincount(codes, weights=values)
    # Groups of equal size and sum are interchangeable, so it is enough to draw how many
    # of each kind a sample holds: fast for ten thousand images, too.
    kinds, counts = np.unique(np.stack([sums, sizes]), axis=1, return_counts=True)
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(len(sizes), counts / len(sizes), RESAMPLES)
    sums, sizes = kinds @ drawn.T  # (samples,) each
    low, high = np.percentile(sums / sizes, LEVEL)
    return float(low), float(high)


def group_codes(groups: Sequence | np.ndarray | None, n: int) -> np.ndarray:
    """Return the groups of `n` images as int (n,) from 0; without, each image is one.

    Raises `EvaluationError` if `groups` has another length, or one is missing.
    """
    if groups is None:
        return np.arange(n)
    groups = np.asarray(groups)
    if groups.shape != (n,):
        raise EvaluationError(
            f"groups must have shape ({n},), one per image; received {groups.shape}."
        )
    if pd.isna(groups).any():
        raise EvaluationError(
            f"{pd.isna(groups).sum()} of {n} groups are missing; pass groups=None "
            "where subjects are unknown."
        )
    return pd.factorize(groups)[0]
