"""The plain CNN under four splits, each with equally many training images.

The recipe without augmentation was added when the first had been measured, to see how
much of a leak augmentation hides.
"""

import warnings
from collections.abc import Callable

from emolib.datasets import FaceDataset, load, splits
from emolib.datasets.splits import LeakageWarning, Split
from emolib.evaluation import evaluate
from emolib.models.inference import predict
from emolib.models.registry import build
from studies.study import Bench, Study
from studies.tables import row

SPLITS = {
    "random frame": splits.random_frame,
    "random clip": splits.random_clip,
    "by subject": splits.by_subject,
    "by subject and sentence": splits.by_subject_and_sentence,
}
RECIPE = {"epochs": 10, "batch_size": 32, "learning_rate": 1e-3}


def measure(bench: Bench) -> dict:
    """Train and test under each split with each seed."""
    apex = load("synthface").apex()
    made = {
        (name, seed): quietly(SPLITS[name], apex, seed)
        for name in bench.settings["splits"]
        for seed in bench.settings["seeds"]
    }
    n_train = min(len(split.train) for split in made.values())
    rows = []
    for (name, seed), split in made.items():
        split = split.limit(n_train, apex.labels, seed)
        train, validation, test = (
            apex.subset(part) for part in (split.train, split.validation, split.test)
        )
        print(f"  {split}", flush=True)
        model = build("plain_cnn", seed)
        recipe = bench.settings["fit"]
        bench.train(model, seed, (train, validation), recipe, name)
        result = evaluate(test.labels, predict(model, test.images), test.groups)
        rows.append(row(split.name, seed, result, leaks=split.leaks))
    return {"training_images": n_train, "rows": rows}


def quietly(split: Callable[..., Split], dataset: FaceDataset, seed: int) -> Split:
    """Make a split without its warning: that it leaks is what is measured here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LeakageWarning)
        return split(dataset, seed)


def _study(name: str, **change) -> Study:
    settings = {"fit": RECIPE | change, "splits": list(SPLITS), "seeds": [0, 1, 2]}
    parts = ("corpus", "crop", "splits", "augmentation", "plain_cnn", "evaluation")
    return Study(name, measure, settings, canary=parts)


AUGMENTED = _study("four-splits")
PLAIN = _study("four-splits-plain", augment=False)
