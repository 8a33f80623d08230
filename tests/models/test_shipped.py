"""The networks that ship say what they said when they were measured.

A checksum in a card proves only that file and card belong together; here a network that
takes the place of another, with a card that fits, does not pass. If one is replaced on
purpose, the failing test prints what to put into ``shipped_answers.json``.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from emolib.datasets import load
from emolib.models import available, load_model, predict
from emolib.models.registry import onnx_graph

ANSWERS = json.loads(Path(__file__).with_name("shipped_answers.json").read_text())


@pytest.fixture(scope="module")
def crops():
    """Return the first apex frame of each emotion of SynthFace's test people."""
    test = load("synthface").part("test").apex()
    return test.images[[np.flatnonzero(test.labels == k)[0] for k in range(6)]]


def test_every_network_is_held_to_its_answers():
    assert tuple(sorted(ANSWERS)) == available()


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_weights_give_the_committed_answers(name, crops):
    found = predict(load_model(name), crops)
    away = np.abs(found - ANSWERS[name]).max()
    assert away < 1e-4, json.dumps({name: found.round(6).tolist()})


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_onnx_form_gives_the_same_answers(name, crops):
    session = onnxruntime.InferenceSession(onnx_graph(name)[0])
    images = crops[..., None].astype(np.float32)
    (found,) = session.run(["probabilities"], {"face": images})
    np.testing.assert_allclose(found, predict(load_model(name), crops), atol=1e-4)
    np.testing.assert_allclose(found, ANSWERS[name], atol=1e-4)


def test_answers_of_different_networks_and_classes_are_told_apart():
    shares = np.array([ANSWERS[name] for name in sorted(ANSWERS)])  # (4, 6, 6)
    for k, one in enumerate(shares):
        for other in (*np.delete(shares, k, axis=0), np.roll(one, 1, axis=1)):
            assert np.abs(one - other).max() > 0.01
