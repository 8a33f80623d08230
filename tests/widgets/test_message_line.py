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
