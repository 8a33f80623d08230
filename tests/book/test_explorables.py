"""Explorables, all of them: for everybody, and the figure where they cannot be."""

import json
import shutil

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from headless import served
from project_inputs import PROJECT

CHAPTERS = sorted(
    path.stem
    for path in (PROJECT / "book").glob("part-*/*.ipynb")
    if any(
        "explorable(" in cell.source for cell in nbformat.read(path, as_version=4).cells
    )
)
AUDIT = """() => axe.run(document, { preload: false, resultTypes: ["violations"] })
  .then(({ violations }) => violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.map((one) => one.target.join(" "))]))"""
#: Buttons and fields that a finger misses.
SMALL = """() => [...document.querySelectorAll(".explorable *")]
  .filter((one) => one.matches("button, select, input"))
  .filter((one) => one.checkVisibility())
  .map((one) => [one.ariaLabel ?? one.innerText, one.getBoundingClientRect()])
  .filter(([, { width, height }]) => width < 44 || height < 44)
  .map(([words]) => words)"""
#: The size of the smallest letters, in pixels.
LETTERS = """() => {
  const scale = (one) => one instanceof SVGTextElement
    ? Math.hypot(one.getScreenCTM().a, one.getScreenCTM().b) : 1;
  return Math.min(...[...document.querySelectorAll(".explorable *")]
    .filter((one) => one.checkVisibility() &&
      [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((one) => parseFloat(getComputedStyle(one).fontSize) * scale(one)));
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_they_keep_nobody_out(visitor, explorables_address, chapter, width, theme):
    page = visitor(explorables_address(chapter), width, color_scheme=theme)
    page.evaluate(Axe().axe_script)
    assert page.evaluate(AUDIT) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(LETTERS) >= 9
    if width < 500:
        assert page.evaluate(SMALL) == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_where_scripts_are_off_the_figures_stay(visitor, explorables_address, chapter):
    page = visitor(explorables_address(chapter), java_script_enabled=False)
    figures = page.locator(".cell_output :is(img, svg)").all()
    assert len(figures) >= page.locator(".explorable").count() > 0
    assert all(one.is_visible() for one in figures)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_they_take_the_place_of_the_figure_on_the_screen_alone(
    visitor, explorables_address, chapter
):
    page = visitor(explorables_address(chapter))
    still = page.locator(".explorable-still")
    assert still.count() == page.locator(".explorable").count()
    assert not any(one.is_visible() for one in still.all())
    page.emulate_media(media="print")
    assert all(one.is_visible() for one in still.all())
    assert not any(one.is_visible() for one in page.locator(".explorable").all())


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_where_data_are_broken_the_figure_stays(
    visitor, explorables_page, chapter, tmp_path
):
    shutil.copytree(explorables_page(chapter), tmp_path / "html")
    index = tmp_path / "html" / "index.html"
    start = '<script type="application/json">'
    first, *pieces = index.read_text("utf-8").split(start)
    broken = []
    for piece in pieces:
        json.loads(piece.partition("</script>")[0])
        broken.append("{}</script>" + piece.partition("</script>")[2])
    index.write_text(start.join([first, *broken]), "utf-8")
    with served(tmp_path / "html") as address:
        page = visitor(f"{address}/index.html")
        assert page.locator(".explorable-still").count() == 0
        figures = page.locator(".cell_output :is(img, svg)").all()
        assert len(figures) >= len(broken)
        assert all(one.is_visible() for one in figures)
        page.close()
    assert len(visitor.faults) == len(broken)  # each is said on the console
    visitor.faults.clear()
