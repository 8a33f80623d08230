"""The plain CNN and a baseline, with ever more people to learn from.

Each number of people gets as many gradient steps as all of them get.
"""

import json
from collections.abc import Callable
from functools import partial

import numpy as np

from emolib.datasets import FaceDataset, load
from emolib.evaluation import learning_curve
from emolib.models.baselines import fit_baseline
from emolib.models.inference import predict
from emolib.models.registry import build
from emolib.recipes.plain import NETWORKS
from studies.study import Bench, Study


def measure(bench: Bench) -> dict:
    """Train both methods with each number of people and each seed."""
    settings, dataset = bench.settings, load("synthface")
    apex, test = dataset.part("train").apex(), dataset.part("test").apex()
    validation = dataset.part("validation").apex()
    recipe = dict(settings["network"]["fit"])
    epochs = recipe.pop("epochs")

    def network(part: FaceDataset, seed: int) -> Callable:
        people = len(np.unique(part.groups))
        steps = {**recipe, "epochs": round(epochs * len(apex) / len(part))}
        model = build("plain_cnn", seed)
        bench.train(model, seed, (part, validation), steps, f"{people} people")
        return partial(predict, model)

    def baseline(part: FaceDataset, _seed: int) -> Callable:
        return fit_baseline(settings["baseline"], part).predict_proba

    rows = []
    for name, method in (
        (settings["network"]["title"], network),
        (settings["baseline"], baseline),
    ):
        table = learning_curve(
            apex, test, settings["people"], method, seeds=settings["seeds"]
        )
        table.insert(0, "name", name)
        rows += json.loads(table.round(6).to_json(orient="records"))
    return {"images": len(test), "subjects": len(np.unique(test.groups)), "rows": rows}


STUDY = Study(
    "learning-curve",
    measure,
    {
        "network": NETWORKS["plain_cnn"],
        "baseline": "HOG + logistic regression",
        "people": [9, 18, 36, 72],
        "seeds": [0, 1, 2],
    },
    canary=(
        "corpus", "crop", "augmentation", "plain_cnn", "baselines", "evaluation",
    ),
)  # fmt: skip
