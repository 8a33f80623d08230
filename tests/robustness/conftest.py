"""A few faces of the corpus, rendered again as often as tests like."""

import numpy as np
import pytest

from emolib.datasets import load


@pytest.fixture(scope="session")
def middle():
    """The middle frames of the test people's clips, as the study takes them."""
    test = load("synthface").part("test")
    return test.subset((test.meta["frame"] == 2).to_numpy())


@pytest.fixture(scope="session")
def bare(middle):
    """Six faces of six people with nothing before them, and uncompressed."""
    meta = middle.meta
    open_faces = (meta["occluder"] == "none") & (meta["jpeg"] == 0)
    mixed = meta[open_faces].sample(frac=1, random_state=0)
    return middle.subset(mixed.drop_duplicates("subject").index[:6].to_numpy(np.int64))
