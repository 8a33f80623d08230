"""The recipe of the shipped network for photographs: FER2013 and SynthFace together.

Two stages, each of which can be interrupted and goes on where it stopped: a wide
network learns from the labels; the small one from the labels and from the wide
one's opinions. What `emolib.training.fit` does for one clean set, this does for a
mixture with noisy labels. Taught in chapter 11.
"""

import hashlib
import json
import math
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from emolib.datasets import FaceDataset, load
from emolib.datasets.splits import hold_out
from emolib.emotions import EMOTIONS
from emolib.evaluation import build_in_temperature, evaluate, fit_temperature
from emolib.evaluation.calibration import unsure_threshold
from emolib.export import add_onnx
from emolib.models._backend import keras, tf
from emolib.models.inference import both_ways, predict, predict_both_ways
from emolib.models.registry import build, save_model
from emolib.recipes.cards import real_faces_card
from emolib.results import environment
from emolib.training.augmentation import augment
from emolib.training.loop import TrainingError, soft_targets


@dataclass(frozen=True)
class Stage:
    """How one network is trained. Taught in chapter 11.

    Attributes
    ----------
    architecture : str
        A name of `emolib.models.cnn.NETWORKS`.
    epochs : int
        Passes over the photographs.
    batch_size : int
    learning_rate : float
        Largest step size of AdamW (Loshchilov & Hutter 2019); it rises through the
        first epoch and falls along half a cosine.
    weight_decay : float
    label_smoothing : float
        Share of each target spread over all classes (Szegedy et al. 2016).
    mixup : float
        Parameter of the Beta distribution that mixes pairs of pictures and their
        targets (Zhang et al. 2018, arXiv:1710.09412); 0 for none.
    strong : float
        Share of the pictures that are augmented strongly; the others lightly.
    rendered : int
        SynthFace frames mixed into each epoch, drawn anew.
    photographs : bool
        Whether FER2013 is learnt from; without it `rendered` frames are an epoch.
    balance : float
        Pictures of an emotion weigh (its number)^-balance, 0 (all alike) to 1.
    memory : float
        Of the running average of the weights, per step (Polyak & Juditsky 1992).
    opinion : float
        Weight of the teacher's probabilities in the target, 0 to 1 (Hinton et al.
        2015).
    temperature : float
        The teacher's probabilities are softened by this power before they are mixed.
    views : int
        Epochs after which the same augmented pictures come again, in another order, so
        that the teacher's opinions of them are known; 0 for always new ones.
    """

    architecture: str = "real_cnn"
    epochs: int = 45
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    mixup: float = 0.2
    strong: float = 0.25
    rendered: int = 3000
    photographs: bool = True
    balance: float = 0.25
    memory: float = 0.998
    opinion: float = 0.0
    temperature: float = 1.0
    views: int = 0


STAGES = {
    "teacher": Stage("wide_cnn", epochs=50, weight_decay=0.05),
    "student": Stage(
        "real_cnn", epochs=110, opinion=0.8, label_smoothing=0.0, views=12
    ),
}


def photographs(path: str | Path) -> tuple[FaceDataset, FaceDataset]:
    """Return the photographs to learn from, and those to choose by.

    Both come from FER2013's Training part, each picture once; PublicTest is not
    touched. Taught in chapter 11.

    Parameters
    ----------
    path : str or Path
        What ``load("fer2013", path)`` takes.

    Returns
    -------
    train, validation : FaceDataset
        Nine tenths and one tenth, neutral faces (label -1) among them.

    Raises
    ------
    DatasetError
        If there is no FER2013 at `path`.
    """
    faces = load("fer2013", path, drop_duplicates=True).part("train")
    return hold_out(faces, 0.1, seed=0)


class RealFaces:
    """One stage of the recipe: make it, `run` it, read its `history`.

    Parameters
    ----------
    stage : Stage
    train, validation : FaceDataset
        As `photographs` returns them.
    rendered : FaceDataset
        Frames of SynthFace's training people.
    folder : Path
        Where the checkpoint lies, ``state.npz``; another run's is refused.
    teacher : keras.Model, optional
        Needed where ``stage.opinion`` is above 0.
    start : keras.Model, optional
        A network of the same architecture whose weights are the first ones
        (fine-tuning); without it they are drawn.
    seed : int, default 0
    """

    def __init__(
        self,
        stage: Stage,
        train: FaceDataset,
        validation: FaceDataset,
        rendered: FaceDataset,
        folder: Path,
        *,
        teacher: keras.Model | None = None,
        start: keras.Model | None = None,
        seed: int = 0,
    ):
        if stage.opinion and teacher is None:
            raise ValueError("A stage with opinion > 0 needs a teacher.")
        self.stage, self.seed, self.teacher = stage, seed, teacher
        self.train, self.validation, self.rendered = train, validation, rendered
        self.path = Path(folder) / "state.npz"
        self.model = build(stage.architecture, seed)
        if start is not None:
            self.model.set_weights(start.get_weights())
        self._first = start.get_weights() if start is not None else []
        self.rows: list[dict[str, float]] = []
        self._heard: dict[int, np.ndarray] = {}  # by view
        adam = keras.optimizers.Adam(
            stage.learning_rate, weight_decay=stage.weight_decay
        )
        adam.exclude_from_weight_decay(
            [v for v in self.model.trainable_variables if v.ndim < 2]
        )
        self.model.compile(
            adam,
            loss="categorical_crossentropy",
            jit_compile=False,
            steps_per_execution=_RunningAverage.EVERY,
        )
        adam.build(self.model.trainable_variables)
        self.average = _RunningAverage(self.model, stage.memory)
        self._weights = _class_weights(train.labels, stage.balance)
        self._key = self._fingerprint()
        if self.path.exists():
            self._restore()

    def run(self, *, minutes: float = math.inf, progress: bool = True) -> bool:
        """Train until the stage is complete or the time is over.

        Parameters
        ----------
        minutes : float
            No epoch but the first is begun after this.
        progress : bool
            Whether to show a progress bar on the standard error stream.

        Returns
        -------
        bool
            Whether the stage is complete.
        """
        begin, stage = time.perf_counter(), self.stage
        bar = tqdm(
            total=stage.epochs, initial=len(self.rows), unit="epoch",
            desc=stage.architecture, disable=not progress,
        )  # fmt: skip
        with bar:
            for epoch in range(first := len(self.rows), stage.epochs):
                if epoch > first and time.perf_counter() - begin > 60 * minutes:
                    break
                row = self._epoch(epoch)
                self.rows.append(row)
                self._save()
                bar.set_postfix(
                    {k: f"{row[k]:.3f}" for k in ("loss", "val_accuracy")},
                    refresh=False,
                )
                bar.update()
        return self.complete

    @property
    def complete(self) -> bool:
        """Whether all epochs are done."""
        return len(self.rows) >= self.stage.epochs

    def finished(self) -> keras.Model:
        """Return a network with the averaged weights."""
        model = build(self.stage.architecture, self.seed)
        model.set_weights(self.average.weights)
        return model

    def _epoch(self, epoch: int) -> dict[str, float]:
        begin = time.perf_counter()
        images, targets, weights = self._feed(epoch)
        steps = math.ceil(len(images) / self.stage.batch_size)
        losses = self.model.fit(
            _batches((images[..., None], targets, weights), self.stage.batch_size),
            shuffle=False, verbose=0,
            callbacks=[self.average, _Steps(self.stage, epoch, steps)],
        ).history["loss"]  # fmt: skip
        if not math.isfinite(losses[-1]):
            raise TrainingError(
                f"The loss became infinite or NaN in epoch {epoch + 1}; try a smaller "
                "learning rate."
            )
        now = self.model.get_weights()
        self.model.set_weights(self.average.weights)
        scores = _accuracy_and_loss(
            predict(self.model, self.validation.images), self.validation
        )
        self.model.set_weights(now)
        return {
            "epoch": epoch + 1,
            "loss": losses[-1],
            **{f"val_{name}": value for name, value in scores.items()},
            "seconds": time.perf_counter() - begin,
        }

    def _feed(self, epoch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pictures (n, 64, 64), targets (n, 6) and weights (n,) of one epoch."""
        stage = self.stage
        view = epoch % stage.views if stage.views else epoch
        rng = np.random.default_rng([self.seed, view, 20])
        chosen = rng.permutation(len(self.rendered))[: stage.rendered]
        parts = [self.rendered.subset(chosen)]
        if stage.photographs:
            parts.append(self.train)
        images = np.concatenate([part.images for part in parts])
        targets = np.concatenate(
            [
                soft_targets(part.labels, part.meta["intensity"].to_numpy(float))
                for part in parts
            ]
        )
        labels = np.concatenate([part.labels for part in parts])
        weights = np.ones(len(images), np.float32)
        real = np.arange(len(images)) >= len(parts[0])
        weights[real] = self._weights[labels[real]]
        order = rng.permutation(len(images))
        images, targets, weights = images[order], targets[order], weights[order]
        strong = rng.random(len(images)) < stage.strong
        for mask, strength in ((strong, "strong"), (~strong, "light")):
            images[mask] = augment(images[mask], [self.seed, view], strength)
        if stage.mixup:
            images, targets = _mixed(images, targets, stage.mixup, rng)
        if stage.opinion:
            heard = self._hear(view, images) ** (1 / stage.temperature)
            heard /= heard.sum(axis=1, keepdims=True)
            targets = stage.opinion * heard + (1 - stage.opinion) * targets
        smooth = stage.label_smoothing
        targets = (1 - smooth) * targets + smooth / len(EMOTIONS)
        order = np.random.default_rng([self.seed, epoch, 21]).permutation(len(images))
        return images[order], targets[order].astype(np.float32), weights[order]

    def _hear(self, view: int, images: np.ndarray) -> np.ndarray:
        """The teacher's opinion of pictures and their mirror images, (n, 6)."""
        if view not in self._heard:
            # compiled, which `predict` of this package is not: half as long again
            self._heard[view] = both_ways(
                lambda faces: self.teacher.predict(
                    _batches((faces[..., None],), 256), verbose=0
                ),
                images,
            )
        return self._heard[view]

    def _fingerprint(self) -> str:
        teacher = self.teacher.get_weights() if self.teacher else []
        parts = (self.train, self.validation, self.rendered)
        contents = hashlib.sha256()
        pictures = [*(p.images for p in parts), *(p.labels for p in parts)]
        for array in (*pictures, *teacher, *self._first):
            contents.update(np.ascontiguousarray(array))
        settings = [asdict(self.stage), self.seed, contents.hexdigest()]
        return hashlib.sha256(json.dumps(settings).encode()).hexdigest()

    def _variables(self) -> list:
        seeds = [
            layer.seed_generator.state
            for layer in self.model.layers
            if hasattr(layer, "seed_generator")
        ]
        return [*self.model.weights, *seeds, *self.model.optimizer.variables]

    def _save(self) -> None:
        state = {f"now{i}": np.asarray(v) for i, v in enumerate(self._variables())}
        state |= {f"mean{i}": value for i, value in enumerate(self.average.weights)}
        state["log"] = np.array(json.dumps([self._key, self.average.steps, self.rows]))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(self.path.name + ".partial")
        try:
            with partial.open("wb") as file:
                np.savez(file, **state)
            os.replace(partial, self.path)
        finally:
            with suppress(FileNotFoundError):
                partial.unlink()

    def _restore(self) -> None:
        variables = self._variables()
        try:
            with np.load(self.path, allow_pickle=False) as state:
                key, steps, rows = json.loads(str(state["log"]))
                now = [state[f"now{i}"] for i in range(len(variables))]
                count = len(self.average.weights)
                mean = [state[f"mean{i}"] for i in range(count)]
        except Exception as error:  # a damaged zip raises errors of many kinds
            raise TrainingError(
                f"{self.path} is not a readable checkpoint ({error}); delete it to "
                "start again."
            ) from error
        if key != self._key:
            raise TrainingError(
                f"{self.path} belongs to another stage, seed or other data; delete it, "
                "or choose another folder."
            )
        for variable, value in zip(variables, now, strict=True):
            variable.assign(value)
        self.average.weights, self.average.steps, self.rows = mean, steps, rows


def _accuracy_and_loss(
    probabilities: np.ndarray, faces: FaceDataset
) -> dict[str, float]:
    """Return accuracy over the six emotions and cross-entropy with neutral faces.

    Parameters
    ----------
    probabilities : ndarray of float, (n, 6)
    faces : FaceDataset
        Neutral ones (label -1) ask for the uniform distribution.
    """
    targets = soft_targets(faces.labels, faces.meta["intensity"].to_numpy(float))
    loss = -(targets * np.log(np.maximum(probabilities, 1e-7))).sum(axis=1)
    known = faces.labels >= 0
    right = probabilities[known].argmax(axis=1) == faces.labels[known]
    return {"accuracy": float(right.mean()), "loss": float(loss.mean())}


def train_real_faces(
    fer2013: str | Path,
    output: str | Path,
    *,
    minutes: float = 135.0,
    seed: int = 0,
    progress: bool = True,
) -> Path | None:
    """Train the teacher or, once it is complete, the student; call again to go on.

    Checkpoints lie beside `output`, in ``<output>-stages/teacher`` and ``student``. The
    complete student is calibrated and saved in `output` with its card and its ONNX
    form. Used by ``emolib train --recipe real-faces``; taught in chapter 11.

    Parameters
    ----------
    fer2013 : str or Path
        What ``load("fer2013", path)`` takes.
    output : str or Path
        The model folder to write.
    minutes : float, default 135
        No epoch but the first is begun after this.
    seed : int, default 0
    progress : bool, default True

    Returns
    -------
    Path or None
        The model folder, or None if the student is not complete yet.

    Raises
    ------
    DatasetError
        If there is no FER2013 at `fer2013`.
    TrainingError
        If a checkpoint belongs to another run.
    """
    output = Path(output)
    stages = output.with_name(f"{output.name}-stages")
    faces = photographs(fer2013)
    rendered = load("synthface").part("train")

    def prepared(name: str, teacher: keras.Model | None = None) -> RealFaces:
        return RealFaces(
            STAGES[name], *faces, rendered, stages / name, teacher=teacher, seed=seed
        )

    teacher = prepared("teacher")
    if not teacher.complete:
        teacher.run(minutes=minutes, progress=progress)
        return None
    student = prepared("student", teacher.finished())
    if not student.run(minutes=minutes, progress=progress):
        return None
    return _save(teacher, student, output)


def _save(teacher: RealFaces, run: RealFaces, output: Path) -> Path:
    """Calibrate the student of a complete run and save it with its card.

    It is asked as `emolib.recognizer` asks it: of a picture and its mirror image.
    """
    model, aside = run.finished(), run.validation
    known = aside.labels >= 0
    labels = aside.labels[known]
    temperature = fit_temperature(labels, predict_both_ways(model, aside.images[known]))
    build_in_temperature(model, temperature)
    shares = predict_both_ways(model, aside.images)
    threshold = unsure_threshold(aside.labels, shares)
    sure = shares.max(axis=1) >= threshold
    answered = sure & known
    card = real_faces_card(
        {
            "images": len(run.train),
            "validation_images": len(aside),
            "rendered_per_epoch": run.stage.rendered,
        },
        {
            "command": "emolib train --recipe real-faces",
            "seed": run.seed,
            "environment": environment("numpy", "tensorflow", "keras"),
            "teacher": _history(teacher),
            "student": _history(run),
        },
        evaluate(labels, shares[known]),
        {
            "temperature": round(temperature, 4),
            "unsure_below": round(threshold, 4),
            "accuracy_answered": float(
                (shares.argmax(axis=1) == aside.labels)[answered].mean()
            ),
            "neutral_unsure": float((~sure)[~known].mean()),
        },
    )
    folder = save_model(model, output.absolute(), card)
    add_onnx(folder)
    return folder


def _history(run: RealFaces) -> dict:
    return {
        **asdict(run.stage),
        "minutes": round(sum(row["seconds"] for row in run.rows) / 60, 1),
        "curve": [
            {name: round(value, 4) for name, value in row.items() if name != "seconds"}
            for row in run.rows
        ],
    }


class _RunningAverage(keras.callbacks.Callback):
    """Average the weights over the last steps, every few steps to save time."""

    EVERY = 8

    def __init__(self, model: keras.Model, memory: float):
        super().__init__()
        self.memory = memory
        self.weights = model.get_weights()
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        """Runs once in `EVERY` steps, for that many make one execution."""
        self.steps += self.EVERY
        # at the beginning the average forgets its start quickly
        keep = min(self.memory**self.EVERY, self.steps / (self.steps + 10 * self.EVERY))
        for mean, now in zip(self.weights, self.model.get_weights(), strict=True):
            mean *= keep
            mean += (1 - keep) * now


class _Steps(keras.callbacks.Callback):
    """Warm up through the first epoch, then fall along half a cosine."""

    def __init__(self, stage: Stage, epoch: int, steps: int):
        super().__init__()
        self.stage, self.epoch, self.steps = stage, epoch, steps

    def on_train_batch_begin(self, batch, logs=None):
        done = self.epoch + batch / self.steps  # epochs
        fall = (1 + math.cos(math.pi * min(1.0, done / self.stage.epochs))) / 2
        factor = min(1.0, 0.05 + done) * (0.01 + 0.99 * fall)
        self.model.optimizer.learning_rate = self.stage.learning_rate * factor


def _batches(arrays: tuple[np.ndarray, ...], size: int) -> tf.data.Dataset:
    """Return arrays in batches of `size`.

    What Keras makes of arrays tunes itself, and its end waits for the tuner: up to 20
    seconds an epoch without a stroke of work.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = tf.data.Dataset.from_tensor_slices(arrays).batch(size)
    return batches.prefetch(2).with_options(options)


def _class_weights(labels: np.ndarray, balance: float) -> np.ndarray:
    """Weights of the six classes and, last, of neutral: (7,), mean 1 over images."""
    counts = np.bincount(np.where(labels < 0, len(EMOTIONS), labels), minlength=7)
    weights = np.maximum(counts, 1) ** -float(balance)
    return (weights / (weights * counts).sum() * counts.sum()).astype(np.float32)


def _mixed(
    images: np.ndarray, targets: np.ndarray, alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mix each picture with another: the larger share stays the picture's own."""
    share = rng.beta(alpha, alpha, len(images)).astype(np.float32)
    share = np.maximum(share, 1 - share)
    other = rng.permutation(len(images))
    result = np.empty_like(images)
    for start in range(0, len(images), 2048):
        part = slice(start, start + 2048)
        own = share[part, None, None]
        mix = own * images[part] + (1 - own) * images[other[part]]
        result[part] = np.rint(mix)
    share = share[:, None]
    return result, share * targets + (1 - share) * targets[other]
