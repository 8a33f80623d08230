"""How every figure looks: the style sheet, and the colour of each network and method.

Used everywhere.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns  # noqa: F401 (chapters name its colour maps)
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from emolib.emotions import EMOTIONS, get_emotion
from emolib.errors import ArgumentError
from emolib.plots.display import show_as_svg
from emolib.results import percent

__all__ = [
    "ACCENT", "ALERT", "INK", "PAPER", "QUIET", "in_percent", "series_styles",
    "use_style",
]  # fmt: skip

SHEET = matplotlib.rc_params_from_file(
    Path(__file__).with_name("book.mplstyle"), use_default_template=False
)
PAPER, INK = SHEET["figure.facecolor"], SHEET["text.color"]
QUIET, ACCENT, ALERT = SHEET["axes.edgecolor"], "#23527c", "#b3402a"
EMOTION_COLOURS = {name: get_emotion(name).colour for name in EMOTIONS}
CHANCE = 1 / len(EMOTIONS)
WIDTH = 4.6  # inches: 9 points are then 9 pixels on a phone

# Told apart in the common forms of colour blindness, and by their markers in print;
# none is an emotion's colour or near it. The first two are for what has no look of its
# own, and a warning (`ALERT`) is none of them.
_SERIES = (
    (ACCENT, "v"), (INK, "P"), (QUIET, "d"), ("#9a5fd6", "o"), ("#1c1c96", "s"),
    ("#7d6400", "^"), ("#b42d5a", "D"), ("#5a1e00", "X"),
)  # fmt: skip

# What looks the same in every chapter, by its place in `_SERIES`. A network has two
# names: that of its folder, and that of its line in a table.
_KEPT = {
    "plain-cnn": 3, "plain CNN": 3, "small-cnn": 4, "small CNN": 4,
    "synthface": 7, "real-faces": 6, "HOG + logistic regression": 5, "pixel 1-NN": 2,
    "chance": 2, "majority": 2,
}  # fmt: skip


def use_style() -> None:
    """Give figures drawn in a chapter itself the style of the book, and show them so.

    In Jupyter and Colab every figure is then shown as SVG, with the pixels of pictures
    inside.
    """
    show_as_svg()
    plt.rcParams.update(SHEET)


def series_styles(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return a colour and a marker for each series of a figure.

    Networks and baselines of the course look the same in every figure; other series get
    the styles that are left, in their order.

    Parameters
    ----------
    names : iterable of str
        At most eight different ones.

    Returns
    -------
    dict of str to dict
        By name, the options ``color`` and ``marker`` of matplotlib's ``plot``.

    Raises
    ------
    ValueError
        If there are more than eight names.
    """
    names = list(dict.fromkeys(names))
    if len(names) > len(_SERIES):
        raise ArgumentError(
            f"A figure tells {len(_SERIES)} series apart; received {len(names)}: "
            f"{', '.join(names)}. Draw some of them in a figure of their own."
        )
    free = list(range(len(_SERIES)))
    styles: dict[str, dict[str, str]] = {name: {} for name in names}
    for name in sorted(names, key=lambda name: name not in _KEPT):
        place = _KEPT.get(name) if _KEPT.get(name) in free else free[0]
        free.remove(place)
        styles[name] = dict(zip(("color", "marker"), _SERIES[place], strict=True))
    return styles


def colour_of(name: str) -> str:
    """Return the colour of a network or baseline, `ACCENT` for another name."""
    return _SERIES[_KEPT[name]][0] if name in _KEPT else ACCENT


def check_columns(table: pd.DataFrame, *names: str) -> None:
    """Refuse, with an `ArgumentError`, a `table` that lacks a column of `names`."""
    has = list(getattr(table, "columns", ()))
    if lacks := [name for name in names if name not in has]:
        raise ArgumentError(
            f"The figure needs a table with the columns {', '.join(names)}; it lacks "
            f"{', '.join(lacks)}. Received: a {type(table).__name__} with "
            f"{', '.join(map(str, has)) or 'no columns'}"
        )


def closed_figure(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Have `draw` draw in the book's style, and close the figure that it returns."""

    @wraps(draw)
    def drawn(*args, **kwargs) -> Figure:
        with plt.rc_context(SHEET):
            figure = draw(*args, **kwargs)
            interactive = plt.isinteractive()
        # The first figure loads a notebook's backend, which switches this on; without
        # it the notebook would show no figure drawn with bare matplotlib afterwards.
        matplotlib.interactive(interactive)
        plt.close(figure)
        return figure

    return drawn


def panels(
    rows: int, columns: int, width: float, height: float, title: str = "", **options
) -> tuple[Figure, np.ndarray]:
    """Return a figure of `width` by `height` inches, and its axes (rows, columns)."""
    options |= {"figsize": (width, height), "layout": "constrained", "squeeze": False}
    figure, axes = plt.subplots(rows, columns, **options)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure, axes


def panel(height: float, title: str = "") -> tuple[Figure, Axes]:
    """Return a figure of `WIDTH` by `height` inches, and its only axes."""
    figure, axes = panels(1, 1, WIDTH, height, title)
    return figure, axes[0, 0]


def in_percent(axis: Axis) -> None:
    """Label an axis of shares, 0 to 1, in percent."""
    axis.set_major_formatter(lambda share, _: percent(share))
