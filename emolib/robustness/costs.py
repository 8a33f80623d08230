"""What a change costs, and whom: accuracy against severity, and the audit of groups.

Both compare answers to the same frames of the same people, so that what is hard for all
cancels; both are as sure as the number of people allows.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np
import pandas as pd

from emolib.arguments import check_number
from emolib.datasets import FaceDataset
from emolib.errors import ArgumentError, unknown
from emolib.evaluation import evaluate, holm, paired_bootstrap
from emolib.evaluation.bootstrap import LEVEL, RESAMPLES, SEED
from emolib.evaluation.metrics import CALIBRATION_BINS, calibration_gaps, checked
from emolib.robustness.perturbations import meaning, perturb

#: From images, uint8 (n, 64, 64), to probabilities (n, 6).
Predict = Callable[[np.ndarray], np.ndarray]

#: What `audit` compares.
MEASURES = ("accuracy", "calibration error", "unsure")
#: How often labels of groups are swapped for a p-value.
_SWAPS = 9999


def accuracy_curve(
    predict: Predict,
    faces: FaceDataset,
    perturbation: str | Mapping[Hashable, FaceDataset],
    severities: Sequence[float] = (0, 0.25, 0.5, 0.75, 1),
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Say how accuracy falls as pictures get worse, or as one thing changes.

    Parameters
    ----------
    predict : callable
        From images, uint8 (n, 64, 64), to probabilities (n, 6), such as
        ``EmotionRecognizer().predict_proba`` or ``partial(predict, model)``.
    faces : FaceDataset
        What to spoil, and to compare with.
    perturbation : str or mapping
        One of `PERTURBATIONS`; or value -> the same frames with that value, as
        `counterfactuals` returns them, and `faces` is then `counterfactual` of no
        change.
    severities : sequence of float
        0 to 1, of a named perturbation.
    seed : int
        As in `perturb`.

    Returns
    -------
    DataFrame
        One row per severity or value: ``severity``, ``meaning`` (str), ``n``,
        ``accuracy`` with ``low`` and ``high`` of its 95 % interval over people, and
        ``difference`` from `faces` as they are, with ``difference_low`` and
        ``difference_high`` of its paired interval. Intervals are NaN with one person.

    Raises
    ------
    ArgumentError
        If a name is unknown, a severity lies outside 0 to 1, there are no faces, or a
        set holds other frames than `faces`.
    EvaluationError
        If labels or answers are not those of the six emotions.
    """
    answers = _answers(predict, faces)
    if isinstance(perturbation, str):
        sets = (
            (one, meaning(perturbation, one), perturb(
                faces.images, perturbation, one, seed=seed
            ))
            for one in severities
        )  # fmt: skip
    else:
        for name, others in perturbation.items():
            _check_pair(faces, others, name)
        sets = ((k, str(k), others.images) for k, others in perturbation.items())
    rows = []
    for severity, words, images in sets:
        now = np.asarray(predict(images))
        result = evaluate(faces.labels, now, faces.groups)
        change = paired_bootstrap(faces.labels, answers, now, faces.groups)
        rows.append((severity, words, result.n, result.accuracy, *result.interval,
                     change.difference, *change.interval))  # fmt: skip
    columns = ["severity", "meaning", "n", "accuracy", "low", "high", "difference",
               "difference_low", "difference_high"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def audit(
    predict: Predict,
    groups: Mapping[Hashable, FaceDataset],
    reference: Hashable,
    *,
    unsure_below: float = 0.0,
) -> pd.DataFrame:
    """Compare how well a network serves groups that differ in nothing else.

    Parameters
    ----------
    predict : callable
        As in `accuracy_curve`.
    groups : mapping
        Name of a group -> the same frames of the same people, as `counterfactuals`
        renders them: by one factor, or by two at once for their intersections.
    reference : hashable
        The group that the others are compared with.
    unsure_below : float
        Top probability, 0 to 1, below which an answer counts as *unsure*:
        ``EmotionRecognizer.unsure_below`` is that of a network.

    Returns
    -------
    DataFrame
        A row for each group and measure (``accuracy``, ``calibration error``,
        ``unsure``, each a share of 0 to 1): ``group``, ``measure``, ``n``, ``people``,
        ``value`` with ``low`` and ``high``; ``difference`` from the reference with
        ``difference_low`` and ``difference_high`` (95 %, bootstrap over people);
        ``p_value``, how often so large a difference comes about if each person's two
        groups are swapped at random; and ``p_holm``, corrected for all comparisons of
        the table. NaN of the reference itself, and where there is one person only.

    Raises
    ------
    ArgumentError
        If there is no such reference, no faces or no subjects, or groups differ in
        their frames.
    EvaluationError
        If labels or answers are not those of the six emotions.

    Notes
    -----
    The calibration error of few images is too large, equally so in all groups; its
    percentile interval may therefore lie above the value.
    """
    check_number("unsure_below", unsure_below, 0, 1)
    if reference not in groups:
        raise ArgumentError(unknown("group", reference, groups))
    base = groups[reference]
    for name, faces in groups.items():
        _check_pair(base, faces, name)
    if base.groups is None:
        raise ArgumentError(
            f"An audit compares people, and {base.name!r} does not say who is in its "
            "images. Give meta with the column subject."
        )
    codes, people = pd.factorize(base.groups)
    sums = {
        name: _sums(faces.labels, _answers(predict, faces), codes, unsure_below)
        for name, faces in groups.items()
    }
    rng = np.random.default_rng(SEED)
    many = len(people)
    drawn = rng.multinomial(many, np.full(many, 1 / many), RESAMPLES)  # people, times
    swapped = rng.integers(0, 2, (_SWAPS, many))
    rows = []
    for name, own in sums.items():
        values, resampled = _measures(own.sum(axis=0)), _measures(drawn @ own)
        first = sums[reference]
        change = values - _measures(first.sum(axis=0))
        changes = resampled - _measures(drawn @ first)
        by_chance = _measures(swapped @ first + (1 - swapped) @ own)
        by_chance -= _measures(swapped @ own + (1 - swapped) @ first)
        extreme = np.abs(by_chance) >= np.abs(change) - 1e-12
        p_values = (1 + extreme.sum(axis=0)) / (1 + _SWAPS)
        known = np.nan if many < 2 else 1.0  # one person says nothing about others
        other = np.nan if name == reference else known
        ends = np.percentile(resampled, LEVEL, axis=0) * known
        between = np.percentile(changes, LEVEL, axis=0) * other
        for k, measure in enumerate(MEASURES):
            rows.append((
                name, measure, len(base), many, values[k], *ends[:, k],
                np.nan if name == reference else change[k], *between[:, k],
                p_values[k] * other,
            ))  # fmt: skip
    columns = ["group", "measure", "n", "people", "value", "low", "high", "difference",
               "difference_low", "difference_high", "p_value"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(p_holm=holm(table["p_value"].to_numpy()))


def _answers(predict: Predict, faces: FaceDataset) -> np.ndarray:
    if len(faces) == 0:
        raise ArgumentError(f"There are no faces in {faces.name!r}; give some.")
    return np.asarray(predict(faces.images))


def _check_pair(faces: FaceDataset, others: FaceDataset, name: Hashable) -> None:
    """Refuse sets that do not hold the same frames of the same people."""
    columns = ["subject", "emotion", "sentence", "clip", "frame"]
    if not faces.meta[columns].equals(others.meta[columns]):
        raise ArgumentError(
            f"The set {name!r} holds other frames ({len(others)}) than those it is "
            f"compared with ({len(faces)}). Make both of the same faces with "
            "emolib.robustness.counterfactuals."
        )


def _sums(
    labels: np.ndarray, answers: np.ndarray, codes: np.ndarray, unsure_below: float
) -> np.ndarray:
    """Return what the measures are made of, summed for each person, (people, 3 + 15).

    Columns: images, right answers, unsure answers, and in each bin of the calibration
    error the right answers minus the probabilities claimed.
    """
    labels, answers = checked(labels, answers)
    bins, gaps = calibration_gaps(labels, answers)
    right = answers.argmax(axis=1) == labels
    unsure = answers.max(axis=1) < unsure_below
    binned = gaps[:, None] * (bins[:, None] == np.arange(CALIBRATION_BINS))
    each = np.column_stack([np.ones(len(labels)), right, unsure, binned])
    sums = np.zeros((codes.max() + 1, each.shape[1]))
    np.add.at(sums, codes, each)
    return sums


def _measures(sums: np.ndarray) -> np.ndarray:
    """Return `MEASURES` (..., 3) of sums over people (..., 3 + 15)."""
    shares = sums[..., 1:] / sums[..., :1]
    error = np.abs(shares[..., 2:]).sum(axis=-1)
    return np.stack([shares[..., 0], error, shares[..., 1]], axis=-1)
