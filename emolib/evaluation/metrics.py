"""What one model's predictions are worth: metrics, always with their uncertainty."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix

from emolib.emotions import EMOTIONS
from emolib.evaluation.bootstrap import EvaluationError, bootstrap_interval, group_codes
from emolib.files import write_json

#: Bins of the calibration error.
CALIBRATION_BINS = 15


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` found: print it, save it, read its fields.

    Attributes
    ----------
    accuracy : float
        Share of images whose most probable emotion is the labelled one.
    interval : (float, float)
        95 % interval of the accuracy by bootstrap over groups; NaN where there is only
        one, which says nothing about others.
    balanced_accuracy, macro_f1 : float
        Mean recall of the classes that occur; mean F1 score of those that occur or are
        predicted.
    per_class : DataFrame
        Index `emotion`, all six; columns precision, recall, f1 (float) and support
        (int). A score without any image to take it from is NaN.
    confusion : ndarray, int64, (6, 6)
        Images by true class (row) and predicted class (column), read-only.
    calibration_error : float
        What `calibration_error` returns.
    n, n_groups : int
        Images, and the groups (subjects, as a rule) they come from.
    optimistic : bool
        Whether no groups were given. The interval then counts each image as
        independent, which frames of the same person are not, and is too narrow.
    """

    accuracy: float
    interval: tuple[float, float]
    balanced_accuracy: float
    macro_f1: float
    per_class: pd.DataFrame
    confusion: np.ndarray
    calibration_error: float
    n: int
    n_groups: int
    optimistic: bool

    def __str__(self) -> str:
        """Return the scores, and a table of the six classes."""
        over = "images (optimistic)" if self.optimistic else f"{self.n_groups} groups"
        interval = "[{:.3f}, {:.3f}] 95 %".format(*self.interval)
        if np.isnan(self.interval).any():
            interval = "no interval"
        table = self.per_class.to_string(
            formatters={"support": "{:,}".format}, float_format="{:.3f}".format,
            na_rep="-", index_names=False,
        )  # fmt: skip
        return (
            f"accuracy           {self.accuracy:.3f}  {interval} over {over}\n"
            f"balanced accuracy  {self.balanced_accuracy:.3f}\n"
            f"macro F1           {self.macro_f1:.3f}\n"
            f"calibration error  {self.calibration_error:.3f}\n"
            f"images             {self.n:,}\n\n{table}"
        )

    def to_dict(self) -> dict:
        """Return the result in types that JSON knows; NaN becomes None."""
        rows = self.per_class.to_dict(orient="index").items()
        return {
            **asdict(self),
            "interval": [_or_none(end) for end in self.interval],
            "per_class": {
                name: {score: _or_none(value) for score, value in row.items()}
                for name, row in rows
            },
            "confusion": self.confusion.tolist(),
        }

    @classmethod
    def from_dict(cls, record: Mapping) -> "Evaluation":
        """Build the result again from what `to_dict` gave.

        Raises `EvaluationError` if a field is missing or of another kind.
        """
        try:
            fields = {name: record[name] for name in cls.__dataclass_fields__}
            table = pd.DataFrame.from_dict(record["per_class"], orient="index")
            table = table.astype({"precision": float, "recall": float, "f1": float})
            ends = (np.nan if end is None else end for end in record["interval"])
            fields["interval"] = tuple(ends)
            fields["per_class"] = table.rename_axis("emotion")
            fields["confusion"] = _read_only(np.array(record["confusion"], np.int64))
        except (KeyError, TypeError, ValueError) as error:
            raise EvaluationError(
                f"Not the record of an evaluation: {error!r}. Give what to_dict or "
                "save wrote."
            ) from error
        return cls(**fields)

    def save(self, path: str | Path) -> Path:
        """Write the result as JSON, whole or not at all, and return the path."""
        return write_json(path, self.to_dict())


def evaluate(
    y_true: np.ndarray,
    probabilities: np.ndarray,
    groups: Sequence | np.ndarray | None = None,
) -> Evaluation:
    """Score predicted probabilities against labels; return an `Evaluation`.

    Parameters
    ----------
    y_true : ndarray of int, (n,)
        Labels 0 to 5 in the order of ``EMOTIONS``.
    probabilities : ndarray of float, (n, 6)
        Rows sum to 1.
    groups : array, (n,), optional
        Who is in each image, as ``dataset.groups`` has it: images of a person are
        alike, so the bootstrap draws persons. Without groups it draws images, and the
        result is marked optimistic.

    Raises
    ------
    EvaluationError
        If there are no images, shapes do not fit, labels are not 0 to 5, or
        probabilities are not finite, negative or do not sum to 1.

    Examples
    --------
    >>> evaluate(np.array([0, 1]), np.eye(6)[[0, 2]]).accuracy
    0.5
    """
    y_true, probabilities = checked(y_true, probabilities)
    codes = group_codes(groups, len(y_true))
    y_pred = probabilities.argmax(axis=1)
    correct = y_pred == y_true
    confusion = confusion_matrix(y_true, y_pred, labels=np.arange(len(EMOTIONS)))
    per_class = _per_class(confusion)
    return Evaluation(
        accuracy=float(correct.mean()),
        interval=bootstrap_interval(correct, codes),
        balanced_accuracy=float(per_class["recall"].mean()),
        macro_f1=float(per_class["f1"].mean()),
        per_class=per_class,
        confusion=_read_only(confusion.astype(np.int64)),
        calibration_error=calibration_error(y_true, probabilities),
        n=len(y_true),
        n_groups=int(codes.max()) + 1,
        optimistic=groups is None,
    )


def calibration_error(y_true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the expected calibration error, 0 (honest) to 1.

    The mean over images of how far the accuracy in their bin is from the mean top
    probability there (Guo et al. 2017, arXiv:1706.04599); of top probabilities there
    are 15 bins of equal width, open on the left and closed on the right.

    Parameters
    ----------
    y_true, probabilities : ndarray, (n,) and (n, 6)
        As in `evaluate`, and so are the errors.
    """
    bins, gaps = calibration_gaps(*checked(y_true, probabilities))
    # the sum of a bin is n * (accuracy - mean top probability)
    return float(np.abs(np.bincount(bins, weights=gaps)).sum() / len(bins))


def calibration_gaps(
    y_true: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each image's bin, int (n,) from 0, and right (1 or 0) minus claimed."""
    top = probabilities.max(axis=1)
    bins = np.ceil(top * CALIBRATION_BINS).astype(np.int64) - 1
    correct = probabilities.argmax(axis=1) == y_true
    return bins.clip(0, CALIBRATION_BINS - 1), correct - top


def accuracy_by(
    values: Sequence | np.ndarray,
    y_true: np.ndarray,
    probabilities: np.ndarray,
    bins: Sequence[float] | None = None,
    groups: Sequence | np.ndarray | None = None,
) -> pd.DataFrame:
    """Return the accuracy within bins of a property of the images, such as intensity.

    Parameters
    ----------
    values : array, (n,)
        Numbers, or names if `bins` is None. Images whose value is missing or outside
        the bins are left out; another length raises `EvaluationError`.
    y_true, probabilities, groups : array, (n,), (n, 6) and (n,)
        As in `evaluate`, and so are the errors.
    bins : sequence of float, optional
        Ascending edges, else `EvaluationError`; a bin holds its left edge, the last one
        also its right edge. Without edges every different value is a bin.

    Returns
    -------
    DataFrame
        One row per bin: ``bin`` (a `pandas.Interval`, or the value), ``n`` (int),
        ``accuracy``, and ``low`` and ``high`` of its 95 % interval (NaN with fewer than
        two groups).
    """
    y_true, probabilities = checked(y_true, probabilities)
    values = np.asarray(values)
    if values.shape != y_true.shape:
        raise EvaluationError(
            f"values must have shape {y_true.shape}; received {values.shape}."
        )
    codes, names = _bin_codes(values, bins)
    people = group_codes(groups, len(y_true))
    correct = probabilities.argmax(axis=1) == y_true
    rows = []
    for code, name in enumerate(names):
        here = codes == code
        n, scores = int(here.sum()), (np.nan,) * 3
        if n:
            ends = bootstrap_interval(correct[here], group_codes(people[here], n))
            scores = correct[here].mean(), *ends
        rows.append((name, n, *scores))
    return pd.DataFrame(rows, columns=["bin", "n", "accuracy", "low", "high"])


def checked(
    y_true: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, int64 (n,), and probabilities, float64 (n, 6), if they are sound.

    Raises `EvaluationError` where `evaluate` does.
    """
    y_true, probabilities = np.asarray(y_true), np.asarray(probabilities)
    n, classes = len(y_true), len(EMOTIONS)
    if y_true.size == 0:
        raise EvaluationError(
            "There are no images to evaluate: y_true is empty; give some."
        )
    if y_true.ndim != 1 or probabilities.shape != (n, classes):
        raise EvaluationError(
            f"Expected y_true of shape (n,) and probabilities of shape (n, {classes}); "
            f"received {y_true.shape} and {probabilities.shape}."
        )
    outside = ~np.isin(y_true, np.arange(classes)) | (y_true.dtype == bool)
    if outside.any():
        raise EvaluationError(
            f"{outside.sum()} of {n} labels are not 0 to {classes - 1} (such as "
            f"{y_true[outside][0]}); drop unlabelled rows first, for example with "
            "dataset.labelled()."
        )
    return y_true.astype(np.int64), checked_probabilities(probabilities)


def checked_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities, float64 (n, 6), if their rows are finite and sum to 1.

    Raises `EvaluationError` where `evaluate` does.
    """
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 2 or probabilities.shape[1] != len(EMOTIONS):
        raise EvaluationError(
            f"Expected probabilities of shape (n, {len(EMOTIONS)}); received "
            f"{probabilities.shape}."
        )
    n = len(probabilities)
    try:
        probabilities = probabilities.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise EvaluationError(
            f"probabilities must be numbers; received {probabilities.dtype}."
        ) from error
    broken = ~np.isfinite(probabilities).all(axis=1)
    if broken.any():
        raise EvaluationError(
            f"{broken.sum()} of {n} rows of probabilities hold NaN or infinity (first: "
            f"row {broken.argmax()}). The training has diverged, or the input was not "
            "images of 0-255; train again with a lower learning rate."
        )
    sums = probabilities.sum(axis=1)
    wrong = (np.abs(sums - 1) > 1e-3) | (probabilities < -1e-6).any(axis=1)
    if wrong.any():
        row = wrong.argmax()
        raise EvaluationError(
            f"{wrong.sum()} of {n} rows are no probabilities (first: row {row}, sum "
            f"{sums[row]:g}, smallest {probabilities[row].min():g}); expected values "
            "of 0 or more that sum to 1. Apply softmax to logits first."
        )
    return probabilities


def _per_class(confusion: np.ndarray) -> pd.DataFrame:
    """Scores of each class; 0 / 0 is NaN, which means leave out."""
    hits = np.diag(confusion)
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    with np.errstate(invalid="ignore"):
        scores = {
            "precision": hits / predicted,
            "recall": hits / support,
            "f1": 2 * hits / (support + predicted),
            "support": support.astype(np.int64),
        }
    return pd.DataFrame(scores, index=pd.Index(EMOTIONS, name="emotion"))


def _bin_codes(values: np.ndarray, bins: Sequence[float] | None):
    """Return the bin of each value, -1 for none, and the bins' names in order."""
    if bins is None:
        codes, names = pd.factorize(values, sort=True)
        return codes, list(names)
    edges = np.asarray(bins, dtype=float)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise EvaluationError(f"bins must be two or more ascending edges; got {bins}.")
    try:
        values = values.astype(float)
    except (TypeError, ValueError) as error:
        raise EvaluationError(
            f"values must be numbers to be put into bins ({error}); leave bins out to "
            "count every different value."
        ) from error
    codes = np.searchsorted(edges, values, side="right") - 1
    codes[values == edges[-1]] = len(edges) - 2
    codes[(codes > len(edges) - 2) | np.isnan(values)] = -1
    return codes, list(pd.IntervalIndex.from_breaks(edges, closed="left"))


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _read_only(array: np.ndarray) -> np.ndarray:
    array.flags.writeable = False
    return array
