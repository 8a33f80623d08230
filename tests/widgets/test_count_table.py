"""A table of counts: its cells open by events, and in a browser by mouse and keys."""

import json

import numpy as np
import pytest

pytest.importorskip("anywidget")
from emolib.widgets.count_table import CountTable

NAMES = ["anger", "disgust", "fear"]
COUNTS = np.array([[7, 2, 1], [0, 9, 1], [4, 0, 6]])


@pytest.fixture
def table():
    opened = []
    made = CountTable(
        NAMES, "Faces by label and answer", "label", "called", opened.append
    )
    made.show(COUNTS, (2, 0))
    made.heard = opened
    return made


def test_a_cell_that_opens_is_heard(table):
    table._handle_custom_msg({"cell": [0, 2]}, [])
    assert table.heard == [(0, 2)]


@pytest.mark.parametrize("message", [{"cell": [0, 3]}, {"cell": [-1, 0]}, {}])
def test_what_is_no_cell_is_nothing(table, message):
    table._handle_custom_msg(message, [])
    assert table.heard == []


def in_browser(show, table):
    names = ("names", "about", "corner", "between", "counts", "opened")
    state = {name: getattr(table, name) for name in names}
    return show("count_table.js", **json.loads(json.dumps(state)))


def test_in_a_browser_cells_say_what_they_count(show, table):
    page = in_browser(show, table)
    cell = page.get_by_role("button", name="fear called anger: 4", exact=True)
    assert cell.inner_text() == "4"
    assert cell.get_attribute("aria-pressed") == "true"
    never = page.get_by_role("button", name="disgust called anger: 0", exact=True)
    assert (never.inner_text(), never.get_attribute("aria-pressed")) == ("", "false")
    assert page.get_by_role("table").get_attribute("aria-label") == table.about
    assert page.get_by_role("rowheader").all_inner_texts() == NAMES
    never.click()
    assert page.evaluate("sent") == [{"cell": [1, 0]}]


def test_in_a_browser_tab_reaches_one_cell_and_arrows_the_others(show, table):
    page = in_browser(show, table)
    stops = page.locator("button").evaluate_all(
        "all => all.filter((one) => one.tabIndex === 0).map((one) => one.ariaLabel)"
    )
    assert stops == ["fear called anger: 4"]
    page.keyboard.press("Tab")
    for key in ("ArrowRight", "ArrowUp", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.ariaLabel") == "disgust called fear: 1"
    assert page.evaluate("sent") == [{"cell": [1, 2]}]


def test_in_a_browser_keys_do_not_reach_the_notebook(show, table):
    page = in_browser(show, table)
    page.evaluate(
        "() => { window.keys = []; onkeydown = (event) => { keys.push(event.key); }; }"
    )
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("a")
    assert page.evaluate("keys") == ["Tab", "a"]


def test_in_a_browser_what_python_shows_is_shown(show, table):
    page = in_browser(show, table)
    page.evaluate('model.set("counts", [[1, 0, 0], [0, 1, 0], [0, 5, 1]])')
    page.evaluate('model.set("opened", [2, 1])')
    cell = page.get_by_role("button", name="fear called disgust: 5", exact=True)
    assert cell.get_attribute("aria-pressed") == "true"
    assert page.locator("[aria-pressed=true]").count() == 1
    page.evaluate("leave()")
    page.evaluate('model.set("opened", [0, 0])')  # nobody listens
