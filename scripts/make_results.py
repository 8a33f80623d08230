"""Measure everything the book reports, and train the weights that ship with it.

Run as ``make results``. Each step is skipped where ``data/results`` already holds its
outcome for the same code, data and settings; each training continues from its
checkpoint in ``build/results`` after an interruption. About an hour and a half on two
cores, an hour of it for the model ``synthface``, which needs ``make data-large`` first.
"""

import argparse
import ast
import hashlib
import json
import platform
import sys
import warnings
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from measure_detection import DETECTION, measure_detection
from records import write_json
from tqdm import tqdm

import emolib
from emolib.datasets import FaceDataset, load, splits
from emolib.datasets.splits import LeakageWarning, Split
from emolib.emotions import EMOTIONS
from emolib.evaluation import Evaluation, accuracy_by, evaluate, learning_curve
from emolib.export import add_onnx
from emolib.models.baselines import BASELINES, fit_baseline
from emolib.models.cnn import plain_cnn
from emolib.models.inference import predict, predict_both_ways
from emolib.models.registry import build, load_model, model_card, save_model
from emolib.paths import data_folder
from emolib.recipes.cards import counts, synthface_card, teaching_card
from emolib.training.loop import History, TrainingError, fit

COMMAND = "make results"
PACKAGE = Path(emolib.__file__).resolve().parent

#: The code that results depend on.
CODE = (
    "augmentation.py",
    "datasets/corpus.py",
    "datasets/face_dataset.py",
    "datasets/splits.py",
    "evaluation/metrics.py",
    "models/baselines.py",
    "models/cnn.py",
    "models/inference.py",
    "training.py",
)

#: The recipes. Both were fixed on the validation subjects.
NETWORKS = {
    "plain_cnn": {
        "title": "plain CNN",
        "ships_as": "plain-cnn",
        "frames": "apex",
        "fit": {"epochs": 14, "batch_size": 32, "learning_rate": 1e-3},
    },
    "small_cnn": {
        "title": "small CNN",
        "ships_as": "small-cnn",
        "frames": "all",
        "fit": {
            "epochs": 12,
            "batch_size": 32,
            "learning_rate": 2e-3,
            "soft_targets": True,
        },
    },
}

SPLITS = {
    "random frame": splits.random_frame,
    "random clip": splits.random_clip,
    "by subject": splits.by_subject,
    "by subject and sentence": splits.by_subject_and_sentence,
}
#: The plain recipe was added when the first had been measured, to see how much of a
#: leak augmentation hides.
SPLIT_FITS = {
    "four-splits": {"epochs": 10, "batch_size": 32, "learning_rate": 1e-3},
    "four-splits-plain": {
        "epochs": 10,
        "batch_size": 32,
        "learning_rate": 1e-3,
        "augment": False,
    },
}

#: The model that people meet: it learns from the large set and reads photographs.
SYNTHFACE = {
    "architecture": "contrast_cnn",
    "fit": {
        "epochs": 8,
        "batch_size": 128,
        "learning_rate": 3e-3,
        "augment": "strong",
        "soft_targets": True,
        "weight_decay": 0.05,
        "monitor": "loss",
    },
}
#: What single steps depend on besides.
OWN_CODE = {
    "learning-curve": ("evaluation/comparison.py",),
    "synthface-model": ("datasets/stills.py",),
}
LARGE_PLAN = "large.json"

#: What finding faces depends on, instead of `CODE`: code, and files of the data folder.
DETECTION_CODE = ("faces/detection.py", "synthesis/frames.py", "synthesis/clips.py")
DETECTION_DATA = (
    "detector/card.json", "synthface/difficulty.json", "synthface/corpus.json",
)  # fmt: skip

#: What chapter 4 changes in the plain CNN's recipe, one at a time, and measures on
#: the validation subjects.
CHOICES: dict[str, dict] = {
    "as in this chapter": {},
    "no augmentation": {"fit": {"augment": False}},
    "no dropout": {"network": {"dropout": 0.0}},
    "neither": {"fit": {"augment": False}, "network": {"dropout": 0.0}},
    "batch normalisation": {"network": {"batch_norm": True}},
    "learning rate x 10": {"fit": {"learning_rate": 1e-2}},
    "learning rate / 10": {"fit": {"learning_rate": 1e-4}},
}

#: People to learn from, each number with as many gradient steps as all of them get.
CURVE_PEOPLE = [9, 18, 36, 72]
CURVE_BASELINE = "HOG + logistic regression"

INTENSITY_EDGES = [0.0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 1.0]
NEUTRAL_FACES = 100


def main(arguments: list[str] | None = None) -> int:
    """Run the steps that are out of date; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=STEPS, help="one step instead of all")
    parser.add_argument("--force", action="store_true", help="measure again")
    parser.add_argument("--epochs", type=int, help="try out: fewer epochs")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(arguments)
    settings = {"seeds": options.seeds, "epochs": options.epochs}
    dataset = load("synthface")
    try:
        for name, step in STEPS.items():
            if options.only in (None, name):
                run_step(name, step, dataset, settings, options.force)
    except KeyboardInterrupt:
        print("\nstopped; run `make results` again to continue", file=sys.stderr)
        return 130
    except TrainingError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run_step(
    name: str,
    step: Callable[[FaceDataset, dict, Path], dict],
    dataset: FaceDataset,
    settings: dict,
    force: bool = False,
) -> None:
    """Run one step unless its file is up to date, and write the file."""
    path = data_folder() / "results" / f"{name}.json"
    digest = config_hash(name, settings)
    if not force and is_current(path, digest):
        print(f"{name}: up to date")
        return
    print(f"{name}: measuring", flush=True)
    scratch = data_folder().parent / "build" / "results" / digest[:12]
    scratch.mkdir(parents=True, exist_ok=True)
    results = step(dataset, settings, scratch)
    record = {
        "command": COMMAND,
        "config": config(name, settings),
        "config_hash": digest,
        "versions": versions(),
        "results": results,
    }
    write_json(path, record)
    print(f"{name}: wrote {path.name}", flush=True)


def config(name: str, settings: dict) -> dict:
    """Return the settings that a step's results depend on."""
    own: dict = {
        "by-subject-apex": {"networks": NETWORKS, "baselines": BASELINES},
        **{
            one: {"fit": recipe, "splits": list(SPLITS)}
            for one, recipe in SPLIT_FITS.items()
        },
        "intensity-curve": {"networks": NETWORKS, "edges": INTENSITY_EDGES},
        "training-choices": {"network": NETWORKS["plain_cnn"], "choices": CHOICES},
        "learning-curve": {
            "network": NETWORKS["plain_cnn"],
            "baseline": CURVE_BASELINE,
            "people": CURVE_PEOPLE,
        },
        "synthface-model": SYNTHFACE,
        "detection": DETECTION,
    }[name]
    return {"step": name, **settings, **own}


def config_hash(step: str, settings: dict | None = None) -> str:
    """Hash the settings, the code and the corpus that a step depends on."""
    settings = settings or {"seeds": 3, "epochs": None}
    digest = hashlib.sha256(json.dumps(config(step, settings)).encode())
    if step == "detection":
        script = Path(__file__).with_name("measure_detection.py")
        for path in (script, *(PACKAGE / name for name in DETECTION_CODE)):
            digest.update(code_without_words(path).encode())
        for name in DETECTION_DATA:
            digest.update((data_folder() / name).read_bytes())
        return digest.hexdigest()
    for name in (*CODE, *OWN_CODE.get(step, ())):
        digest.update(code_without_words(PACKAGE / name).encode())
    plans = (
        ("corpus.json", LARGE_PLAN) if step == "synthface-model" else ("corpus.json",)
    )
    for name in plans:
        digest.update((data_folder() / "synthface" / name).read_bytes())
    return digest.hexdigest()


def code_without_words(path: Path) -> str:
    """Return the syntax tree of a file without docstrings and comments.

    A better sentence in a docstring need not train everything again.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        documented = isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        )
        if documented and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def is_current(path: Path, digest: str) -> bool:
    """Tell whether a results file was made with this configuration."""
    try:
        return json.loads(path.read_text())["config_hash"] == digest
    except (OSError, ValueError, KeyError):
        return False


def versions() -> dict[str, str]:
    """Return the versions that may change a result."""
    packages = ("numpy", "scikit-learn", "scikit-image", "tensorflow", "keras")
    found = {name: version(name) for name in packages}
    return {"python": platform.python_version(), **found}


def row(name: str, seed: int | None, result: Evaluation, **more) -> dict:
    """Return one line of a table as `emolib.plots.intervals` reads it."""
    low, high = result.to_dict()["interval"]
    line = {"name": name, "seed": seed, "accuracy": result.accuracy}
    return {**line, "low": low, "high": high, **more, "evaluation": result.to_dict()}


def train(
    model,
    seed: int,
    sets: tuple[FaceDataset, FaceDataset],
    recipe: dict,
    checkpoint: Path,
) -> History:
    """Train one network in place, from its checkpoint where there is one."""
    history = fit(model, *sets, **recipe, seed=seed, checkpoint=checkpoint)
    if history.interrupted:
        raise KeyboardInterrupt
    print(f"  {checkpoint.stem}: {history}", flush=True)
    return history


def by_subject_apex(dataset: FaceDataset, settings: dict, scratch: Path) -> dict:
    """Every model on the apex frames of people it has never seen."""
    test = dataset.part("test").apex()
    apex = dataset.part("train").apex()
    rows = []
    for name in tqdm(BASELINES, desc="baselines"):
        answers = fit_baseline(name, apex).predict_proba(test.images)
        rows.append(row(name, None, evaluate(test.labels, answers, test.groups)))
    for architecture, network in NETWORKS.items():
        sets = (dataset.part("train"), dataset.part("validation").apex())
        if network["frames"] == "apex":
            sets = (apex, sets[1])
        recipe = {**network["fit"]}
        recipe["epochs"] = settings["epochs"] or recipe["epochs"]
        for seed in range(settings["seeds"]):
            checkpoint = scratch / f"{architecture}-{seed}.npz"
            model = build(architecture, seed)
            history = train(model, seed, sets, recipe, checkpoint)
            result = evaluate(test.labels, predict(model, test.images), test.groups)
            more = {
                "parameters": int(model.count_params()),
                "best_epoch": history.best_epoch,
                "history": history.frame.round(4).to_dict(orient="list"),
            }
            rows.append(row(network["title"], seed, result, **more))
            if seed == 0:
                card = teaching_card(
                    network["title"],
                    architecture,
                    {"frames": network["frames"], **counts(*sets)},
                    {**recipe, "seed": seed, "command": COMMAND},
                    result,
                    config_hash("by-subject-apex", settings),
                )
                save_model(model, network["ships_as"], card)
                add_onnx(network["ships_as"])
    return {"images": len(test), "subjects": len(np.unique(test.groups)), "rows": rows}


def four_splits(step: str, dataset: FaceDataset, settings: dict, scratch: Path) -> dict:
    """The plain CNN under four splits, each with equally many training images."""
    apex = dataset.apex()
    recipe = {**SPLIT_FITS[step]}
    recipe["epochs"] = settings["epochs"] or recipe["epochs"]
    made = {
        (name, seed): quietly(split, apex, seed)
        for name, split in SPLITS.items()
        for seed in range(settings["seeds"])
    }
    n_train = min(len(split.train) for split in made.values())
    rows = []
    for (name, seed), split in made.items():
        split = split.limit(n_train, apex.labels, seed)
        parts = [apex.subset(p) for p in (split.train, split.validation, split.test)]
        print(f"  {split}", flush=True)
        checkpoint = scratch / f"{name.replace(' ', '-')}-{seed}.npz"
        model = build("plain_cnn", seed)
        train(model, seed, tuple(parts[:2]), recipe, checkpoint)
        test = parts[2]
        result = evaluate(test.labels, predict(model, test.images), test.groups)
        rows.append(row(split.name, seed, result, leaks=split.leaks))
    return {"training_images": n_train, "rows": rows}


def quietly(split: Callable[..., Split], dataset: FaceDataset, seed: int) -> Split:
    """Make a split without its warning: that it leaks is what is measured here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakageWarning)
        return split(dataset, seed)


def training_choices(dataset: FaceDataset, settings: dict, scratch: Path) -> dict:
    """The plain CNN's recipe with one choice changed, measured on validation people.

    The epoch that is kept was chosen by the same people, for every choice alike.
    """
    sets = (dataset.part("train").apex(), dataset.part("validation").apex())
    rows = []
    for name, change in CHOICES.items():
        recipe = {**NETWORKS["plain_cnn"]["fit"], **change.get("fit", {})}
        recipe["epochs"] = settings["epochs"] or recipe["epochs"]
        for seed in range(settings["seeds"]):
            model = plain_cnn(seed, **change.get("network", {}))
            checkpoint = scratch / f"{name.replace(' ', '-').replace('/', 'by')}-{seed}"
            history = train(model, seed, sets, recipe, checkpoint.with_suffix(".npz"))
            learnt, checked = (
                evaluate(one.labels, predict(model, one.images), one.groups)
                for one in sets
            )
            more = {
                "train_accuracy": learnt.accuracy,
                "best_epoch": history.best_epoch,
                "history": history.frame.round(4).to_dict(orient="list"),
            }
            line = row(name, seed, checked, **more)
            del line["evaluation"]
            rows.append(line)
    train_set, validation = sets
    return {
        "training_images": len(train_set),
        "training_subjects": len(np.unique(train_set.groups)),
        "validation_images": len(validation),
        "validation_subjects": len(np.unique(validation.groups)),
        "rows": rows,
    }


def people_curve(dataset: FaceDataset, settings: dict, scratch: Path) -> dict:
    """The plain CNN and a baseline, with ever more people to learn from."""
    apex, test = dataset.part("train").apex(), dataset.part("test").apex()
    validation = dataset.part("validation").apex()
    recipe = {**NETWORKS["plain_cnn"]["fit"]}
    epochs = settings["epochs"] or recipe.pop("epochs")

    def network(part: FaceDataset, seed: int) -> Callable:
        people = len(np.unique(part.groups))
        steps = {**recipe, "epochs": round(epochs * len(apex) / len(part))}
        model = build("plain_cnn", seed)
        checkpoint = scratch / f"{people}-people-{seed}.npz"
        train(model, seed, (part, validation), steps, checkpoint)
        return partial(predict, model)

    def baseline(part: FaceDataset, _seed: int) -> Callable:
        return fit_baseline(CURVE_BASELINE, part).predict_proba

    seeds = range(settings["seeds"])
    rows = []
    for name, method in {
        NETWORKS["plain_cnn"]["title"]: network,
        CURVE_BASELINE: baseline,
    }.items():
        table = learning_curve(apex, test, CURVE_PEOPLE, method, seeds=seeds)
        table.insert(0, "name", name)
        rows += json.loads(table.round(6).to_json(orient="records"))
    return {"images": len(test), "subjects": len(np.unique(test.groups)), "rows": rows}


def intensity_curve(dataset: FaceDataset, settings: dict, scratch: Path) -> dict:
    """Accuracy against intensity, and what is said about resting faces."""
    digest = config_hash("by-subject-apex", settings)
    test = dataset.part("test")
    values = test.meta["intensity"].to_numpy()
    neutral = neutral_faces()
    networks = {}
    for network in NETWORKS.values():
        name = network["ships_as"]
        if model_card(name).config_hash != digest:
            raise TrainingError(
                f"{name} was trained with other code, data or settings: run the step "
                "by-subject-apex first."
            )
        model = load_model(name)
        answers = predict(model, test.images)
        table = accuracy_by(values, test.labels, answers, INTENSITY_EDGES, test.groups)
        table["low_edge"] = [one.left for one in table["bin"]]
        table["high_edge"] = [one.right for one in table["bin"]]
        tops = predict(model, neutral).max(axis=1)
        table = table.drop(columns="bin").round(6)
        networks[name] = {
            "curve": json.loads(table.to_json(orient="records")),
            "neutral_median_top_probability": float(np.median(tops)),
        }
    return {"images": len(test), "neutral_faces": len(neutral), "networks": networks}


def neutral_faces() -> np.ndarray:
    """Render resting faces of people who are not in the corpus, (n, 64, 64)."""
    from emolib.synthesis import Scene, express, random_identity, render

    rng = np.random.default_rng(0)
    faces = []
    for k in range(NEUTRAL_FACES):
        scene = Scene(
            yaw=float(rng.normal(0, 8)),
            pitch=float(rng.normal(0, 5)),
            light_azimuth=float(rng.uniform(-60, 60)),
            background=k,
            noise=3.0,
            noise_seed=k,
        )
        resting = express(EMOTIONS[k % len(EMOTIONS)], 0.0, seed=k)
        faces.append(render(random_identity(900_000 + k), resting, scene))
    return np.stack(faces)


def synthface_model(dataset: FaceDataset, settings: dict, scratch: Path) -> dict:
    """The model that ships as ``synthface``: three seeds, the best by validation.

    Validation people are those of the large set: nothing here sees a photograph.
    """
    large = large_set()
    sets = (large.part("train"), large.part("validation"))
    test = dataset.part("test").apex()
    resting = neutral_faces()
    recipe = {**SYNTHFACE["fit"]}
    recipe["epochs"] = settings["epochs"] or recipe["epochs"]
    rows, networks = [], []
    for seed in range(settings["seeds"]):
        checkpoint = scratch / f"synthface-{seed}.npz"
        network = build(SYNTHFACE["architecture"], seed)
        history = train(network, seed, sets, recipe, checkpoint)
        best = history.frame.set_index("epoch").loc[history.best_epoch]
        shares = predict_both_ways(network, test.images)
        tops = predict_both_ways(network, resting).max(axis=1)
        more = {
            "validation_loss": float(best["val_loss"]),
            "validation_accuracy": float(best["val_accuracy"]),
            "by_occlusion": by_occlusion(test, shares),
            "neutral_median_top_probability": float(np.median(tops)),
            "best_epoch": history.best_epoch,
            "history": history.frame.round(4).to_dict(orient="list"),
        }
        result = evaluate(test.labels, shares, test.groups)
        rows.append(row("synthface", seed, result, **more))
        networks.append(network)
    chosen = int(np.argmin([one["validation_loss"] for one in rows]))
    card = synthface_card(
        counts(*sets),
        {**recipe, "command": COMMAND},
        rows,
        chosen,
        config_hash("synthface-model", settings),
    )
    save_model(networks[chosen], "synthface", card)
    add_onnx("synthface")
    return {
        "images": len(test),
        "subjects": len(np.unique(test.groups)),
        "neutral_faces": len(resting),
        "training_images": len(sets[0]),
        "training_subjects": len(np.unique(sets[0].groups)),
        "parameters": int(networks[chosen].count_params()),
        "chosen_seed": rows[chosen]["seed"],
        "rows": rows,
    }


def large_set() -> FaceDataset:
    """Load the large set of stills, if it is there and is that of the frozen plan."""
    folder = data_folder().parent / "build" / "synthface-large"
    if not folder.is_dir():
        raise TrainingError(f"{folder} does not exist; run `make data-large` first.")
    plan = (data_folder() / "synthface" / LARGE_PLAN).read_bytes()
    large = load("synthface", folder)
    if large.meta.attrs.get("plan_sha256") != hashlib.sha256(plan).hexdigest():
        raise TrainingError(
            f"{folder} was made from another plan than {LARGE_PLAN}: run "
            "`make data-large` again."
        )
    return large


def by_occlusion(test: FaceDataset, shares: np.ndarray) -> list[dict]:
    """Accuracy without and with something before the face, and by what it is."""
    kinds = test.meta["occluder"].to_numpy()
    covered = np.where(kinds == "none", "nothing", "anything")
    rows = []
    for values in (covered, kinds):
        table = accuracy_by(values, test.labels, shares, groups=test.groups)
        rows += json.loads(table.round(6).to_json(orient="records"))
    return [one for one in rows if one["bin"] != "none"]  # that is "nothing"


STEPS = {
    "by-subject-apex": by_subject_apex,
    "four-splits": partial(four_splits, "four-splits"),
    "four-splits-plain": partial(four_splits, "four-splits-plain"),
    "intensity-curve": intensity_curve,
    "training-choices": training_choices,
    "learning-curve": people_curve,
    "synthface-model": synthface_model,
    "detection": measure_detection,
}


if __name__ == "__main__":
    raise SystemExit(main())
