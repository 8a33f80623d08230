"""The recipe of the plain CNN with one choice changed, measured on validation people.

The epoch that is kept was chosen by the same people, for every choice alike.
"""

import numpy as np

from emolib.datasets import load
from emolib.evaluation import evaluate
from emolib.models.cnn import plain_cnn
from emolib.models.inference import predict
from emolib.recipes.plain import NETWORKS
from studies.study import Bench, Study
from studies.tables import row

#: What the chapter on training changes, one choice at a time.
CHOICES: dict[str, dict] = {
    "as in this chapter": {},
    "no augmentation": {"fit": {"augment": False}},
    "dropout 0.25": {"network": {"dropout": 0.25}},
    "dropout 0.5": {"network": {"dropout": 0.5}},
    "dropout 0.5, no augmentation": {
        "fit": {"augment": False}, "network": {"dropout": 0.5},
    },
    "batch normalisation": {"network": {"batch_norm": True}},
    "learning rate x 10": {"fit": {"learning_rate": 1e-2}},
    "learning rate / 10": {"fit": {"learning_rate": 1e-4}},
}  # fmt: skip


def measure(bench: Bench) -> dict:
    """Train with each choice and each seed."""
    dataset = load("synthface")
    sets = (dataset.part("train").apex(), dataset.part("validation").apex())
    rows = []
    for name, change in bench.settings["choices"].items():
        recipe = bench.settings["network"]["fit"] | change.get("fit", {})
        for seed in bench.settings["seeds"]:
            model = plain_cnn(seed, **change.get("network", {}))
            history = bench.train(model, seed, sets, recipe, name)
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
    train, validation = sets
    return {
        "training_images": len(train),
        "training_subjects": len(np.unique(train.groups)),
        "validation_images": len(validation),
        "validation_subjects": len(np.unique(validation.groups)),
        "rows": rows,
    }


STUDY = Study(
    "training-choices",
    measure,
    {"network": NETWORKS["plain_cnn"], "choices": CHOICES, "seeds": [0, 1, 2]},
    canary=("corpus", "crop", "augmentation", "plain_cnn", "evaluation"),
)
