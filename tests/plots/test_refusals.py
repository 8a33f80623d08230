"""Figures say what came and what they need, before they draw anything."""

import numpy as np
import pandas as pd
import pytest

from emolib import plots
from emolib.datasets import FaceDataset
from emolib.errors import ArgumentError

FACES = np.random.default_rng(3).integers(0, 256, (4, 64, 64), dtype=np.uint8)
TABLE = pd.DataFrame({"name": ["a"], "accuracy": [0.5]})
EVEN = np.full((4, 6), 1 / 6)


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (lambda: plots.contact_sheet(FACES[0]), r"\(n, height, width\).*image\[None\]"),
        (lambda: plots.contact_sheet(FACES[..., None]), r"Received: \(4, 64, 64, 1\)"),
        (
            lambda: plots.contact_sheet(FACES, EVEN),
            r"must have the shape \(4,\)",
        ),
        (
            lambda: plots.probabilities(FACES, EVEN[:, :5]),
            r"the shape \(4, 6\)",
        ),
        (lambda: plots.filters(np.zeros((3, 3))), r"\(height, width, 1, filters\)"),
        (lambda: plots.feature_maps(FACES[0]), r"\(height, width, channels\)"),
        (lambda: plots.intervals(TABLE), r"lacks low, high\. Received: a DataFrame"),
        (lambda: plots.learning_curves(TABLE), "it lacks people"),
        (lambda: plots.intervals([1, 2]), "Received: a list with no columns"),
    ],
)
def test_what_a_figure_cannot_draw_is_refused(draw, told):
    with pytest.raises(ArgumentError, match=told):
        draw()


def test_data_sets_that_do_not_say_what_a_figure_shows(tiny):
    few = FaceDataset("stills", tiny.images[:80], tiny.labels[:80])
    with pytest.raises(ArgumentError, match="Unknown column of meta 'sex'"):
        plots.class_counts(few, by="sex")
    with pytest.raises(ArgumentError, match="'stills' does not say the frame and inte"):
        plots.intensity_over_time(few)
