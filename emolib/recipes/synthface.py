"""The recipe of the model synthface, and its card."""

import numpy as np

from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.evaluation import Evaluation

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


def card(
    sets: tuple[FaceDataset, FaceDataset],
    rows: list[dict],
    chosen: int,
) -> dict:
    """Describe the model that people meet (Mitchell et al. 2019)."""
    train_people, validation_people = (len(np.unique(one.groups)) for one in sets)
    result = Evaluation.from_dict(rows[chosen]["evaluation"])
    recall = result.per_class["recall"]
    confused = result.confusion - np.diag(np.diag(result.confusion))
    shown, read_as = np.unravel_index(confused.argmax(), confused.shape)
    occluded = [one for one in rows[chosen]["by_occlusion"] if one["n"]]
    hardest = min(occluded, key=lambda one: one["accuracy"])
    measured = ("seed", "accuracy", "low", "high", "by_occlusion")
    measured += ("neutral_median_top_probability", "validation_loss")
    return {
        "title": "synthface: meant for photographs, has seen rendered faces only",
        "training_data": {
            "name": "SynthFace, large set (make data-large): rendered faces, no real "
            "person",
            "licence": "CC0-1.0",
            "images": len(sets[0]),
            "subjects": train_people,
            "validation_subjects": validation_people,
            "real_photographs": 0,
        },
        "recipe": {
            **SYNTHFACE["fit"],
            "targets": "intensity * one-hot + (1 - intensity) / 6; resting faces 1 / 6",
            "seeds": [one["seed"] for one in rows],
            "seed": rows[chosen]["seed"],
            "chosen_by": "lowest loss on the validation people of the large set",
            "command": "make results",
        },
        "results": {
            "test": "apex frames of SynthFace's test subjects, each picture averaged "
            "with its mirror image; intervals are 95 % over subjects",
            "accuracy": result.accuracy,
            "interval": list(result.interval),
            "images": result.n,
            "subjects": result.n_groups,
            "seeds": [{name: one[name] for name in measured} for one in rows],
        },
        "intended_use": "Teaching, and trying out on your own picture: how much a face "
        "resembles posed expressions of six emotions.",
        "prohibited_use": "Judging anyone: no use on people at work or in education "
        "(EU AI Act, Article 5(1)(f)), in hiring, policing, health or surveillance, "
        "and none on people who have not agreed.",
        "limits": "It compares a picture with posed expressions and does not tell what "
        "a person feels. It needs a face crop in the canonical geometry and has no "
        "class for neutral or any other expression: those should read as unsure. "
        "Figures here are on rendered faces. On photographs it is far weaker: each "
        "evaluation stands in data/results/public-test.jsonl, recall by emotion "
        "included. Children, and whatever else the renderer cannot draw, were never "
        "seen.",
        "known_failures": [
            f"{recall.idxmin()} is recognised least often: recall {recall.min():.2f}.",
            f"{EMOTIONS[shown]} read as {EMOTIONS[read_as]} is the most frequent "
            f"mistake: {confused.max()} of {result.n} images.",
            f"It is weakest with {hardest['bin']} before the face: accuracy "
            f"{hardest['accuracy']:.2f} over {hardest['n']} images.",
        ],
        "licence": "CC0-1.0",
    }
