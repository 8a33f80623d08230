"""The recipe of the shipped network for photographs: FER2013 and SynthFace together.

A wide network learns from the labels, then a small one from them and its answers.
"""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from emolib.datasets import FaceDataset, load
from emolib.datasets.fer_plus import votes_of, with_crowd_labels
from emolib.datasets.splits import hold_out
from emolib.errors import ArgumentError
from emolib.evaluation import build_in_temperature, evaluate, fit_temperature
from emolib.evaluation.calibration import unsure_threshold
from emolib.export import add_onnx
from emolib.models._backend import keras
from emolib.models.inference import both_ways, predict_both_ways
from emolib.models.registry import build, save_model
from emolib.recipes.cards import real_faces_card
from emolib.results import environment
from emolib.training.augmentation import augment, mixup
from emolib.training.averaging import MovingAverage
from emolib.training.checkpoint import digest, digest_of_faces
from emolib.training.loop import History, batches, fit
from emolib.training.schedule import Cosine
from emolib.training.targets import (
    class_weights,
    distill,
    smooth_labels,
    targets_of,
)


@dataclass(frozen=True)
class Stage:
    """How one network is trained: the parameters of `emolib.training` and its parts.

    The step size rises through the first epoch.
    """

    architecture: str = "real_cnn"  # of emolib.models.cnn.NETWORKS
    epochs: int = 45
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    mixup: float = 0.2  # alpha; 0 for none
    strong_share: float = 0.25  # of the pictures, augmented strongly; others lightly
    rendered: int = 3000  # SynthFace frames in each epoch, drawn anew, of weight 1
    photographs: bool = True  # whether FER2013 is learnt from as well
    class_weight_power: float = 0.25
    ema_decay: float = 0.998
    distillation_weight: float = 0.0
    temperature: float = 1.0
    #: Epochs after which the same augmented pictures come again, in another order, so
    #: that the teacher need not answer anew; 0 for always new ones.
    repeat_views_every: int = 0


STAGES = {
    "teacher": Stage("wide_cnn", epochs=50, weight_decay=0.05),
    "student": Stage(
        "real_cnn", epochs=110, distillation_weight=0.8, label_smoothing=0.0,
        repeat_views_every=12,
    ),
}  # fmt: skip


def photographs(
    path: str | Path, votes: str | Path | None = None
) -> tuple[FaceDataset, FaceDataset]:
    """Return the photographs to learn from, and a tenth to choose by, neutral ones too.

    Both come from FER2013's Training part, each picture once; no PublicTest. With the
    `votes` of FER+, the crowd's labels take the place of FER2013's.
    """
    faces = load("fer2013", path, drop_duplicates=True, votes=votes).part("train")
    faces = faces if votes is None else with_crowd_labels(faces)
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
            raise ArgumentError("A stage with distillation_weight > 0 needs a teacher.")

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
        order = rng.permutation(sum(map(len, parts)))
        images = np.concatenate([part.images for part in parts])[order]
        targets = np.concatenate([targets_of(part) for part in parts])[order]
        strong = rng.random(len(images)) < stage.strong_share
        for mask, strength in ((strong, "strong"), (~strong, "light")):
            images[mask] = augment(images[mask], [self.seed, view], strength)
        if stage.mixup:
            images, targets = mixup(images, targets, stage.mixup, rng)
        if weight := stage.distillation_weight:
            answers = self.teacher_probabilities(view, images)
            targets = distill(targets, answers, weight, stage.temperature)
        targets = smooth_labels(targets, stage.label_smoothing).astype(np.float32)
        weights = np.concatenate(weights)[order]
        order = np.random.default_rng([self.seed, epoch, 21]).permutation(len(images))
        return images[order], targets[order], weights[order]

    def teacher_probabilities(self, view: int, images: np.ndarray) -> np.ndarray:
        """Return its mean answer to pictures and mirror images, asked once a view."""

        def ask(faces):  # compiled, which our `predict` is not: half as long again
            return self.teacher.predict(batches((faces[..., None],), 256), verbose=0)

        if view not in self._answers:
            self._answers[view] = both_ways(ask, images)
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
    """Train one network as its stage says, and leave it with the averaged weights.

    Nothing is chosen by the curve over `validation`. `rendered` are frames of
    SynthFace's training people. A stage with a distillation weight needs its `teacher`;
    the weights of `start`, not drawn ones, are the first (fine-tuning).
    """
    model = build(stage.architecture, seed)
    if start is not None:
        model.set_weights(start.get_weights())
    history = fit(
        model, Mixture(stage, train, rendered, teacher, seed), validation,
        epochs=stage.epochs, batch_size=stage.batch_size, monitor=None,
        learning_rate=stage.learning_rate, weight_decay=stage.weight_decay,
        schedule=Cosine(warm_up=1.0, per_step=True), soft_targets=True,
        average=MovingAverage(stage.ema_decay), minutes=minutes,
        checkpoint=checkpoint, progress=progress,
    )  # fmt: skip
    return Run(stage, train, validation, seed, model, history)


def train_real_faces(
    fer2013: Path,
    output: Path,
    *,
    minutes: float,
    seed: int,
    progress: bool,
    votes: Path | None = None,
) -> Path | None:
    """Train the teacher or, once it is complete, the student; call again to go on.

    With the `votes` of FER+ (``fer2013new.csv``), the targets are the distribution of
    the crowd's votes where it is known, and temperature and results are about its
    labels. The network that ships was trained without.

    Checkpoints are beside `output`, in ``<output>-stages/teacher`` and ``student``. The
    complete student is calibrated and saved in `output` with its card and ONNX form;
    None is returned before.
    """
    sets = (*photographs(fer2013, votes), load("synthface").part("train"))
    runs: dict[str, Run] = {}
    for name, stage in STAGES.items():
        checkpoint = output.with_name(f"{output.name}-stages") / name / "state.npz"
        teacher = runs["teacher"].model if runs else None
        run = runs[name] = train_stage(
            stage, *sets, checkpoint, teacher=teacher, minutes=minutes, seed=seed,
            progress=progress,
        )  # fmt: skip
        begun_here = run.history.resumed < stage.epochs
        if not run.complete or (begun_here and name == "teacher"):
            return None
    return _save(runs["teacher"], runs["student"], output)


def _save(teacher: Run, run: Run, output: Path) -> Path:
    """Calibrate a complete student, asked as the recogniser asks it, and save it."""
    model, aside = run.model, run.validation
    known = aside.labels >= 0
    labels = aside.labels[known]
    temperature = fit_temperature(labels, predict_both_ways(model, aside.images[known]))
    build_in_temperature(model, temperature)
    shares = predict_both_ways(model, aside.images)
    threshold = unsure_threshold(aside.labels, shares)
    sure = shares.max(axis=1) >= threshold
    right = shares.argmax(axis=1) == aside.labels
    neutral = (aside.meta["emotion"] == "neutral").to_numpy()  # of -1, not undecided
    counts = {"images": len(run.train), "validation_images": len(aside)}
    voted = votes_of(aside) is not None
    recipe = {
        "command": f"emolib recipe real-faces{' --votes fer2013new.csv' * voted}",
        "seed": run.seed,
        "environment": environment("numpy", "tensorflow", "keras"),
        "teacher": _history(teacher),
        "student": _history(run),
    }
    doubt = {
        "temperature": round(temperature, 4),
        "unsure_below": round(threshold, 4),
        "accuracy_answered": float(right[sure & known].mean()),
        "neutral_unsure": float((~sure)[neutral].mean()),
    }
    card = real_faces_card(
        counts | {"rendered_per_epoch": run.stage.rendered}, recipe,
        evaluate(labels, shares[known]), doubt, voted,
    )  # fmt: skip
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
