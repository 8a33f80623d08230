"""The recipe of the shipped network for photographs: FER2013 and SynthFace together.

The loop of chapter 4 with other parts, in two stages, each of which can be interrupted:
a wide network learns from the labels; the small one from the labels and from the wide
one's answers. Taught in chapter 11.
"""

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from emolib.datasets import FaceDataset, load
from emolib.datasets.splits import hold_out
from emolib.emotions import EMOTIONS
from emolib.evaluation import evaluate, fit_temperature
from emolib.export import add_onnx
from emolib.models._backend import keras
from emolib.models.inference import predict_both_ways
from emolib.models.registry import build, save_model
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
    """How one network is trained. Taught in chapter 11.

    Attributes
    ----------
    architecture : str
        A name of `emolib.models.registry.ARCHITECTURES`.
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


#: Share of the photographs with an emotion that get an answer.
COVERAGE = 0.8

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


@dataclass(frozen=True, eq=False)
class Mixture:
    """What the epochs of a stage show: a `Feed` of `fit`. Used in chapter 11."""

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
            there, back = (
                self.teacher.predict(batches((faces[..., None],), 256), verbose=0)
                for faces in (images, images[:, :, ::-1])
            )
            self._answers[view] = (there + back) / 2
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
    """A stage that was trained, to the end or not. Used in chapter 11."""

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
    """Train one network as its stage says. Used in chapter 11.

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


def calibrate(model: keras.Model, temperature: float) -> None:
    """Build a temperature into a network, in place: its last weights are divided by it.

    The probabilities are then those of `emolib.evaluation.apply_temperature`, at no
    cost (Guo et al. 2017, arXiv:1706.04599). Taught in chapter 11.

    Parameters
    ----------
    model : keras.Model
        Ends in a dense layer with softmax.
    temperature : float
        Above 0.
    """
    last = model.layers[-1]
    last.set_weights([weights / temperature for weights in last.get_weights()])


def uncertainty(probabilities: np.ndarray, faces: FaceDataset) -> dict[str, float]:
    """Choose from which top probability on an answer is given, and say what it costs.

    Four of five photographs with an emotion get an answer. Taught in chapter 11.

    Parameters
    ----------
    probabilities : ndarray of float, (n, 6)
        Calibrated answers.
    faces : FaceDataset
        Validation images, neutral ones among them.

    Returns
    -------
    dict
        ``unsure_below``, the threshold; ``accuracy_answered``, over the emotions that
        get an answer; ``neutral_unsure``, the share of neutral faces that get none.
    """
    top, known = probabilities.max(axis=1), faces.labels >= 0
    threshold = float(np.quantile(top[known], 1 - COVERAGE))
    answered = known & (top >= threshold)
    right = probabilities[answered].argmax(axis=1) == faces.labels[answered]
    return {
        "unsure_below": round(threshold, 4),
        "accuracy_answered": float(right.mean()),
        "neutral_unsure": float((top[~known] < threshold).mean()),
    }


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
    form. Used by ``emolib recipe real-faces``; taught in chapter 11.

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
    known = aside.labelled()
    temperature = fit_temperature(known.labels, predict_both_ways(model, known.images))
    calibrate(model, temperature)
    shares = predict_both_ways(model, aside.images)
    result = evaluate(known.labels, shares[aside.labels >= 0])
    doubt = uncertainty(shares, aside)
    recall = result.per_class["recall"]
    confused = result.confusion - np.diag(np.diag(result.confusion))
    shown, read_as = np.unravel_index(confused.argmax(), confused.shape)
    card = {
        "title": "real-faces: reads photographs; trained on FER2013 and SynthFace",
        "training_data": {
            "name": "FER2013, part Training, each picture once, neutral ones with a "
            "uniform target; and rendered frames of SynthFace's training people",
            "images": len(run.train),
            "subjects": "unknown: FER2013 names nobody",
            "rendered_per_epoch": run.stage.rendered,
            "validation_images": len(aside),
            "split": "by image: FER2013 names no subjects, so that the same person may "
            "be on both sides and figures here are optimistic",
            "terms": "FER2013 (Goodfellow et al. 2013, arXiv:1307.0414) was given out "
            "for a competition; the rights in its photographs are unresolved. It is "
            "not part of this package. SynthFace is CC0-1.0.",
            "licence": "none that covers the photographs; SynthFace: CC0-1.0",
        },
        "recipe": {
            "command": "emolib recipe real-faces",
            "seed": run.seed,
            "environment": environment("numpy", "tensorflow", "keras"),
            "teacher": _history(teacher),
            "student": _history(run),
        },
        "temperature": round(temperature, 4),
        **doubt,
        "results": {
            "test": f"{len(known):,} validation photographs of the six emotions, mean "
            "answer to each and its mirror image; temperature and threshold were "
            "chosen on them, the weights were not; "
            "interval over images. PublicTest: see data/results/looks.jsonl",
            "subjects": "unknown",
            "accuracy": result.accuracy,
            "interval": list(result.interval),
            "calibration_error": result.calibration_error,
            "recall": recall.round(4).to_dict(),
        },
        "intended_use": "Teaching, and trying out on your own picture: how much a face "
        "resembles posed expressions of six emotions.",
        "prohibited_use": "Judging anyone: no use on people at work or in education "
        "(EU AI Act, Article 5(1)(f)), in hiring, policing, health or surveillance, "
        "and none on people who have not agreed.",
        "limits": "It compares a picture with the labels that strangers gave to "
        "photographs, and does not tell what a person feels. Those labels are noisy. "
        "There is no class for neutral or any other expression: such faces should read "
        "as unsure, and not all do.",
        "known_failures": [
            f"{recall.idxmin()} is recognised least often: recall {recall.min():.2f}.",
            f"{EMOTIONS[shown]} read as {EMOTIONS[read_as]} is the most frequent "
            f"mistake: {confused.max()} of {result.n} validation photographs.",
            f"{1 - doubt['neutral_unsure']:.0%} of neutral faces get an answer.",
        ],
        "licence": "weights: MIT; what the photographs' owners could claim is open",
    }
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
