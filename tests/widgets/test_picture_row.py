"""Pictures that are shown and not stored, by messages, and in a browser."""

import io
import json

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("anywidget")
from emolib.widgets.picture_row import PictureRow, Shown

DARK, LIGHT = np.zeros((64, 64), np.uint8), np.full((32, 48, 3), 200, np.uint8)
TWO = [Shown(DARK, "a dark face"), Shown(LIGHT, "a light face")]


def guard(act):
    """Guard nothing."""
    return act


@pytest.fixture
def row(monkeypatch):
    pressed, sent = [], []
    made = PictureRow("Two faces", 64, guard, pressed.append)
    monkeypatch.setattr(made, "send", lambda *message: sent.append(message))
    made.heard, made.sent = pressed, sent
    return made


def test_pictures_are_told_as_files(row):
    row.show(TWO, chosen=1, said="two", below="<b>faces</b>")
    message, files = row.sent[-1]
    assert message == {
        "pictures": ["a dark face", "a light face"], "number": 1,
        "width": 64, "chosen": 1, "press": True, "said": "two", "below": "<b>faces</b>",
    }  # fmt: skip
    for file, one in zip(files, TWO, strict=True):
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(file))), one.image)


def test_a_view_that_is_made_later_is_told_the_same(row):
    row.show(TWO)
    row._handle_custom_msg({"ready": True}, [])
    assert row.sent[0] == row.sent[1]


def test_nothing_of_a_picture_is_in_the_state_that_a_notebook_saves(row):
    before = json.dumps(row.get_state(), default=str)
    row.show(TWO, chosen=0, said="fear 61 %", below="<p>fear</p>")
    assert json.dumps(row.get_state(), default=str) == before


@pytest.mark.parametrize(("place", "heard"), [(1, [1]), (2, []), (-1, []), ("x", [])])
def test_what_is_pressed_is_heard(row, press, place, heard):
    row.show(TWO)
    press(row, place)
    assert row.heard == heard


def test_a_press_on_what_has_gone_meanwhile_is_none(row):
    row.show(TWO)
    number = row.sent[-1][0]["number"]
    row.show(TWO[::-1])
    row._handle_custom_msg({"pressed": 0, "number": number}, [])
    assert row.heard == []


def test_pictures_that_do_nothing_cannot_be_pressed(press):
    row = PictureRow("Two faces", 64, guard)
    row.show(TWO)
    press(row, 0)


#: Tells the row two pictures, dark and light.
TELL = """(press) => {
  const png = () => {
    const canvas = new OffscreenCanvas(2, 2);
    canvas.getContext("2d").fillRect(0, 0, 2, 2);
    return canvas.convertToBlob().then((blob) => blob.arrayBuffer());
  };
  return Promise.all([png(), png()]).then((files) => {
    const pictures = ["dark", "light"];
    const views = files.map((file) => new DataView(file));
    const words = { said: press ? "" : "two faces", below: press ? "" : "<b>six</b>" };
    tell({ pictures, number: 7, width: 50, chosen: 0, press, ...words }, views);
  });
}"""


def test_in_a_browser_pictures_are_buttons_with_names(show):
    page = show("picture_row.js", about="Two faces")
    assert page.evaluate("sent") == [{"ready": True}]
    page.evaluate(TELL, True)
    assert page.get_by_role("group", name="Two faces").count() == 1
    light = page.get_by_role("button", name="light", exact=True)
    page.get_by_role("button", name="dark", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("sent.at(-1)") == {"pressed": 1, "number": 7}
    page.evaluate("tell({ chosen: 1 })")
    assert light.get_attribute("aria-pressed") == "true"
    size = light.locator("img").evaluate("async (i) => (await i.decode(), i.width)")
    assert size == 50
    assert light.locator("img").get_attribute("class") == "enlarged"  # from 2 pixels
    assert page.get_by_role("status").inner_text() == ""  # nothing is said


def test_in_a_browser_focus_stays_where_it_was(show):
    page = show("picture_row.js", about="Two faces")
    page.evaluate(TELL, True)
    page.get_by_role("button", name="light", exact=True).focus()
    page.evaluate(TELL, True)
    assert page.evaluate("document.activeElement.ariaLabel") == "light"


def test_in_a_browser_pictures_that_do_nothing_have_their_words(show):
    page = show("picture_row.js", about="Two faces")
    page.evaluate(TELL, False)
    assert page.get_by_role("button").count() == 0
    words = page.get_by_role("img").evaluate_all("all => all.map((one) => one.alt)")
    assert words == ["dark", "light"]
    assert page.get_by_role("status").inner_text() == "two faces"
    assert page.locator("b").inner_text() == "six"
    page.evaluate("leave()")
