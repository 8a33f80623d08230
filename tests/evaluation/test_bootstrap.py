"""The interval over people."""

import numpy as np
import pytest

from emolib.evaluation import (
    bootstrap,
    evaluate,
)


class TestInterval:
    def test_is_wider_over_people_where_people_differ(self, clustered):
        y_true, probabilities, people = clustered
        honest = evaluate(y_true, probabilities, people)
        naive = evaluate(y_true, probabilities)
        assert honest.accuracy == naive.accuracy == 0.5
        widths = [high - low for low, high in (honest.interval, naive.interval)]
        assert widths[0] > 5 * widths[1]
        assert (honest.optimistic, naive.optimistic) == (False, True)
        assert (honest.n_groups, naive.n_groups) == (20, 1000)

    def test_over_images_is_that_of_the_binomial(self, sure, monkeypatch):
        y_true = np.arange(1000) % 6
        probabilities = sure((y_true + (np.arange(1000) < 100)) % 6)
        monkeypatch.setattr(bootstrap, "RESAMPLES", 20_000)
        low, high = evaluate(y_true, probabilities).interval
        half = 1.96 * np.sqrt(0.9 * 0.1 / 1000)
        assert (low, high) == pytest.approx((0.9 - half, 0.9 + half), abs=0.003)

    def test_over_people_is_that_of_drawing_people(self, sure, monkeypatch):
        rng = np.random.default_rng(0)
        people = np.repeat(np.arange(12), rng.integers(1, 30, 12))
        y_true = rng.integers(0, 6, len(people))
        right = rng.random(len(people)) < (people + 2) / 15
        monkeypatch.setattr(bootstrap, "RESAMPLES", 20_000)
        found = evaluate(y_true, sure((y_true + ~right) % 6), people).interval
        accuracies = []
        for _ in range(4000):  # the plain way
            drawn = rng.integers(0, 12, 12)
            accuracies.append(
                np.concatenate([right[people == p] for p in drawn]).mean()
            )
        assert found == pytest.approx(np.percentile(accuracies, [2.5, 97.5]), abs=0.015)

    def test_comes_out_the_same_each_time_and_depends_on_the_draw(
        self, sure, clustered, monkeypatch
    ):
        right = np.random.default_rng(0).random(1000) < 0.7
        y_true, _, people = clustered
        answers = sure((y_true + ~right) % 6)
        first, same = (evaluate(y_true, answers, people).interval for _ in range(2))
        monkeypatch.setattr(bootstrap, "SEED", 1)
        other = evaluate(y_true, answers, people).interval
        assert first == same
        assert first != other
        assert first == pytest.approx(other, abs=0.01)

    def test_holds_the_accuracy(self, clustered):
        result = evaluate(*clustered)
        assert result.interval[0] < result.accuracy < result.interval[1]

    def test_one_person_gives_none(self, sure):
        result = evaluate([0, 1, 2], sure([0, 1, 1]), ["me"] * 3)
        assert np.isnan(result.interval).all()
        assert "no interval over 1 group" in str(result)
