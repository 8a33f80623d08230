"""Figures of faces, and of what a network makes of them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emolib.datasets import FaceDataset
from emolib.emotions import EMOTIONS
from emolib.errors import ArgumentError
from emolib.faces.scale import check_scale
from emolib.plots import style
from emolib.plots.style import EMOTION_COLOURS
from emolib.results import percent

_CAPTION = 9  # points


@style.closed_figure
def contact_sheet(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    columns: int = 6,
    captions: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Show faces side by side.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
        At most 48, row by row.
    labels : ndarray of int, (n,), optional
        Classes 0 to 5 (-1: other), shown as caption and colour.
    columns : int, default 6
    captions : sequence of str, (n,), optional
        Captions to use instead.
    title : str

    Raises
    ------
    ValueError
        If there are no images, more than 48, images of another scale or form, or
        another number of labels or captions.
    """
    _check(images, 48, labels=labels, captions=captions)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    captioned = labels is not None or captions is not None
    side = max(0.72, min(1.2, style.WIDTH / columns))  # room for "happiness"
    height = (side + 0.2 * captioned) * rows + 0.4 * bool(title)
    figure, axes = style.panels(rows, columns, side * columns, height, title)
    for ax in axes.flat:
        ax.set_axis_off()
    for i, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        _show_face(ax, image)
        known = labels is not None and labels[i] >= 0
        name = EMOTIONS[labels[i]] if known else "other"
        if captioned:
            _caption(ax, name if captions is None else captions[i], pad=2)
        if known:
            colour = EMOTION_COLOURS[name]
            ax.plot([0, 1], [0, 0], transform=ax.transAxes, color=colour, lw=4)
    return figure


@style.closed_figure
def mean_faces(dataset: FaceDataset, *, title: str = "") -> Figure:
    """Show the average image of each emotion, and of how many.

    Parameters
    ----------
    dataset : FaceDataset
        As a rule the apex frames.
    title : str
    """
    figure, axes = style.panels(1, len(EMOTIONS), style.WIDTH, 1.5, title)
    for label, (ax, name) in enumerate(zip(axes[0], EMOTIONS, strict=True)):
        chosen = dataset.images[dataset.labels == label]
        _show_face(ax, chosen.mean(axis=0) if len(chosen) else np.full((64, 64), 255))
        _caption(ax, f"{name}\n{len(chosen):,}")
    return figure


@style.closed_figure
def filters(kernels: np.ndarray, *, title: str = "") -> Figure:
    """Show the kernels of a first convolution.

    Parameters
    ----------
    kernels : ndarray of float, (height, width, 1, filters)
        As Keras stores them (else `ArgumentError`); blue is negative, white zero, red
        positive.
    title : str
    """
    if np.ndim(kernels) != 4 or np.shape(kernels)[2] < 1:
        raise ArgumentError(
            "Kernels have the shape (height, width, 1, filters); the first weights of "
            f"a Conv2D layer have it. Received: {np.shape(kernels)}"
        )
    limit = float(np.abs(kernels).max()) or 1.0
    return _grid(np.asarray(kernels)[:, :, 0], title, "vlag", vmin=-limit, vmax=limit)


@style.closed_figure
def feature_maps(maps: np.ndarray, *, title: str = "") -> Figure:
    """Show what a layer makes of one image.

    Parameters
    ----------
    maps : ndarray of float, (height, width, channels)
        Each channel is scaled by itself, dark is low. Another shape raises
        `ArgumentError`.
    title : str
    """
    if np.ndim(maps) != 3 or 0 in np.shape(maps):
        raise ArgumentError(
            "Feature maps of one image have the shape (height, width, channels). "
            f"Received: {np.shape(maps)}"
        )
    return _grid(np.asarray(maps), title, "mako")


@style.closed_figure
def probabilities(
    images: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    maps: np.ndarray | None = None,
    unsure_below: float = 0.0,
    title: str = "",
) -> Figure:
    """Show faces beside their six probabilities.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
        At most 8 faces, one row each.
    probabilities : ndarray of float, (n, 6)
    labels : ndarray of int, (n,), optional
        The labelled emotion is set in bold.
    maps : ndarray of float, (n, 64, 64), optional
        Grad-CAM maps, drawn over a second copy of the face.
    unsure_below : float, default 0
        Smallest top probability that is an answer, drawn as a line.
    title : str

    Raises
    ------
    ValueError
        If there is no image, more than 8 of them, images of another scale or form, or
        another number of the rest.
    """
    _check(images, 8, probabilities=probabilities, labels=labels, maps=maps)
    ratios = [1, 2.2] if maps is None else [1, 1, 2.2]
    places = (len(images), len(ratios))
    face = (style.WIDTH - 1.1) / sum(ratios)
    size = (style.WIDTH, max(face, 1.2) * len(images) + 0.4)
    figure, axes = style.panels(*places, *size, title, width_ratios=ratios)
    for i, row in enumerate(axes):
        _show_face(row[0], images[i])
        if maps is not None:
            _show_face(row[1], images[i], maps[i])
        _bars(row[-1], probabilities[i], None if labels is None else int(labels[i]))
        if unsure_below:
            row[-1].axvline(unsure_below, color=style.QUIET, lw=1, ls="--")
    return figure


@style.closed_figure
def overlay(
    images: np.ndarray,
    maps: np.ndarray,
    *,
    captions: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Lay Grad-CAM maps over faces.

    Parameters
    ----------
    images : ndarray, uint8, (n, 64, 64)
        At most 8: the faces above, the same with their maps below.
    maps : ndarray of float, (n, 64, 64)
        0 to 1, as `emolib.explain.grad_cam` returns them; bright is high.
    captions : sequence of str, (n,), optional
    title : str

    Raises
    ------
    ValueError
        If there is no image, more than 8 of them, images of another scale or form, or
        another number of the rest.
    """
    _check(images, 8, maps=maps, captions=captions)
    side = max(0.72, min(1.15, style.WIDTH / len(images)))
    size = (side * len(images), 2 * side + 0.6)
    figure, axes = style.panels(2, len(images), *size, title)
    for i, image in enumerate(images):
        _show_face(axes[0, i], image)
        _show_face(axes[1, i], image, maps[i])
        if captions is not None:
            _caption(axes[0, i], captions[i])
    return figure


def _check(images: np.ndarray, most: int, **others: Sequence | None) -> None:
    """Refuse what does not fit on a figure, and what would be left out of it."""
    images = check_scale(images)
    if images.ndim != 3:
        raise ArgumentError(
            "A figure shows grey faces of shape (n, height, width). Received: "
            f"{images.shape}. For one image, give image[None]."
        )
    n = len(images)
    if not 0 < n <= most:
        raise ArgumentError(f"The figure shows 1 to {most} faces. Received: {n}")
    for name, given in others.items():
        if given is not None and len(given) != n:
            raise ArgumentError(
                f"{n} faces need as many {name}. Received: {len(given)}"
            )
        width = {"probabilities": (len(EMOTIONS),), "labels": ()}.get(name)
        if given is not None and width not in (None, np.shape(given)[1:]):
            raise ArgumentError(
                f"{name} must have the shape {(n, *width)}. Received: {np.shape(given)}"
            )


def _show_face(axes: Axes, image: np.ndarray, heat: np.ndarray | None = None) -> None:
    """Draw a face, with a Grad-CAM map over it if there is one."""
    grey = np.asarray(image, np.float32) / 255
    colours = np.repeat(grey[..., None], 3, axis=-1)  # (64, 64, 3)
    if heat is not None:
        glow = plt.get_cmap("inferno")(np.clip(heat, 0, 1))[..., :3]
        colours = 0.5 * colours + 0.5 * glow
    axes.imshow(np.clip(colours, 0, 1), interpolation="nearest")
    axes.set_axis_off()


def _caption(axes: Axes, text: str, **options) -> None:
    look = {"fontsize": _CAPTION, "weight": "normal", "loc": "center"}
    axes.set_title(text, **look, **options)


def _grid(planes: np.ndarray, title: str, colours: str, **limits: float) -> Figure:
    """Draw `planes` (height, width, n) in rows of eight."""
    count = planes.shape[-1]
    columns = min(8, count)
    rows = -(-count // columns)
    side = style.WIDTH / 8
    size = (side * max(columns, 4), side * rows + 0.4)
    figure, axes = style.panels(rows, columns, *size, title)
    limits |= {"cmap": sns.color_palette(colours, as_cmap=True)}
    for k, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if k < count:
            ax.imshow(planes[..., k], interpolation="nearest", **limits)
    return figure


def _bars(ax: Axes, shares: np.ndarray, label: int | None) -> None:
    places = range(len(EMOTIONS))
    ax.barh(places, shares, color=list(EMOTION_COLOURS.values()), height=0.75)
    for place, share in zip(places, shares, strict=True):
        ax.text(share + 0.015, place, percent(share), va="center", size=_CAPTION)
    labelled = [f"label: {n}" if k == label else n for k, n in enumerate(EMOTIONS)]
    ax.set_yticks(places, labelled, fontsize=_CAPTION)
    ax.set(xlim=(0, 1.25), ylim=(len(EMOTIONS) - 0.5, -0.5), xticks=[])
    ax.spines["bottom"].set_visible(False)
    if label is not None and label >= 0:
        ax.get_yticklabels()[label].set_weight("bold")
