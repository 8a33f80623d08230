"""What the tests of the labs share: events as a browser sends them."""

import base64
import os
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
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
        assert not os.environ.get("EMOLIB_REQUIRE_BROWSER"), "there is no browser"
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
    send: (message, _, files) => sent.push({ ...message, ...(files && { files }) }),
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


@pytest.fixture
def move():
    """Give a function that moves sliders of a panel as a browser does."""

    def move(panel, settled=True, **values):
        (moved, *_) = values
        told = {"values": panel.values | values, "moved": moved, "settled": settled}
        panel.set_state(told)

    return move


@pytest.fixture
def press():
    """Give a function that presses a picture of a row as a browser does."""

    def press(row, place):
        row._handle_custom_msg({"pressed": place, "number": row._number}, [])

    return press


@pytest.fixture
def give():
    """Give a function that hands a file to a `FileUpload` of either ipywidgets."""

    def give(upload, name, content):
        about = {"name": name, "type": "", "size": len(content)}
        if isinstance(upload.value, dict):
            upload.metadata, upload.data = [about | {"lastModified": 0}], [content]
            upload._counter += 1
        else:
            upload.value = (
                about | {"content": content, "last_modified": datetime(2026, 1, 1)},
            )

    return give


@pytest.fixture(scope="session")
def random_face():
    """Give a function that draws a face with all set that the controls can set."""
    from emolib.synthesis import lab_controls
    from emolib.widgets.lab_face import LabFace

    told = lab_controls()

    def at(one, rng):
        steps = round((one["most"] - one["least"]) / one["step"])
        return round(one["least"] + one["step"] * int(rng.integers(steps + 1)), 2)

    def random_face(rng: np.random.Generator) -> LabFace:
        face = LabFace(int(rng.choice(told["people"])))
        if rng.random() < 0.5:
            face = face.in_skin(round(float(rng.random()), 2))
        pulled = rng.choice(list(told["groups"]), 4, replace=False)
        face = face.pulled({str(one): at(told["strength"], rng) for one in pulled})
        scene = {name: at(one, rng) for name, one in told["scene"].items()}
        scene["occluder"] = str(rng.choice(list(told["occluders"])))
        places = list(told["backgrounds"].values())
        scene["background"] = places[rng.integers(len(places))]
        return face.placed(**scene)

    return random_face
