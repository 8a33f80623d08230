"""Figures on a page: vectors with the pixels of pictures inside, wherever IPython runs.

Lines and words stay sharp at any size, a face keeps each of its grey levels, and what
would be hundreds of shapes becomes pixels at twice the resolution of the page. Words
are outlines: a page cannot rely on the reader's fonts, and a word in another font runs
into its neighbours. What a figure says stands in its alt text, which can be searched.
"""

import base64
import io
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator
from contextlib import ExitStack

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

_PER_INCH = 110  # CSS pixels of the page; pictures have twice as many
_MANY = 500  # shapes of one artist that are still drawn as shapes
_LONG = 5_000  # points of a line that are still joined by one
_SHORTEST = 8  # letters of a line of a title
_GAP = 4  # pixels between two titles
_SMALL = 64 * 64  # pixels of a picture that is stored without loss
_OPTIONS = {
    "svg.fonttype": "path",
    "svg.hashsalt": "emolib",  # the same names in each run
    "image.composite_image": False,
}
_NO_DATE = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def show_as_svg() -> None:
    """Have Jupyter and Colab show every figure as `figure_svg` writes it.

    Where no IPython runs, nothing happens.
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return
    plt.switch_backend(matplotlib.get_backend())  # sets its own formats, but only once
    formatters = shell.display_formatter.formatters
    for formatter in formatters.values():
        formatter.pop(Figure, None)
    formatters["image/svg+xml"].for_type(Figure, figure_svg)


def figure_svg(figure: Figure) -> str:
    """Return a figure as SVG text, cropped to what is drawn.

    Titles that would leave the figure are broken into lines. Images that are shown
    enlarged keep their own pixels; others are reduced to two for each of the page.

    Parameters
    ----------
    figure : Figure
        Becomes 110 CSS pixels wide for each inch: 10 points are 15 pixels, a little
        less than the words of the page.
    """
    file = io.BytesIO()
    with ExitStack() as stack:
        stack.enter_context(plt.rc_context(_OPTIONS))
        for artist in figure.findobj(_is_crowded):
            stack.callback(artist.set_rasterized, artist.get_rasterized())
            artist.set_rasterized(True)
        _break_titles(figure, stack)
        for image in figure.findobj(_is_enlarged):
            stack.callback(image.set_interpolation, image.get_interpolation())
            image.set_interpolation("none")
        figure.savefig(file, format="svg", dpi=2 * _PER_INCH, bbox_inches="tight",
                       pad_inches=0.05, metadata=_NO_DATE)  # fmt: skip
    return _shortened(file.getvalue().decode("utf-8"))


def _is_crowded(artist: Artist) -> bool:
    """Whether an artist consists of so many shapes that pixels weigh less."""
    if isinstance(artist, Line2D):
        return len(artist.get_xydata()) > _LONG
    if not isinstance(artist, Collection):
        return False
    return max(len(artist.get_offsets()), len(artist.get_paths())) > _MANY


def _is_enlarged(artist: Artist) -> bool:
    """Whether an image has fewer pixels than the page could show of it."""
    if not isinstance(artist, AxesImage) or artist.get_array() is None:
        return False
    inches = artist.get_window_extent().width / artist.figure.dpi
    return artist.get_array().shape[1] <= 2 * _PER_INCH * inches


def _break_titles(figure: Figure, stack: ExitStack) -> None:
    """Break titles that leave the figure or touch a neighbour, until `stack` ends."""
    with warnings.catch_warnings(action="ignore"):  # of no room beside a long title
        figure.draw_without_rendering()  # places everything
    broken = False
    for title, room in _titles(figure):
        words = title.get_text()
        letters = max(map(len, words.splitlines()))
        while letters > _SHORTEST and title.get_window_extent().width > room:
            letters -= 1
            title.set_text(_in_lines(words, letters))
        if title.get_text() != words:
            count = title.get_text().count("\n")
            while (
                letters > _SHORTEST
                and _in_lines(words, letters - 1).count("\n") == count
            ):
                letters -= 1  # no last line of one word
            title.set_text(_in_lines(words, letters))
            stack.callback(title.set_text, words)
            broken = True
    if broken:
        figure.draw_without_rendering()


def _in_lines(words: str, letters: int) -> str:
    """Return a title in lines of at most `letters`, where its words allow it."""
    options = {"break_long_words": False, "break_on_hyphens": False}
    lines = [textwrap.fill(one, letters, **options) for one in words.splitlines()]
    return "\n".join(lines)


def _titles(figure: Figure) -> Iterator[tuple[Text, float]]:
    """Yield titles of the figure and captions of axes, each with its room in pixels."""
    for text in figure.texts:
        if text.get_text() and text.get_text() == figure.get_suptitle():
            yield text, figure.bbox.x1 - text.get_window_extent().x0
    for ax in figure.axes:
        left, middle = ax.get_title("left"), ax.get_title("center")
        for text in ax.get_children():
            words = text.get_text() if isinstance(text, Text) else ""
            if words and words == left:
                yield text, _right_of(ax) - text.get_window_extent().x0
            elif words and words == middle:
                yield text, _right_of(ax) - ax.get_window_extent().x0


def _right_of(ax: Axes) -> float:
    """Return the pixel where the axes to the right begin, or the figure ends."""
    place, width = ax.get_position(), ax.figure.bbox.width
    starts = [
        other.get_position().x0 * width - _GAP
        for other in ax.figure.axes
        if other.get_position().x0 >= place.x1 - 0.01
        and other.get_position().y1 >= place.y1 - 0.01
    ]
    return min([*starts, width])


def _shortened(svg: str) -> str:
    """Return matplotlib's SVG with its size in pixels, and without needless bytes."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(
        r'\b(width|height)="([\d.]+)pt"',
        lambda size: f'{size[1]}="{float(size[2]) / 72 * _PER_INCH:.1f}"',
        svg,
        count=2,
    )
    svg = re.sub(r"data:image/png;base64,([\w+/=\s]+)", _as_webp, svg)
    svg = svg.replace("xlink:href", "href")
    svg = svg.replace("DejaVuSans-Bold-", "B").replace("DejaVuSans-", "D")
    used = set(re.findall(r"#([\w-]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda one: one[0] * (one[1] in used), svg)
    places = r' d="[^"]*"|translate\([^)]*\)| [xy]="[^"]*"'
    svg = re.sub(places, lambda place: _rounded(place[0]), svg)
    svg = re.sub(r">\s+<", "><", svg)
    return re.sub(r"<g([^>]*)>((?:<use [^>]*/>)+)</g>", _styled_once, svg)


def _styled_once(group: re.Match) -> str:
    """Return a group of markers with the look that all share on the group."""
    looks = set(re.findall(r' style="[^"]*"', group[2]))
    if len(looks) != 1 or "style=" in group[1]:
        return group[0]
    (look,) = looks
    return f"<g{group[1]}{look}>{group[2].replace(look, '')}</g>"


def _rounded(place: str) -> str:
    """Return a path or a place with two decimals at most, and without blanks."""
    place = re.sub(r"\d+\.\d{3,}", lambda one: f"{float(one[0]):.2f}", place)
    if place.startswith(" d="):
        place = " d=" + re.sub(r"\s*([A-Za-z])\s*", r"\1", place[3:])
    return place


def _as_webp(picture: re.Match) -> str:
    """Return an embedded PNG as WebP, exactly where single pixels can be seen."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(picture[1]))) as image:
        pixels = np.asarray(image.convert("RGBA"))
    opaque = (pixels[..., 3] == 255).all()
    exact = pixels[..., 0].size <= _SMALL or not opaque
    image = Image.fromarray(pixels[..., :3] if opaque else pixels)
    image.save(file, "WEBP", lossless=exact, quality=100 if exact else 90, method=6)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return f"data:image/webp;base64,{data}"
