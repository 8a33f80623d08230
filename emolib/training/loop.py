"""Training: soft targets, and one careful `fit`.

Everything random is drawn from the seed and the number of the epoch, so that an
interrupted run, resumed from its checkpoint, ends like one that was not interrupted.
"""

import hashlib
import json
import math
import os
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from emolib.datasets import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.models._backend import keras
from emolib.models.inference import predict
from emolib.training.augmentation import STRENGTHS, augment


class TrainingError(RuntimeError):
    """Training cannot go on; the message says what to try."""


@dataclass(frozen=True, eq=False)
class History:
    """What happened in a training run. Taught in chapter 4.

    Attributes
    ----------
    frame : DataFrame
        One row per epoch: epoch (from 1), loss, accuracy, val_loss, val_accuracy,
        learning_rate, seconds. The training loss and accuracy are means over the
        epoch, on augmented images and with dropout.
    best_epoch : int
        The epoch whose weights the model now has; 0 if none was completed.
    seconds : float
        Duration of all epochs.
    interrupted : bool
        Whether Ctrl-C ended the run.
    """

    frame: pd.DataFrame
    best_epoch: int
    seconds: float
    interrupted: bool = False

    def __str__(self) -> str:
        if not self.best_epoch:
            return "no epoch completed"
        best = self.frame.set_index("epoch").loc[self.best_epoch]
        end = ", interrupted" if self.interrupted else ""
        return (
            f"{len(self.frame)} epochs in {self.seconds:.0f} s{end}; best epoch "
            f"{self.best_epoch}: validation accuracy {best.val_accuracy:.3f}, "
            f"loss {best.val_loss:.3f}"
        )


def soft_targets(labels: np.ndarray, intensity: np.ndarray) -> np.ndarray:
    """Mix the label with "cannot tell", by intensity: i * one-hot + (1 - i) / 6.

    A weak expression then asks the network for a weak opinion, and a resting face
    for none. Taught in chapter 4.

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
        If the lengths differ or an intensity lies outside 0 to 1.

    Examples
    --------
    >>> soft_targets(np.array([3, -1]), np.array([0.4, 1.0])).round(1).tolist()[0]
    [0.10000000149011612, 0.10000000149011612, 0.10000000149011612, 0.5, \
0.10000000149011612, 0.10000000149011612]
    """
    labels, intensity = np.asarray(labels), np.asarray(intensity, dtype=float)
    if labels.shape != intensity.shape or labels.ndim != 1:
        raise ValueError(
            "labels and intensity must both have shape (n,); received "
            f"{labels.shape} and {intensity.shape}."
        )
    strength = np.where(np.isnan(intensity), 1.0, intensity)
    if ((strength < 0) | (strength > 1)).any():
        raise ValueError(
            "intensity must lie in 0 to 1; received "
            f"{strength.min():g} to {strength.max():g}."
        )
    strength = np.where(labels < 0, 0.0, strength)[:, None]  # (n, 1)
    one_hot = np.eye(len(EMOTIONS))[np.maximum(labels, 0)]  # (n, 6)
    return (strength * one_hot + (1 - strength) / len(EMOTIONS)).astype(np.float32)


def fit(
    model: keras.Model,
    train: FaceDataset,
    validation: FaceDataset,
    *,
    epochs: int,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    schedule: str = "cosine",
    augment: bool | str = True,
    soft_targets: bool = False,
    label_smoothing: float = 0.0,
    weight_decay: float = 0.0,
    patience: int | None = None,
    monitor: str = "accuracy",
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train a network with Adam and leave it with the weights of its best epoch.

    The same seed on the same machine with the same number of threads gives the same
    weights, bit for bit. Ctrl-C ends the training early, with the best weights so
    far. Adam is Kingma & Ba 2015. Taught in chapter 4.

    Parameters
    ----------
    model : keras.Model
        Any network from images (n, 64, 64, 1) to six probabilities; it is compiled
        here and trained in place.
    train, validation : FaceDataset
        Images to learn from, and images to choose the best epoch by.
    epochs : int
        Passes over the training images, at least 1.
    batch_size : int, default 32
    learning_rate : float, default 1e-3
        Adam's step size at the start.
    schedule : {"cosine", "constant"}
        Whether the step size falls to nearly zero along half a cosine.
    augment : bool or {"light", "strong"}, default True
        Whether each epoch sees the images varied by `emolib.training.augment`, and how
        much; True is "light".
    soft_targets : bool, default False
        Whether targets follow the intensity (see `soft_targets`); images labelled -1
        are then allowed and ask for the uniform distribution.
    label_smoothing : float, default 0
        Share of each target spread over all classes (Szegedy et al. 2016).
    weight_decay : float, default 0
        Share of each weight, times the step size, taken off at each step (Loshchilov &
        Hutter 2019, arXiv:1711.05101); biases and normalisation are spared.
    patience : int, optional
        Stop after this many epochs without a better one; default is never.
    monitor : {"accuracy", "loss"}
        What makes an epoch better, measured on `validation`; ties are broken by the
        other.
    seed : int, default 0
        Seeds the order of the images and the augmentation.
    checkpoint : str or Path, optional
        A file written after each epoch, and continued from where it exists.
    progress : bool, default True
        Whether to show a progress bar on the standard error stream.

    Returns
    -------
    History

    Raises
    ------
    DatasetError
        If a set is empty, or holds labels of -1 that cannot be trained on.
    ValueError
        If a parameter is out of range.
    TrainingError
        If the loss becomes NaN, or the checkpoint belongs to another run.
    """
    _check(train, validation, soft_targets, epochs, batch_size, schedule, monitor)
    strength = "light" if augment is True else augment  # False is none
    if strength is not False and strength not in STRENGTHS:
        raise ValueError(
            "augment is True, False, 'light' or 'strong'. "
            f"Received: augment={augment!r}"
        )
    run = _Run(model, monitor)
    x, y = train.images, _targets(train, soft_targets)  # (n, 64, 64), (n, 6)
    key = _fingerprint(
        model, x, y, batch_size, learning_rate, schedule, strength, label_smoothing,
        weight_decay, monitor, seed, epochs if schedule == "cosine" else None,
    )  # fmt: skip
    model.compile(
        optimizer=_adam(model, learning_rate, weight_decay),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing),
        metrics=[_hit_rate],
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    if checkpoint is not None and Path(checkpoint).exists():
        run.restore(Path(checkpoint), key)
    bar = tqdm(
        total=epochs, initial=len(run.rows), desc="training", unit="epoch",
        disable=not progress,
    )  # fmt: skip
    interrupted = False
    with bar:
        try:
            for epoch in range(len(run.rows), epochs):
                if patience is not None and run.epochs_since_best() >= patience:
                    break
                begin = time.perf_counter()
                step = _step_size(learning_rate, schedule, epoch, epochs)
                model.optimizer.learning_rate = step
                loss, accuracy = _one_epoch(
                    model, x, y, batch_size, [seed, epoch], strength
                )
                if not math.isfinite(loss):
                    raise TrainingError(_not_finite(epoch + 1, learning_rate))
                val_loss, val_accuracy = _measure(model, validation, soft_targets)
                run.add(
                    epoch=epoch + 1, loss=loss, accuracy=accuracy, val_loss=val_loss,
                    val_accuracy=val_accuracy, learning_rate=step,
                    seconds=time.perf_counter() - begin,
                )  # fmt: skip
                if checkpoint is not None:
                    run.save(Path(checkpoint), key)
                shown = {"loss": f"{loss:.3f}", "val_accuracy": f"{val_accuracy:.3f}"}
                bar.set_postfix(shown, refresh=False)
                bar.update()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            run.restore_best()
    return run.history(interrupted)


_COLUMNS = (
    "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds",
)  # fmt: skip


class _Run:
    """The state of a training run that a checkpoint holds: rows, weights, the best."""

    def __init__(self, model: keras.Model, monitor: str):
        self.model = model
        self.monitor = monitor
        self.rows: list[dict[str, float]] = []
        self.best = model.get_weights()
        self.best_epoch = 0

    def _score(self, row: dict[str, float]) -> tuple[float, float]:
        score = row["val_accuracy"], -row["val_loss"]
        return score if self.monitor == "accuracy" else score[::-1]

    def add(self, **row: float) -> None:
        if not self.rows or self._score(row) > self._score(
            self.rows[self.best_epoch - 1]
        ):
            self.best, self.best_epoch = self.model.get_weights(), int(row["epoch"])
        self.rows.append(row)

    def epochs_since_best(self) -> int:
        return len(self.rows) - self.best_epoch

    def restore_best(self) -> None:
        self.model.set_weights(self.best)

    def history(self, interrupted: bool) -> History:
        frame = pd.DataFrame(self.rows, columns=_COLUMNS)
        return History(frame, self.best_epoch, float(frame.seconds.sum()), interrupted)

    def _variables(self) -> list[keras.Variable]:
        """All that training changes: weights, seeds of dropout, Adam's moments."""
        seeds = [
            layer.seed_generator.state
            for layer in self.model.layers
            if hasattr(layer, "seed_generator")
        ]
        return [*self.model.weights, *seeds, *self.model.optimizer.variables]

    def save(self, path: Path, key: str) -> None:
        state = {f"now{i}": np.asarray(v) for i, v in enumerate(self._variables())}
        state |= {f"best{i}": value for i, value in enumerate(self.best)}
        state["log"] = np.array(json.dumps([key, self.best_epoch, self.rows]))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        try:
            with partial.open("wb") as file:
                np.savez(file, **state)
            os.replace(partial, path)
        finally:
            with suppress(FileNotFoundError):
                partial.unlink()

    def restore(self, path: Path, key: str) -> None:
        try:
            with np.load(path, allow_pickle=False) as state:
                found, best_epoch, rows = json.loads(str(state["log"]))
                variables = self._variables()
                now = [state[f"now{i}"] for i in range(len(variables))]
                best = [state[f"best{i}"] for i in range(len(self.best))]
        except Exception as error:  # a damaged zip raises errors of many kinds
            raise TrainingError(
                f"{path} is not a readable checkpoint ({error}); delete it to start "
                "again."
            ) from error
        if found != key:
            raise TrainingError(
                f"{path} belongs to a run with another network, other data or other "
                "settings; delete it, or give another checkpoint path."
            )
        for variable, value in zip(variables, now, strict=True):
            variable.assign(value)
        self.rows, self.best, self.best_epoch = rows, best, best_epoch


def _check(train, validation, soft, epochs, batch_size, schedule, monitor) -> None:
    for role, dataset in (("training", train), ("validation", validation)):
        if len(dataset) == 0:
            raise DatasetError(f"The {role} set is empty; it needs at least one image.")
        unlabelled = int((dataset.labels < 0).sum())
        if unlabelled == len(dataset) or (unlabelled and not soft):
            raise DatasetError(
                f"{unlabelled} of {len(dataset)} images of the {role} set are labelled "
                "-1 (outside the six emotions). Drop them with dataset.labelled(), or "
                "train with soft_targets=True, where they ask for the uniform "
                "distribution."
            )
    if epochs < 1 or batch_size < 1:
        raise ValueError(
            "epochs and batch_size must be at least 1. Received: "
            f"epochs={epochs}, batch_size={batch_size}"
        )
    if schedule not in ("cosine", "constant") or monitor not in ("accuracy", "loss"):
        raise ValueError(
            "schedule is 'cosine' or 'constant' and monitor 'accuracy' or 'loss'. "
            f"Received: schedule={schedule!r}, monitor={monitor!r}"
        )


def _targets(dataset: FaceDataset, soft: bool) -> np.ndarray:
    intensity = dataset.meta["intensity"].to_numpy(dtype=float)
    if not soft:
        intensity = np.ones(len(dataset))
    return soft_targets(dataset.labels, intensity)


def _fingerprint(model: keras.Model, x: np.ndarray, y: np.ndarray, *settings) -> str:
    shapes = [model.name, *(tuple(w.shape) for w in model.weights)]
    contents = zlib.crc32(x), zlib.crc32(y)
    text = json.dumps([shapes, x.shape, contents, settings])
    return hashlib.sha256(text.encode()).hexdigest()


def _adam(model, learning_rate: float, weight_decay: float) -> keras.optimizers.Adam:
    adam = keras.optimizers.Adam(learning_rate, weight_decay=weight_decay or None)
    if weight_decay:
        adam.exclude_from_weight_decay(
            [variable for variable in model.trainable_variables if variable.ndim < 2]
        )
    return adam


def _step_size(start: float, schedule: str, epoch: int, epochs: int) -> float:
    if schedule == "constant":
        return start
    return start * (0.01 + 0.99 * (1 + math.cos(math.pi * epoch / epochs)) / 2)


def _hit_rate(targets, probabilities):
    """1 where the most probable class is one of those with the largest target."""
    ops = keras.ops
    picked = ops.one_hot(ops.argmax(probabilities, axis=-1), len(EMOTIONS))
    largest = ops.max(targets, axis=-1)
    return ops.cast(ops.sum(targets * picked, axis=-1) >= largest, "float32")


def _one_epoch(
    model: keras.Model,
    x: np.ndarray,
    y: np.ndarray,
    batch_size: int,
    seed: list[int],
    strength: str | bool,
) -> tuple[float, float]:
    """Train on every image once; return the mean loss and accuracy."""
    order = np.random.default_rng([*seed, 0]).permutation(len(x))
    images = augment(x[order], [*seed, 1], strength) if strength else x[order]
    log = model.fit(
        images[..., None],
        y[order],
        batch_size=batch_size,
        shuffle=False,
        verbose=0,
    ).history
    return log["loss"][-1], log["_hit_rate"][-1]


def _measure(
    model: keras.Model, dataset: FaceDataset, soft: bool
) -> tuple[float, float]:
    """Return cross-entropy, and accuracy over the images that have a label."""
    probabilities = predict(model, dataset.images)
    targets = _targets(dataset, soft)
    loss = -(targets * np.log(np.maximum(probabilities, 1e-7))).sum(axis=1).mean()
    known = dataset.labels >= 0
    right = probabilities.argmax(axis=1)[known] == dataset.labels[known]
    return float(loss), float(right.mean())


def _not_finite(epoch: int, learning_rate: float) -> str:
    return (
        f"The loss became infinite or NaN in epoch {epoch}. Try a smaller learning "
        f"rate (it was {learning_rate:g}), and check that the network rescales its "
        "input and ends in a softmax."
    )
