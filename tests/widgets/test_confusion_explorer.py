"""The confusion explorer, by events, without a browser."""

import numpy as np
import pytest

pytest.importorskip("anywidget")
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.evaluation import evaluate
from emolib.widgets import ConfusionExplorer

ANGER, DISGUST, FEAR = 0, 1, 2


@pytest.fixture
def faces(tiny):
    return tiny.part("test")


@pytest.fixture
def answers(faces):
    rng = np.random.default_rng(0)
    right = np.eye(6)[faces.labels]
    noise = rng.dirichlet(np.ones(6), len(faces))
    unlike = np.roll(right, 1, axis=1)
    return {"plain-cnn": 0.5 * right + 0.5 * noise, "mine": unlike}


@pytest.fixture
def explorer(faces, answers):
    return ConfusionExplorer(faces, answers)


def test_two_networks_of_one_title_are_told_apart(faces, answers):
    both = {"plain-cnn": answers["plain-cnn"], "plain CNN": answers["mine"]}
    explorer = ConfusionExplorer(faces, both)
    explorer._choice.value = "plain CNN"
    assert len(explorer._choice.options) == 2
    assert (explorer._mistakes.probabilities == answers["mine"]).all()


def test_it_opens_on_the_mistake_that_is_made_most_often(explorer, faces, answers):
    counts = evaluate(faces.labels, answers["plain-cnn"], faces.groups).confusion
    wrong = counts - np.diag(np.diag(counts))
    assert wrong[explorer.opened] == wrong.max()
    assert explorer._table.counts == counts.tolist()
    assert explorer._table.opened == list(explorer.opened)
    assert explorer.evaluation.n == len(faces)


def test_a_cell_opens_the_faces_behind_it(explorer, faces):
    explorer._table._handle_custom_msg({"cell": [FEAR, FEAR]}, [])
    assert explorer.opened == (FEAR, FEAR)
    assert explorer._message.words.startswith("The plain CNN: fear called fear, ")
    assert len(explorer._faces.pictures) == len(explorer.shown) > 1
    for place, one in zip(explorer.shown, explorer._faces.pictures, strict=True):
        assert faces.labels[place] == FEAR
        assert np.array_equal(one.image, faces.images[place])


def test_a_face_that_is_pressed_shows_its_probabilities(explorer, answers, press):
    explorer.open("fear", "fear")
    first = explorer._face.value
    press(explorer._faces, 1)
    image = explorer.shown[1]
    share = round(100 * answers["plain-cnn"][image, FEAR])
    assert explorer._faces.chosen == 1
    assert explorer._face.value != first
    assert f"{share}\N{NO-BREAK SPACE}%" in explorer._face.value


def test_an_empty_cell_says_so(explorer):
    explorer.show_answers_of("mine")
    explorer.open("anger", "anger")
    assert explorer._message.words == "The mine: anger called anger, not once."
    assert explorer._faces.pictures == ()
    assert explorer._face.value == ""


def test_another_network_is_shown_in_the_same_cell(explorer):
    explorer.open("anger", "disgust")
    explorer._choice.value = "mine"
    assert explorer.opened == (ANGER, DISGUST)
    assert explorer.evaluation.accuracy == 0
    assert "mine: " in explorer._title.value
    assert explorer._table.counts[ANGER][DISGUST] == 16


def test_what_to_look_for_and_which_faces_are_shown(explorer, faces, answers):
    tasks = explorer.widget.children[-1].value
    assert "What do these faces have in common?" in tasks
    assert "the network is surest, one of each clip" in tasks
    assert "Switch networks. Is it the same mistake" in tasks
    alone = ConfusionExplorer(faces, {"mine": answers["mine"]})
    assert "Switch networks" not in alone.widget.children[-1].value


def test_snapshot_and_still_have_words(explorer):
    explorer.open("anger", "anger")
    title = explorer.snapshot().get_suptitle()
    assert title.startswith("plain CNN: ")
    explorer._ipython_display_()
    assert explorer._still.value.count("<img") == 1
    assert "anger called anger" in explorer._still.value
    assert explorer._still.layout.display == "none"


def test_all_controls_have_names(explorer, walk):
    kinds = {type(one).__name__ for one in walk(explorer.widget)}
    assert kinds == {
        "VBox", "HBox", "HTML", "Dropdown", "CountTable", "PictureRow", "MessageLine",
    }  # fmt: skip
    assert explorer._choice.description == "Network"
    explorer.close()


def test_what_it_cannot_use_is_refused(faces, answers, explorer):
    with pytest.raises(ArgumentError, match=r"FaceDataset\. Received: a ndarray"):
        ConfusionExplorer(faces.images, answers)
    for wrong in ({}, answers["mine"]):
        with pytest.raises(ArgumentError, match="of one network or more by name"):
            ConfusionExplorer(faces, wrong)
    with pytest.raises(ArgumentError, match="Unknown emotion 'joy'"):
        explorer.open("joy", "fear")
    with pytest.raises(ArgumentError, match="Unknown network 'other'"):
        explorer.show_answers_of("other")


def test_emotions_are_rows_and_columns(explorer):
    assert tuple(explorer._table.names) == EMOTIONS
