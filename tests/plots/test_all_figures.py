"""Every kind of figure: it draws, is closed, small, opaque, and fits a phone."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from accessible_pages import PHONE, least_width
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from emolib import plots
from emolib.evaluation import evaluate
from emolib.plots.display import figure_svg
from emolib.training.loop import History

TITLE = "What the figure shows"


@pytest.fixture(scope="module")
def figures(tiny, shares):
    """One figure of each kind, by name."""
    heat = np.random.default_rng(1).random((6, 8, 8)).repeat(8, 1).repeat(8, 2)
    result = evaluate(tiny.labels, shares, tiny.groups)
    table = pd.DataFrame(
        [
            {"name": name, "accuracy": a, "low": a - 0.05, "high": a + 0.04}
            for name, a in (("chance", 0.17), ("leaky", 0.9), ("leaky", 0.91))
        ]
    )
    epochs = np.arange(1, 6)
    frame = pd.DataFrame({"epoch": epochs, "loss": 2 / epochs, "val_loss": 2 / epochs})
    frame["accuracy"] = frame["val_accuracy"] = 1 - 0.8 / epochs
    rng = np.random.default_rng(2)
    return {
        "contact_sheet": plots.contact_sheet(
            tiny.images[::16], tiny.labels[::16], title=TITLE
        ),
        "class_counts": plots.class_counts(tiny, by="split", title=TITLE),
        "intensity_over_time": plots.intensity_over_time(tiny, title=TITLE),
        "timeline": plots.timeline(
            np.arange(6.0),
            shares[:6],
            rng.integers(0, 256, (6, 90, 120, 3), dtype=np.uint8) // 32 * 32,
            np.tile([40.0, 20.0, 40.0, 50.0], (6, 1)),
            unsure_below=0.4,
            title=TITLE,
        ),
        "mean_faces": plots.mean_faces(tiny.apex(), title=TITLE),
        "filters": plots.filters(rng.normal(size=(5, 5, 1, 32)), title=TITLE),
        "feature_maps": plots.feature_maps(
            rng.random((8, 8, 24)).repeat(4, 0).repeat(4, 1), title=TITLE
        ),
        "history": plots.history(History(frame, 4, 2.0), title=TITLE),
        "confusion": plots.confusion(result, title=TITLE),
        "learning_curves": plots.learning_curves(
            table.assign(people=[9, 9, 18]), title=TITLE
        ),
        "intervals": plots.intervals(table, highlight=["leaky"], title=TITLE),
        "probabilities": plots.probabilities(
            tiny.images[:3], shares[:3], tiny.labels[:3], maps=heat[:3], title=TITLE
        ),
        "overlay": plots.overlay(
            tiny.images[:6], heat[:6], captions=list("abcdef"), title=TITLE
        ),
    }


def test_every_public_plot_is_tried(figures):
    public = {
        name
        for name, value in vars(plots).items()
        if callable(value) and getattr(value, "__wrapped__", None) is not None
    }
    assert public == set(figures)


def test_figures_carry_their_title_and_are_closed(figures):
    for name, figure in figures.items():
        assert isinstance(figure, Figure), name
        texts = [figure.get_suptitle(), *(ax.get_title("left") for ax in figure.axes)]
        assert TITLE in texts, name
    assert plt.get_fignums() == []


def test_figures_are_opaque_nearly_white_and_small(figures):
    for name, figure in figures.items():
        assert figure.get_facecolor()[:3] == to_rgb(plots.PAPER), name
        assert figure.get_facecolor()[3] == 1, name
        assert len(figure_svg(figure)) < 120_000, name


def test_words_can_be_read_on_a_phone(figures):
    for name, figure in figures.items():
        assert least_width(figure_svg(figure)) <= PHONE, name
