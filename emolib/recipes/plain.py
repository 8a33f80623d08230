"""The recipes of the plain and the small CNN, and their cards."""

import numpy as np

from emolib.datasets import FaceDataset
from emolib.evaluation import Evaluation

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


def card(
    network: dict,
    sets: tuple[FaceDataset, FaceDataset],
    result: Evaluation,
) -> dict:
    """Describe a shipped network (Mitchell et al. 2019)."""
    people = [len(np.unique(one.groups)) for one in sets]
    return {
        "title": network["title"],
        "training_data": {
            "name": "SynthFace, second edition: rendered faces, no real person",
            "licence": "CC0-1.0",
            "frames": network["frames"],
            "images": len(sets[0]),
            "subjects": people[0],
            "validation_subjects": people[1],
        },
        "recipe": {**network["fit"], "seed": 0, "command": "make results"},
        "results": {
            "test": "apex frames of test subjects",
            "accuracy": result.accuracy,
            "interval": list(result.interval),
            "images": result.n,
            "subjects": result.n_groups,
        },
        "intended_use": "Teaching: to show how such a network is built, measured and "
        "where it fails.",
        "limits": "Trained on rendered faces only. It compares a picture with posed "
        "expressions and does not tell what a person feels. Not for judging anyone, "
        "and not for use on people at work or in education.",
        "licence": "CC0-1.0",
    }
