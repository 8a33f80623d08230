"""Two faces that differ in one thing, driven by the events of their controls."""

import asyncio
import json

import numpy as np
import pytest
from bs4 import BeautifulSoup

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
pytest.importorskip("anywidget")
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.synthesis import render, render_with_truth
from emolib.widgets import Compare
from emolib.widgets.factors import FACTORS
from emolib.widgets.lab_face import LabFace
from emolib.widgets.reading import NETWORKS, Reader


@pytest.fixture
def pair():
    made = Compare("mask")
    yield made
    made.close()


def soup(html) -> BeautifulSoup:
    return BeautifulSoup(html.value, "html.parser")


def given(face: LabFace) -> tuple:
    state = face.face()
    return state.identity, state.units, state.scene


def test_the_lists_show_what_a_cell_has_set(pair):
    pair.set(pair.face.pulled({"AU4": 1.0}))
    assert pair._emotion.value == "another"
    pair._emotion.value = ""
    assert pair.face == LabFace()
    pair.set(LabFace().posing("fear", 0.5))
    assert pair._emotion.value == "another"
    pair._emotion.value = "fear"
    assert pair.face == LabFace().posing("fear")


def test_what_is_no_face_is_refused(pair):
    with pytest.raises(ArgumentError, match=r"Received: a Compare"):
        pair.set(pair)
    assert pair.face == LabFace().posing("happiness")


def test_a_change_that_changes_nothing_is_said(pair):
    pair.set(pair.face.placed(occluder="mask"))
    assert (
        pair._message.words == "The face is like that already; choose another change."
    )


def test_it_opens_on_a_smile_with_and_without_a_mask(pair):
    first, other = pair.faces
    assert first == LabFace().posing("happiness")
    assert other == first.placed(occluder="mask")
    assert [soup(one).img["alt"] for one in pair._pictures] == [
        first.words(), other.words(),
    ]  # fmt: skip
    assert soup(pair._pictures[0]).figcaption.text.startswith("As it is: happiness 9")
    assert soup(pair._pictures[1]).figcaption.text.startswith("Changed: ")
    assert pair._message.words.startswith("A mask: happiness 9")


def test_both_answers_are_read_and_their_difference_is_drawn(pair):
    first, other = pair.faces
    greys = [
        render(*given(first)),
        render_with_truth(*given(other), metered=first.scene_of())[0],
    ]
    shares = Reader("synthface").read_all(np.stack(greys))
    np.testing.assert_array_equal(pair.probabilities, shares)
    told = [li.text for li in soup(pair._difference).find_all("li")]
    k = EMOTIONS.index("happiness")
    assert told[k].startswith("happiness−")
    assert int(told[k].split("−")[1]) == round(100 * (shares[0, k] - shares[1, k]))


@pytest.mark.parametrize("factor", FACTORS)
def test_each_factor_is_chosen(pair, factor):
    pair._chosen.value = factor
    assert pair._message.words.startswith(FACTORS[factor])
    pictures = [soup(one).img["src"] for one in pair._pictures]
    assert pictures[0] != pictures[1]


def test_what_moves_most_is_said(pair, monkeypatch):
    shares = np.array([[0.1, 0.1, 0.5, 0.1, 0.1, 0.1], [0.1, 0.4, 0.2, 0.1, 0.1, 0.1]])
    monkeypatch.setattr(type(pair), "probabilities", shares)
    pair.differ_in("turn")
    assert pair._message.words == (
        "The head turned by 25°: fear 50\xa0% becomes disgust 40\xa0%. Disgust moves "
        "most, by +30 points."
    )
    monkeypatch.setattr(type(pair), "probabilities", shares[[0, 0]])
    pair.differ_in("mask")
    assert pair._message.words.endswith("Nothing moves by as much as a point.")


def test_person_expression_and_network_are_chosen(pair):
    pair._person.value = "3"
    pair._emotion.value = "fear"
    pair._network.value = "real-faces"
    assert pair.face == LabFace(3).posing("fear")
    assert pair._reader.name == "real-faces"
    pair._emotion.value = ""
    assert pair.face == LabFace(3)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_reads(pair, network):
    pair.read_with(network)
    assert pair._network.value == network
    np.testing.assert_allclose(pair.probabilities.sum(axis=1), 1, atol=1e-5)


def test_the_face_of_a_lab_is_taken(pair):
    face = LabFace(1234).pulled({"AU1": 1.2}).placed(yaw=10)
    pair.set(face)
    assert soup(pair._pictures[0]).img["alt"] == face.words()


def test_what_is_not_known_is_refused():
    with pytest.raises(ArgumentError, match=r"Unknown factor 'masc'.*'mask'"):
        Compare("masc")


def test_events_that_come_fast_are_drawn_once(pair):
    drawn = []
    real = pair._easels[0].colour
    pair._easels[0].colour = lambda *one: drawn.append(one) or real(*one)

    async def events():
        for name in EMOTIONS:
            pair._emotion.value = name
        await asyncio.sleep(0.3)

    asyncio.run(events())
    assert pair.face.preset == ("surprise", 1.0)
    assert len(drawn) == 1


def test_the_page_gets_one_picture_that_says_all(pair, monkeypatch, walk):
    monkeypatch.setattr("emolib.widgets.compare.display", lambda _: None)
    pair._ipython_display_()
    words = soup(pair._still).img["alt"]
    first, other = pair.faces
    said = pair._message.words
    assert words == f"{first.words()} Beside it: {other.words()} {said}"
    state = [one.get_state() for one in walk(pair.widget)]
    assert len(json.dumps(state, default=str)) < 300_000


def test_every_control_has_a_name(pair, walk):
    for one in walk(pair.widget):
        if type(one).__name__ in ("Button", "Dropdown"):
            assert one.description.strip(), one


def test_a_pair_that_is_closed_is_silent(walk):
    pair = Compare("light")
    pair.close()
    pair.differ_in("mask")
    assert all(one.comm is None for one in walk(pair.widget))
