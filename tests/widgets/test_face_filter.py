"""Which faces fit: on made-up answers and lights, without a network."""

import numpy as np
import pandas as pd
import pytest

from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.widgets.face_filter import ALL, criteria, fitting

LIGHTS = pd.DataFrame(
    {
        "subject": ["a", "a", "b", "b"],
        "occluder": ["none", "mask", "mask", "hand"],
        "light_azimuth": [-45.0, 0.0, 20.0, 60.0],
        "light_elevation": [30.0, 30.0, 30.0, -10.0],
        "light_contrast": [0.8, 0.3, 0.5, 0.7],
    }
)
LABELS = np.array([0, 1, 2, 3])
TOP = (0.4, 0.5, 0.94, 1.0)
SAID = (0, 0, 2, 2)


@pytest.fixture
def known():
    shares = np.zeros((4, 6))
    for row, (said, top) in enumerate(zip(SAID, TOP, strict=True)):
        shares[row] = (1 - top) / 5
        shares[row, said] = top
    faces = FaceDataset("four", np.zeros((4, 64, 64), np.uint8), LABELS, LIGHTS)
    return criteria(faces, shares)


@pytest.mark.parametrize(
    ("chosen", "fits"),
    [
        ({}, [0, 1, 2, 3]),
        ({"emotion": "disgust"}, [1]),
        ({"said": "fear"}, [2, 3]),
        ({"verdict": "right"}, [0, 2]),
        ({"verdict": "unsure"}, [0]),
        ({"subject": "b"}, [2, 3]),
        ({"occluder": "mask"}, [1, 2]),
        ({"light": "from the left"}, [0]),
        ({"light": "from the front"}, [1, 2]),
        ({"light": "from below"}, [3]),
        ({"light": "hard"}, [0, 3]),
        ({"light": "soft"}, [1]),
        ({"occluder": "mask", "said": "fear", "subject": ALL}, [2]),
        ({"occluder": "hand", "subject": "a"}, []),
    ],
)
def test_what_fits(known, chosen, fits):
    assert list(np.flatnonzero(fitting(known, chosen))) == fits


def test_each_answer_is_in_one_range_of_confidence(known):
    options = known["confidence"].options
    ranges = [options[name] for name in options if name != ALL]
    assert list(np.sum(ranges, axis=0)) == [1, 1, 1, 1]
    assert list(np.argmax(ranges, axis=0)) == [0, 1, 2, 3]


def test_what_data_do_not_know_is_not_offered():
    faces = FaceDataset("n", np.zeros((1, 64, 64), np.uint8), np.array([0]))
    known = criteria(faces, np.eye(6)[:1])
    assert list(known) == ["emotion", "said", "verdict", "confidence"]
    assert list(known["emotion"].options) == [ALL, *EMOTIONS]


def test_what_is_not_there_is_refused(known):
    with pytest.raises(ArgumentError, match="Unknown criterion 'hair'"):
        fitting(known, {"hair": "long"})
    with pytest.raises(ArgumentError, match="Unknown light 'red'"):
        fitting(known, {"light": "red"})
