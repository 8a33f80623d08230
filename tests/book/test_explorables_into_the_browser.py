"""The box of "Into the browser": it reads the faces, and says how far it is off."""

import nbformat
import numpy as np
import pytest
from headless import served
from project_inputs import PROJECT

CHAPTER = PROJECT / "book" / "part-2-beyond" / "into-the-browser.ipynb"


@pytest.fixture(scope="module")
def built(build_page):
    """Build the cell of the box, with its stored output, as a page of its own."""
    cells = nbformat.read(CHAPTER, as_version=4).cells
    (cell,) = (
        one
        for one in cells
        if one.cell_type == "code" and "plots.explorable(" in one.source
    )
    title = nbformat.v4.new_markdown_cell("# A box")
    return build_page(nbformat.v4.new_notebook(cells=[title, cell]))


@pytest.fixture(params=["http", "file"])
def opened(request, browser, built):
    """Give the page over http:// and over file://; it stays without an error."""
    faults, foreign = [], []
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    with served(built) as address:
        start = address if request.param == "http" else built.as_uri()

        def note(asked):
            if not asked.url.startswith((start, "data:", "blob:")):
                foreign.append(asked.url)

        page.on("request", note)
        page.goto(f"{start}/index.html")
        page.wait_for_selector(".explorable button")
        yield page
    page.context.close()
    assert not [one for one in faults if "THEBE" not in one and "theme mode" not in one]
    assert not foreign


def test_the_figure_makes_room_and_nothing_is_loaded_before_it_is_asked_for(opened):
    assert opened.locator(".explorable-still").count() == 1
    assert not opened.locator(".explorable-still").is_visible()
    assert opened.evaluate("lab.openNetwork") is None
    assert "kB" in opened.locator(".explorable button").inner_text()


def test_the_box_reads_and_is_within_what_is_allowed(opened):
    opened.locator(".explorable button").press("Enter")
    status = opened.locator(".explorable [role=status]")
    status.filter(has_text="A reading takes").wait_for(timeout=60_000)
    words = status.inner_text()
    assert words.startswith("Within what is allowed."), words
    captions = opened.locator(".explorable figcaption")
    assert captions.count() == 4
    for caption in captions.all():
        theirs, ours = caption.inner_text().splitlines()
        name, share = theirs.removeprefix("Python: ").split(" ", 1)
        other, found = ours.removeprefix("here: ").split(" ", 1)
        assert name == other
        shares = [float(one.rstrip("\N{NO-BREAK SPACE}%")) for one in (share, found)]
        assert np.isclose(*shares, atol=0.1)
    dots = opened.locator(".explorable svg circle.full-accent").count()
    assert dots == opened.locator(".explorable svg circle.full-quiet").count() > 20


def test_it_fits_a_phone(opened):
    opened.locator(".explorable button").press("Enter")
    wide = opened.evaluate("document.querySelector('.explorable').scrollWidth")
    assert wide <= opened.evaluate("document.querySelector('.explorable').clientWidth")
    assert opened.locator(".explorable button").bounding_box()["height"] >= 44


@pytest.mark.parametrize("opened", ["http"], indirect=True)
def test_a_network_that_does_not_come_is_told_and_can_be_asked_for_again(opened):
    opened.route("**/networks/synthface.js", lambda route: route.abort())
    opened.locator(".explorable button").press("Enter")
    status = opened.locator(".explorable [role=status]")
    status.filter(has_text="It did not run").wait_for()
    assert "press the button again" in status.inner_text()
    assert opened.locator(".explorable button").is_enabled()
