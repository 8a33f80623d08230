"""The recipe of the shipped network for photographs: FER2013 and SynthFace together.

The loop of chapter 4 with other parts, in two stages, each of which can be interrupted:
a wide network learns from the labels; the small one from the labels and from the wide
one's answers.
"""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from emolib.datasets import FaceDataset, load
from emolib.datasets.splits import hold_out
from emolib.evaluation import build_in_temperature, evaluate, fit_temperature
from emolib.evaluation.calibration import unsure_threshold
from emolib.export import add_onnx
from emolib.models._backend import keras
from emolib.models.inference import both_ways, predict_both_ways
from emolib.models.registry import build, save_model
from emolib.recipes.cards import real_faces_card
from emolib.results import environment
from emolib.training.augmentation import augment
from emolib.training.averaging import MovingAverage
from emolib.training.checkpoint import digest, digest_of_faces
from emolib.training.loop import History, batches, fit
from emolib.training.schedule import Cosine
from emolib.training.targets import (
    class_weights,
    distill,
    mixup,
    smooth_labels,
    targets_of,
)


@dataclass(frozen=True)
class Stage:
    """How one network is trained.

    Attributes
    ----------
    architecture : str
        A name of `emolib.models.cnn.NETWORKS`.
    epochs, batch_size, learning_rate, weight_decay
        As in `emolib.training.fit`; the step size rises through the first epoch.
    label_smoothing : float
        See `emolib.training.smooth_labels`.
    mixup : float
        The `alpha` of `emolib.training.mixup`; 0 for none.
    strong_share : float
        Share of the pictures that are augmented strongly; the others lightly.
    rendered : int
        SynthFace frames mixed into each epoch, drawn anew.
    photographs : bool
        Whether FER2013 is learnt from; without it `rendered` frames are an epoch.
    class_weight_power : float
        See `emolib.training.class_weights`; rendered frames weigh 1.
    ema_decay : float
        See `emolib.training.MovingAverage`.
    distillation_weight, temperature : float
        See `emolib.training.distill`.
    repeat_views_every : int
        Epochs after which the same augmented pictures come again, in another order, so
        that the teacher need not answer anew; 0 for always new ones.
    """

    architecture: str = "real_cnn"
    epochs: int = 45
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    mixup: float = 0.2
    strong_share: float = 0.25
    rendered: int = 3000
    photographs: bool = True
    class_weight_power: float = 0.25
    ema_decay: float = 0.998
    distillation_weight: float = 0.0
    temperature: float = 1.0
    repeat_views_every: int = 0


STAGES = {
    "teacher": Stage("wide_cnn", epochs=50, weight_decay=0.05),
    "student": Stage(
        "real_cnn", epochs=110, distillation_weight=0.8, label_smoothing=0.0,
        repeat_views_every=12,
    ),
}  # fmt: skip


def photographs(path: str | Path) -> tuple[FaceDataset, FaceDataset]:
    """Return the photographs to learn from, and those to choose by.

    Both come from FER2013's Training part, each picture once; PublicTest is not
    touched.

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


@dataclass(frozen=True, eq=False)
class Mixture:
    """What the epochs of a stage show: a `Feed` of `fit`."""

    stage: Stage
    train: FaceDataset  # photographs; neutral ones ask for the uniform distribution
    rendered: FaceDataset
    teacher: keras.Model | None = None
    seed: int = 0
    _answers: dict[int, np.ndarray] = field(default_factory=dict)  # by view

    def __post_init__(self) -> None:
        """Refuse a stage that lacks its teacher."""
        if self.stage.distillation_weight and self.teacher is None:
            raise ValueError("A stage with distillation_weight > 0 needs a teacher.")

    def __call__(self, epoch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return pictures (n, 64, 64), targets (n, 6) and weights (n,) of an epoch."""
        stage = self.stage
        view = epoch % stage.repeat_views_every if stage.repeat_views_every else epoch
        rng = np.random.default_rng([self.seed, view, 20])
        chosen = rng.permutation(len(self.rendered))[: stage.rendered]
        parts = [self.rendered.subset(chosen)]
        weights = [np.ones(len(chosen), np.float32)]
        if stage.photographs:
            parts.append(self.train)
            labels = self.train.labels
            weights.append(class_weights(labels, stage.class_weight_power)[labels])
        images = np.concatenate([part.images for part in parts])
        order = rng.permutation(len(images))
        images = images[order]
        targets = np.concatenate([targets_of(part) for part in parts])[order]
        strong = rng.random(len(images)) < stage.strong_share
        for mask, strength in ((strong, "strong"), (~strong, "light")):
            images[mask] = augment(images[mask], [self.seed, view], strength)
        if stage.mixup:
            images, targets = mixup(images, targets, stage.mixup, rng)
        if stage.distillation_weight:
            answers = self.teacher_probabilities(view, images)
            targets = distill(
                targets, answers, stage.distillation_weight, stage.temperature
            )
        targets = smooth_labels(targets, stage.label_smoothing).astype(np.float32)
        weights = np.concatenate(weights)[order]
        order = np.random.default_rng([self.seed, epoch, 21]).permutation(len(images))
        return images[order], targets[order], weights[order]

    def teacher_probabilities(self, view: int, images: np.ndarray) -> np.ndarray:
        """Return its mean answer to pictures and mirror images, asked once a view."""
        if view not in self._answers:
            # compiled, which `predict` of this package is not: half as long again
            self._answers[view] = both_ways(
                lambda faces: self.teacher.predict(
                    batches((faces[..., None],), 256), verbose=0
                ),
                images,
            )
        return self._answers[view]

    def identity(self) -> dict:
        """Return digests and settings by which a checkpoint knows this feed."""
        return {
            **asdict(self.stage),
            "seed": self.seed,
            "training data": digest_of_faces(self.train),
            "rendered data": digest_of_faces(self.rendered),
            "teacher": digest(*self.teacher.get_weights()) if self.teacher else None,
        }


@dataclass(frozen=True, eq=False)
class Run:
    """A stage that was trained, to the end or not."""

    stage: Stage
    train: FaceDataset
    validation: FaceDataset
    seed: int
    model: keras.Model
    history: History

    @property
    def complete(self) -> bool:
        """Whether all epochs are done."""
        return len(self.history.frame) >= self.stage.epochs


def train_stage(
    stage: Stage,
    train: FaceDataset,
    validation: FaceDataset,
    rendered: FaceDataset,
    checkpoint: str | Path,
    *,
    teacher: keras.Model | None = None,
    start: keras.Model | None = None,
    seed: int = 0,
    minutes: float = math.inf,
    progress: bool = True,
) -> Run:
    """Train one network as its stage says.

    Parameters
    ----------
    stage : Stage
    train, validation : FaceDataset
        As `photographs` returns them; nothing is chosen by the curve over the second.
    rendered : FaceDataset
        Frames of SynthFace's training people.
    teacher : keras.Model, optional
        Needed where ``stage.distillation_weight`` is above 0.
    start : keras.Model, optional
        A network of the same architecture whose weights are the first ones
        (fine-tuning); without it they are drawn.
    checkpoint, seed, minutes, progress
        As in `emolib.training.fit`, which also says what is raised.

    Returns
    -------
    Run
        Its network has the averaged weights of the last complete epoch.
    """
    model = build(stage.architecture, seed)
    if start is not None:
        model.set_weights(start.get_weights())
    history = fit(
        model,
        Mixture(stage, train, rendered, teacher, seed),
        validation,
        epochs=stage.epochs,
        batch_size=stage.batch_size,
        learning_rate=stage.learning_rate,
        schedule=Cosine(warm_up=1.0, per_step=True),
        soft_targets=True,
        weight_decay=stage.weight_decay,
        average=MovingAverage(stage.ema_decay),
        monitor=None,
        minutes=minutes,
        checkpoint=checkpoint,
        progress=progress,
    )
    return Run(stage, train, validation, seed, model, history)


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
    form.

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
    sets = (*photographs(fer2013), load("synthface").part("train"))
    options = {"seed": seed, "minutes": minutes, "progress": progress}
    runs: dict[str, Run] = {}
    for name, stage in STAGES.items():
        checkpoint = output.with_name(f"{output.name}-stages") / name / "state.npz"
        teacher = runs["teacher"].model if runs else None
        run = runs[name] = train_stage(
            stage, *sets, checkpoint, teacher=teacher, **options
        )
        begun_here = run.history.resumed < stage.epochs
        if not run.complete or (begun_here and name == "teacher"):
            return None
    return _save(runs["teacher"], runs["student"], output)


def _save(teacher: Run, run: Run, output: Path) -> Path:
    """Calibrate the student of a complete run and save it with its card.

    It is asked as `emolib.recognizer` asks it: of a picture and its mirror image.
    """
    model, aside = run.model, run.validation
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
            "command": "emolib recipe real-faces",
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


def _history(run: Run) -> dict:
    curve = run.history.frame[["epoch", "loss", "val_accuracy", "val_loss"]]
    return {
        **asdict(run.stage),
        "minutes": round(run.history.seconds / 60, 1),
        "curve": curve.round(4).to_dict("records"),
    }
