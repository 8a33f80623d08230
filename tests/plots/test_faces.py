"""Faces side by side: nothing is left out without a word."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from emolib import plots
from emolib.emotions import EMOTIONS, get_emotion


def test_emotions_keep_their_colours(tiny, shares):
    figure = plots.probabilities(tiny.images[:1], shares[:1])
    bars = figure.axes[-1].patches
    found = [bar.get_facecolor()[:3] for bar in bars]
    assert found == [to_rgb(get_emotion(name).colour) for name in EMOTIONS]


def test_the_line_below_which_one_is_unsure_is_drawn(tiny, shares):
    lines = [
        [list(line.get_xdata()) for line in figure.axes[-1].lines]
        for figure in (
            plots.probabilities(tiny.images[:1], shares[:1]),
            plots.probabilities(tiny.images[:1], shares[:1], unsure_below=0.4),
        )
    ]
    assert lines == [[], [[0.4, 0.4]]]


@pytest.mark.parametrize("count", [0, 49])
def test_contact_sheet_refuses_none_and_too_many(count):
    with pytest.raises(ValueError, match=f"Received: {count}"):
        plots.contact_sheet(np.zeros((count, 64, 64), np.uint8))


def test_faces_side_by_side_are_at_most_eight():
    many = np.zeros((9, 64, 64), np.uint8)
    with pytest.raises(ValueError, match="Received: 9"):
        plots.overlay(many, many)
    with pytest.raises(ValueError, match="Received: 9"):
        plots.probabilities(many, np.full((9, 6), 1 / 6))


@pytest.mark.parametrize("count", [2, 4])
def test_what_belongs_to_the_faces_must_be_as_many(tiny, shares, count):
    faces, maps = tiny.images[:3], np.zeros((count, 64, 64))
    with pytest.raises(ValueError, match=f"as many labels. Received: {count}"):
        plots.contact_sheet(faces, tiny.labels[:count])
    with pytest.raises(ValueError, match=f"as many captions. Received: {count}"):
        plots.contact_sheet(faces, captions="abcd"[:count])
    with pytest.raises(ValueError, match=f"as many probabilities. Received: {count}"):
        plots.probabilities(faces, shares[:count])
    with pytest.raises(ValueError, match=f"as many maps. Received: {count}"):
        plots.probabilities(faces, shares[:3], maps=maps)
    with pytest.raises(ValueError, match=f"as many maps. Received: {count}"):
        plots.overlay(faces, maps)
