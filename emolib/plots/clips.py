"""Figures of a video, and of what a network makes of it."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.plots import style
from emolib.plots.style import EMOTION_COLOURS, INK, QUIET

_FRAMES = 5  # pictures in the row
_MARKERS = "osv^DP"  # of the six curves, for eyes that do not tell the colours apart
_MARKED = 15  # about so many points of a curve
_MINUTES = 180  # seconds from which the axis counts in minutes


@style.closed_figure
def timeline(
    times: np.ndarray,
    probabilities: np.ndarray,
    pictures: np.ndarray,
    boxes: np.ndarray,
    *,
    unsure_below: float = 0.0,
    title: str = "",
) -> Figure:
    """Show frames of a video above the six probabilities over time.

    Parameters
    ----------
    times : ndarray of float, (t,)
        Of the frames, in seconds, ascending.
    probabilities : ndarray of float, (t, 6)
        0 to 1; NaN where no face was found, which is shaded grey.
    pictures : ndarray, uint8, (t, height, width, 3)
        The frames themselves; five of them are shown.
    boxes : ndarray of float, (t, 4)
        The face in each: x, y, width, height in pixels of `pictures`, or NaN. It gets
        the colour of the most probable emotion, grey where unsure.
    unsure_below : float, default 0
        A dashed line: a largest probability below it is no answer.
    title : str

    Raises
    ------
    ValueError
        If there is no frame, or the arrays do not belong together.
    """
    count = len(times)
    shapes = [np.shape(one) for one in (probabilities, boxes, pictures)]
    expected = [(count, len(EMOTIONS)), (count, 4), (count, *shapes[2][1:3], 3)]
    if not count or shapes != expected:
        raise ArgumentError(
            "A timeline needs one frame or more, probabilities (t, 6), boxes (t, 4), "
            f"pictures (t, height, width, 3). Received: {count} times, {shapes}"
        )
    shown = _shown(times)
    side = style.WIDTH / _FRAMES
    row = min(1.4, side * pictures.shape[1] / pictures.shape[2])
    figure = plt.figure(figsize=(style.WIDTH, row + 3.6), layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    grid = figure.add_gridspec(2, len(shown), height_ratios=[row + 0.2, 3])
    for place, k in enumerate(shown):
        ax = figure.add_subplot(grid[0, place])
        ax.imshow(pictures[k])
        ax.set_axis_off()
        if not np.isnan(boxes[k]).any():
            name = EMOTIONS[int(np.argmax(probabilities[k]))]
            unsure = np.max(probabilities[k]) < unsure_below
            _show_box(ax, boxes[k], QUIET if unsure else EMOTION_COLOURS[name])
        ax.set_title(_clock(times[k], times[-1]), size=9, weight="normal", loc="center")
    unit, scale = ("minutes", 60) if times[-1] >= _MINUTES else ("seconds", 1)
    ax = figure.add_subplot(grid[1, :])
    _curves(ax, np.asarray(times) / scale, probabilities, unsure_below)
    ax.set_xlabel(f"time in {unit}")
    return figure


def _shown(times: np.ndarray) -> list[int]:
    """Return which frames stand above the curves, each about where its time is."""
    count = min(_FRAMES, len(times))
    wanted = times[0] + (np.arange(count) + 0.5) / count * (times[-1] - times[0])
    nearest = [int(np.abs(times - one).argmin()) for one in wanted]
    return list(dict.fromkeys(nearest))


def _clock(seconds: float, end: float) -> str:
    if end < _MINUTES:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)}:{int(seconds % 60):02} min"


def _show_box(ax: Axes, box: np.ndarray, colour: str) -> None:
    for width, edge in ((3, style.PAPER), (1.6, colour)):
        frame = Rectangle(box[:2], *box[2:], fill=False, lw=width, ec=edge)
        ax.add_patch(frame)


def _curves(
    ax: Axes, x: np.ndarray, probabilities: np.ndarray, unsure_below: float
) -> None:
    missing = np.isnan(probabilities).any(axis=1)
    # a point without neighbours makes no line, so it is marked in any case
    alone = ~missing & np.pad(missing[:-1], (1, 0), constant_values=True)
    alone &= np.pad(missing[1:], (0, 1), constant_values=True)
    marked = (np.arange(len(x)) % max(1, len(x) // _MARKED) == 0) | alone
    marked = np.flatnonzero(marked).tolist()
    for name, marker, shares in zip(EMOTIONS, _MARKERS, probabilities.T, strict=True):
        look = {"color": EMOTION_COLOURS[name], "marker": marker, "ms": 4, "lw": 1.5}
        ax.plot(x, shares, markevery=marked, label=name, **look)
    _shade(ax, x, missing)
    if unsure_below:
        ax.axhline(unsure_below, color=QUIET, lw=1, ls="--")
        ax.annotate(
            "unsure below", (1, unsure_below), (0, -3), ha="right", va="top",
            xycoords=("axes fraction", "data"), textcoords="offset points", color=INK,
            fontsize=9,
        )  # fmt: skip
    style.in_percent(ax.yaxis)
    ax.set(ylabel="probability", ylim=(0, 1.03))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3, fontsize=9)


def _shade(ax: Axes, x: np.ndarray, missing: np.ndarray) -> None:
    """Shade where no face was found, to the middle between frames; set the limits."""
    if len(x) == 1:
        edges = np.array([x[0] - 0.5, x[0] + 0.5])
        ax.set_xticks(x)
    else:
        between = (x[1:] + x[:-1]) / 2
        ends = 2 * x[0] - between[0], 2 * x[-1] - between[-1]
        edges = np.concatenate([[ends[0]], between, [ends[1]]])
    for k in np.flatnonzero(missing):
        label = "no face" if k == np.argmax(missing) else None
        span = {"color": QUIET, "alpha": 0.25, "lw": 0, "label": label}
        ax.axvspan(edges[k], edges[k + 1], **span)
    ax.set_xlim(edges[0], edges[-1])
