"""Tables: what a reader sees of a frame."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from emolib import plots
from emolib.errors import ArgumentError


def seen(styler) -> tuple[list[str], list[list[str]], BeautifulSoup]:
    """Return headings and cells of a table, and the whole."""
    page = BeautifulSoup(styler.to_html(), "html.parser")
    head = [one.text for one in page.select("thead th")]
    body = [[td.text for td in tr.select("td")] for tr in page.select("tbody tr")]
    return head, body, page


FRAME = pd.DataFrame(
    {
        "network": ["plain CNN", "small <CNN>"],
        "accuracy": [0.8139, np.nan],
        "interval": [(0.778, 0.852), (-0.5, 0.25)],
        "images": [1263, 7],
        "learnt": [True, None],
    },
    index=[7, 9],
)


def test_names_numbers_and_intervals_are_written_as_asked():
    formats = {"accuracy": ".1%", "interval": ".0%"}
    head, body, page = seen(plots.table(FRAME, formats, caption="Two networks"))
    assert head == ["network", "accuracy (%)", "interval (%)", "images", "learnt"]
    assert body == [
        ["plain CNN", "81.4", "78 to 85", "1,263", "True"],
        ["small <CNN>", "–", "−50 to 25", "7", "–"],
    ]
    assert page.caption.text == "Two networks"
    assert page.table["class"] == ["designed"]
    numbers = [td.text for td in page.select("td.number")]
    assert numbers == ["81.4", "78 to 85", "1,263", "–", "−50 to 25", "7"]


def test_without_formats_numbers_have_commas_or_two_decimals():
    _, body, page = seen(plots.table(pd.DataFrame({"n": [12_345], "x": [1 / 3]})))
    assert body == [["12,345", "0.33"]]
    assert page.caption is None


def test_the_sign_is_in_the_heading_once():
    frame = pd.DataFrame({"95 % interval": [(0.1, 0.2)]})
    head, body, _ = seen(plots.table(frame, {"95 % interval": ".1%"}))
    assert head == ["95 % interval"]
    assert body == [["10.0 to 20.0"]]


def test_the_same_table_is_the_same_text_and_another_has_another_name():
    first, again = (plots.table(FRAME).to_html() for _ in range(2))
    assert first == again
    name = BeautifulSoup(first, "html.parser").table["id"]
    assert name not in plots.table(FRAME, caption="other").to_html()


def test_what_is_no_table_and_unknown_columns_are_refused():
    with pytest.raises(ArgumentError, match=r"needs a DataFrame.*Received: list"):
        plots.table([1, 2])
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ArgumentError, match="different names"):
        plots.table(twice)
    with pytest.raises(ArgumentError, match=r"Unknown column .nonsense."):
        plots.table(FRAME, {"nonsense": ".1%"})
