"""The networks in a browser: what is asked, and what stays without npm."""

import json

import numpy as np
import pytest

from emolib.results import load_results
from scripts.headless import find_browser
from studies import browser
from studies.browser import STUDY, numbers, one_of_each, sent, summed
from studies.study import StudyError


def test_one_frame_of_each_person(tiny):
    few = one_of_each(tiny)
    assert sorted(few.groups) == sorted(set(tiny.groups))
    assert few.labels.tolist() == [k % 6 for k in range(len(few))]


def test_what_is_sent_comes_back():
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64), dtype=np.uint8)
    floats = images[..., None].astype(np.float32)
    assert np.array_equal(
        numbers(sent(floats.view(np.uint8))).reshape(floats.shape), floats
    )


def test_times_are_those_after_the_first():
    assert summed([90.0, 50.0, 1.0, 2.0, 3.0], 2) == pytest.approx(
        {"first": 90.0, "best": 1.0, "median": 2.0, "p95": 2.9}
    )


def test_without_a_browser_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(browser, "find_browser", lambda: None)
    with pytest.raises(StudyError, match="install Chromium or Chrome"):
        browser.measure(browser.Bench(STUDY.settings, tmp_path))


def test_without_npm_the_libraries_keep_their_rows(monkeypatch, tmp_path):
    monkeypatch.setattr(browser, "RUNTIMES", tmp_path / "none")
    monkeypatch.setattr(browser.shutil, "which", lambda _: None)
    rows = browser.libraries("no program", None, {"libraries": {}})
    assert rows == load_results("browser")["libraries"]


@pytest.mark.skipif(find_browser() is None, reason="no Chromium")
def test_our_engine_is_held_against_the_shipped_weights(
    monkeypatch, own_results, no_canary, tiny
):
    """Small faces of a tiny corpus; the libraries have tests of their own makers."""
    monkeypatch.setattr(browser, "load", lambda _: tiny)
    monkeypatch.setattr(browser, "libraries", lambda *_: [])
    (own_results / "results").mkdir(exist_ok=True)
    settings = STUDY.settings | {"networks": ["small-cnn"], "warm": 1, "times": 3}
    found = browser.measure(browser.Bench(settings, own_results))
    (row,) = found["rows"]
    exact, half, eight = (
        max(row["precisions"][one]["layers"]) for one in ("float32", "float16", "int8")
    )
    assert exact < 1e-5 < half < eight < 0.2
    assert len(row["layers"]) == len(row["precisions"]["int8"]["layers"])
    assert json.dumps(found)
