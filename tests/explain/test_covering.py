"""Occlusion sensitivity."""

import numpy as np
import pytest

from emolib.errors import ArgumentError
from emolib.explain import occlusion_sensitivity

FACES = np.zeros((3, 64, 64), np.uint8)


def reads_one_place(images):
    """Return shares of a network that looks at 8 x 8 pixels only: grey is disgust."""
    grey = np.asarray(images)[:, 8:16, 40:48].mean(axis=(1, 2)) / 255
    shares = np.zeros((len(images), 6))
    shares[:, 1], shares[:, 0] = grey, 1 - grey
    return shares


def test_what_is_missed_when_covered_is_the_place_that_is_read():
    face = np.zeros((1, 64, 64), np.uint8)
    face[:, 8:16, 40:48] = 255
    lost = occlusion_sensitivity(reads_one_place, face)
    assert lost.shape == (1, 64, 64)
    assert lost.dtype == np.float32
    assert lost[0, 8:16, 40:48].min() > 0.9
    far = np.ones((64, 64), bool)
    far[:32, 24:] = False  # no square that covers the place reaches farther
    assert np.abs(lost[0][far]).max() == 0


def test_what_a_class_gains_is_below_zero():
    face = np.zeros((2, 64, 64), np.uint8)
    face[:, 8:16, 40:48] = 255
    lost = occlusion_sensitivity(reads_one_place, face, np.array([1, 0]))
    assert lost[0].max() > 0.9
    assert lost[1].min() < -0.9
    np.testing.assert_allclose(lost[1], -lost[0], atol=1e-6)


def test_as_many_faces_as_one_likes_each_with_its_class():
    many = np.zeros((150, 64, 64), np.uint8)
    many[:, 8:16, 40:48] = 255
    classes = np.arange(150) % 2
    lost = occlusion_sensitivity(reads_one_place, many, classes)
    top = lost[:, 12, 44]
    assert (top[classes == 1] > 0.9).all()
    assert (top[classes == 0] < -0.9).all()


def test_no_faces_have_no_maps():
    assert occlusion_sensitivity(reads_one_place, FACES[:0]).shape == (0, 64, 64)


def test_a_class_that_is_none_of_the_six_is_refused():
    with pytest.raises(ArgumentError, match="class_index must be"):
        occlusion_sensitivity(reads_one_place, FACES, 6)
