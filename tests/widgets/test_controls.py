"""Controls in words."""

import pytest

pytest.importorskip("anywidget")
from ipywidgets import HTML, VBox

from emolib.widgets import controls


def test_numbers_of_the_facs():
    assert controls.facs("AU12") == "AU\xa012"
    assert controls.facs("AU20+25") == "AU\xa020\xa0+\xa025"


def test_a_choice_and_a_button_call_what_they_are_given():
    heard = []
    listed = controls.choice("Fruit", {"An apple": "a", "A pear": "p"}, heard.append)
    listed.value = "p"
    controls.button("Eat", lambda: heard.append("eaten")).click()
    assert (listed.label, heard) == ("A pear", ["p", "eaten"])


def test_what_is_within_is_closed_too(walk):
    box = VBox([VBox([HTML("a")]), HTML("b")])
    found = list(walk(box))
    controls.close_all(box)
    assert all(one.comm is None for one in found)
    assert all(one.layout.comm is None for one in found)
    assert found[-1].style.comm is None
