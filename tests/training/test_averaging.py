"""The moving average of weights, by value."""

import numpy as np
import pytest

from emolib.training.averaging import MovingAverage


def test_the_average_forgets_its_start_quickly_and_then_keeps_the_decay():
    average = MovingAverage(0.998)
    assert average.kept(8) == pytest.approx(1 / 11)
    assert average.kept(80) == pytest.approx(1 / 2)
    assert average.kept(40_000) == pytest.approx(0.998**8)  # eight steps at once


def test_the_average_moves_in_place():
    mean, now = [np.array([0.0, 22.0], np.float32)], [np.array([11.0, 0], np.float32)]
    MovingAverage(0.998)(mean, now, steps=8)
    np.testing.assert_allclose(mean[0], [10, 2], rtol=1e-6)
    np.testing.assert_array_equal(now[0], [11, 0])
