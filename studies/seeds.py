"""Several seeds of one network: means over the seeds, intervals over people.

The answers of all seeds are joined, so that each person brings those of every seed.
"""

from collections.abc import Sequence

import numpy as np

from emolib.evaluation import evaluate, paired_bootstrap


def over_seeds(
    labels: np.ndarray, people: np.ndarray, answers: Sequence[np.ndarray]
) -> dict:
    """Return the accuracy of a network over its seeds.

    Parameters
    ----------
    labels, people : ndarray, (n,)
        Classes, and whose faces they are; where nobody knows, a number for each.
    answers : sequence of ndarray, (n, 6)
        Probabilities of each seed.

    Returns
    -------
    dict
        ``seeds`` (accuracy of each), ``accuracy`` (their mean) and its ``interval``.
    """
    many = len(answers)
    whole = evaluate(
        np.tile(labels, many), np.concatenate(answers), np.tile(people, many)
    )
    return {
        "seeds": [round(evaluate(labels, one).accuracy, 5) for one in answers],
        "accuracy": round(whole.accuracy, 5),
        "interval": np.round(whole.interval, 5).tolist(),
    }


def better_by(
    labels: np.ndarray,
    people: np.ndarray,
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
) -> list[float]:
    """Return how much better the second of two networks is, and the interval's ends.

    Paired: both are scored on the same people. Arguments as in `over_seeds`; both
    networks have as many seeds.
    """
    many = len(first)
    gain = paired_bootstrap(
        np.tile(labels, many), np.concatenate(first), np.concatenate(second),
        np.tile(people, many),
    )  # fmt: skip
    return np.round([gain.difference, *gain.interval], 5).tolist()
