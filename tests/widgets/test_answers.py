"""Answers in words and as bars: text says all, and the drawing the same."""

import re

import numpy as np
import pytest
from bs4 import BeautifulSoup

from emolib.emotions import EMOTIONS
from emolib.widgets import answers

SURE = np.array([0.05, 0.05, 0.6, 0.1, 0.1, 0.1])
TORN = np.array([0.3, 0.05, 0.25, 0.2, 0.1, 0.1])


def rows(text: str):
    return BeautifulSoup(text, "html.parser").find_all("li")


def widths(row) -> list[float]:
    return [float(one) for one in re.findall(r"width: ([\d.]+)%", str(row))]


def test_the_answer_in_words():
    assert answers.answer_words(SURE, 0.4).split() == ["fear", "60", "%"]
    assert answers.answer_words(TORN, 0.4).split() == ["unsure", "(anger", "30", "%)"]
    assert answers.in_words(TORN).startswith("anger 30\xa0%, fear 25\xa0%, happiness")


def test_bars_have_names_and_shares_as_text_and_lengths():
    found = rows(answers.six_bars(SURE, 0.4))
    assert [row.span.text for row in found] == list(EMOTIONS)
    assert [widths(row) for row in found] == [[5], [5], [60], [10], [10], [10]]
    assert found[2].text == "fear60\xa0%"
    assert all(row.find(attrs={"aria-hidden": "true"}).text == "" for row in found)


@pytest.mark.parametrize(("shares", "bold"), [(SURE, ["fear"]), (TORN, [])])
def test_only_an_answer_above_the_line_is_bold(shares, bold):
    found = rows(answers.six_bars(shares, 0.4))
    assert [r.span.text for r in found if "weight: bold" in r["style"]] == bold


def test_the_line_is_in_every_track():
    for row in rows(answers.six_bars(SURE, 0.4)):
        assert "left: 40.0%; border-left" in str(row)


def test_a_difference_grows_from_the_middle():
    found = rows(answers.difference_bars(SURE, TORN))
    ends = [r.text.removeprefix(k) for r, k in zip(found, EMOTIONS, strict=True)]
    assert ends == [
        "+25", "0", "−35", "+10", "0", "0",
    ]  # fmt: skip
    assert "left: 50.0%; width: 12.5%" in str(found[0])
    assert "left: 32.5%; width: 17.5%" in str(found[2])


def test_where_the_line_comes_from_is_told():
    assert "The line comes from this book" in answers.answer_html(SURE, 0.4, False)
    assert "the network's own card" in answers.answer_html(SURE, 0.4, True)


def test_doubt_has_a_reason():
    assert answers.why_unsure(SURE, 0.4, resting=False) == ""
    assert "none reaches the line" in answers.why_unsure(TORN, 0.4, resting=False)
    assert "This face rests" in answers.why_unsure(TORN, 0.4, resting=True)
    assert "No muscle is pulled" in answers.why_unsure(SURE, 0.4, resting=True)


def test_a_range_runs_from_end_to_end():
    found = rows(answers.range_bars(TORN / 2, TORN, 0.4))
    assert [row.span.text for row in found] == list(EMOTIONS)
    assert found[0].text == "anger15 to 30\xa0%"
    assert "left: 15.0%; width: 15.0%" in str(found[0])
    assert "left: 40.0%" in str(found[0])  # the line
