"""The easel draws what `render` draws, and nothing twice."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
from emolib.synthesis import render
from emolib.synthesis.renderer import render_with_truth
from emolib.widgets import easel as module
from emolib.widgets.easel import Easel
from emolib.widgets.lab_face import LabFace

FACE = LabFace().posing("fear").face()
MASKED = LabFace().posing("fear").placed(occluder="mask").face()


@pytest.fixture
def drawn(monkeypatch):
    """Count what is drawn."""
    calls = []

    def counted(*args, **kwargs):
        calls.append(kwargs)
        return render_with_truth(*args, **kwargs)

    monkeypatch.setattr(module, "render_with_truth", counted)
    return calls


def test_pictures_are_those_of_the_renderer():
    easel, given = Easel(), (FACE.identity, FACE.units, FACE.scene)
    np.testing.assert_array_equal(easel.grey(FACE), render(*given))
    colour = render(*given, size=96, colour=True)
    np.testing.assert_array_equal(easel.colour(FACE, 96), colour)


def test_nothing_is_drawn_twice(drawn):
    easel = Easel()
    first = easel.grey(FACE)
    assert easel.grey(LabFace().posing("fear").face()) is first
    easel.colour(FACE, 64)
    easel.colour(FACE, 96)
    assert len(drawn) == 3
    easel.grey(MASKED)
    easel.colour(FACE, 96)
    assert len(drawn) == 4


def test_exposure_can_be_that_of_another_scene(drawn):
    easel = Easel()
    own, other = easel.grey(MASKED), easel.grey(MASKED, FACE.scene)
    assert len(drawn) == 2
    assert (own != other).any()
