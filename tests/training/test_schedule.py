"""The step size, by value."""

import pytest

from emolib.training.schedule import Cosine


def test_cosine_falls_from_one_to_a_hundredth():
    fall = Cosine()
    shares = [fall(done, 4) for done in (0, 1, 2, 3, 4, 5)]
    expected = [1, 0.85502, 0.505, 0.15498, 0.01, 0.01]
    assert shares == pytest.approx(expected, abs=1e-5)


def test_cosine_changes_between_epochs_or_at_every_step():
    assert Cosine()(1.9, 4) == Cosine()(1, 4)
    assert Cosine(per_step=True)(1.5, 3) == pytest.approx(0.505)


def test_warm_up_rises_from_a_twentieth_through_its_epochs():
    plain, warm = Cosine(per_step=True), Cosine(warm_up=2.0, per_step=True)
    ratios = [warm(done, 50) / plain(done, 50) for done in (0, 0.5, 1, 1.9, 2, 9)]
    assert ratios == pytest.approx([0.05, 0.3, 0.55, 1, 1, 1])
