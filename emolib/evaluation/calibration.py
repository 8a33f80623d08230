"""Can the probabilities be believed, and how to make them more believable."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from emolib.evaluation.bootstrap import EvaluationError
from emolib.evaluation.metrics import accuracy_by, checked, checked_probabilities

if TYPE_CHECKING:
    import keras

#: Share of the images with an emotion that get an answer.
COVERAGE = 0.8

_SMALLEST = 1e-12  # a probability of 0 counts as this one: its logarithm is finite
_TEMPERATURES = (0.05, 20.0)  # where the best one is looked for


def reliability(
    y_true: np.ndarray,
    probabilities: np.ndarray,
    groups: Sequence | np.ndarray | None = None,
    *,
    bins: int = 10,
) -> pd.DataFrame:
    """Return claimed and observed accuracy, by the top probability.

    The table behind a reliability diagram (Guo et al. 2017, arXiv:1706.04599).

    Parameters
    ----------
    y_true, probabilities, groups : array, (n,), (n, 6) and (n,)
        As in `evaluate`, and so are the errors.
    bins : int, default 10
        Bins of equal width between 0 and 1; fewer than one raise `EvaluationError`.

    Returns
    -------
    DataFrame
        One row per bin that holds an image: ``bin`` (a `pandas.Interval`), ``n`` (int),
        ``confidence`` (mean top probability), ``accuracy``, and ``low`` and ``high`` of
        the accuracy's 95 % interval.
    """
    if not isinstance(bins, Integral) or bins < 1:
        raise EvaluationError(
            f"bins must be 1 or more, a whole number; received {bins}."
        )
    y_true, probabilities = checked(y_true, probabilities)
    top = probabilities.max(axis=1).clip(0, 1)  # rounding may exceed 1
    edges = np.linspace(0, 1, bins + 1).round(9)  # 0.3, not 0.30000000000000004
    table = accuracy_by(top, y_true, probabilities, edges, groups)
    place = np.searchsorted(edges, top, side="right").clip(1, bins) - 1
    total = np.bincount(place, weights=top, minlength=bins)
    table.insert(2, "confidence", total / table["n"].clip(lower=1))
    return table[table["n"] > 0].reset_index(drop=True)


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Soften (T > 1) or sharpen (T < 1): softmax(log p / T), ndarray, float64, (n, 6).

    The same as dividing the scores in front of the softmax by T; the order stays.

    Parameters
    ----------
    probabilities : ndarray of float, (n, 6)
        Rows sum to 1, else `EvaluationError`.
    temperature : float
        Above 0 and finite, else `EvaluationError`; 1 changes nothing.

    Examples
    --------
    >>> cooler = apply_temperature(np.array([[0.5, 0.3, 0.2, 0, 0, 0]]), 0.5)
    >>> cooler[0, :2].round(2).tolist()
    [0.66, 0.24]
    """
    _check_temperature(temperature)
    scores = np.log(np.maximum(checked_probabilities(probabilities), _SMALLEST))
    powers = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def fit_temperature(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature under which the labels were most probable, 0.05 to 20.

    Above 1 if the model claims too much. An end of the range means that the images
    could not fix it, as when every answer is right. Fit it on validation images, never
    on those that are reported (Guo et al. 2017, arXiv:1706.04599, section 4.2).

    Parameters
    ----------
    y_true, probabilities : ndarray, (n,) and (n, 6)
        As in `evaluate`, and so are the errors.
    """
    y_true, probabilities = checked(y_true, probabilities)
    rows = np.arange(len(y_true))

    def surprise(log_temperature: float) -> float:
        given = apply_temperature(probabilities, float(np.exp(log_temperature)))
        return -np.log(np.maximum(given[rows, y_true], _SMALLEST)).mean()

    bounds, options = np.log(_TEMPERATURES), {"xatol": 1e-4}
    found = minimize_scalar(surprise, bounds=bounds, method="bounded", options=options)
    return float(np.exp(found.x))


def build_in_temperature(model: "keras.Model", temperature: float) -> None:
    """Divide the last weights of a network, in place, by a temperature above 0.

    `model` ends in a dense layer with softmax; its probabilities are then those of
    `apply_temperature`. Others raise `EvaluationError`.
    """
    _check_temperature(temperature)
    last = model.layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if type(last).__name__ != "Dense" or activation != "softmax":
        raise EvaluationError(
            "A temperature is built into a last layer that is Dense with softmax; "
            f"{model.name!r} ends in {type(last).__name__} with {activation}. "
            "Use one that does."
        )
    last.set_weights([weights / temperature for weights in last.get_weights()])


def unsure_threshold(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the top probability, 0 to 1, below which an answer is *unsure*.

    Four in five (`COVERAGE`) of the images with an emotion, `y_true` not -1, get an
    answer. Choose it on validation images, after the temperature. Raises
    `EvaluationError` as `evaluate` does.
    """
    y_true = np.asarray(y_true)
    known = y_true != -1
    _, probabilities = checked(np.where(known, y_true, 0), probabilities)
    if not known.any():
        raise EvaluationError(
            "There are no images with an emotion to choose the threshold on; give some."
        )
    return float(np.quantile(probabilities[known].max(axis=1), 1 - COVERAGE))


def _check_temperature(temperature: float) -> None:
    if not (isinstance(temperature, Real) and 0 < temperature < np.inf):
        raise EvaluationError(
            f"temperature must be a finite number above 0; received {temperature}."
        )
