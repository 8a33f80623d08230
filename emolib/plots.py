"""Every kind of figure in the book, in one style.

Each function returns a matplotlib ``Figure`` that is already closed, so that a
notebook shows it once, as the value of the cell. The title is an argument, because it
says what the figure shows. The background is opaque and nearly white: it can be read
on a light and on a dark page.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from emolib.datasets import FaceDataset
from emolib.datasets.splits import Split
from emolib.emotions import EMOTIONS, get_emotion
from emolib.evaluation import Evaluation

if TYPE_CHECKING:  # training imports TensorFlow
    from emolib.training.loop import History

PAPER, INK, QUIET, ACCENT, ALERT = "#fcfcfa", "#1f2328", "#8a8f98", "#23527c", "#b3402a"

_COLOURS = {name: get_emotion(name).colour for name in EMOTIONS}
_GREYS = 24  # levels of a face in a figure: hardly visible, and half the PNG
_CHANCE = 1 / len(EMOTIONS)

_STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "font.size": 10,
    "grid.color": "#e3e3df",
    "image.cmap": "gray",
    "legend.frameon": False,
    "lines.linewidth": 2,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def use_style() -> None:
    """Give figures drawn in a chapter itself the style of the book.

    Taught in chapter 2.
    """
    plt.rcParams.update(_STYLE)


def _figure(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw in the book's style and close the figure before it is returned."""

    @wraps(draw)
    def drawn(*args, **kwargs) -> Figure:
        with plt.rc_context(_STYLE):
            figure = draw(*args, **kwargs)
            interactive = plt.isinteractive()
        # The first figure loads a notebook's backend, which switches this on; without
        # it the notebook would show no figure drawn with bare matplotlib afterwards.
        matplotlib.interactive(interactive)
        plt.close(figure)
        return figure

    return drawn


def _panels(
    rows: int, columns: int, width: float, height: float, title: str, **options
) -> tuple[Figure, np.ndarray]:
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, height), layout="constrained", squeeze=False,
        **options,
    )  # fmt: skip
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure, axes


def _show_face(axes: Axes, image: np.ndarray, heat: np.ndarray | None = None) -> None:
    """Draw a face, with a Grad-CAM map over it if there is one; in few colours."""
    grey = (np.floor(np.asarray(image, np.float32) / 256 * _GREYS) + 0.5) / _GREYS
    colours = np.repeat(grey[..., None], 3, axis=-1)  # (64, 64, 3)
    if heat is not None:
        steps = np.round(np.clip(heat, 0, 1) * 6) / 6
        glow = plt.get_cmap("inferno")(steps)[..., :3]
        colours = 0.5 * np.round(colours * 12) / 12 + 0.5 * glow
    axes.imshow(np.clip(colours, 0, 1), interpolation="nearest")
    axes.set_axis_off()


def _percent(axis) -> None:
    axis.set_major_formatter(PercentFormatter(1, decimals=0))


# Chapter 2: the data


@_figure
def contact_sheet(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    columns: int = 6,
    captions: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Show faces side by side. Taught in chapter 2.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
        At most 48, row by row.
    labels : ndarray of int, (n,), optional
        Classes 0 to 5 (-1: other); each face gets its emotion as caption, in the
        emotion's colour.
    columns : int, default 6
    captions : sequence of str, optional
        Captions to use instead.
    title : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is no image, or more than 48 of them.
    """
    if not 0 < len(images) <= 48:
        raise ValueError(f"A contact sheet has 1 to 48 images. Received: {len(images)}")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    captioned = labels is not None or captions is not None
    side = 0.92 if len(images) <= 24 else 3.8 / len(images) ** 0.5  # bounds the PNG
    figure, axes = _panels(
        rows, columns, side * columns,
        (side + 0.2 * captioned) * rows + 0.4 * bool(title), title,
    )  # fmt: skip
    for ax in axes.flat:
        ax.set_axis_off()
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        _show_face(ax, image)
        known = labels is not None and labels[i] >= 0
        name = EMOTIONS[labels[i]] if known else "other"
        caption = captions[i] if captions is not None else name
        if captioned:
            ax.set_title(caption, fontsize=8, weight="normal", loc="center", pad=2)
        if known:
            ax.plot([0, 1], [0, 0], transform=ax.transAxes, color=_COLOURS[name], lw=4)
    return figure


@_figure
def class_counts(
    dataset: FaceDataset, *, by: str | None = None, title: str = ""
) -> Figure:
    """Count the images of each emotion as bars. Taught in chapter 2.

    Parameters
    ----------
    dataset : FaceDataset
    by : str, optional
        A column of ``dataset.meta`` with few values, such as ``"split"``: one shade
        for each of them.
    title : str
        What the figure shows.
    """
    meta = dataset.meta
    order = [*EMOTIONS, *sorted(set(meta["emotion"]) - set(EMOTIONS))]
    figure, axes = _panels(1, 1, 6.5, 3, "")
    ax = axes[0, 0]
    if by is None:
        counts = meta["emotion"].value_counts().reindex(order, fill_value=0)
        colours = [_COLOURS.get(name, QUIET) for name in order]
        bars = ax.bar(order, counts, color=colours)
        ax.bar_label(bars, fmt="{:,.0f}", fontsize=9)
    else:
        sns.countplot(
            meta, x="emotion", hue=by, order=order, ax=ax, palette="crest",
            hue_order=[k for k in ("train", "validation", "test") if k in set(meta[by])]
            or None,
        )  # fmt: skip
        ax.get_legend().set_title(by)
        sns.move_legend(ax, "upper left", bbox_to_anchor=(1, 1))
    ax.set(xlabel="", ylabel="images", title=title)
    return figure


@_figure
def intensity_over_time(dataset: FaceDataset, *, title: str = "") -> Figure:
    """Draw how the intensity rises and falls within clips. Taught in chapter 2.

    Parameters
    ----------
    dataset : FaceDataset
        A source of clips, with intensities.
    title : str
        What the figure shows.
    """
    meta = dataset.labelled().meta
    figure, axes = _panels(1, 1, 6.5, 3, "")
    ax = axes[0, 0]
    sns.lineplot(
        meta, x="frame", y="intensity", hue="emotion", hue_order=EMOTIONS,
        palette=_COLOURS, errorbar=("pi", 80), err_kws={"alpha": 0.08}, ax=ax,
    )  # fmt: skip
    ax.axhline(0.7, color=QUIET, lw=1, ls="--")
    ax.annotate(
        "apex frames above", (0, 0.7), (3, 3), xycoords=("axes fraction", "data"),
        textcoords="offset points", color=QUIET, fontsize=8,
    )  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="frame of the clip", ylabel="intensity (0 to 1)", ylim=(0, 1.03))
    ax.set_title(title)
    sns.move_legend(ax, "upper left", bbox_to_anchor=(1, 1), title="")
    return figure


@_figure
def mean_faces(dataset: FaceDataset, *, title: str = "") -> Figure:
    """Show the average image of each emotion. Taught in chapter 2.

    Parameters
    ----------
    dataset : FaceDataset
        As a rule the apex frames.
    title : str
        What the figure shows.
    """
    figure, axes = _panels(1, len(EMOTIONS), 7.2, 1.9, title)
    for label, (ax, name) in enumerate(zip(axes[0], EMOTIONS, strict=True)):
        chosen = dataset.images[dataset.labels == label]
        _show_face(ax, chosen.mean(axis=0) if len(chosen) else np.full((64, 64), 255))
        ax.set_title(f"{name}\n{len(chosen):,} images", fontsize=8, weight="normal",
                     loc="center")  # fmt: skip
    return figure


# Chapter 3: the network


@_figure
def filters(kernels: np.ndarray, *, columns: int = 8, title: str = "") -> Figure:
    """Show the kernels of a first convolution. Taught in chapter 3.

    Parameters
    ----------
    kernels : ndarray of float, (height, width, 1, filters)
        As Keras stores them; blue is negative, white zero, red positive.
    columns : int, default 8
    title : str
        What the figure shows.
    """
    limit = float(np.abs(kernels).max()) or 1.0
    return _grid(np.asarray(kernels)[:, :, 0], columns, title, "vlag", (-limit, limit))


@_figure
def feature_maps(maps: np.ndarray, *, columns: int = 8, title: str = "") -> Figure:
    """Show what a layer makes of one image. Taught in chapter 3.

    Parameters
    ----------
    maps : ndarray of float, (height, width, channels)
        Each channel is scaled by itself, dark is low.
    columns : int, default 8
    title : str
        What the figure shows.
    """
    return _grid(np.asarray(maps), columns, title, "mako", None)


def _grid(
    planes: np.ndarray,
    columns: int,
    title: str,
    cmap: str,
    limits: tuple[float, float] | None,
) -> Figure:
    count = planes.shape[-1]
    columns = min(columns, count)
    rows = -(-count // columns)
    figure, axes = _panels(rows, columns, 0.8 * columns, 0.8 * rows + 0.4, title)
    low, high = limits or (None, None)
    for ax in axes.flat:
        ax.set_axis_off()
    for k in range(count):
        plane = planes[..., k]
        axes.flat[k].imshow(
            plane, cmap=sns.color_palette(cmap, as_cmap=True), vmin=low, vmax=high,
            interpolation="nearest",
        )  # fmt: skip
    return figure


# Chapter 4: training


@_figure
def history(run: "History", *, title: str = "") -> Figure:
    """Draw loss and accuracy over the epochs. Taught in chapter 4.

    Parameters
    ----------
    run : History
        What `emolib.training.fit` returned.
    title : str
        What the figure shows.
    """
    frame = run.frame
    figure, axes = _panels(1, 2, 7.2, 3, title)
    for ax, quantity in zip(axes[0], ("loss", "accuracy"), strict=True):
        ax.plot(frame["epoch"], frame[quantity], color=QUIET, label="training",
                marker="o", ms=3)  # fmt: skip
        ax.plot(frame["epoch"], frame[f"val_{quantity}"], color=ACCENT,
                label="validation", marker="o", ms=3)  # fmt: skip
        if run.best_epoch:
            ax.axvline(run.best_epoch, color=ACCENT, lw=1, ls=":", label="weights kept")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(xlabel="epoch", ylabel=quantity)
    axes[0, 0].set_ylim(bottom=0)
    axes[0, 1].set_ylim(0, 1)
    axes[0, 1].axhline(_CHANCE, color=QUIET, lw=1, ls="--", label="chance")
    _percent(axes[0, 1].yaxis)
    handles = axes[0, 1].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower right", ncols=4, fontsize=8)
    return figure


# Chapter 5: evaluation


@_figure
def confusion(result: Evaluation, *, title: str = "") -> Figure:
    """Draw the confusion matrix, with counts and recalls. Taught in chapter 5.

    Parameters
    ----------
    result : Evaluation
        Rows are the labels, columns the answers; the colour and the percentage are
        shares of the row.
    title : str
        What the figure shows.
    """
    counts = result.confusion
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    text = [
        [f"{n:,}\n{p:.0%}" if n else "" for n, p in zip(row, part, strict=True)]
        for row, part in zip(counts, share, strict=True)
    ]
    figure, axes = _panels(1, 1, 6.2, 5, "")
    ax = axes[0, 0]
    sns.heatmap(
        share, annot=np.array(text), fmt="", vmin=0, vmax=1, cmap="Blues", ax=ax,
        square=True, linewidths=1, linecolor=PAPER, annot_kws={"fontsize": 9},
        xticklabels=EMOTIONS, yticklabels=EMOTIONS,
        cbar_kws={"label": "share of the row", "format": PercentFormatter(1)},
    )  # fmt: skip
    ax.set(xlabel="the model says", ylabel="the label says", title=title)
    ax.tick_params(axis="y", rotation=0)
    ax.tick_params(axis="x", rotation=30)
    return figure


@_figure
def intervals(
    table: pd.DataFrame,
    *,
    highlight: Sequence[str] = (),
    target: float | None = None,
    title: str = "",
) -> Figure:
    """Draw accuracies as dots with their 95 % intervals. Taught in chapter 5.

    Also the figure of the four splits, with the leaky ones highlighted.

    Parameters
    ----------
    table : DataFrame
        Columns name, accuracy, low, high. Rows of the same name (seeds) share a line;
        the first row of each name decides the order, from the top.
    highlight : sequence of str
        Names to draw in the warning colour.
    target : float, optional
        A figure from elsewhere to mark, 0 to 1.
    title : str
        What the figure shows.
    """
    names = list(dict.fromkeys(table["name"]))
    figure, axes = _panels(1, 1, 7, 0.42 * len(names) + 1.1, "")
    ax = axes[0, 0]
    for line, name in enumerate(names):
        rows = table[table["name"] == name]
        offsets = (np.arange(len(rows)) - (len(rows) - 1) / 2) * 0.2
        colour = ALERT if name in highlight else ACCENT
        y = line + offsets
        ax.hlines(y, rows["low"], rows["high"], color=colour, lw=2, alpha=0.5)
        ax.plot(rows["accuracy"], y, "o", color=colour, ms=5)
        ax.annotate(
            f"{rows['accuracy'].mean():.0%}", (1.01, line), ha="left", va="center",
            xycoords=("axes fraction", "data"), annotation_clip=False,
        )  # fmt: skip
    ax.axvline(_CHANCE, color=QUIET, lw=1, ls="--", label="chance")
    if target is not None:
        ax.axvline(target, color=INK, lw=1, ls=":", label=f"the deck's {target:.0%}")
    ax.set_yticks(range(len(names)), names)
    ax.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xlabel="accuracy", title=title)
    ax.grid(axis="x")
    _percent(ax.xaxis)
    ax.legend(fontsize=8, loc="lower left", bbox_to_anchor=(_CHANCE + 0.01, 0))
    return figure


@_figure
def reliability_diagram(table: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw observed against claimed accuracy, and how often each was claimed.

    Taught in chapter 5.

    Parameters
    ----------
    table : DataFrame
        What `emolib.evaluation.reliability` returned: one dot per bin, with the 95 %
        interval of its accuracy. Below the diagonal the model claims too much.
    title : str
        What the figure shows.
    """
    figure, axes = _panels(2, 1, 4.6, 4.8, title, height_ratios=(4, 1), sharex=True)
    ax, counts = axes[:, 0]
    ax.plot([0, 1], [0, 1], color=QUIET, lw=1, ls="--", label="as claimed")
    ax.vlines(table["confidence"], table["low"], table["high"], color=ACCENT, lw=2,
              alpha=0.4)  # fmt: skip
    ax.vlines(table["confidence"], table["confidence"], table["accuracy"],
              color=ALERT, lw=1, ls=":", label="gap")  # fmt: skip
    ax.plot(table["confidence"], table["accuracy"], "o", color=ACCENT, ms=5,
            label="accuracy, 95 % interval")  # fmt: skip
    ax.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy")
    figure.legend(loc="outside lower right", ncols=3, fontsize=8)
    middles = [one.mid for one in table["bin"]]
    widths = [0.9 * one.length for one in table["bin"]]
    counts.bar(middles, table["n"], widths, color=QUIET)
    counts.set(xlabel="top probability (the model's claim)", ylabel="images")
    for axis in (ax.xaxis, ax.yaxis, counts.xaxis):
        _percent(axis)
    return figure


@_figure
def learning_curves(table: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw accuracy against the number of people learnt from. Taught in chapter 5.

    Parameters
    ----------
    table : DataFrame
        Columns name, people, accuracy: as `emolib.evaluation.learning_curve` returns
        them, with a name. Dots are seeds, the line joins their means.
    title : str
        What the figure shows.
    """
    figure, axes = _panels(1, 1, 6.5, 3.2, "")
    ax = axes[0, 0]
    names = list(dict.fromkeys(table["name"]))
    for name, colour, marker in zip(names, (ACCENT, ALERT, INK, QUIET), "osD^"):  # noqa: B905
        rows = table[table["name"] == name]
        mean = rows.groupby("people")["accuracy"].mean()
        ax.plot(mean.index, mean, color=colour, marker=marker, ms=6, label=name)
        ax.plot(rows["people"], rows["accuracy"], marker, color=colour, ms=4, alpha=0.4)
    people = sorted(table["people"].unique())
    ax.axhline(_CHANCE, color=QUIET, lw=1, ls="--", label="chance")
    ax.set(xscale="log", ylim=(0, 1), ylabel="accuracy", title=title)
    ax.set(xlabel="people to learn from (logarithmic)")
    ax.set_xticks(people, [str(one) for one in people])
    ax.minorticks_off()
    _percent(ax.yaxis)
    figure.legend(loc="outside lower right", ncols=4, fontsize=8)
    return figure


@_figure
def split_map(
    dataset: FaceDataset,
    splits: Sequence[Split],
    *,
    subjects: int = 6,
    title: str = "",
) -> Figure:
    """Show which frames a split trains on and which it tests on. Taught in chapter 5.

    Parameters
    ----------
    dataset : FaceDataset
        A source of clips.
    splits : sequence of Split
        One panel each.
    subjects : int, default 6
        How many people to show, a band each; the last split tests on the last of
        them and validates on the one before. Inside a band a column is a clip and a
        row a frame.
    title : str
        What the figure shows.
    """
    meta = dataset.meta
    last = (splits[-1].train, splits[-1].validation, splits[-1].test)
    train, validation, test = (meta["subject"].iloc[part].unique() for part in last)
    people = [*train[: max(subjects - 2, 1)], *validation[:1], *test[:1]]
    colours = {"train": ACCENT, "validation": "#9db8cf", "test": "#E69F00"}
    figure, axes = _panels(len(splits), 1, 7.2, 1.15 * len(splits) + 0.5, title)
    for ax, split in zip(axes[:, 0], splits, strict=True):
        part = np.full(len(dataset), 3)
        for k, name in enumerate(colours):
            part[getattr(split, name)] = k
        bands = []
        for person in people:
            rows = meta[meta["subject"] == person]
            clips = pd.factorize(rows["clip"])[0]
            frames = pd.factorize(rows["frame"], sort=True)[0]
            band = np.full((frames.max() + 1, clips.max() + 2), 4)
            band[frames, clips] = part[rows.index]
            bands.append(band[:, :-1] if person == people[-1] else band)
        palette = [*colours.values(), "#e3e3df", PAPER]
        shades = np.array([plt.matplotlib.colors.to_rgb(one) for one in palette])
        height = max(len(band) for band in bands)
        bands = [np.pad(b, ((0, height - len(b)), (0, 0)), constant_values=4)
                 for b in bands]  # fmt: skip
        ax.imshow(shades[np.hstack(bands)], aspect="auto", interpolation="nearest")
        ax.set_axis_off()
        ax.set_title(split.name, fontsize=9, weight="normal")
    handles = [plt.Rectangle((0, 0), 1, 1, color=colour) for colour in colours.values()]
    figure.legend(handles, colours, loc="outside lower right", ncols=3, fontsize=8)
    return figure


# Chapter 6: predictions


@_figure
def probabilities(
    images: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    maps: np.ndarray | None = None,
    title: str = "",
) -> Figure:
    """Show faces beside their six probabilities. Taught in chapter 6.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
        At most 8 faces, one row each.
    probabilities : ndarray of float, (n, 6)
    labels : ndarray of int, (n,), optional
        The labelled emotion is set in bold.
    maps : ndarray of float, (n, 64, 64), optional
        Grad-CAM maps, drawn over a second copy of the face.
    title : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is no image, or more than 8 of them.
    """
    if not 0 < len(images) <= 8:
        raise ValueError(f"Show 1 to 8 faces at a time. Received: {len(images)}")
    ratios = [1, 2.2] if maps is None else [1, 1, 2.2]
    figure, axes = _panels(
        len(images), len(ratios), 1.55 * sum(ratios) + 1, 1.5 * len(images) + 0.4,
        title, width_ratios=ratios,
    )  # fmt: skip
    for i, row in enumerate(axes):
        _show_face(row[0], images[i])
        if maps is not None:
            _show_face(row[1], images[i], maps[i])
        _bars(row[-1], probabilities[i], None if labels is None else int(labels[i]))
    return figure


def _bars(ax: Axes, shares: np.ndarray, label: int | None) -> None:
    places = np.arange(len(EMOTIONS))
    ax.barh(places, shares, color=list(_COLOURS.values()), height=0.75)
    for place, share in zip(places, shares, strict=True):
        ax.text(min(share, 0.86) + 0.015, place, f"{share:.0%}", va="center", size=8)
    labelled = [f"label: {n}" if k == label else n for k, n in enumerate(EMOTIONS)]
    ax.set_yticks(places, labelled, fontsize=9)
    ax.set(xlim=(0, 1), ylim=(len(EMOTIONS) - 0.5, -0.5))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    if label is not None and label >= 0:
        ax.get_yticklabels()[label].set_weight("bold")


@_figure
def overlay(
    images: np.ndarray,
    maps: np.ndarray,
    *,
    captions: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Lay Grad-CAM maps over faces. Taught in chapter 6.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
        At most 8: the faces above, the same with their maps below.
    maps : ndarray of float, (n, 64, 64)
        0 to 1, as `emolib.explain.grad_cam` returns them; bright is high.
    captions : sequence of str, optional
    title : str
        What the figure shows.

    Raises
    ------
    ValueError
        If there is no image, or more than 8 of them.
    """
    if not 0 < len(images) <= 8:
        raise ValueError(f"Show 1 to 8 faces at a time. Received: {len(images)}")
    figure, axes = _panels(2, len(images), 1.15 * len(images), 2.9, title)
    for i in range(len(images)):
        _show_face(axes[0, i], images[i])
        _show_face(axes[1, i], images[i], maps[i])
        if captions is not None:
            axes[0, i].set_title(captions[i], fontsize=8, weight="normal", loc="center")
    return figure
