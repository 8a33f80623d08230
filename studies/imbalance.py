"""What an unbalanced training set does to the few in it, and what even drawing repairs.

Four training sets are compared that differ in nothing but the sex, or the skin, of the
people in them: the same 72 people in the same expressions and lights, some rendered as
men and some as women, or some with light and some with dark skin. Tested on the same
test people, rendered both ways. About forty minutes on two cores.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from emolib.datasets import FaceDataset, load
from emolib.evaluation.bootstrap import bootstrap_interval, group_codes
from emolib.models import predict
from emolib.models.registry import build
from emolib.recipes.plain import NETWORKS
from emolib.robustness.costs import Predict
from emolib.training import augment
from emolib.training.checkpoint import digest_of_faces
from emolib.training.targets import targets_of
from studies.robustness import chosen, rendered
from studies.seeds import over_seeds
from studies.study import Bench, Study

#: What people are divided by -> the two groups -> the changes that make one of them
#: (each person gets one), and how they are rendered in the test.
DIVISIONS: dict[str, dict[str, dict]] = {
    "sex": {
        "male": {"train": [{"sex": "male"}], "test": {"sex": "male"}},
        "female": {"train": [{"sex": "female"}], "test": {"sex": "female"}},
    },
    "skin": {
        "light": {
            "train": [{"skin_tone": tone} for tone in (0.05, 0.15, 0.25)],
            "test": {"skin_tone": 0.15},
        },
        "dark": {
            "train": [{"skin_tone": tone} for tone in (0.75, 0.85, 0.95)],
            "test": {"skin_tone": 0.85},
        },
    },
}
#: The share of the first group among the people: for sex that of eNTERFACE'05 (Martin
#: et al. 2006).
UNBALANCED = {"sex": 0.81, "skin": 0.9}
#: Training set -> whether it is unbalanced (1), balanced (0) or unbalanced the other
#: way (-1), and whether both groups are shown equally often all the same.
MIXTURES: dict[str, dict] = {
    "balanced": {"tilt": 0, "evenly": False},
    "unbalanced": {"tilt": 1, "evenly": False},
    "unbalanced, drawn evenly": {"tilt": 1, "evenly": True},
    "unbalanced the other way": {"tilt": -1, "evenly": False},
}


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the epochs show of people in two groups: a `Feed` of `fit`.

    ``second``, bool (n,), says which pictures are of the second group; ``evenly``: they
    make up half of each epoch, however few there are.
    """

    faces: FaceDataset
    second: np.ndarray
    evenly: bool
    soft: bool
    seed: int

    def __call__(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return pictures and targets of an epoch."""
        rng = np.random.default_rng([self.seed, epoch, 50])
        order = rng.permutation(len(self.faces))
        if self.evenly:
            is_second = rng.random(len(order)) < 0.5
            for group in (True, False):
                places = np.flatnonzero(is_second == group)
                own = rng.permutation(np.flatnonzero(self.second == group))
                order[places] = np.resize(own, len(places))
        images = augment(self.faces.images[order], [self.seed, epoch, 51])
        return images, targets_of(self.faces, self.soft)[order]

    def identity(self) -> dict:
        """Return digests and settings by which a checkpoint knows this feed."""
        return {
            "training data": digest_of_faces(self.faces),
            "second": self.second.tolist(),
            "evenly": self.evenly,
            "soft": self.soft,
            "seed": self.seed,
        }


def mixed(
    sets: Mapping[str, FaceDataset], groups: Mapping[str, dict], share: float, seed: int
) -> tuple[FaceDataset, np.ndarray]:
    """Return people of two groups, the first with that share, and who is in the second.

    Parameters
    ----------
    sets : mapping
        Change, as text -> the same frames rendered with it.
    groups : mapping
        One of `DIVISIONS`. A group that is made in several ways has them in turn.
    share : float
        Of the first group among the people, 0 to 1.
    seed : int
        Says who is in which group.

    Returns
    -------
    faces : FaceDataset
    second : ndarray of bool, (n,)
        Whether a picture shows one of the second group.
    """
    faces = next(iter(sets.values()))
    codes, people = pd.factorize(faces.groups)
    place = np.random.default_rng([seed, 52]).permutation(len(people))
    second = place >= round(share * len(people))  # of each person
    ways = [
        [sets[str(change)] for change in group["train"]] for group in groups.values()
    ]
    shown = [  # as whom each person is rendered
        ways[int(is_second)][turn % len(ways[int(is_second)])]
        for is_second, turn in zip(second, place, strict=True)
    ]
    images = np.stack([shown[code].images[k] for k, code in enumerate(codes)])
    return FaceDataset(faces.name, images, faces.labels, faces.meta), second[codes]


def measure(bench: Bench) -> dict:
    """Train on every mixture and ask about the test people of both groups."""
    settings, dataset = bench.settings, load("synthface")
    whole, validation = dataset.part("train"), dataset.part("validation").apex()
    test = chosen(settings["people"])
    result: dict = {
        "images": len(test),
        "people": len(np.unique(test.groups)),
        "training_people": len(np.unique(whole.groups)),
        "divisions": {},
    }
    for division, groups in settings["divisions"].items():
        changes = {str(c): c for group in groups.values() for c in group["train"]}
        trained_on = rendered(bench, whole, f"training {division}", changes)
        tests = {name: group["test"] for name, group in groups.items()}
        tested = rendered(bench, test, f"test {division}", tests)
        unbalanced = settings["unbalanced"][division]
        networks: dict[str, dict] = {}
        for architecture, recipe in settings["networks"].items():
            apex, fit = recipe["frames"] == "apex", recipe["fit"]
            sets = {key: one.apex() if apex else one for key, one in trained_on.items()}
            gaps: dict[str, np.ndarray] = {}
            rows: dict[str, dict] = {}
            for mixture, how in settings["mixtures"].items():
                share = 0.5 + how["tilt"] * (unbalanced - 0.5)
                asked = []
                for seed in settings["seeds"]:
                    faces, second = mixed(sets, groups, share, seed)
                    soft = fit.get("soft_targets", False)
                    feed = Drawn(faces, second, how["evenly"], soft, seed)
                    model = build(architecture, seed)
                    title = f"{division} {architecture} {mixture.replace(',', '')}"
                    bench.train(model, seed, (feed, validation), fit, title)
                    asked.append(partial(predict, model))
                gaps[mixture], rows[mixture] = compared(tested, asked)
                rows[mixture]["second_people"] = len(np.unique(faces.groups[second]))
            for mixture, row in rows.items():
                row["gap_against_balanced"] = _mean(
                    gaps[mixture] - gaps["balanced"], test, len(settings["seeds"])
                )
            networks[recipe["title"]] = rows
        result["divisions"][division] = {"unbalanced": unbalanced, "networks": networks}
    return result


def compared(
    sets: Mapping[str, FaceDataset], asked: list[Predict]
) -> tuple[np.ndarray, dict]:
    """Return how much better the first group is served, by image and over people.

    Parameters
    ----------
    sets : mapping
        Group -> the same frames, rendered as that group; two of them.
    asked : list of callable
        The network of each seed, from images to probabilities.

    Returns
    -------
    gap : ndarray of int, (seeds * images,)
        1 where only the picture of the first group is read rightly, -1 where only that
        of the second is, else 0.
    row : dict
        ``groups`` (name -> accuracy and the ends of its interval), ``gap`` likewise,
        and ``gaps`` of each seed.
    """
    many, accuracy, right = len(asked), {}, []
    for name, faces in sets.items():
        answers = [ask(faces.images) for ask in asked]
        found = over_seeds(faces.labels, faces.groups, answers)
        accuracy[name] = [found["accuracy"], *found["interval"]]
        right.append([one.argmax(axis=1) == faces.labels for one in answers])
    gap = np.subtract(*np.array(right, int)).ravel()
    return gap, {
        "groups": accuracy,
        "gap": _mean(gap, faces, many),
        "gaps": gap.reshape(many, -1).mean(axis=1).round(5).tolist(),
    }


def _mean(values: np.ndarray, faces: FaceDataset, many: int) -> list[float]:
    """Return a mean over seeds and images, and its 95 % interval over people."""
    codes = group_codes(np.tile(faces.groups, many), len(values))
    return np.round([values.mean(), *bootstrap_interval(values, codes)], 5).tolist()


STUDY = Study(
    "imbalance",
    measure,
    {
        "networks": NETWORKS,
        "divisions": DIVISIONS,
        "unbalanced": UNBALANCED,
        "mixtures": MIXTURES,
        "people": 24,
        "seeds": [0, 1, 2],
    },
    canary=(
        "corpus", "crop", "augmentation", "plain_cnn", "small_cnn", "rendering",
        "robustness", "evaluation",
    ),
)  # fmt: skip
