"""The presets of the face lab show what they are called, on people nobody looked at."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
from emolib.emotions import EMOTIONS
from emolib.recognizer import EmotionRecognizer
from emolib.results import load_results
from emolib.synthesis import lab_controls
from emolib.widgets.easel import Easel
from emolib.widgets.lab_face import LabFace
from studies import lab_presets


def test_synthface_reads_at_least_110_of_120():
    rows = {row["name"]: row for row in load_results("lab-presets")["rows"]}
    found = rows["synthface"]
    assert found["right"] == sum(found["by_emotion"].values()) >= 110
    assert list(found["by_emotion"]) == list(EMOTIONS)
    assert load_results("lab-presets")["faces"] == 120


def test_people_are_not_those_of_the_lab():
    seeds = range(lab_presets.FIRST, lab_presets.FIRST + lab_presets.PEOPLE)
    assert not set(seeds) & set(lab_controls()["people"])


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_three_people_of_them_show_it(emotion):
    seeds = range(lab_presets.FIRST, lab_presets.FIRST + 3)
    faces = [LabFace(seed).posing(emotion).face() for seed in seeds]
    images = np.stack([Easel().grey(face) for face in faces])
    answers = EmotionRecognizer("synthface").predict_proba(images).argmax(axis=1)
    assert (answers == EMOTIONS.index(emotion)).sum() >= 2
