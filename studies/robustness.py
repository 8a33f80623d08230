"""What occluders, light, pose, camera and pictures made worse cost, and whom.

The middle frames of the test people's clips are rendered again under each value of
each factor, 79 times, and spoilt in 14 ways. Half an hour beside other work on two
cores, most of it rendering; the faces of each factor are kept, so an interruption
costs little.
"""

import json
from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from emolib.datasets import FaceDataset, load
from emolib.evaluation import accuracy_by
from emolib.files import whole_file
from emolib.models import fit_baseline
from emolib.recipes.cards import complete_cards
from emolib.recognizer import EmotionRecognizer
from emolib.robustness import (
    FACTORS,
    PERTURBATIONS,
    accuracy_curve,
    audit,
    counterfactuals,
    meaning,
)
from emolib.robustness.costs import Predict
from emolib.synthesis import OCCLUDERS
from studies.study import Bench, Study

#: Factor -> the value that the others are compared with, then the others.
FACTOR_VALUES = {
    "occluder": list(OCCLUDERS),
    "light_azimuth": [0, -80, -40, 40, 80],
    "light_elevation": [30, -20, 0, 60, 80],
    "light_contrast": [0.5, 0, 0.25, 0.75, 1],
    "rim": [0, 0.5, 1, 1.5, 2],
    "exposure": [0, -3, -1.5, 1, 2],
    "yaw": [0, -40, -20, 20, 40],
    "pitch": [0, -30, -15, 15, 30],
    "roll": [0, -40, -20, 20, 40],
    "blur": [0.5, 0, 1, 2, 3],
    "noise": [0, 5, 10, 20, 30],
    "skin_tone": [0.05, 0.275, 0.5, 0.725, 0.95],
    "age": [45, 20, 32.5, 57.5, 70],
    "sex": ["male", "female"],
    "hair": ["short", "bald", "buzz", "bob", "long wavy"],
    "glasses": [False, True],
}
#: Two factors at once; the first group is the reference.
INTERSECTION = {
    f"{shade} {sex}": {"skin_tone": tone, "sex": sex}
    for shade, tone in (("light", 0.05), ("dark", 0.95))
    for sex in ("male", "female")
}
#: The factors by which networks are audited, besides the intersection.
AUDITED = ("skin_tone", "age", "sex")


def measure(bench: Bench) -> dict:
    """Ask all classifiers about all sets of faces."""
    settings = bench.settings
    stored = chosen(settings["people"])
    made = {"as they were": {"as they were": {}}}
    for factor, values in settings["factors"].items():
        made[factor] = {value: {factor: value} for value in values}
    made["intersection"] = settings["intersection"]
    sets = {
        name: rendered(bench, stored, name, changes) for name, changes in made.items()
    }
    again = sets.pop("as they were")["as they were"]
    results: dict = {
        "images": len(stored),
        "people": len(np.unique(stored.groups)),
        "factors": {name: FACTORS[name] for name in settings["factors"]},
        "covered": {
            value: round(float(faces.meta["covered"].mean()), 4)
            for value, faces in sets["occluder"].items()
        },
        "classifiers": {},
    }
    severities = settings["severities"]
    results["meanings"] = {
        name: [meaning(name, one) for one in severities]
        for name in settings["perturbations"]
    }
    for name, (predict, unsure_below) in classifiers(settings).items():
        print(f"  {name}", flush=True)
        curves = {
            factor: rows(accuracy_curve(predict, first(groups), groups))
            for factor, groups in sets.items()
            if factor != "intersection"
        }
        spoilt = {
            one: rows(accuracy_curve(predict, again, one, severities, seed=0))
            for one in settings["perturbations"]
        }
        audits = {
            factor: rows(
                audit(
                    predict,
                    sets[factor],
                    next(iter(sets[factor])),
                    unsure_below=unsure_below,
                )
            )
            for factor in (*AUDITED, "intersection")
            if factor in sets
        }
        kept = {"stored": stored, "rendered again": again}
        results["classifiers"][name] = {
            "unsure_below": unsure_below,
            "stored": rows(accuracy_curve(predict, again, kept)),
            "factors": curves,
            "perturbations": spoilt,
            "audits": audits,
            "recalls": recalls(predict, sets["occluder"]),
        }
    complete_cards(results)
    return results


def chosen(people: int) -> FaceDataset:
    """Return the middle frame of every clip of so many test people."""
    test = load("synthface").part("test")
    who = pd.factorize(test.groups)[0] < people
    frames = test.meta["frame"].to_numpy()
    return test.subset(who & (frames == frames.max() // 2))


def rendered(
    bench: Bench, faces: FaceDataset, name: str, sets: Mapping[Hashable, Mapping]
) -> dict[Hashable, FaceDataset]:
    """Return the sets of a factor, from the study's folder where they are already."""
    path = bench.scratch / f"{name}.npz"
    if not path.is_file():
        print(f"  rendering {len(sets)} sets: {name}", flush=True)
        made = list(counterfactuals(faces, sets).values())
        with whole_file(path) as partial:
            np.savez_compressed(
                partial,
                images=np.stack([one.images for one in made]),
                covered=np.stack([one.meta["covered"] for one in made]),
            )
    with np.load(path) as file:
        images, covered = file["images"], file["covered"]
    return {
        value: FaceDataset(
            faces.name, images[k], faces.labels, faces.meta.assign(covered=covered[k])
        )
        for k, value in enumerate(sets)
    }


def classifiers(settings: dict) -> dict[str, tuple[Predict, float]]:
    """Return each classifier's function and the threshold of its *unsure*."""
    found: dict[str, tuple[Predict, float]] = {}
    for name in settings["networks"]:
        network = EmotionRecognizer(name)
        found[name] = network.predict_proba, network.unsure_below
    train = load("synthface").part("train").apex()
    for name in settings["baselines"]:
        found[name] = fit_baseline(name, train).predict_proba, 0.0
    return found


def recalls(predict: Predict, sets: Mapping[str, FaceDataset]) -> dict:
    """Return the recall of every emotion behind every occluder, with its interval."""
    return {
        value: rows(
            accuracy_by(
                faces.meta["emotion"].to_numpy(str),
                faces.labels,
                predict(faces.images),
                groups=faces.groups,
            ).rename(columns={"bin": "emotion", "accuracy": "recall"})
        )
        for value, faces in sets.items()
    }


def first(sets: Mapping[Hashable, FaceDataset]) -> FaceDataset:
    """Return the set that the others are compared with."""
    return next(iter(sets.values()))


def rows(table: pd.DataFrame) -> list[dict]:
    """Return a table as JSON can hold it, rounded, without what is always the same."""
    table = table.drop(columns=["meaning", "n", "people"], errors="ignore")
    return json.loads(table.round(5).to_json(orient="records"))


STUDY = Study(
    "robustness",
    measure,
    {
        "people": 24,
        "networks": ["plain-cnn", "small-cnn", "synthface", "real-faces"],
        "baselines": ["HOG + logistic regression"],
        "factors": FACTOR_VALUES,
        "intersection": INTERSECTION,
        "perturbations": list(PERTURBATIONS),
        "severities": [0, 0.25, 0.5, 0.75, 1],
    },
    canary=("corpus", "crop", "rendering", "shipped", "baselines", "robustness"),
    data=(
        "synthface/corpus.json",
        "models/plain-cnn/weights.weights.h5",
        "models/small-cnn/weights.weights.h5",
        "models/synthface/weights.weights.h5",
        "models/real-faces/weights.weights.h5",
    ),
    after=("by-subject-apex", "synthface-model"),
)
