"""Targets: what a network should answer to each picture."""

import numpy as np

from emolib.arguments import check_number
from emolib.datasets import FaceDataset
from emolib.datasets.fer_plus import votes_of
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError


def soft_targets(labels: np.ndarray, intensity: np.ndarray) -> np.ndarray:
    """Mix the label with "cannot tell", by intensity: i * one-hot + (1 - i) / 6.

    Parameters
    ----------
    labels : ndarray of int, (n,)
        0 to 5; -1 (neutral) gives the uniform distribution.
    intensity : ndarray of float, (n,)
        0 to 1; NaN (unknown) counts as 1.

    Returns
    -------
    ndarray, float32, (n, 6)
        Rows sum to 1.

    Raises
    ------
    ValueError
        If the lengths differ, a label is not -1 to 5, or an intensity not 0 to 1.

    Examples
    --------
    >>> soft_targets(np.array([3]), np.array([0.4])).round(1).tolist()[0][:4]
    [0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.5]
    """
    labels, intensity = np.asarray(labels), np.asarray(intensity, dtype=float)
    if labels.shape != intensity.shape or labels.ndim != 1:
        raise ArgumentError(
            "labels and intensity must both have shape (n,); received "
            f"{labels.shape} and {intensity.shape}."
        )
    _check_labels(labels)
    known = np.where(np.isnan(intensity), 1.0, intensity)
    if ((known < 0) | (known > 1)).any():
        found = f"{known.min():g} to {known.max():g}"
        raise ArgumentError(f"intensity must lie in 0 to 1; received {found}.")
    strength = np.where(labels < 0, 0.0, known)[:, None]  # (n, 1)
    one_hot = np.eye(len(EMOTIONS))[np.maximum(labels, 0)]  # (n, 6)
    return (strength * one_hot + (1 - strength) / len(EMOTIONS)).astype(np.float32)


def check_targets(targets: np.ndarray, n: int) -> np.ndarray:
    """Return targets (n, 6) whose rows are 0 or more and sum to 1.

    Others raise an `ArgumentError`.
    """
    targets = np.asarray(targets)
    if targets.shape != (n, len(EMOTIONS)) or targets.dtype.kind not in "uif":
        raise ArgumentError(
            f"targets must be numbers of shape ({n}, {len(EMOTIONS)}), a row per "
            f"image. Received: {targets.dtype} of shape {targets.shape}"
        )
    sums = targets.sum(axis=1, dtype=np.float64)
    sound = (targets >= -1e-6).all(axis=1) & (np.abs(sums - 1) < 1e-3)  # False for NaN
    if not sound.all():
        row = int(sound.argmin())
        raise ArgumentError(
            f"Rows of targets must be 0 or more and sum to 1; {(~sound).sum()} of {n} "
            f"are not. Received in row {row}: {targets[row]}"
        )
    return targets


def _check_labels(labels: np.ndarray) -> None:
    whole = labels.dtype.kind in "ui"
    if not whole or ((labels < -1) | (labels >= len(EMOTIONS))).any():
        found = f"{labels.min()} to {labels.max()}" if whole else labels.dtype
        raise ArgumentError(
            f"labels must be whole numbers, 0 to {len(EMOTIONS) - 1}, or -1 for none "
            f"of the six. Received: {found}"
        )


def targets_of(faces: FaceDataset, soft: bool = True) -> np.ndarray:
    """Return the targets of a data set, float32 (n, 6).

    One-hot or, if `soft`, `soft_targets` and, where there are votes, `crowd_targets`.
    """
    intensity = faces.meta["intensity"].to_numpy(dtype=float)
    targets = soft_targets(faces.labels, intensity if soft else np.ones(len(faces)))
    votes = votes_of(faces)
    if soft and votes is not None:
        known = ~np.isnan(votes[:, 0])
        targets[known] = crowd_targets(votes[known])
    return targets


def crowd_targets(votes: np.ndarray) -> np.ndarray:
    """Turn the votes of a crowd into what it says of the six emotions.

    Each vote for one of the six counts for it; each other one (neutral, contempt, "I do
    not know", "not a face") says "none of these" and is spread over the six, as the
    intensity that an expression lacks is in `soft_targets`. So a picture that most call
    neutral, or no face, asks for nearly the uniform distribution. Learning from the
    distribution: Barsoum et al. 2016, arXiv:1608.01041.

    Parameters
    ----------
    votes : ndarray of float, (n, 10)
        Counts in the order of `emolib.datasets.fer_plus.CHOICES`, at least one a row.

    Returns
    -------
    ndarray, float32, (n, 6)
        Rows sum to 1.

    Examples
    --------
    >>> votes = np.array([[4, 0, 0, 0, 0, 0, 6, 0, 0, 0]])
    >>> crowd_targets(votes).round(1).tolist()[0][:2]
    [0.5, 0.10000000149011612]
    """
    share = votes / votes.sum(axis=1, keepdims=True)
    six, other = share[:, : len(EMOTIONS)], share[:, len(EMOTIONS) :]
    return (six + other.sum(axis=1, keepdims=True) / len(EMOTIONS)).astype(np.float32)


def smooth_labels(targets: np.ndarray, share: float) -> np.ndarray:
    """Spread a share of each target over all classes: label smoothing.

    Szegedy et al. 2016, arXiv:1512.00567.

    Parameters
    ----------
    targets : ndarray of float, (n, 6)
        Rows sum to 1.
    share : float
        0 (leaves them as they are) to 1 (all uniform).

    Raises
    ------
    ArgumentError
        If `share` is out of range.
    """
    check_number("share", share, 0, 1)
    return (1 - share) * targets + share / len(EMOTIONS)


def distill(
    targets: np.ndarray, answers: np.ndarray, weight: float, temperature: float = 1.0
) -> np.ndarray:
    """Distil: mix targets with a teacher's answers (Hinton 2015, arXiv:1503.02531).

    Parameters
    ----------
    targets, answers : ndarray, float32, (n, 6)
        Rows sum to 1.
    weight : float
        Of the answers, 0 to 1.
    temperature : float, default 1
        Above 0; above 1 it makes the answers softer before they are mixed.

    Raises
    ------
    ArgumentError
        If a parameter is out of range.
    """
    check_number("weight", weight, 0, 1)
    check_number("temperature", temperature, 0, ends="(]")
    softened = answers ** (1 / temperature)
    softened /= softened.sum(axis=1, keepdims=True)
    return weight * softened + (1 - weight) * targets


def class_weights(labels: np.ndarray, power: float) -> np.ndarray:
    """Weigh each class by (number of its pictures)^-power.

    Parameters
    ----------
    labels : ndarray of int, (n,)
        -1 (neutral) to 5.
    power : float
        0 (all pictures alike) to 1 (all classes alike); another number, or another
        label, raises `ArgumentError`.

    Returns
    -------
    ndarray, float32, (7,)
        The six emotions and, last, neutral; the mean over all pictures is 1.
    """
    labels = np.asarray(labels)
    _check_labels(labels)
    check_number("power", power, 0, 1)
    counts = np.bincount(np.where(labels < 0, len(EMOTIONS), labels), minlength=7)
    weights = np.maximum(counts, 1) ** -float(power)
    return (weights / (weights * counts).sum() * counts.sum()).astype(np.float32)
