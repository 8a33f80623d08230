"""What labels the photographs carry, and how often ten people contradict them.

Counts only: FER2013's Training part (Goodfellow et al. 2013, arXiv:1307.0414) beside
FER+, the votes of ten people on each of its pictures (Barsoum et al. 2016,
arXiv:1608.01041), and how many photographs of each emotion the shares on PublicTest
are shares of. No network is asked. Seconds.
"""

import numpy as np
import pandas as pd

from emolib.datasets import FaceDataset, load
from emolib.emotions import EMOTIONS
from studies.public_test import public_test
from studies.study import Bench, Study

AGREED = 0.5  # the share of the votes above which the crowd is clear


def measure(bench: Bench) -> dict:
    """Count the labels of both parts, and what the crowd says of Training's.

    The votes are those beside the pictures: ``fer2013new.csv``, or FER+'s npz files.
    """
    path = bench.fer2013
    votes = path if path.is_dir() else path.parent
    voted = load("fer2013", path, drop_duplicates=True, votes=votes)
    test = public_test(path)
    return {
        "training": crowd(voted.part("train").labelled(), bench.settings["agreed"]),
        "public_test": dict(
            zip(EMOTIONS, np.bincount(test.labels, minlength=6).tolist(), strict=True)
        ),
    }


def crowd(faces: FaceDataset, agreed: float) -> list[dict]:
    """Count, for each label, where the crowd sees one of the six, and another one.

    Parameters
    ----------
    faces : FaceDataset
        With votes; without neutral ones.
    agreed : float
        Only where more than this share of all votes is for one of the six, the crowd
        counts as clear.

    Returns
    -------
    list of dict
        For each of `EMOTIONS`: ``label``, ``photographs``, ``clear`` (those of which
        the crowd is) and ``contradicted`` (those of the clear ones that it names
        differently).
    """
    meta = faces.meta
    clear = (meta["agreement"] > agreed) & meta["crowd"].isin(EMOTIONS)
    table = pd.DataFrame(
        {
            "photographs": True,
            "clear": clear,
            "contradicted": clear & (meta["crowd"] != meta["emotion"]),
        }
    )
    counts = table.groupby(meta["emotion"]).sum().reindex(EMOTIONS, fill_value=0)
    return counts.rename_axis("label").reset_index().to_dict(orient="records")


STUDY = Study(
    "photograph-labels",
    measure,
    {"agreed": AGREED},
    canary=(),
    data=(),
    needs_fer2013=True,
    command="make results-photographs",
)
