"""Rendering needs numba, and the labs anywidget: without them there is nothing here."""

import base64
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WIDGETS = ROOT / "emolib" / "widgets"


@pytest.fixture
def walk():
    """Give a function that yields a widget and all within it."""

    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    return walk


@pytest.fixture(scope="module")
def page():
    """Give a page of nothing, in which a script can be tried."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from headless import find_browser, started_browser

    program = find_browser()
    if program is None:
        pytest.skip("needs Chromium or Chrome")
    with started_browser(program) as browser:
        yield browser.new_page()


#: Shows a widget with a model that keeps what it is told, as `window.model`.
SHOW = """async ({ script, state }) => {
  document.body.innerHTML = "";
  const heard = {};
  window.saved = [];
  window.sent = [];
  window.tell = (message, files = []) =>
    heard["msg:custom"].forEach((listen) => listen(message, files));
  window.model = {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      heard[`change:${name}`]?.forEach((listen) => listen());
    },
    save_changes: () => saved.push(structuredClone(state)),
    on: (event, listen) => (heard[event] ??= []).push(listen),
    send: (message) => sent.push(message),
    off: (event) => delete heard[event],
  };
  const url = "data:text/javascript;base64," + script;
  const { default: widget } = await import(url);
  const el = document.createElement("main");
  document.body.append(el);
  window.leave = widget.render({ model, el });
}"""


@pytest.fixture
def show(page):
    """Give a function that shows a widget of a script in the page.

    What it tells Python is in `window.saved` (its state) and `window.sent` (its
    messages); `window.tell` is a message of Python's to it.
    """

    def show(name, **state):
        script = base64.b64encode((WIDGETS / name).read_bytes()).decode()
        page.evaluate(SHOW, {"script": script, "state": state})
        return page

    return show
