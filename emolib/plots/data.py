"""Figures of a data set: what is in it, and how it is split."""

import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError, unknown
from emolib.plots import style
from emolib.plots.style import EMOTION_COLOURS, INK, QUIET

_PARTS = ("train", "validation", "test")


@style.closed_figure
def class_counts(dataset: FaceDataset, *, by: str, title: str = "") -> Figure:
    """Count the images of each emotion as bars.

    Parameters
    ----------
    dataset : FaceDataset
    by : str
        A column of ``dataset.meta`` with few values, such as ``"split"``; a shade
        each. Another name raises `ArgumentError`.
    title : str
    """
    meta = dataset.meta
    if by not in meta:
        raise ArgumentError(unknown("column of meta", by, meta.columns))
    order = [*EMOTIONS, *sorted(set(meta["emotion"]) - set(EMOTIONS))]
    figure, ax = style.panel(3.2, title)
    found = list(meta[by].dropna().unique())
    shades = [part for part in _PARTS if part in found]
    shades += [value for value in found if value not in _PARTS]
    sns.countplot(meta, y="emotion", order=order, hue=by, ax=ax, palette="crest",
                  hue_order=shades)  # fmt: skip
    sns.move_legend(ax, "upper center", bbox_to_anchor=(0.5, -0.22), title="", ncols=3)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set(xlabel="images", ylabel="")
    return figure


@style.closed_figure
def intensity_over_time(dataset: FaceDataset, *, title: str = "") -> Figure:
    """Draw how the intensity rises and falls within clips.

    Parameters
    ----------
    dataset : FaceDataset
        A source of clips, with intensities; others raise `ArgumentError`.
    title : str
    """
    meta = dataset.labelled().meta
    _check_known(dataset, "frame", "intensity")
    figure, ax = style.panel(3.3, title)
    sns.lineplot(
        meta, x="frame", y="intensity", hue="emotion", hue_order=EMOTIONS,
        palette=EMOTION_COLOURS, errorbar=("pi", 80), err_kws={"alpha": 0.08}, ax=ax,
    )  # fmt: skip
    ax.axhline(0.7, color=QUIET, lw=1, ls="--")
    ax.annotate(
        "apex frames above", (0.5, 0.7), (0, -4), xycoords=("axes fraction", "data"),
        textcoords="offset points", color=INK, fontsize=9, ha="center", va="top",
    )  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="frame of the clip", ylabel="intensity (0 to 1)", ylim=(0, 1.03))
    sns.move_legend(ax, "upper center", bbox_to_anchor=(0.5, -0.18), title="", ncols=3)
    return figure


def _check_known(dataset: FaceDataset, *columns: str) -> None:
    """Refuse a source that does not say what the figure shows."""
    meta = dataset.meta
    if unsaid := [one for one in columns if meta[one].isna().all()]:
        raise ArgumentError(
            f"{dataset.name!r} does not say the {' and '.join(unsaid)} of its images; "
            "this figure needs a source of clips, such as load('synthface')."
        )
