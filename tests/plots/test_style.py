"""The style of the book, and the colours of networks and methods."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from skimage.color import deltaE_ciede2000, rgb2lab

from emolib import EMOTIONS, plots
from emolib.emotions import get_emotion
from emolib.models import available
from emolib.results import load_results

#: What a colour becomes, in linear light, for people without one of the three cones
#: (Machado et al. 2009, doi:10.1109/TVCG.2009.113, severity 1).
SEEN = {
    "everybody": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
MANY = [f"series {k}" for k in range(8)]


def lab(colours: list[str], seen: np.ndarray) -> np.ndarray:
    """Return the colours as they are seen, (n, 3) in CIELAB."""
    rgb = np.array([to_rgb(one) for one in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ seen.T, 0, 1)
    shown = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return rgb2lab(shown)


@pytest.mark.parametrize("seen", SEEN)
def test_eight_series_are_told_apart_by_colour_and_by_marker(seen):
    styles = plots.series_styles(MANY).values()
    assert len({style["marker"] for style in styles}) == 8
    places = lab([style["color"] for style in styles], SEEN[seen])
    for one, other in combinations(places, 2):
        assert deltaE_ciede2000(one, other) > 10


def test_no_network_or_baseline_looks_like_an_emotion():
    emotions = lab([get_emotion(name).colour for name in EMOTIONS], np.eye(3))
    for name in (*available(), "HOG + logistic regression", "pixel 1-NN"):
        place = lab([plots.series_styles([name])[name]["color"]], np.eye(3))
        assert deltaE_ciede2000(place, emotions).min() > 18, name


def test_strangers_get_no_network_s_colour_while_there_is_another():
    ours = {style["color"] for style in plots.series_styles(available()).values()}
    theirs = plots.series_styles(["face", "voice", "both"]).values()
    assert not ours & {style["color"] for style in theirs}


def test_every_series_stands_out_from_the_paper():
    lightness = lab([plots.PAPER], np.eye(3))[0, 0]
    for style in plots.series_styles(MANY).values():
        assert lightness - lab([style["color"]], np.eye(3))[0, 0] > 35


def test_a_ninth_series_is_refused_and_not_left_out():
    with pytest.raises(ValueError, match="8 series apart; received 9"):
        plots.series_styles([*MANY, "one more"])


def test_a_network_looks_the_same_in_any_company():
    first = plots.series_styles(["plain-cnn", "small-cnn"])
    second = plots.series_styles(["something", "small CNN", "plain CNN"])
    assert second["small CNN"] == first["small-cnn"]
    assert second["plain CNN"] == first["plain-cnn"]
    assert second["something"] not in first.values()


def test_networks_and_methods_of_the_course_have_a_style_of_their_own():
    # beside a stranger that comes first, they would lose a style that is not theirs
    measured = [row["name"] for row in load_results("by-subject-apex")["rows"]]
    methods = {*available(), *measured} - {"chance", "majority"}
    for name in methods:
        alone = plots.series_styles([name])[name]
        assert plots.series_styles([*MANY[:7], name])[name] == alone, name


def test_drawing_leaves_the_global_style_alone(tiny):
    before = dict(plt.rcParams)
    plots.mean_faces(tiny)
    assert dict(plt.rcParams) == before


def test_use_style_sets_it():
    with plt.rc_context():
        plots.use_style()
        assert plt.rcParams["figure.facecolor"] == plots.PAPER
