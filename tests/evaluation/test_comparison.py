"""Two models, and ever more people."""

import itertools
import math

import numpy as np
import pytest

from emolib.datasets import FaceDataset
from emolib.errors import ArgumentError
from emolib.evaluation import (
    EvaluationError,
    evaluate,
    holm,
    learning_curve,
    mcnemar,
    paired_bootstrap,
)


class TestComparison:
    def test_mcnemar_by_hand(self, sure):
        y_true = np.zeros(12, int)
        first = sure([0] * 2 + [1] * 8 + [0] * 2)  # right, wrong, right
        second = sure([1] * 2 + [0] * 8 + [0] * 2)
        found = mcnemar(y_true, first, second)
        assert (found.only_first, found.only_second) == (2, 8)
        tails = sum(math.comb(10, k) for k in (0, 1, 2)) * 2 / 2**10
        assert found.p_value == pytest.approx(tails)

    def test_mcnemar_of_a_model_with_itself(self, sure):
        assert mcnemar([0, 1], sure([0, 0]), sure([0, 0])).p_value == 1

    def test_paired_bootstrap_by_hand(self, sure, clustered):
        y_true, first, people = clustered
        second = sure(y_true)
        found = paired_bootstrap(y_true, first, second, people)
        assert found.difference == pytest.approx(0.5)
        assert (found.n, found.n_groups, found.optimistic) == (1000, 20, False)
        low, high = found.interval
        assert low < 0.32 < 0.68 < high < 0.8
        assert low == pytest.approx(0.3, abs=0.05)  # 20 tosses of a fair coin
        images = paired_bootstrap(y_true, first, second)
        assert images.optimistic
        assert images.interval[1] - images.interval[0] < (high - low) / 3

    def test_what_is_hard_for_both_cancels(self, sure, clustered):
        y_true, first, people = clustered
        second = first.copy()
        second[::50] = sure(y_true[::50])  # one image of each person
        low, high = paired_bootstrap(y_true, first, second, people).interval
        assert 0 < low < high < 0.021
        alone = evaluate(y_true, first, people).interval
        assert high - low < (alone[1] - alone[0]) / 10

    def test_one_person_gives_no_interval(self, sure):
        found = paired_bootstrap([0, 1], sure([0, 0]), sure([0, 1]), ["a", "a"])
        assert np.isnan(found.interval).all()

    def test_predictions_are_checked(self, sure):
        with pytest.raises(EvaluationError, match="shape"):
            mcnemar([0, 1], sure([0, 0]), sure([0]))


class TestLearningCurve:
    def fit(self, part, seed):
        """Return a method that is right for the share of people it has seen."""
        self.seen.append((seed, sorted(np.unique(part.groups))))
        share = len(np.unique(part.groups)) / self.everybody

        def answer(images):
            right = np.arange(len(images)) < share * len(images)
            return self.sure(np.where(right, self.labels, (self.labels + 1) % 6))

        return answer

    def test_samples_grow_and_are_scored(self, sure, tiny):
        groups = np.unique(tiny.groups)
        learn = tiny.subset(np.isin(tiny.groups, groups[:-1]))
        test = tiny.subset(tiny.groups == groups[-1])
        self.seen, self.labels, self.sure = [], test.labels, sure
        self.everybody = len(groups) - 1
        sizes = (1, self.everybody)
        table = learning_curve(learn, test, sizes, self.fit, seeds=(0, 1))
        assert table["people"].tolist() == [*sizes, *sizes]
        assert table["accuracy"].iloc[1] == table["accuracy"].iloc[3] == 1
        assert table["accuracy"].iloc[0] < 1
        assert table["images"].iloc[1] == len(learn)
        assert set(self.seen[0][1]) < set(self.seen[1][1])
        assert [seed for seed, _ in self.seen] == [0, 0, 1, 1]

    def test_shared_people_and_impossible_sizes(self, tiny):
        with pytest.raises(EvaluationError, match="are in both sets"):
            learning_curve(tiny, tiny, [1], self.fit)
        groups = np.unique(tiny.groups)
        learn = tiny.subset(tiny.groups != groups[0])
        test = tiny.subset(tiny.groups == groups[0])
        with pytest.raises(EvaluationError, match=r"received \[0, 99\]"):
            learning_curve(learn, test, [0, 1, 99], self.fit)


def test_a_learning_curve_needs_people_and_seeds(tiny):
    stills = FaceDataset("stills", tiny.images, tiny.labels)
    with pytest.raises(EvaluationError, match="'stills' does not say it"):
        learning_curve(tiny.part("train"), stills, [1], lambda *_: None)
    with pytest.raises(ArgumentError, match="seed must be a whole number"):
        learning_curve(tiny, tiny, [1], lambda *_: None, seeds=[0, -1])


def test_holm_by_hand():
    """Smallest times 4, next times 3, ...; never below the one before, nor above 1."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([0.02]) == pytest.approx([0.02])
    with_none = holm([np.nan, 0.01, 0.02])
    assert np.isnan(with_none[0])
    assert with_none[1:] == pytest.approx([0.02, 0.02])
    assert len(holm([])) == 0


def test_holm_is_bonferroni_of_every_hypothesis_set():
    """Closed testing: the worst Bonferroni p of all sets that hold the hypothesis."""
    p_values = np.random.default_rng(0).random(7) ** 3
    sets = [
        list(one) for k in range(1, 8) for one in itertools.combinations(range(7), k)
    ]
    expected = [
        max(min(1, len(s) * p_values[s].min()) for s in sets if k in s)
        for k in range(7)
    ]
    assert holm(p_values) == pytest.approx(expected)


@pytest.mark.parametrize("p_values", [[-0.1], [1.2], 0.5])
def test_holm_takes_p_values_only(p_values):
    with pytest.raises(EvaluationError, match="from 0 to 1"):
        holm(p_values)
