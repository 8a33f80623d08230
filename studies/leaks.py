"""Ever more frames of the tested people's own clips slip into training.

Other studies keep people apart. Here that is broken on purpose, by degrees, to measure
how a reported accuracy parts from the accuracy on new people.

One apex frame of each clip of the test people is tested, always the same one; clips
with a single apex frame are left out. The clips' *other* apex frames, their clip-mates,
are what leaks: a tested frame itself is never trained on. A share of the clip-mates of
half the test people takes the place of as many training frames, and a second network is
trained with those of the other half. The network that has met a person's clips gives
the *reported* answers for that person, the other one the *honest* answers. So both
accuracies come from the same networks, people and frames and from equally many training
images, and where nothing leaks they are one number. (A split of random frames also
trains on more people than one by subject does. Here both do.)

A larger share holds the frames of the smaller ones. Each seed draws halves, frames and
initial weights anew. The validation people, who choose the epoch, leak nothing. Recipe
and number of training images are those of ``four-splits-plain``. Intervals draw people,
each with the answers of all seeds.
"""

import numpy as np
import pandas as pd

from emolib.datasets import FaceDataset, load
from emolib.models.inference import predict
from emolib.models.registry import build
from studies.four_splits import RECIPE
from studies.seeds import better_by, over_seeds
from studies.study import Bench, Study


def measure(bench: Bench) -> dict:
    """Train with each share of either half's clip-mates, and ask about both halves."""
    settings, apex = bench.settings, load("synthface").apex()
    tested, mates = divided(apex.meta)
    faces, points = apex.subset(tested), []
    for share in settings["shares"]:
        reported, honest, leaked = [], [], []
        for seed in settings["seeds"]:
            halves = in_halves(apex.groups, tested, seed)
            said = []
            for half in halves if share else halves[:1]:
                own = mates[half[mates]]
                count = round(share * len(own))
                train = trained_on(apex, own, count, seed, settings["training_images"])
                model = build("plain_cnn", seed)
                sets = apex.subset(train), apex.part("validation")
                name = f"{share:g} of half {len(said)}"
                bench.train(model, seed, sets, settings["fit"], name)
                said.append(predict(model, faces.images))
                leaked.append(count)
            in_first = halves[0][tested][:, None]
            reported.append(np.where(in_first, said[0], said[-1]))
            honest.append(np.where(in_first, said[-1], said[0]))
        asked = faces.labels, faces.groups
        points.append(
            {
                "share": share,
                "leaked": leaked,
                "reported": over_seeds(*asked, reported),
                "honest": over_seeds(*asked, honest),
                "flattered_by": better_by(*asked, honest, reported),
            }
        )
    return {
        "training_images": len(train),
        "images": len(tested),
        "people": len(np.unique(faces.groups)),
        "clip_mates": len(mates),
        "points": points,
    }


def divided(meta: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the frames tested, one a clip, and of their clip-mates.

    Parameters
    ----------
    meta : DataFrame
        Of apex frames; those of test people are divided.
    """
    rng, tested, mates = np.random.default_rng(0), [], []
    theirs = meta.index[meta["split"] == "test"].to_series()
    for _, clip in theirs.groupby(meta["clip"]):
        if len(clip) > 1:
            one, *others = rng.permutation(clip)
            tested.append(one)
            mates += others
    return np.sort(tested), np.sort(mates)


def in_halves(
    people: np.ndarray, tested: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each image is of the first and the second half of those tested.

    Parameters
    ----------
    people : ndarray, (n,)
        Who is in each image.
    tested : ndarray of int, (k,)
        Positions of images of the people to be divided.
    seed : int
    """
    names = np.random.default_rng(seed).permutation(np.unique(people[tested]))
    middle = len(names) // 2
    return np.isin(people, names[:middle]), np.isin(people, names[middle:])


def trained_on(
    apex: FaceDataset, mates: np.ndarray, leaked: int, seed: int, n_train: int
) -> np.ndarray:
    """Return the positions of training frames, of which some have leaked.

    Parameters
    ----------
    apex : FaceDataset
    mates : ndarray of int, (k,)
        What may leak.
    leaked : int
        How many of them do, 0 to k; more of them hold fewer of them.
    seed : int
    n_train : int
        Training frames altogether; all there are if these are fewer.
    """
    own = np.flatnonzero(apex.meta["split"] == "train")
    kept = min(n_train, len(own)) - leaked
    chosen = [
        *in_turn(own, apex.labels, seed)[:kept],
        *in_turn(mates, apex.labels, seed)[:leaked],
    ]
    return np.sort(chosen)


def in_turn(places: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Shuffle positions so that the first k hold the emotions in their proportions."""
    shuffled = np.random.default_rng(seed).permutation(places)
    table = pd.Series(labels[shuffled])
    turn = (table.groupby(table).cumcount() + 0.5) / table.groupby(table).transform(
        "size"
    )
    return shuffled[np.argsort(turn, kind="stable")]


STUDY = Study(
    "leaks",
    measure,
    {
        "fit": RECIPE | {"augment": False},
        "training_images": 2605,
        "shares": [0, 0.1, 0.25, 0.5, 0.75, 1],
        "seeds": [0, 1, 2],
    },
    canary=("corpus", "crop", "plain_cnn", "evaluation"),
)
