"""The line of words: an error of an event is told there, and goes no further."""

from threading import RLock, Thread

import pytest

pytest.importorskip("anywidget")
from emolib.errors import ArgumentError
from emolib.widgets.message_line import MessageLine


def raising(error: Exception):
    def act(*_):
        raise error

    return act


def test_what_an_event_returns_is_passed_on():
    line = MessageLine(RLock())
    assert line.guard(lambda a, b: a + b)(1, 2) == 3
    assert line.words == ""


def test_an_error_of_ours_says_what_to_do():
    line = MessageLine(RLock())
    assert line.guard(raising(ArgumentError("Take another.")))(None) is None
    assert line.words == "Take another."


def test_another_error_is_named_and_never_raised():
    line = MessageLine(RLock())
    line.guard(raising(ZeroDivisionError("by zero")))()
    assert line.words.startswith("That failed (ZeroDivisionError: by zero). Run the")


def test_what_a_lab_moves_itself_is_no_event():
    line, heard = MessageLine(RLock()), []
    act = line.guard(heard.append)
    with line.drawing():
        act(1)
        with line.drawing():
            act(2)
        act(3)
        reader = Thread(target=act, args=("the reader's own",))
        reader.start()  # it waits for the lab
    reader.join(60)
    act(4)
    assert heard == ["the reader's own", 4]


def test_in_a_browser_the_line_is_a_status_that_stays(show):
    page = show("message_line.js", words="one")
    line = page.get_by_role("status")
    assert line.inner_text() == "one"
    page.evaluate("window.kept = document.querySelector('[role=status]')")
    page.evaluate('model.set("words", "two")')
    assert line.inner_text() == "two"
    assert page.evaluate("kept === document.querySelector('[role=status]')")


def test_in_a_browser_a_lab_has_its_keys_and_jupyter_its_shortcuts(show):
    """As Jupyter listens: before what has the focus hears of a key, or after."""
    page = show("message_line.js", words="one")
    page.evaluate("""() => {
      document.body.insertAdjacentHTML("beforeend", `
        <p class="emolib-lab"><select aria-label="in"><option>a<option>b</select></p>
        <select aria-label="out"><option>a<option>b</select>`);
      window.taken = [];
      for (const before of [true, false]) {
        document.addEventListener("keydown", (event) => {
          const held = event.target.hasAttribute("data-lm-suppress-shortcuts");
          if (!held) taken.push(event.key);
        }, before);
      }
    }""")
    page.get_by_label("in", exact=True).focus()
    for key in ("ArrowDown", "d", "Control+s", "d"):
        page.keyboard.press(key)
    assert [key for key in page.evaluate("taken") if key != "Control"] == ["s", "s"]
    page.get_by_label("out", exact=True).focus()
    page.keyboard.press("m")
    assert page.evaluate("taken").count("m") == 2
