"""Counts, faces and words behind a confusion matrix, on answers made for it."""

import numpy as np
import pytest

from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.evaluation import EvaluationError
from emolib.widgets.mistakes import MOST_SHOWN, Mistakes

ANGER, DISGUST, FEAR, SADNESS = (
    EMOTIONS.index(name) for name in ("anger", "disgust", "fear", "sadness")
)


def answers(said, share=0.7):
    """Return probabilities whose largest is that of `said`, (n, 6)."""
    shares = np.broadcast_to(share, len(said))[:, None]
    rest = (1 - shares) / 5
    return np.where(np.eye(6, dtype=bool)[said], shares, rest)


@pytest.fixture
def faces(tiny):
    """Every face of the tiny corpus: 12 clips of 4 frames for each emotion."""
    return tiny


@pytest.fixture
def mistakes(faces):
    said = faces.labels.copy()
    meta = faces.meta
    angry = np.flatnonzero(said == ANGER)
    said[angry[:10]] = DISGUST  # of the first person, and 2 frames of the second
    said[np.flatnonzero(faces.labels == DISGUST)[:3]] = ANGER
    said[np.flatnonzero(faces.labels == FEAR)[:11]] = SADNESS
    share = 0.6 + 0.3 * meta["intensity"].to_numpy()
    return Mistakes("plain-cnn", faces, answers(said, share))


def test_counts_are_those_of_the_evaluation(mistakes):
    assert mistakes.counts[ANGER, DISGUST] == 10
    assert mistakes.counts is mistakes.evaluation.confusion
    assert mistakes.worst == (FEAR, SADNESS)


def test_the_title_counts_both_directions(mistakes):
    assert mistakes.in_words() == (
        "plain CNN: anger and disgust most often mixed up, 13 of 24 mistakes"
    )


def test_a_count_is_told_in_words(mistakes):
    meta = mistakes.faces.meta
    angry = meta["intensity"][mistakes.faces.labels == ANGER]
    told = mistakes.told(ANGER, DISGUST)
    assert told.startswith(
        "The plain CNN: anger called disgust, 10 of 48 (21\xa0%), 2 "
    )
    assert f"people, mean intensity {angry[:10].mean():.2f} (all faces" in told
    assert f"labelled anger: {angry.mean():.2f})." in told
    assert ", 1 person, " in mistakes.told(DISGUST, ANGER)
    assert mistakes.told(ANGER, FEAR) == "The plain CNN: anger called fear, not once."


def test_the_surest_come_first_one_of_each_clip(mistakes):
    shown = mistakes.surest(ANGER, DISGUST)
    meta = mistakes.faces.meta
    assert len(shown) == 3  # 10 frames of clips of 4
    assert meta["clip"][shown].nunique() == 3
    assert (mistakes.said[shown] == DISGUST).all()
    sure = mistakes.probabilities[shown].max(axis=1)
    assert (np.diff(sure) <= 0).all()
    assert meta["intensity"][shown[0]] == 1.0
    assert len(mistakes.surest(ANGER, ANGER)) == MOST_SHOWN


def test_a_face_has_a_name_and_a_sentence(mistakes):
    first = mistakes.surest(ANGER, DISGUST)[0]
    assert mistakes.name(first) == "Person s001, disgust 90\xa0%"
    assert mistakes.who(first) == (
        "Person s001, labelled anger, intensity 1.00. The network's six probabilities:"
    )


def test_stills_without_people_or_intensity_are_told_without_them():
    images, labels = np.zeros((12, 64, 64), np.uint8), np.repeat([ANGER, FEAR], 6)
    stills = FaceDataset("stills", images, labels)
    mistakes = Mistakes("mine", stills, answers(np.full(12, FEAR)))
    assert (
        mistakes.told(ANGER, FEAR) == "The mine: anger called fear, 6 of 6 (100\xa0%)."
    )
    assert len(mistakes.surest(ANGER, FEAR)) == 6  # no clips: each by itself
    assert mistakes.who(0).startswith("Labelled anger. ")
    assert mistakes.name(0) == "fear 70\xa0%"


def test_a_network_without_mistakes(faces):
    perfect = Mistakes("mine", faces, answers(faces.labels))
    assert perfect.in_words() == "mine: no mistakes"
    assert perfect.surest(*perfect.worst) == []


def test_what_cannot_be_evaluated_is_refused(faces):
    with pytest.raises(EvaluationError, match="shape"):
        Mistakes("mine", faces, np.ones((3, 6)))
