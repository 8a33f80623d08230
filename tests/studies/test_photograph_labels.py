"""The labels of the photographs, and what ten people say of them."""

from dataclasses import replace

import numpy as np
import pytest

from emolib import EMOTIONS
from emolib.datasets import DatasetError
from emolib.datasets.fer2013 import CLASSES
from emolib.datasets.fer_plus import CHOICES
from emolib.results import load_results
from studies.photograph_labels import STUDY

# label, votes in the order of CHOICES
VOTED = [
    ("fear", {"surprise": 9, "fear": 1}),  # clear, and against the label
    ("fear", {"fear": 6, "neutral": 4}),  # clear, and for it
    ("fear", {"surprise": 5, "fear": 3, "sadness": 2}),  # half is not more than half
    ("fear", {"neutral": 10}),  # none of the six
    ("fear", {}),  # never voted on
    ("disgust", {"anger": 8, "disgust": 2}),
    ("happiness", {"happiness": 10}),
    ("neutral", {"happiness": 10}),  # neutral photographs do not count
]


@pytest.fixture
def voted(tmp_path):
    """A tiny FER2013 with FER+'s votes: both parts hold the same labels."""
    rng = np.random.default_rng(0)
    votes = np.zeros((len(VOTED), len(CHOICES)), np.int8)
    for row, (_, said) in zip(votes, VOTED, strict=True):
        for choice, count in said.items():
            row[CHOICES.index(choice)] = count
    labels = np.array([CLASSES.index(label) for label, _ in VOTED], np.int8)
    for part in ("train", "public_test"):
        images = rng.integers(0, 256, (len(VOTED), 48, 48), dtype=np.uint8)
        np.savez(
            tmp_path / f"fer2013_{part}.npz",
            images=images, labels=labels, label_names=np.array(CLASSES),
        )  # fmt: skip
        np.savez(
            tmp_path / f"ferplus_{part}.npz", votes=votes, columns=np.array(CHOICES)
        )
    return tmp_path


def test_only_a_clear_crowd_contradicts(voted, own_results, no_canary):
    STUDY.run(voted)
    found = load_results("photograph-labels")
    rows = {row.pop("label"): tuple(row.values()) for row in found["training"]}
    assert tuple(rows) == EMOTIONS
    assert rows["fear"] == (5, 2, 1)
    assert rows["disgust"] == (1, 1, 1)
    assert rows["happiness"] == (1, 1, 0)
    assert rows["anger"] == (0, 0, 0)
    assert found["public_test"] == dict.fromkeys(EMOTIONS, 0) | {
        "fear": 5, "disgust": 1, "happiness": 1,
    }  # fmt: skip


def test_how_many_must_agree_is_a_setting(voted, own_results, no_canary):
    replace(STUDY, settings={"agreed": 0.4}).run(voted)
    found = load_results("photograph-labels")["training"]
    assert found[EMOTIONS.index("fear")]["clear"] == 3


def test_without_votes_it_says_what_to_download(voted, own_results, no_canary):
    (voted / "ferplus_train.npz").unlink()
    with pytest.raises(DatasetError, match=r"ferplus_train\.npz"):
        STUDY.run(voted)
