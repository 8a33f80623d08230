"""The prediction explorer, without a browser."""

import json

import numpy as np
import pytest

pytest.importorskip("anywidget")
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


def test_first_face_is_a_complete_worked_example(explorer, walk):
    assert "<img" in explorer._picture.value
    label = EMOTIONS[explorer.dataset.labels[explorer.current]]
    assert f"labelled {label}" in explorer._picture.value
    assert "Grad-CAM for " in explorer._map.value
    assert explorer._answer.value.count("<li") == 6
    notes = [one.value for one in walk(explorer.widget) if hasattr(one, "value")]
    assert any("do not say what a person feels" in str(note) for note in notes)
    explorer._guesses[0].click()  # its answer is there already
    assert explorer.score == (0, 0)


def test_the_page_without_a_kernel_shows_the_worked_example(explorer, monkeypatch):
    shown = []
    monkeypatch.setattr("emolib.widgets.explorer.display", shown.append)
    explorer._ipython_display_()
    assert shown == [explorer.widget]
    label = EMOTIONS[explorer.dataset.labels[explorer.current]]
    assert 'class="emolib-still"' in explorer._still.value
    assert f"A face labelled {label}; the model says: " in explorer._still.value
    hidden = PredictionExplorer(explorer.dataset, explorer.model)
    hidden.step(1)
    hidden._ipython_display_()
    assert hidden._still.value == ""


def test_next_face_hides_its_answer_until_the_guess(explorer):
    explorer._next.click()
    label = EMOTIONS[explorer.dataset.labels[explorer.current]]
    assert "Guess before" in explorer._message.words
    assert f"labelled {label}" not in explorer._picture.value
    assert explorer._map.value == explorer._answer.value == ""
    assert not any(button.disabled for button in explorer._guesses)
    explorer._guesses[EMOTIONS.index(label)].click()
    assert f"Label: {label}" in explorer._message.words
    assert explorer.score == (1, 1)


def test_the_score_of_the_model_is_told_beside_the_readers(explorer):
    right = 0
    for k in range(1, 9):
        explorer.step(1)
        explorer.guess("fear")
        right += "right" in explorer.verdict(explorer.current)
        mine = explorer.score[0]
        told = f"You said fear: {mine} of {k} right; the model: {right} of {k}."
        assert explorer._message.words.endswith(told)


def test_an_answer_that_was_seen_is_not_guessed_again(explorer):
    explorer.step(1)
    explorer.guess("fear")
    explorer.step(1)
    explorer.open(explorer._place)
    explorer.step(-1)
    explorer.guess("fear")
    explorer.step(1)
    assert "You have seen this answer" in explorer._message.words
    explorer.guess("anger")
    assert explorer.score[1] == 1


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
    explorer._choices["emotion"].value = "fear"
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


def test_filter_that_fits_nothing_says_so(explorer, press):
    explorer.filter(emotion="fear", said="fear", verdict="wrong")
    assert explorer._faces.pictures == ()
    press(explorer._faces, 0)
    assert explorer.current is None
    assert "No face fits" in explorer._message.words
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


def test_state_saved_in_a_page_is_small(explorer, walk):
    state = [
        {key: value for key, value in child.get_state().items() if key != "layout"}
        for child in walk(explorer.widget)
    ]
    assert len(json.dumps(state, default=str)) < 200_000


def test_every_control_has_words_and_what_is_shown_a_name(explorer, walk):
    told = {"Dropdown": "description", "Button": "description", "PictureRow": "about"}
    kinds = {type(one).__name__ for one in walk(explorer.widget)}
    assert kinds == {"VBox", "HBox", "HTML", "MessageLine", *told}
    for one in walk(explorer.widget):
        kind = type(one).__name__
        assert kind not in told or getattr(one, told[kind]), kind


def test_filters_are_offered_for_what_the_data_know(explorer):
    words = [one.description for one in explorer._choices.values()]
    assert words == [  # at the apex nobody wears anything
        "Label", "The model says", "The model is", "Its top probability", "Person",
    ]  # fmt: skip


def test_the_lists_show_what_a_cell_has_chosen(explorer):
    explorer.filter(emotion="fear", subject="s005")
    shown = {name: one.value for name, one in explorer._choices.items()}
    assert (shown["emotion"], shown["subject"], shown["said"]) == (
        "fear",
        "s005",
        "all",
    )
    explorer._choices["subject"].value = "all"
    assert set(explorer.dataset.labels[explorer._shown]) == {EMOTIONS.index("fear")}


def test_a_guess_that_is_none_of_the_six_is_refused(explorer):
    explorer.step(1)
    with pytest.raises(ArgumentError, match="Unknown emotion 'joy'"):
        explorer.guess("joy")
    assert explorer.score == (0, 0)


def test_filters_fit_together(explorer):
    explorer._choices["subject"].value = "s005"
    explorer._choices["emotion"].value = "anger"
    meta = explorer.dataset.meta
    fits = (meta["subject"] == "s005") & (meta["emotion"] == "anger")
    assert sorted(explorer._shown) == list(np.flatnonzero(fits))
    assert f"Face 1 of {fits.sum()}. " in explorer._message.words


def test_the_row_holds_the_current_face_and_hides_what_it_is(explorer):
    explorer.step(9)
    names = [one.words for one in explorer._faces.pictures]
    count = len(explorer.dataset)
    assert names == [f"Face {k} of {count}" for k in range(9, 17)]
    assert explorer._faces.chosen == 1
    shown = explorer._faces.pictures[1].image
    assert np.array_equal(shown, explorer.dataset.images[explorer.current])


def test_a_face_that_is_pressed_opens_its_clip(tiny, model, press):
    explorer = PredictionExplorer(tiny.apex().part("test"), model, clips=tiny)
    explorer.step(8)
    press(explorer._faces, 3)
    face = explorer.dataset.meta.iloc[explorer.current]
    assert explorer._place == 11
    frames = explorer.frames_of(explorer.current)
    meta = tiny.meta.iloc[frames]
    assert list(meta["frame"]) == [0, 1, 2, 3]
    assert set(meta["clip"]) == {face["clip"]}
    assert explorer._message.words.startswith(f"Label: {face['emotion']}. The model is")
    assert "From frame to frame of its clip: " in explorer._message.words
    assert explorer._clip.value.count('scope="col"') == 4
    assert explorer.score == (0, 0)
    explorer.step(1)
    assert explorer._clip.value == ""
    assert "Guess before" in explorer._message.words


def test_without_all_frames_the_clip_is_what_the_data_set_has(explorer):
    explorer.open(0)
    meta = explorer.dataset.meta.iloc[explorer.frames_of(explorer.current)]
    assert list(meta["frame"]) == [1, 2]


def test_a_clip_without_the_face_itself_marks_no_frame(tiny, model):
    faces = tiny.apex().part("test")
    rest = tiny.subset(np.flatnonzero(tiny.meta["frame"] == 0))
    explorer = PredictionExplorer(faces, model, clips=rest)
    explorer.open(0)
    assert 'scope="col"' in explorer._clip.value
    assert "aria-current" not in explorer._clip.value


def test_a_still_has_no_clip(model):
    stills = FaceDataset("n", np.zeros((2, 64, 64), np.uint8), np.array([0, 1]))
    explorer = PredictionExplorer(stills, model)
    explorer.open(1)
    assert "a still, which belongs to no clip" in explorer._message.words
    assert "<img" in explorer._picture.value
    assert explorer._clip.value == ""


def test_what_fails_is_a_message(explorer, monkeypatch):
    monkeypatch.setattr(explorer, "_told", None)
    explorer._next.click()
    explorer._guesses[0].click()
    assert explorer._message.words.startswith("That failed (TypeError: ")
    explorer.close()


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
        explorer.filter(emotion="joy")
    with pytest.raises(ArgumentError, match="Unknown verdict 'false'"):
        explorer.filter(verdict="false")
    with pytest.raises(ArgumentError, match="Unknown criterion 'light'"):
        explorer.filter(light="hard")  # of which the tiny corpus knows nothing
    with pytest.raises(ArgumentError, match=r"FaceDataset\. Received: a ndarray"):
        PredictionExplorer(faces, model, clips=faces.images)


def test_data_without_labels_are_refused(model):
    neutral = FaceDataset("n", np.zeros((2, 64, 64), np.uint8), np.array([-1, -1]))
    with pytest.raises(DatasetError, match="no image of the six"):
        PredictionExplorer(neutral, model)
