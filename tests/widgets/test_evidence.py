"""The map of evidence: colours where it is lost and won, and what it says."""

import numpy as np
import pytest

from emolib.emotions import EMOTIONS
from emolib.widgets.evidence import evidence_map

FEAR = EMOTIONS.index("fear")


def network(place, weight: float):
    """Return a network that looks at one place, white for fear."""

    def predict(images):
        seen = images[:, *place].mean(axis=(1, 2)) / 255
        shares = np.full((len(images), 6), 0.1)
        shares[:, FEAR] = 0.5 + weight * (seen - 0.5)
        return shares

    return predict


@pytest.fixture
def face():
    image = np.full((64, 64), 100, np.uint8)
    image[48:52] = 255
    return image


def test_what_the_answer_rests_on_is_orange_and_named(face):
    image, words = evidence_map(network(np.s_[48:52, 16:48], 0.8), face)
    assert image.shape == (64, 64, 3)
    assert words.startswith("Covering the mouth costs most: fear falls by ")
    red, _, blue = image[50, 32].astype(int)
    assert red > blue + 50
    np.testing.assert_array_equal(image[8, 8], 100)


@pytest.mark.parametrize(
    ("rows", "place"),
    [((0, 8), "the forehead"), ((16, 24), "the brows"), ((24, 32), "the eyes"),
     ((32, 40), "the nose and the cheeks"), ((40, 48), "the mouth"),
     ((56, 64), "the chin")],
)  # fmt: skip
def test_the_place_is_that_of_the_middle_of_the_square(rows, place):
    image = np.full((64, 64), 100, np.uint8)
    image[rows[0] : rows[1]] = 255
    _, words = evidence_map(network(np.s_[rows[0] : rows[1], 16:48], 0.8), image)
    assert words.startswith(f"Covering {place} costs most: fear falls by ")


def test_what_speaks_against_it_is_blue(face):
    image, words = evidence_map(network(np.s_[48:52, 16:48], -0.5), face)
    assert words.startswith("No square that is covered costs fear a point.")
    red, _, blue = image[50, 32].astype(int)
    assert blue >= red
