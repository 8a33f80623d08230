"""Sliders: Python's side by events, and what a browser makes of their script."""

import json
import threading

import pytest

pytest.importorskip("anywidget")
from emolib.widgets.message_line import MessageLine
from emolib.widgets.sliders import Section, Slider, SliderPanel

SECTIONS = (
    Section("Head", (Slider("yaw", "Turn", -30, 30, 5, "°", ("left", "right")),)),
    Section("", (Slider("smile", "Smile (AU 12)", 0, 1.5, 0.05),)),
)


@pytest.fixture
def panel():
    heard, lock = [], threading.RLock()
    made = SliderPanel(
        SECTIONS, {"yaw": 0, "smile": 0}, lambda *one: heard.append(one),
        MessageLine(lock).guard,
    )  # fmt: skip
    made.heard, made.lock = heard, lock
    return made


def test_a_slider_that_moves_is_heard_and_once_more_when_let_go(panel, move):
    move(panel, settled=False, smile=0.5)
    move(panel, settled=False, smile=0.6)
    move(panel, settled=True, smile=0.6)
    assert panel.heard == [({"smile": 0.5}, False), ({"smile": 0.6}, False), ({}, True)]


def test_a_key_moves_and_lets_go_at_once(panel, move):
    move(panel, settled=True, yaw=5)
    assert panel.heard == [({"yaw": 5}, True)]


def test_what_python_shows_is_no_event(panel, move):
    panel.show({"yaw": 10, "smile": 1}, off=("smile",))
    assert panel.heard == []
    assert (panel.values, panel.off) == ({"yaw": 10, "smile": 1}, ["smile"])
    move(panel, settled=True, yaw=15)
    assert panel.heard == [({"yaw": 15}, True)]


def test_a_slider_that_moves_while_python_shows_is_left_alone(panel):
    panel.unobserve_all()  # heard later: its thread waits for the lab
    panel.set_state({"values": {"yaw": 0, "smile": 0.4}})
    panel.show({"yaw": 10, "smile": 0})
    assert panel.values == {"yaw": 10, "smile": 0.4}


def test_a_drawing_does_not_push_back_what_moves_meanwhile(panel, move):
    move(panel, settled=False, smile=0.5)
    with panel.lock:  # the drawing of 0.5, while another thread hears of 0.6
        moves = {"settled": False, "smile": 0.6}
        event = threading.Thread(target=move, args=(panel,), kwargs=moves)
        event.start()
        event.join(0.3)
        panel.show({"yaw": 0, "smile": 0.5})
    event.join()
    assert panel.values["smile"] == 0.6
    assert panel.heard == [({"smile": 0.5}, False), ({"smile": 0.6}, False)]


def test_a_move_that_has_not_heard_of_python_yet_takes_nothing_back(panel, move):
    panel.show({"yaw": 20, "smile": 1})  # on its way while the reader moves the other
    panel.set_state({"values": {"yaw": 0, "smile": 0.1}, "moved": "smile"})
    assert panel.heard == [({"smile": 0.1}, True)]
    assert panel.values == {"yaw": 20, "smile": 0.1}
    move(panel, yaw=0)  # now it means it
    assert panel.heard[-1] == ({"yaw": 0}, True)


def test_values_stay_within_the_range_and_unknown_names_are_nothing(panel, move):
    move(panel, yaw=900, nonsense=3)
    assert panel.heard == [({"yaw": 30}, True)]


def test_in_a_browser_sliders_have_names_values_and_ends(show, panel):
    page = show("sliders.js", **state_of(panel))
    turn = page.get_by_role("slider", name="Turn", exact=True)
    smile = page.get_by_role("slider", name="Smile (AU 12)", exact=True)
    assert turn.get_attribute("aria-valuetext") == "0°"
    smile.focus()
    page.keyboard.press("ArrowRight")
    told = {"values": {"yaw": 0, "smile": 0.05}, "moved": "smile"}
    for saved, settled in zip(page.evaluate("saved"), (False, True), strict=True):
        assert {k: saved[k] for k in (*told, "settled")} == told | {"settled": settled}
    turn.focus()
    page.keyboard.press("ArrowLeft")
    assert turn.get_attribute("aria-valuetext") == "−5°, left"
    assert page.locator(".emolib-value").first.inner_text() == "−5°"


def test_in_a_browser_what_python_shows_is_shown(show, panel):
    page = show("sliders.js", **state_of(panel))
    page.evaluate('model.set("values", { yaw: 20, smile: 1.2 })')
    page.evaluate('model.set("off", ["yaw"])')
    values = page.locator("input").evaluate_all("all => all.map((one) => one.value)")
    assert values == ["20", "1.2"]
    assert page.get_by_role("slider", name="Turn", exact=True).is_disabled()
    assert page.evaluate("saved.length") == 0


def test_in_a_browser_folds_keep_what_is_moved(show, panel):
    page = show("sliders.js", **state_of(panel))
    page.get_by_text("Head").click()
    assert not page.get_by_role("slider", name="Turn", exact=True).is_visible()
    page.evaluate("leave()")
    page.evaluate('model.set("values", { yaw: 5, smile: 0 })')  # nobody listens


def state_of(panel) -> dict:
    """Return what a browser is told of a panel."""
    names = ("sections", "values", "off", "moved", "settled")
    return json.loads(json.dumps({name: getattr(panel, name) for name in names}))
