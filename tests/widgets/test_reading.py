"""A network as a lab asks it."""

import numpy as np
import pytest

from emolib.models import available
from emolib.recognizer import EmotionRecognizer
from emolib.synthesis import lab_controls
from emolib.widgets.reading import FIRST, NETWORKS, Reader

FACE = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)


def test_the_labs_offer_what_ships():
    assert sorted(NETWORKS) == sorted(available())
    assert FIRST in NETWORKS


@pytest.mark.parametrize("network", NETWORKS)
def test_it_answers_as_the_recogniser_does(network):
    reader, recognizer = Reader(network), EmotionRecognizer(network)
    answer = recognizer.predict_proba(FACE[None])[0]
    np.testing.assert_array_equal(reader.read(FACE), answer)
    own = recognizer.card.unsure_below
    assert reader.line == (own or lab_controls()["unsure_below"])
    assert reader.own_line == (own is not None)


def test_the_picture_that_it_has_read_is_not_read_again(monkeypatch):
    reader, asked = Reader(FIRST), []
    real = reader.read_all
    monkeypatch.setattr(reader, "read_all", lambda x: asked.append(1) or real(x))
    first = reader.read(FACE)
    assert reader.read(FACE) is first
    reader.read(255 - FACE)
    assert len(asked) == 2
