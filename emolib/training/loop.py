"""The training loop: show pictures, epoch by epoch, and keep the best weights.

Chance depends on seed and epoch alone, so that a run may be interrupted and resumed.
"""

import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from tqdm import tqdm

from emolib.arguments import check_number, check_whole
from emolib.datasets import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces.scale import check_images
from emolib.models._backend import keras, tf
from emolib.models.inference import answers, checked_answers
from emolib.training import augmentation
from emolib.training.averaging import EVERY, MovingAverage
from emolib.training.checkpoint import (
    TrainingError,
    digest,
    digest_of_faces,
    load_checkpoint,
    save_checkpoint,
)
from emolib.training.schedule import Cosine
from emolib.training.targets import check_targets, targets_of


@dataclass(frozen=True, eq=False)
class History:
    """What happened in a training run.

    Attributes
    ----------
    frame : DataFrame
        One row per epoch: epoch (from 1), loss, accuracy, val_loss, val_accuracy,
        learning_rate, seconds. The training loss and accuracy are means over the
        epoch, on augmented images and with dropout.
    best_epoch, resumed : int
        The epoch whose weights the model now has (0 if none was completed), and the
        number of epochs that were read from the checkpoint.
    seconds : float
        Duration of all epochs.
    interrupted : bool
        Whether Ctrl-C ended the run.
    """

    frame: pd.DataFrame
    best_epoch: int
    seconds: float
    interrupted: bool = False
    resumed: int = 0

    def __str__(self) -> str:
        """Say in one line how long it took and which epoch's weights are kept."""
        if not self.best_epoch:
            return "no epoch completed"
        best = self.frame.set_index("epoch").loc[self.best_epoch]
        end = ", interrupted" if self.interrupted else ""
        return (
            f"{len(self.frame)} epochs in {self.seconds:.0f} s{end}; best epoch "
            f"{self.best_epoch}: validation accuracy {best.val_accuracy:.3f}, "
            f"loss {best.val_loss:.3f}"
        )


class Feed(Protocol):
    """What the epochs of a training show, the same at each call."""

    def __call__(self, epoch: int) -> tuple[np.ndarray, ...]:
        """Return images, uint8 (n, 64, 64), targets (n, 6) and maybe weights (n,)."""

    def identity(self) -> dict:
        """Return digests and settings by which a checkpoint knows this feed."""


def fit(
    model: keras.Model,
    train: FaceDataset | Feed,
    validation: FaceDataset,
    *,
    epochs: int,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    schedule: Cosine | None = Cosine(),  # noqa: B008 (it is frozen)
    augment: bool | str = True,
    soft_targets: bool = False,
    weight_decay: float = 0.0,
    average: MovingAverage | None = None,
    monitor: str | None = "accuracy",
    patience: int | None = None,
    minutes: float = math.inf,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train a network with Adam and leave it with the weights of its best epoch.

    The same seed, machine and number of threads give the same weights, bit for bit.
    Ctrl-C ends the training early: the unfinished epoch is dropped, and what was best
    before it is kept. Adam is Kingma & Ba 2015 (arXiv:1412.6980).

    Parameters
    ----------
    model : keras.Model
        From images (n, 64, 64, 1) to six probabilities; compiled and trained in place.
    train : FaceDataset or Feed
        A `Feed`, such as the recipe of `real-faces` has, makes each epoch's images and
        targets itself; `augment` and `seed` are then its own.
    validation : FaceDataset
        Images to choose the best epoch by.
    epochs, batch_size : int
        Passes over the images, and images a step, at least 1.
    learning_rate : float, default 1e-3
        Adam's largest step size, above 0.
    schedule : Cosine, optional
        How the step size changes; None leaves it as it is.
    augment : bool or {"light", "strong"}, default True
        How `emolib.training.augment` varies each epoch's images; True is "light".
    soft_targets : bool, default False
        Whether targets follow the intensity (see `emolib.training.soft_targets`) and,
        where FER+'s votes were loaded, these (`emolib.training.targets.crowd_targets`);
        images labelled -1 are then allowed and ask for the uniform distribution.
    weight_decay : float, default 0
        Share of each weight, times the step size, taken off at each step (Loshchilov &
        Hutter 2019, arXiv:1711.05101); biases and normalisation are spared.
    average : MovingAverage, optional
        Validate and keep the average of the weights over the last steps.
    monitor : {"accuracy", "loss", None}
        What makes an epoch better, measured on `validation`; ties are broken by the
        other. None: each epoch is better than those before it.
    patience : int, optional
        Stop after this many epochs, at least 1, without a better one; default is never.
    minutes : float, optional
        Begin no epoch but the first after this, 0 or more; default is no limit.
    seed : int, default 0
        Of the order of the images and the augmentation, 0 or more.
    checkpoint : str or Path, optional
        A file written after each epoch, and continued from where it exists.
    progress : bool, default True
        Whether to show a progress bar on the standard error stream.

    Raises
    ------
    DatasetError
        If a set is empty, or holds labels of -1 that cannot be trained on.
    ArgumentError
        If a parameter is out of range, or `model` takes or answers something else.
    TrainingError
        If the training diverges: loss or weights become NaN or infinite, or the loss
        of the best epoch is three times that of guessing; if the checkpoint is damaged
        or of another run.
    """
    for name, value in {"epochs": epochs, "batch_size": batch_size}.items():
        check_whole(name, value, 1)
    check_number("learning_rate", learning_rate, 0, ends="(]")
    check_number("weight_decay", weight_decay, 0)
    if monitor not in ("accuracy", "loss", None):
        raise ArgumentError(
            f"monitor must be 'accuracy', 'loss' or None. Received: {monitor!r}"
        )
    if patience is not None:
        check_whole("patience", patience, 1)
    if minutes != math.inf:
        check_number("minutes", minutes, 0)
    check_whole("seed", seed)
    for name, value, kind in (
        ("schedule", schedule, Cosine), ("average", average, MovingAverage),
    ):  # fmt: skip
        if not isinstance(value, kind | None):
            raise ArgumentError(
                f"{name} must be a {kind.__name__} or None. Received: {value!r}"
            )
    _check_labels(validation, "validation", soft_targets)
    if not callable(train):  # a `Feed` is called for each epoch
        _check_labels(train, "training", soft_targets)
        strength = "light" if augment is True else augment
        train = _Shuffled(train, strength, soft_targets, seed)
    checked_answers(model, validation.images[:1])

    def step_size(done: float) -> float:  # after so many epochs
        return learning_rate * (schedule(done, epochs) if schedule else 1.0)

    model.compile(
        _adam(model, learning_rate, weight_decay), "categorical_crossentropy",
        metrics=[_hit_rate], jit_compile=False, steps_per_execution=EVERY,
    )  # fmt: skip
    model.optimizer.build(model.trainable_variables)
    run = _Run(model, average, monitor)
    if checkpoint is not None:
        settings = {
            "epochs": epochs if schedule else None,  # a constant one can be prolonged
            "batch_size": batch_size, "learning_rate": learning_rate,
            "schedule": repr(schedule), "weight_decay": weight_decay,
            "soft_targets": soft_targets,
            "validation data": digest_of_faces(validation),
        }  # fmt: skip
        run.open(Path(checkpoint), train.identity() | settings)
    resumed, begin, interrupted = len(run.rows), time.perf_counter(), False
    late = False
    bar = tqdm(
        total=epochs, initial=resumed, desc=f"training {model.name}", unit="epoch",
        disable=not progress,
    )  # fmt: skip
    with bar:
        try:
            for epoch in range(resumed, epochs):
                now = time.perf_counter()
                late = epoch > resumed and now - begin > 60 * minutes
                if late or (patience is not None and epoch - run.best[0] >= patience):
                    break
                row = run.train(epoch, train(epoch), batch_size, step_size)
                row |= run.validate(validation, soft_targets)
                run.complete(row | {"seconds": time.perf_counter() - now})
                shown = {key: f"{row[key]:.3f}" for key in ("loss", "val_accuracy")}
                bar.set_postfix(shown, refresh=False)
                bar.update()
        except KeyboardInterrupt:
            interrupted = True
        finally:
            best_epoch, best_weights = run.best
            model.set_weights(best_weights)
    if best_epoch and not late:  # a part of a run may still get better
        run.check_learnt()
    frame = pd.DataFrame(run.rows, columns=_COLUMNS)
    seconds = float(frame.seconds.sum())
    history = History(frame, best_epoch, seconds, interrupted, resumed)
    if interrupted and progress:
        print(history, file=sys.stderr)
    return history


_COLUMNS = (
    "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds",
)  # fmt: skip


#: The loss of a network that always says one sixth, and that above which one is lost.
#: In an honest training that of the best epoch is far below; over validation images it
#: need not be after a few steps, when batch normalisation has seen too little.
_GUESSING = math.log(len(EMOTIONS))
_LOST = 3 * _GUESSING


class _Run:
    """How far a training is: what an epoch changes and a checkpoint holds."""

    def __init__(
        self, model: keras.Model, average: MovingAverage | None, monitor: str | None
    ):
        self.model, self.average, self.monitor = model, average, monitor
        self.rows: list[dict[str, float]] = []
        self.mean, self.steps = model.get_weights() if average else [], 0
        self.best = 0, model.get_weights()  # epoch, weights
        self.path: Path | None = None

    def open(self, path: Path, settings: dict) -> None:
        """Go on from a checkpoint if it exists, and save the next epochs there."""
        first = [variable.numpy() for variable in self.model.variables]
        self.path = path
        self.identity = settings | {
            "network": [list(one.shape) for one in first],
            "first weights": digest(*first),
            "average": repr(self.average),
            "monitor": self.monitor,
        }
        if path.exists():
            log, groups = load_checkpoint(path, self.identity)
            for variable, value in zip(self._variables(), groups["now"], strict=True):
                variable.assign(value)
            self.rows, self.steps = log["rows"], log["steps"]
            self.best, self.mean = (log["best"], groups["best"]), groups["mean"]
            if not all(map(_finite, groups.values())):
                raise TrainingError(
                    f"{path} holds NaN or infinite weights: that run has diverged. "
                    "Delete it, and train with a smaller learning_rate."
                )

    def _variables(self) -> list[keras.Variable]:
        """All that training changes: weights, seeds of dropout, Adam's moments."""
        return [*self.model.variables, *self.model.optimizer.variables]

    def train(
        self, epoch: int, shown: tuple, batch_size: int, step_size: Callable
    ) -> dict[str, float]:
        """Take the steps of one epoch; the step size is one of epochs done."""
        images, *others = shown
        images = check_images(images)
        check_targets(others[0], len(images))
        count = math.ceil(len(images) / batch_size)

        def set_step_size(batch, logs=None):
            self.model.optimizer.learning_rate = step_size(epoch + batch / count)

        def move_average(batch, logs=None):
            self.steps += EVERY
            self.average(self.mean, self.model.get_weights(), self.steps)

        then = move_average if self.average else None
        hooks = keras.callbacks.LambdaCallback(
            on_train_batch_begin=set_step_size, on_train_batch_end=then
        )
        shown = batches((images[..., None], *others), batch_size)
        log = self.model.fit(shown, shuffle=False, verbose=0, callbacks=[hooks]).history
        rate, loss = step_size(epoch), log["loss"][-1]
        if not math.isfinite(loss) or not _finite(self.model.get_weights()):
            raise TrainingError(
                f"The training of {self.model.name!r} has diverged: loss or weights "
                f"became NaN or infinite in epoch {epoch + 1}. Train a network that "
                "was built anew with a smaller learning_rate (the step was "
                f"{rate:g})."
            )
        scores = {"loss": loss, "accuracy": log["_hit_rate"][-1]}
        return {"epoch": epoch + 1, **scores, "learning_rate": rate}

    def validate(self, faces: FaceDataset, soft: bool) -> dict[str, float]:
        """Score the weights that may be kept; accuracy is over labelled images."""
        now = self.model.get_weights()
        self.model.set_weights(self.mean if self.average else now)
        probabilities = answers(self.model, faces.images)
        self.model.set_weights(now)
        logarithms = np.log(np.maximum(probabilities, 1e-7))
        loss = -(targets_of(faces, soft) * logarithms).sum(axis=1).mean()
        known = faces.labels >= 0
        right = probabilities.argmax(axis=1)[known] == faces.labels[known]
        if not math.isfinite(loss):
            raise TrainingError(
                f"The training of {self.model.name!r} has diverged: it answers NaN to "
                f"validation images after epoch {len(self.rows) + 1}. Train a network "
                "that was built anew with a smaller learning_rate."
            )
        return {"val_loss": float(loss), "val_accuracy": float(right.mean())}

    def complete(self, row: dict[str, float]) -> None:
        """Note a finished epoch, keep its weights if they are better, and save."""
        best = self.rows[self.best[0] - 1] if self.rows else None
        self.rows.append(row)
        if best is None or self._merit(row) > self._merit(best):
            kept = map(np.copy, self.mean) if self.average else self.model.get_weights()
            self.best = row["epoch"], list(kept)
        if self.path:
            log = {"rows": self.rows, "best": self.best[0], "steps": self.steps}
            now = [variable.numpy() for variable in self._variables()]
            groups = {"now": now, "best": self.best[1], "mean": self.mean}
            save_checkpoint(self.path, self.identity, log, groups)

    def check_learnt(self) -> None:
        """Refuse a network that, after its best epoch, is sure and mostly wrong.

        All numbers are finite, and its weights so large that no step brings it back.
        """
        row = self.rows[self.best[0] - 1]
        if min(row["loss"], row["val_loss"]) > _LOST:
            delete = f", and delete {self.path}" if self.path else ""
            raise TrainingError(
                f"The training of {self.model.name!r} has diverged: after its best "
                f"epoch ({self.best[0]}) the loss is {row['loss']:.3g}, over "
                f"validation images {row['val_loss']:.3g}; guessing has "
                f"{_GUESSING:.3g}. Train a network that was built anew with a smaller "
                f"learning_rate{delete}."
            )

    def _merit(self, row: dict[str, float]) -> tuple[float, ...]:
        if self.monitor is None:
            return (row["epoch"],)
        merit = row["val_accuracy"], -row["val_loss"]
        return merit if self.monitor == "accuracy" else merit[::-1]


@dataclass(frozen=True, eq=False)
class _Shuffled:
    """A data set as a `Feed`: in another order and varied anew in each epoch."""

    faces: FaceDataset
    strength: str | bool  # of the augmentation; False is none
    soft: bool
    seed: int

    def __call__(self, epoch: int) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng([self.seed, epoch, 0])
        order = rng.permutation(len(self.faces))
        images = self.faces.images[order]
        if self.strength:
            images = augmentation.augment(images, [self.seed, epoch, 1], self.strength)
        return images, targets_of(self.faces, self.soft)[order]

    def identity(self) -> dict:
        settings = {"augment": self.strength, "seed": self.seed}
        return settings | {"training data": digest_of_faces(self.faces)}


def batches(arrays: tuple[np.ndarray, ...], size: int) -> tf.data.Dataset:
    """Return arrays in batches; Keras' own would wait up to 20 s for their tuner."""
    options = tf.data.Options()
    options.autotune.enabled = False
    dataset = tf.data.Dataset.from_tensor_slices(arrays).batch(size)
    return dataset.prefetch(2).with_options(options)


def _finite(arrays: list[np.ndarray]) -> bool:
    return all(np.isfinite(one).all() for one in arrays)


def _check_labels(faces: FaceDataset, role: str, soft: bool) -> None:
    if not isinstance(faces, FaceDataset):
        raise ArgumentError(
            f"The {role} set must be a FaceDataset. Received: a {type(faces).__name__}"
        )
    if len(faces) == 0:
        raise DatasetError(f"The {role} set is empty; it needs at least one image.")
    unlabelled = int((faces.labels < 0).sum())
    if unlabelled == len(faces) or (unlabelled and not soft):
        raise DatasetError(
            f"{unlabelled} of {len(faces)} images of the {role} set are labelled -1 "
            "(outside the six emotions). Drop them with dataset.labelled(), or train "
            "with soft_targets=True, where they ask for the uniform distribution."
        )


def _adam(model: keras.Model, rate: float, decay: float) -> keras.optimizers.Optimizer:
    if not decay:
        return keras.optimizers.Adam(rate)
    adam = keras.optimizers.AdamW(rate, weight_decay=decay)
    spared = [variable for variable in model.trainable_variables if variable.ndim < 2]
    adam.exclude_from_weight_decay(spared)
    return adam


def _hit_rate(targets, probabilities):
    """1 where the most probable class is one of those with the largest target."""
    ops = keras.ops
    picked = ops.one_hot(ops.argmax(probabilities, axis=-1), len(EMOTIONS))
    largest = ops.max(targets, axis=-1)
    return ops.cast(ops.sum(targets * picked, axis=-1) >= largest, "float32")
