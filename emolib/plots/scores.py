"""Figures of how well a network does: while it learns, and when it is measured."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from emolib.emotions import EMOTIONS
from emolib.evaluation import Evaluation
from emolib.plots import style
from emolib.plots.style import ACCENT, ALERT, CHANCE, INK, PAPER, QUIET
from emolib.results import percent

if TYPE_CHECKING:  # training imports TensorFlow
    from emolib.training.loop import History

_BELOW = {"loc": "outside lower right", "fontsize": 9}  # a legend that covers nothing


@style.closed_figure
def history(run: "History", *, title: str = "") -> Figure:
    """Draw loss and accuracy over the epochs.

    Parameters
    ----------
    run : History
        As `emolib.training.fit` returns it.
    title : str
    """
    frame = run.frame
    figure, axes = style.panels(1, 2, style.WIDTH, 2.7, title)
    for ax, quantity in zip(axes[0], ("loss", "accuracy"), strict=True):
        known, new = frame[quantity], frame[f"val_{quantity}"]
        ax.plot(frame["epoch"], known, "o-", color=QUIET, label="training", ms=3)
        ax.plot(frame["epoch"], new, "o-", color=ACCENT, label="validation", ms=3)
        if run.best_epoch:
            ax.axvline(run.best_epoch, color=ACCENT, lw=1, ls=":", label="weights kept")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(xlabel="epoch", ylabel=quantity)
    axes[0, 0].set_ylim(bottom=0)
    axes[0, 1].set_ylim(0, 1)
    axes[0, 1].axhline(CHANCE, color=QUIET, lw=1, ls="--", label="chance")
    style.in_percent(axes[0, 1].yaxis)
    handles = axes[0, 1].get_legend_handles_labels()
    figure.legend(*handles, **_BELOW, ncols=4, columnspacing=1)
    return figure


@style.closed_figure
def confusion(result: Evaluation, *, title: str = "") -> Figure:
    """Draw the confusion matrix, with counts and recalls.

    Parameters
    ----------
    result : Evaluation
        Rows are the labels, columns the answers; shares are of the row.
    title : str
    """
    counts = result.confusion
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cells = zip(counts.flat, share.flat, strict=True)
    text = np.array([f"{n:,}\n{percent(p)}" if n else "" for n, p in cells])
    figure, ax = style.panel(4.2, title)
    sns.heatmap(
        share, annot=text.reshape(share.shape), fmt="", vmin=0, vmax=1, cmap="Blues",
        square=True, linewidths=1, linecolor=PAPER, annot_kws={"fontsize": 9}, ax=ax,
        xticklabels=EMOTIONS, yticklabels=EMOTIONS, cbar=False,
    )  # fmt: skip
    ax.set(xlabel="the model says", ylabel="the label says (shares of its row)")
    ax.tick_params(axis="y", rotation=0)
    ax.tick_params(axis="x", rotation=30)
    return figure


@style.closed_figure
def intervals(
    table: pd.DataFrame,
    *,
    highlight: Sequence[str] = (),
    title: str = "",
) -> Figure:
    """Draw accuracies as dots with their 95 % intervals.

    Networks and baselines of the course have their own colours; rows of the same name
    are seeds, one dot each.

    Parameters
    ----------
    table : DataFrame
        Columns name, accuracy, low, high (else `ArgumentError`).
    highlight : sequence of str
        Names to draw in the warning colour.
    title : str
    """
    style.check_columns(table, "name", "accuracy", "low", "high")
    names = list(dict.fromkeys(table["name"]))
    figure, ax = style.panel(0.42 * len(names) + 1.4, title)
    for line, name in enumerate(names):
        rows = table[table["name"] == name]
        y = line + (np.arange(len(rows)) - (len(rows) - 1) / 2) * 0.2
        colour = ALERT if name in highlight else style.colour_of(name)
        ax.hlines(y, rows["low"], rows["high"], color=colour, lw=2, alpha=0.5)
        ax.plot(rows["accuracy"], y, "o", color=colour, ms=5)
        ax.annotate(
            percent(rows["accuracy"].mean()), (1.01, line), ha="left", va="center",
            xycoords=("axes fraction", "data"), annotation_clip=False,
        )  # fmt: skip
    dot = "one seed" if table["name"].duplicated().any() else "accuracy"
    ax.plot(
        [], [], "o-", color=QUIET, ms=5, label=f"{dot}, 95\N{NO-BREAK SPACE}% interval"
    )
    ax.axvline(CHANCE, color=QUIET, lw=1, ls="--", label="chance")
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xlabel="accuracy")
    ax.grid(axis="x")
    style.in_percent(ax.xaxis)
    figure.legend(**_BELOW, ncols=2)
    return figure


@style.closed_figure
def learning_curves(table: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw accuracy against the number of people learnt from.

    Parameters
    ----------
    table : DataFrame
        Columns name, people, accuracy: as `emolib.evaluation.learning_curve` returns
        them, with a name. Dots are seeds, the line joins their means.
    title : str

    Raises
    ------
    ValueError
        If there are more names than `series_styles` tells apart, or a column is
        missing.
    """
    style.check_columns(table, "name", "people", "accuracy")
    figure, ax = style.panel(3.4, title)
    for name, look in style.series_styles(table["name"]).items():
        rows = table[table["name"] == name]
        mean = rows.groupby("people")["accuracy"].mean()
        ax.plot(mean.index, mean, ms=6, label=name, **look)
        ax.plot(rows["people"], rows["accuracy"], ls="", ms=4, alpha=0.4, **look)
    if table.duplicated(["name", "people"]).any():
        ax.plot([], [], "o", color=INK, ms=4, alpha=0.4, label="one seed")
    people = sorted(table["people"].unique())
    ax.axhline(CHANCE, color=QUIET, lw=1, ls="--", label="chance")
    ax.set(xscale="log", ylim=(0, 1), ylabel="accuracy",
           xlabel="people to learn from (logarithmic)")  # fmt: skip
    ax.set_xticks(people, [str(one) for one in people])
    ax.minorticks_off()
    style.in_percent(ax.yaxis)
    figure.legend(**_BELOW, ncols=2)
    return figure
