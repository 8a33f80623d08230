"""The box of "Into the browser": it reads the faces, and says how far it is off."""

import numpy as np
import pytest

CHAPTER = "into-the-browser"


@pytest.fixture(params=["http", "file"])
def opened(request, visitor, explorables_page, explorables_address):
    """Give the chapter's box over http:// and over file://, on a phone."""
    over_http = request.param == "http"
    folder = explorables_page(CHAPTER)
    address = explorables_address(CHAPTER) if over_http else folder.as_uri()
    page = visitor(address if over_http else f"{address}/index.html", 390)
    page.wait_for_selector(".explorable button")
    return page


def test_nothing_is_loaded_before_it_is_asked_for(opened):
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


@pytest.mark.parametrize("opened", ["http"], indirect=True)
def test_a_network_that_does_not_come_is_told_and_can_be_asked_for_again(
    opened, visitor
):
    opened.route("**/networks/synthface.js", lambda route: route.abort())
    opened.locator(".explorable button").press("Enter")
    status = opened.locator(".explorable [role=status]")
    status.filter(has_text="It did not run").wait_for()
    assert "press the button again" in status.inner_text()
    assert opened.locator(".explorable button").is_enabled()
    visitor.faults.clear()  # the browser says that it was refused
