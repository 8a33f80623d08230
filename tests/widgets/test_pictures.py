"""Pictures as HTML: the same pixels, and a description that cannot break out."""

import base64
import io
import re

import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from PIL import Image

from emolib.errors import ArgumentError
from emolib.widgets.pictures import picture, png, still

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_a_picture_holds_the_pixels_that_it_was_given(shape):
    image = RNG.integers(0, 256, shape, dtype=np.uint8)
    page = BeautifulSoup(picture(image, "a face"), "html.parser")
    data = base64.b64decode(page.img["src"].partition("base64,")[2])
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), image)


def decoded(text: str) -> np.ndarray:
    data = base64.b64decode(text.partition("base64,")[2].partition('"')[0])
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_large_picture_in_colour_is_for_the_eye_and_one_in_grey_keeps_its_pixels():
    grey = np.add.outer(np.arange(128), np.arange(128)).astype(np.uint8)
    np.testing.assert_array_equal(decoded(picture(grey, "a ramp")), grey)
    colour = np.stack([grey, grey[::-1], grey.T // 2], axis=-1)
    found = decoded(picture(colour, "a ramp"))
    assert found.shape == colour.shape
    assert 0 < np.abs(found.astype(float) - colour).mean() < 2


def test_words_stay_words():
    image = np.zeros((2, 2), np.uint8)
    words = 'a "face" <b>&'
    page = BeautifulSoup(picture(image, words, caption=words), "html.parser")
    assert page.img["alt"] == words
    assert page.figcaption.text == words
    assert page.b is None


@pytest.mark.parametrize(
    "image",
    [np.zeros((2, 2)), np.zeros(4, np.uint8), np.zeros((2, 2, 4), np.uint8),
     np.zeros((0, 2), np.uint8)],
)  # fmt: skip
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(ArgumentError, match="A picture is an array"):
        png(image)


def test_a_still_is_one_image_of_the_figure():
    text = still(Figure((1, 1)), "a figure")
    assert re.fullmatch('<img class="emolib-still" alt="a figure" [^>]*>', text)
    data = base64.b64decode(text.partition("base64,")[2].rstrip('">'))
    assert data.startswith(b"<svg")
