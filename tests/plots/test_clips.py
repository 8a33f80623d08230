"""The timeline of a video: curves with gaps, frames with boxes."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from emolib import plots
from emolib.emotions import EMOTIONS, get_emotion
from emolib.errors import ArgumentError
from emolib.results import percent


def clip(count, missing=(), step=0.1):
    """Return the four arrays of a timeline, in which fear is the answer."""
    rng = np.random.default_rng(4)
    shares = rng.dirichlet(np.ones(6), count)
    shares[:, 2] += 1
    shares /= shares.sum(axis=1, keepdims=True)
    boxes = np.tile([20.0, 10.0, 30.0, 40.0], (count, 1))
    shares[list(missing)] = boxes[list(missing)] = np.nan
    pictures = rng.integers(0, 256, (count, 60, 100, 3), dtype=np.uint8)
    return step * np.arange(count), shares, pictures, boxes


def curves(figure):
    return {
        line.get_label(): line
        for line in figure.axes[-1].get_lines()
        if line.get_label() in EMOTIONS
    }


def test_every_emotion_has_its_curve_colour_and_marker():
    times, shares, pictures, boxes = clip(40)
    figure = plots.timeline(times, shares, pictures, boxes, unsure_below=0.4)
    drawn = curves(figure)
    assert list(drawn) == list(EMOTIONS)
    for k, (name, line) in enumerate(drawn.items()):
        np.testing.assert_allclose(line.get_xdata(), times)
        np.testing.assert_allclose(line.get_ydata(), shares[:, k])
        assert to_hex(line.get_color()) == get_emotion(name).colour.lower()
    assert len({line.get_marker() for line in drawn.values()}) == 6
    marked = drawn["fear"].get_markevery()
    assert marked == list(range(0, 40, 2))
    (dashed,) = (one for one in figure.axes[-1].get_lines() if one.get_ls() == "--")
    assert list(dashed.get_ydata()) == [0.4, 0.4]


def test_five_frames_are_shown_where_their_times_are_with_their_boxes():
    times, shares, pictures, boxes = clip(41, missing=[20])
    *shown, _ = plots.timeline(times, shares, pictures, boxes).axes
    assert len(shown) == 5
    for ax, k in zip(shown, (4, 12, 20, 28, 36), strict=True):
        assert ax.get_title() == f"{times[k]:.1f} s"
        assert (np.asarray(ax.get_images()[0].get_array()) == pictures[k]).all()
        frames = [one for one in ax.patches if isinstance(one, Rectangle)]
        assert len(frames) == (0 if k == 20 else 2)
        if frames:
            assert frames[1].get_bbox().bounds == (20, 10, 30, 40)
            assert (
                to_hex(frames[1].get_edgecolor()) == get_emotion("fear").colour.lower()
            )


def test_an_unsure_frame_has_a_grey_box():
    figure = plots.timeline(*clip(1), unsure_below=0.99)
    assert to_hex(figure.axes[0].patches[1].get_edgecolor()) == to_hex(plots.QUIET)


def test_a_gap_is_shaded_and_a_point_alone_marked():
    figure = plots.timeline(*clip(10, missing=[2, 3, 5, 9]))
    ax = figure.axes[-1]
    spans = sorted(patch.get_bbox().bounds[0] for patch in ax.patches)
    np.testing.assert_allclose(spans, [0.15, 0.25, 0.45, 0.85])
    assert 4 in curves(figure)["fear"].get_markevery()
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sorted(words) == sorted([*EMOTIONS, "no face"])


def test_one_frame_and_a_long_video():
    one = plots.timeline(*clip(1))
    assert len(one.axes) == 2
    assert curves(one)["fear"].get_markevery() == [0]
    long = plots.timeline(*clip(600, step=6.0))
    assert long.axes[-1].get_xlabel() == "time in minutes"
    assert long.axes[0].get_title() == "6:00 min"
    assert curves(long)["fear"].get_xdata().max() == pytest.approx(59.9)
    assert long.axes[-1].yaxis.get_major_formatter()(0.5, 0) == percent(0.5)


@pytest.mark.parametrize("wrong", [0, 1, 2, 3])
def test_arrays_that_do_not_belong_together_are_refused(wrong):
    given = list(clip(5))
    given[wrong] = given[wrong][:3]
    with pytest.raises(ArgumentError, match=r"pictures \(t, height, width, 3\)"):
        plots.timeline(*given)
    with pytest.raises(ArgumentError, match="one frame or more"):
        plots.timeline(*(one[:0] for one in clip(5)))
