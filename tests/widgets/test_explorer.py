"""The prediction explorer, without a browser."""

import json
import re

import numpy as np
import pytest
from ipywidgets import Widget

from emolib.datasets import DatasetError, FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.models import plain_cnn
from emolib.models._backend import keras
from emolib.widgets import PredictionExplorer


@pytest.fixture(scope="module")
def faces(tiny):
    return tiny.apex().part("test")


@pytest.fixture(scope="module")
def model():
    return plain_cnn()


@pytest.fixture
def explorer(faces, model):
    return PredictionExplorer(faces, model)


def text(explorer) -> str:
    return re.sub("<[^>]+>", " ", explorer._text.value)


def test_first_face_is_a_complete_worked_example(explorer):
    assert "<img" in explorer._picture.value
    label = EMOTIONS[explorer.dataset.labels[explorer.current]]
    assert f"labelled {label}" in explorer._picture.value
    assert "do not say what a person feels" in text(explorer)
    assert all(button.disabled for button in explorer._guesses)


def test_next_face_hides_its_answer_until_the_guess(explorer):
    explorer._next.click()
    label = EMOTIONS[explorer.dataset.labels[explorer.current]]
    assert "Guess before" in text(explorer)
    assert f"labelled {label}" not in explorer._picture.value
    assert not any(button.disabled for button in explorer._guesses)
    explorer._guesses[EMOTIONS.index(label)].click()
    assert f"Label: {label}" in text(explorer)
    assert explorer.score == (1, 1)


def test_wrong_guess_counts_and_a_second_guess_does_not(explorer):
    explorer.step(1)
    label = EMOTIONS[explorer.dataset.labels[explorer.current]]
    wrong = next(name for name in EMOTIONS if name != label)
    explorer.guess(wrong)
    explorer.guess(label)
    assert explorer.score == (0, 1)


def test_back_and_forth_returns_to_the_same_face(explorer):
    first = explorer.current
    explorer._back.click()
    assert explorer.current != first
    explorer._next.click()
    assert explorer.current == first


def test_filter_by_emotion(explorer):
    explorer._emotion.value = "fear"
    for _ in range(4):
        assert EMOTIONS[explorer.dataset.labels[explorer.current]] == "fear"
        explorer.step(1)


@pytest.mark.parametrize("verdict", ["right", "wrong", "unsure"])
def test_filter_by_verdict(explorer, verdict):
    fitting = [
        i for i in range(len(explorer.dataset)) if verdict in explorer.verdict(i)
    ]
    explorer.filter(verdict=verdict)
    if fitting:
        assert explorer.current in fitting
    else:
        assert explorer.current is None


def test_filter_that_fits_nothing_says_so(explorer):
    explorer.probabilities = np.eye(6)[explorer.dataset.labels]
    explorer.filter(verdict="wrong")
    assert explorer.current is None
    assert "No face fits" in text(explorer)
    explorer.step(1)
    explorer.guess("fear")
    assert explorer.score == (0, 0)
    with pytest.raises(ValueError, match="No face"):
        explorer.snapshot()


def test_the_order_is_mixed_and_always_the_same(faces, model):
    first, second = (PredictionExplorer(faces, model) for _ in range(2))
    places = []
    for _ in range(len(faces)):
        assert first.current == second.current
        places.append(first.current)
        first.step(1)
        second.step(1)
    assert places != sorted(places)
    assert sorted(places) == list(range(len(faces)))


def test_state_saved_in_a_page_is_small_and_uses_only_names_of_ipywidgets_7(explorer):
    state = [
        {key: value for key, value in child.get_state().items() if key != "layout"}
        for child in walk(explorer.widget)
    ]
    assert len(json.dumps(state, default=str)) < 200_000
    assert {child.__class__.__name__ for child in walk(explorer.widget)} == {
        "VBox", "HBox", "Dropdown", "HTML", "Button",
    }  # fmt: skip


def walk(widget: Widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def test_what_the_explorer_cannot_use_is_refused(faces, explorer, model):
    with pytest.raises(ArgumentError, match=r"FaceDataset\. Received: a ndarray"):
        PredictionExplorer(faces.images, model)
    inputs = keras.Input((64, 64, 1))
    flat = keras.layers.Flatten()(inputs)
    logits = keras.Model(inputs, keras.layers.Dense(6)(flat))
    with pytest.raises(ArgumentError, match="no probabilities"):
        PredictionExplorer(faces, logits)
    ends = keras.layers.Softmax()(logits.output)
    with pytest.raises(ArgumentError, match="no feature maps of a convolution"):
        PredictionExplorer(faces, keras.Model(inputs, ends))
    with pytest.raises(ArgumentError, match="Unknown emotion 'joy'"):
        explorer.filter("joy")
    with pytest.raises(ArgumentError, match="Unknown verdict 'false'"):
        explorer.filter(verdict="false")


def test_data_without_labels_are_refused(model):
    neutral = FaceDataset("n", np.zeros((2, 64, 64), np.uint8), np.array([-1, -1]))
    with pytest.raises(DatasetError, match="no image of the six"):
        PredictionExplorer(neutral, model)
