"""A canary: what the package computes, in a few hundred numbers, in half a minute.

A result is out of date when the package would compute something else, and not when a
line of its code reads differently. So each results file holds, beside its numbers, what
this module made of the package when they were measured. Whoever changes the code makes
the canary again and sees whether any number moved, and in which part.

Numbers are compared with a tolerance, because the last bits of a sum differ between
processors, numbers of threads and versions of Python; texts and whole numbers have to
be equal.
"""

import math
from collections.abc import Callable
from functools import cache

import numpy as np

#: Largest difference between two numbers that count as equal, absolute and relative.
TOLERANCE = 5e-3

#: What a part says that could not be made.
RAISED = "raised"

Value = float | int | str
Readings = dict[str, Value]
#: Learnt from: every 24th apex frame of the training people.
EVERY = 24


def canary(parts: list[str] | None = None) -> dict[str, Readings]:
    """Return what the package computes today.

    Parameters
    ----------
    parts : list of str, optional
        Names of `PARTS`; all by default.

    Returns
    -------
    dict
        Part -> name -> number (rounded to four decimals) or text; of a part that
        fails, what was raised.
    """
    return {
        name: {key: _rounded(value) for key, value in _made(name).items()}
        for name in (PARTS if parts is None else parts)
    }


def _made(part: str) -> Readings:
    """Make one part; a package that fails there computes something else, too."""
    try:
        return PARTS[part]()
    except Exception as error:
        return {RAISED: f"{type(error).__name__}: {error}"}


def differences(before: Readings, now: Readings) -> list[str]:
    """Say what differs between two recordings of one part, beyond `TOLERANCE`.

    Returns
    -------
    list of str
        One line a value, such as ``"val_loss: 1.7044, was 1.7102"``; empty if nothing.
    """
    found = []
    for name in dict.fromkeys((*before, *now)):
        old, new = before.get(name, "nothing"), now.get(name, "nothing")
        if not _same(old, new):
            found.append(f"{name}: {new}, was {old}")
    return found


def _same(old: Value, new: Value) -> bool:
    if isinstance(old, float) and isinstance(new, float):
        return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(old) is type(new) and old == new


def _rounded(value: Value | np.generic) -> Value:
    if isinstance(value, np.generic):
        value = value.item()
    return round(value, 4) if isinstance(value, float) else value


def _blocks(name: str, image: np.ndarray, count: int = 4) -> Readings:
    """Mean grey of ``count x count`` blocks of an image, on a scale of 0 to 1."""
    rows = np.array_split(np.asarray(image, float) / 255, count)
    return {
        f"{name} {r}{c}": float(block.mean())
        for r, row in enumerate(rows)
        for c, block in enumerate(np.array_split(row, count, axis=1))
    }


def _list(name: str, values: np.ndarray) -> Readings:
    return {f"{name} {k}": float(value) for k, value in enumerate(np.ravel(values))}


@cache
def _few():
    """Training images, training clips' frames, and validation images: a few of each."""
    from emolib.datasets import load

    faces = load("synthface")
    train, validation = faces.part("train"), faces.part("validation").apex()
    apex = train.apex()
    return tuple(
        one.subset(np.arange(0, len(one), step))
        for one, step in ((apex, EVERY), (train, 2 * EVERY), (validation, EVERY // 2))
    )


def corpus() -> Readings:
    """Load the corpus: what each part holds, and what it looks like."""
    from emolib.datasets import load
    from emolib.emotions import EMOTIONS

    faces = load("synthface")
    found: Readings = {"emotions": " ".join(EMOTIONS), "columns": " ".join(faces.meta)}
    for name in ("train", "validation", "test"):
        part = faces.part(name)
        found |= {
            f"{name} images": len(part),
            f"{name} people": len(np.unique(part.groups)),
            f"{name} labels": " ".join(map(str, np.bincount(part.labels))),
            f"{name} apex": len(part.apex()),
            f"{name} intensity": float(part.meta["intensity"].mean()),
        }
        found |= _blocks(f"{name} mean", part.images.mean(axis=0))
        found |= _blocks(f"{name} one", part.images[len(part) // 3])
    clips = faces.part("validation").clips()
    found["clips"] = len(clips.lengths)
    found["longest clip"] = int(clips.lengths.max())
    return found


def crop() -> Readings:
    """Cut the canonical crop out of a drawn picture."""
    from emolib.faces import CROP, align, to_canonical

    y, x = np.mgrid[:160, :200]
    rings = 127 + 120 * np.sin(np.hypot(x - 90, y - 70) / 9 + x / 40)
    picture = rings.astype(np.uint8)
    found: Readings = {"size": CROP.size} | _list("eyes", np.array(CROP.eyes()))
    found |= _blocks("ready", to_canonical(picture[20:140, 40:160]))
    return found | _blocks("aligned", align(picture, (70.0, 66.0), (111.0, 75.5)))


def splits() -> Readings:
    """Divide the corpus in every way there is."""
    import warnings

    from emolib.datasets import load, splits

    apex = load("synthface").apex()
    found: Readings = {}
    for make in (
        splits.random_frame, splits.random_clip, splits.by_subject,
        splits.by_subject_and_sentence,
    ):  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", splits.LeakageWarning)
            split = make(apex, 1)
        limited = split.limit(1000, apex.labels, 1)
        for name in ("train", "validation", "test"):
            places = getattr(split, name)
            found[f"{make.__name__} {name}"] = f"{len(places)} {places.sum()}"
        found[f"{make.__name__} limited"] = int(limited.train.sum())
    folds = list(splits.subject_folds(apex, 5, 1))
    found["folds"] = " ".join(f"{f.test.sum()} {f.validation.sum()}" for f in folds)
    held_out = splits.hold_out(apex, 0.1, 1)
    found["held out"] = " ".join(str(len(part)) for part in held_out)
    return found


def augmentation() -> Readings:
    """Vary the same faces lightly and strongly."""
    from emolib.training import augment

    images = _few()[0].images[:256]
    found: Readings = {}
    for strength in ("light", "strong"):
        varied = augment(images, [1, 2], strength)
        found |= _blocks(f"{strength} one", varied[5])
        found |= _blocks(f"{strength} mean", varied.mean(axis=0))
        found[f"{strength} contrast"] = float(varied.std()) / 255
    return found


def _learnt(model, history) -> Readings:
    """Return what a short training ended with, and what the network says then."""
    from emolib.models import predict

    last = history.frame.iloc[-1]
    faces = _few()[2].images
    found = {name: float(last[name]) for name in ("loss", "val_loss", "val_accuracy")}
    answers = predict(model, faces)
    return found | _list("mean", answers.mean(axis=0)) | _list("first", answers[0])


def _drawn(name: str, seed: int = 1):
    """Return a network with its first weights, and what these are."""
    from emolib.models.registry import build

    model = build(name, seed)
    found: Readings = {"parameters": int(model.count_params())}
    for variable in model.trainable_variables:
        if variable.ndim > 1:
            values = np.asarray(variable)
            found[f"{variable.path.split('/', 1)[-1]}"] = float(np.abs(values).mean())
    return model, found


def plain_cnn() -> Readings:
    """Train the plain CNN for a short time."""
    from emolib.training import fit

    train, _, validation = _few()
    model, found = _drawn("plain_cnn")
    history = fit(
        model, train, validation, epochs=2, batch_size=32, learning_rate=1e-3, seed=1,
        progress=False,
    )  # fmt: skip
    return found | _learnt(model, history)


def small_cnn() -> Readings:
    """Train the small network on all frames, with soft targets."""
    from emolib.training import fit

    _, train, validation = _few()
    model, found = _drawn("small_cnn")
    history = fit(
        model, train, validation, epochs=1, batch_size=32, learning_rate=2e-3,
        soft_targets=True, seed=1, progress=False,
    )  # fmt: skip
    return found | _learnt(model, history)


def contrast_cnn() -> Readings:
    """Train with strong augmentation and weight decay, and keep the lowest loss."""
    from emolib.training import fit

    _, train, validation = _few()
    model, found = _drawn("contrast_cnn")
    history = fit(
        model, train, validation, epochs=1, batch_size=64, learning_rate=3e-3,
        augment="strong", soft_targets=True, weight_decay=0.05, monitor="loss", seed=1,
        progress=False,
    )  # fmt: skip
    return found | _learnt(model, history)


def attention() -> Readings:
    """Train two networks with attention, and map what the answers of one depend on."""
    from functools import partial

    from emolib.explain import occlusion_sensitivity
    from emolib.models import predict
    from emolib.models.attention import NETWORKS
    from emolib.training import fit

    _, train, validation = _few()
    result: Readings = {}
    for name in NETWORKS:
        model, found = _drawn(name)
        if name in ("cbam_cnn", "vision_transformer"):
            history = fit(
                model, train, validation, epochs=1, batch_size=32, learning_rate=1e-3,
                soft_targets=True, seed=1, progress=False,
            )  # fmt: skip
            found |= _learnt(model, history)
        else:
            found |= _list("answer", predict(model, validation.images[:1])[0])
        result |= {f"{name} {key}": value for key, value in found.items()}
        if name == "cbam_cnn":
            lost = occlusion_sensitivity(partial(predict, model), validation.images[:2])
            result |= _blocks("lost", 255 * lost[0])
    return result


def recurrent() -> Readings:
    """Encode clips, ask every kind of network over them, and train one briefly."""
    from emolib.datasets import load
    from emolib.models import encode, load_model, sequence_network
    from emolib.models.recurrent import SEQUENCES
    from emolib.training import fit_clips

    clips = load("synthface").part("validation").subset(np.arange(180)).clips()
    features = encode(load_model("small-cnn"), clips)
    found: Readings = _list("features", features.mean(axis=(0, 1))[:8])
    for kind in SEQUENCES:
        model = sequence_network(kind, features.shape[-1], seed=1)
        found |= _list(kind, np.asarray(model(features[:1]))[0])
    sets = features, clips.labels
    log = fit_clips(
        sequence_network("GRU", features.shape[-1], seed=1), sets, sets, epochs=3
    )
    return found | {name: float(log[name].iloc[-1]) for name in ("loss", "val_loss")}


def real_cnn() -> Readings:
    """Follow the recipe for photographs, with rendered faces in their place.

    It has a teacher, and a sixth of the faces are made neutral, as in FER2013.
    """
    import tempfile
    from pathlib import Path

    from emolib.datasets import FaceDataset
    from emolib.models import predict, predict_both_ways
    from emolib.recipes.real_faces import Stage, train_stage

    train, rendered, validation = _few()

    def as_photographs(faces):
        labels = np.where(faces.labels == 2, -1, faces.labels)
        return FaceDataset("as photographs", faces.images, labels)

    few, aside = as_photographs(train), as_photographs(validation)
    teacher, found = _drawn("real_cnn", 2)
    stage = Stage(
        "real_cnn", epochs=3, batch_size=64, rendered=64, ema_decay=0.9,
        distillation_weight=0.5, temperature=1.5, repeat_views_every=2,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        run = train_stage(
            stage, few, aside, rendered, Path(folder) / "state.npz",
            teacher=teacher, seed=1, progress=False,
        )  # fmt: skip
        row, model = run.history.frame.iloc[-1], run.model
    found |= {name: float(row[name]) for name in ("loss", "val_loss", "val_accuracy")}
    both = predict_both_ways(model, validation.images)
    found |= _list("mean", both.mean(axis=0)) | _list("first", both[0])
    wide, first = _drawn("wide_cnn")
    found |= {f"wide {name}": value for name, value in first.items()}
    return found | _list("wide", predict(wide, validation.images[:4]).mean(axis=0))


def baselines() -> Readings:
    """Fit the simple classifiers."""
    from emolib.models.baselines import BASELINES, fit_baseline

    train, _, validation = _few()
    found: Readings = {"names": ", ".join(BASELINES)}
    for name in BASELINES[1:]:
        answers = fit_baseline(name, train).predict_proba(validation.images)
        found |= _list(f"{name} mean", answers.mean(axis=0))
        found |= _list(f"{name} first", answers[0])
    return found


def evaluation() -> Readings:
    """Score given answers: intervals, tests, calibration."""
    from emolib.evaluation import (
        accuracy_by,
        apply_temperature,
        evaluate,
        fit_temperature,
        mcnemar,
        paired_bootstrap,
        reliability,
    )

    rng = np.random.default_rng(3)
    truth = rng.integers(0, 6, 600)
    groups = np.repeat([f"s{k}" for k in range(20)], 30)
    first, second = (
        rng.dirichlet(np.ones(6), 600) + share * np.eye(6)[truth]
        for share in (0.4, 0.5)
    )
    first, second = (one / one.sum(axis=1, keepdims=True) for one in (first, second))
    found: Readings = {}
    for name, result in (
        ("over subjects", evaluate(truth, first, groups)),
        ("over images", evaluate(truth, first)),
    ):
        found |= _list(f"{name} interval", np.array(result.interval))
        found |= {
            f"{name} accuracy": result.accuracy,
            f"{name} balanced": result.balanced_accuracy,
            f"{name} f1": result.macro_f1,
            f"{name} calibration": result.calibration_error,
        }
    found |= _list("recall", result.per_class["recall"].to_numpy())
    gain = paired_bootstrap(truth, first, second, groups)
    found |= _list("gain", np.array([gain.difference, *gain.interval]))
    found["mcnemar"] = float(mcnemar(truth, first, second).p_value)
    found["temperature"] = float(fit_temperature(truth, first))
    found |= _list("tempered", apply_temperature(first[:1], 2.0))
    found |= _list("bins", reliability(truth, first)["accuracy"].to_numpy())
    values = np.linspace(0, 1, 600)
    table = accuracy_by(values, truth, first, [0.0, 0.5, 1.0], groups)
    return found | _list("halves", table[["accuracy", "low", "high"]].to_numpy())


def robustness() -> Readings:
    """Spoil a face, render faces again with a factor changed, and audit answers."""
    from emolib.datasets import load
    from emolib.robustness import PERTURBATIONS, audit, counterfactual, perturb

    test = load("synthface").part("test")
    found: Readings = {}
    for name in PERTURBATIONS:
        found |= _blocks(name, perturb(test.images[2], name, 0.6), 2)
    few = test.subset(np.arange(2, 400, 45))
    sets = {
        "as it was": counterfactual(few),
        "mask": counterfactual(few, occluder="mask"),
        "other": counterfactual(few, age=70, sex="female", exposure=-1),
    }
    for name, faces in sets.items():
        found |= _blocks(name, faces.images[0])

    def answer(images: np.ndarray) -> np.ndarray:  # by the grey of six stripes
        means = images.reshape(len(images), -1)[:, : 6 * 682].reshape(-1, 6, 682)
        return means.mean(axis=2) / means.mean(axis=2).sum(axis=1, keepdims=True)

    table = audit(answer, sets, "as it was", unsure_below=0.2)
    columns = ["value", "low", "high", "p_value", "p_holm"]
    return found | _list("audit", table[columns].fillna(-1).to_numpy())


def rendering() -> Readings:
    """Render two people, one of them with glasses."""
    from emolib.synthesis import Scene, express, random_identity, render

    found: Readings = {}
    for seed, emotion, scene in (
        (11, "happiness", Scene(yaw=8.0, light_azimuth=40.0, background=3)),
        (12, "fear", Scene(pitch=-6.0, occluder="glasses", noise=3.0, noise_seed=5)),
    ):
        weights = express(emotion, 0.9, seed=seed)
        found |= {f"{emotion} {unit}": float(w) for unit, w in sorted(weights.items())}
        face = render(random_identity(seed), weights, scene)
        found |= _blocks(emotion, face, 8)
    return found


def detection() -> Readings:
    """Find two rendered faces in a frame each, and cut them out."""
    from emolib.faces import FaceDetector
    from emolib.synthesis import Scene, express, random_identity
    from emolib.synthesis.frames import framed_face

    found: Readings = {}
    for seed, size in ((21, 200), (22, 120)):
        frame, _ = framed_face(
            random_identity(seed), express("surprise", seed=seed), Scene(), size=size
        )
        faces = FaceDetector().detect(frame)
        found[f"{seed} faces"] = len(faces)
        face = faces[0]
        found[f"{seed} score"] = float(face.score)
        places = (face.box, face.left_eye, face.right_eye, face.nose)
        found |= _list(f"{seed} places", np.concatenate(places) / size)
        found |= _blocks(f"{seed} crop", face.crop(frame))
    return found


def shipped() -> Readings:
    """Ask the networks that ship, in Keras and in ONNX."""
    from emolib.models import available, load_model, predict
    from emolib.recognizer import EmotionRecognizer

    faces = _few()[2].images[::6]
    found: Readings = {}
    for name in available():
        answers = predict(load_model(name), faces)
        found |= _list(f"{name} mean", answers.mean(axis=0))
        found |= _list(f"{name} first", answers[0])
        both = EmotionRecognizer(name).predict_proba(faces)
        found |= _list(f"{name} both ways", both.mean(axis=0))
    return found


def page() -> Readings:
    """Round the networks that ship as the page's files have them."""
    from emolib.export import rounded, to_page
    from emolib.models import available, load_model, predict

    faces = _few()[2].images[::6]
    found: Readings = {}
    for name in available():
        model = load_model(name)
        found[f"{name} kB"] = len(to_page(model, "int8")) // 1000
        with rounded(model, "int8"):
            found |= _list(f"{name} int8", predict(model, faces).mean(axis=0))
    return found


PARTS: dict[str, Callable[[], Readings]] = {
    "corpus": corpus,
    "crop": crop,
    "splits": splits,
    "augmentation": augmentation,
    "plain_cnn": plain_cnn,
    "small_cnn": small_cnn,
    "contrast_cnn": contrast_cnn,
    "attention": attention,
    "recurrent": recurrent,
    "real_cnn": real_cnn,
    "baselines": baselines,
    "evaluation": evaluation,
    "rendering": rendering,
    "robustness": robustness,
    "detection": detection,
    "shipped": shipped,
    "page": page,
}
