"""Figures as SVG: sharp lines, all grey levels of faces, words that fit."""

import base64
import io
import re
from contextlib import ExitStack

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from emolib import plots
from emolib.plots.display import _break_titles, figure_svg

EMBEDDED = re.compile(r'href="data:image/webp;base64,([^"]+)"')


def pictures(svg: str) -> list[Image.Image]:
    """Return the pictures inside a figure."""
    found = EMBEDDED.findall(svg)
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in found]


@pytest.fixture
def panel():
    """A small figure and its axes, closed."""
    figure, ax = plt.subplots(figsize=(2, 2), layout="constrained")
    plt.close(figure)
    return figure, ax


def test_bars_are_shapes_and_110_pixels_an_inch(panel):
    figure, ax = panel
    ax.bar([1, 2], [3, 4])
    svg = figure_svg(figure)
    assert svg.startswith("<svg")
    assert "<image" not in svg
    assert 210 < float(re.search(r'width="([\d.]+)"', svg)[1]) < 235
    assert "2020" not in svg  # no date
    assert svg == figure_svg(figure)


def test_a_face_keeps_each_of_its_pixels():
    face = np.random.default_rng(0).integers(0, 256, (1, 64, 64), dtype=np.uint8)
    (shown,) = pictures(figure_svg(plots.contact_sheet(face)))
    assert np.array_equal(np.asarray(shown.convert("L")), face[0])


def test_a_photograph_is_reduced_to_two_pixels_for_each_of_the_page(panel):
    figure, ax = panel
    ax.imshow(np.random.default_rng(0).random((900, 900, 3)))
    (shown,) = pictures(figure_svg(figure))
    assert 200 < max(shown.size) <= 400


def test_many_points_become_pixels_and_few_stay_shapes(panel):
    figure, ax = panel
    few = ax.scatter(*np.random.default_rng(0).random((2, 400)))
    assert pictures(figure_svg(figure)) == []
    few.remove()
    many = ax.scatter(*np.random.default_rng(0).random((2, 600)))
    assert len(pictures(figure_svg(figure))) == 1
    assert not many.get_rasterized()  # as it was


def test_captions_of_neighbours_do_not_touch(tiny):
    captions = ["happiness 12 %", "surprise 11 %", *"abcd"]
    figure = plots.contact_sheet(tiny.images[:6], captions=captions)
    with ExitStack() as stack:
        _break_titles(figure, stack)
        first, second = (ax.title.get_window_extent() for ax in figure.axes[:2])
        assert first.x1 < second.x0
        assert figure.axes[0].get_title() == "happiness\n12 %"


def test_markers_tell_their_look_once(panel):
    figure, ax = panel
    ax.plot(range(300), "o", color="#123456", mec="#654321")
    svg = figure_svg(figure)
    assert svg.count("<use") > 300
    assert svg.count("#123456") < 5


@pytest.mark.parametrize("where", ["figure", "axes"])
def test_a_title_that_leaves_the_figure_is_broken_into_lines(panel, where):
    figure, ax = panel
    words = "One finding that needs more room than two inches have"
    if where == "figure":
        title = figure.suptitle(words, x=0.01, ha="left")
    else:
        title = ax.set_title(words, loc="left")
    svg = figure_svg(figure)
    assert float(re.search(r'width="([\d.]+)"', svg)[1]) < 235
    assert title.get_text() == words


def test_a_title_stops_at_its_neighbour_and_its_lines_are_even():
    figure, axes = plt.subplots(1, 2, figsize=(4, 2), layout="constrained")
    plt.close(figure)
    words = "one title of some length here"  # fits the figure, not its half
    titles = [ax.set_title(words, loc="left") for ax in axes]
    with ExitStack() as stack:
        _break_titles(figure, stack)
        lines = [title.get_text().splitlines() for title in titles]
        assert titles[0].get_window_extent().x1 < axes[1].get_window_extent().x0
    assert lines[0] == ["one title of", "some length here"]
    assert [title.get_text() for title in titles] == [words, words]


def test_notebooks_show_svg_alone_for_figures_of_ours_and_bare_ones():
    code = (
        "from emolib import plots\nplots.use_style()",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",  # no plt.show()
        "import numpy as np\nplots.filters(np.ones((3, 3, 1, 2)))",
        "plt.bar([1], [2])\nplt.show()",
    )
    cells = [nbformat.v4.new_code_cell(one) for one in code]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    for cell in notebook.cells[1:]:
        (output,) = cell.outputs
        assert "image/svg+xml" in output.data
        assert "image/png" not in output.data
