"""What a figure hands to the page: read back, it is what it was."""

import base64
import json

import numpy as np
import pytest
from bs4 import BeautifulSoup

from emolib import plots
from emolib.errors import ArgumentError


def handed(**data) -> dict:
    """Return the data as a page reads them."""
    page = BeautifulSoup(plots.explorable("descent", **data).data, "html.parser")
    assert page.div["data-name"] == "descent"
    return json.loads(page.script.string)


def test_numbers_arrays_and_what_holds_them_are_read_back():
    logits = np.array([[0.123456789, -2.0], [1e-9, 3.5]], dtype=np.float32)
    back = handed(logits=logits, rates={"sgd": (15.0, np.float64(0.5))}, n=np.int64(3))
    assert back == {
        "logits": [[0.123457, -2], [1e-9, 3.5]],
        "rates": {"sgd": [15, 0.5]},
        "n": 3,
    }


def test_pictures_keep_every_value():
    face = np.arange(256, dtype=np.uint8).reshape(4, 8, 8)[:, ::2]
    back = handed(face=face)["face"]
    values = np.frombuffer(base64.b64decode(back["bytes"]), np.uint8)
    assert np.array_equal(values.reshape(back["shape"]), face)


def test_words_cannot_end_the_element():
    assert handed(text="</script><b>")["text"] == "</script><b>"


def test_a_wrong_name_and_a_missing_number_are_refused():
    with pytest.raises(ArgumentError, match=r"letters and hyphens.*'a b'"):
        plots.explorable("a b")
    with pytest.raises(ArgumentError, match=r"not finite.*give None"):
        handed(loss=np.array([1.0, np.nan]))
