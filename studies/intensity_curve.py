"""Accuracy against intensity, and what is said about resting faces."""

import json

import numpy as np

from emolib.datasets import load
from emolib.evaluation import accuracy_by
from emolib.models.inference import predict
from emolib.models.registry import load_model
from studies.resting_faces import resting_faces
from studies.study import Bench, Study


def measure(bench: Bench) -> dict:
    """Ask the networks that ship about test frames of every intensity."""
    test = load("synthface").part("test")
    values = test.meta["intensity"].to_numpy()
    resting = resting_faces(bench.settings["resting_faces"])
    networks = {}
    for name in bench.settings["networks"]:
        model = load_model(name)
        answers = predict(model, test.images)
        table = accuracy_by(
            values, test.labels, answers, bench.settings["edges"], test.groups
        )
        table["low_edge"] = [one.left for one in table["bin"]]
        table["high_edge"] = [one.right for one in table["bin"]]
        tops = predict(model, resting).max(axis=1)
        table = table.drop(columns="bin").round(6)
        networks[name] = {
            "curve": json.loads(table.to_json(orient="records")),
            "neutral_median_top_probability": float(np.median(tops)),
        }
    return {"images": len(test), "neutral_faces": len(resting), "networks": networks}


STUDY = Study(
    "intensity-curve",
    measure,
    {
        "networks": ["plain-cnn", "small-cnn"],
        "edges": [0.0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 1.0],
        "resting_faces": 100,
    },
    canary=("corpus", "crop", "rendering", "shipped", "evaluation"),
    data=(
        "synthface/corpus.json",
        "models/plain-cnn/weights.weights.h5",
        "models/small-cnn/weights.weights.h5",
    ),
    after=("by-subject-apex",),
)
