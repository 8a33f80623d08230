import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from emolib.emotions import EMOTIONS
from emolib.evaluation import (
    Evaluation,
    EvaluationError,
    accuracy_by,
    apply_temperature,
    calibration_error,
    evaluate,
    fit_temperature,
    learning_curve,
    mcnemar,
    paired_bootstrap,
    reliability,
)


def _sure(predicted, top=1.0) -> np.ndarray:
    """Probabilities (n, 6) with `top` on the predicted class, the rest shared."""
    predicted = np.asarray(predicted)
    probabilities = np.full((len(predicted), 6), (1 - top) / 5)
    probabilities[np.arange(len(predicted)), predicted] = top
    return probabilities


@pytest.fixture
def clustered():
    """Twenty people with 50 images each: half always right, half always wrong."""
    rng = np.random.default_rng(2)
    y_true = rng.integers(0, 6, 1000)
    people = np.repeat([f"p{k}" for k in range(20)], 50)
    wrong = np.repeat(np.arange(20) % 2, 50)
    return y_true, _sure((y_true + wrong) % 6), people


class TestMetrics:
    def test_by_hand(self):
        #  anger 2 of 3, disgust 1 of 1, fear 0 of 1; the others do not occur
        result = evaluate([0, 0, 0, 1, 2], _sure([0, 0, 1, 1, 0]))
        assert result.accuracy == pytest.approx(3 / 5)
        assert result.balanced_accuracy == pytest.approx((2 / 3 + 1 + 0) / 3)
        assert result.macro_f1 == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
        assert result.n == result.n_groups == 5
        table = result.per_class
        assert tuple(table.index) == EMOTIONS
        assert list(table["support"]) == [3, 1, 1, 0, 0, 0]
        assert table.loc["anger", "precision"] == pytest.approx(2 / 3)
        assert table.loc["disgust", "precision"] == pytest.approx(1 / 2)
        assert table.loc["surprise"].isna().tolist() == [True, True, True, False]

    def test_agrees_with_scikit_learn(self):
        rng = np.random.default_rng(6)
        y_true, y_pred = rng.integers(0, 6, (2, 500))
        y_pred = np.where(rng.random(500) < 0.5, y_true, y_pred)
        result = evaluate(y_true, _sure(y_pred))
        expected = metrics.precision_recall_fscore_support(y_true, y_pred)
        assert np.allclose(result.per_class.to_numpy().T, expected)
        balanced = metrics.balanced_accuracy_score(y_true, y_pred)
        assert result.balanced_accuracy == pytest.approx(balanced)
        macro = metrics.f1_score(y_true, y_pred, average="macro")
        assert result.macro_f1 == pytest.approx(macro)

    def test_confusion_has_true_classes_in_rows(self):
        result = evaluate([0, 0, 5], _sure([0, 3, 5]))
        assert result.confusion.dtype == np.int64
        assert result.confusion.shape == (6, 6)
        assert result.confusion[0, 3] == 1
        assert result.confusion.sum() == 3
        with pytest.raises(ValueError, match="read-only"):
            result.confusion[0, 0] = 9

    def test_chance(self):
        y_true = np.tile(np.arange(6), 100)
        result = evaluate(y_true, np.full((600, 6), 1 / 6))
        assert result.accuracy == pytest.approx(1 / 6)
        assert result.calibration_error == pytest.approx(0, abs=1e-9)


class TestCalibration:
    def test_honest_and_boastful(self):
        y_true = np.zeros(100, int)
        predicted = np.repeat([0, 1], [80, 20])
        assert calibration_error(y_true, _sure(predicted, 0.8)) == pytest.approx(0)
        assert calibration_error(y_true, _sure(predicted, 1.0)) == pytest.approx(0.2)

    def test_errors_in_two_bins_do_not_cancel(self):
        # bin of .5: right always (gap .5); bin of .9: right in 4 of 10 (gap .5)
        y_true = np.zeros(20, int)
        predicted = np.repeat([0, 0, 1], [10, 4, 6])
        probabilities = np.vstack(
            [_sure(predicted[:10], 0.5), _sure(predicted[10:], 0.9)]
        )
        assert calibration_error(y_true, probabilities) == pytest.approx(0.5)


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

    def test_over_images_is_that_of_the_binomial(self):
        y_true = np.arange(1000) % 6
        probabilities = _sure((y_true + (np.arange(1000) < 100)) % 6)
        low, high = evaluate(y_true, probabilities, resamples=20_000).interval
        half = 1.96 * np.sqrt(0.9 * 0.1 / 1000)
        assert (low, high) == pytest.approx((0.9 - half, 0.9 + half), abs=0.003)

    def test_over_people_is_that_of_drawing_people(self):
        rng = np.random.default_rng(0)
        people = np.repeat(np.arange(12), rng.integers(1, 30, 12))
        y_true = rng.integers(0, 6, len(people))
        right = rng.random(len(people)) < (people + 2) / 15
        found = evaluate(
            y_true, _sure((y_true + ~right) % 6), people, resamples=20_000
        ).interval
        accuracies = []
        for _ in range(4000):  # the plain way
            drawn = rng.integers(0, 12, 12)
            accuracies.append(
                np.concatenate([right[people == p] for p in drawn]).mean()
            )
        assert found == pytest.approx(np.percentile(accuracies, [2.5, 97.5]), abs=0.015)

    def test_depends_on_the_seed_alone(self, clustered):
        right = np.random.default_rng(0).random(1000) < 0.7
        y_true, _, people = clustered
        probabilities = _sure((y_true + ~right) % 6)
        one, two, other = (
            evaluate(y_true, probabilities, people, seed=seed).interval
            for seed in (1, 1, 2)
        )
        assert one == two
        assert one != other

    def test_holds_the_accuracy(self, clustered):
        result = evaluate(*clustered)
        assert result.interval[0] < result.accuracy < result.interval[1]

    def test_one_person_gives_none(self):
        result = evaluate([0, 1, 2], _sure([0, 1, 1]), ["me"] * 3)
        assert np.isnan(result.interval).all()
        assert "no interval over 1 group" in str(result)

    def test_resamples_must_be_positive(self):
        with pytest.raises(EvaluationError, match="resamples must be 1 or more"):
            evaluate([0, 1], _sure([0, 1]), resamples=0)


class TestBadInput:
    def test_nan_says_how_many_rows(self):
        probabilities = _sure([0, 1, 2, 3])
        probabilities[1:3, 0] = np.nan, np.inf
        with pytest.raises(
            EvaluationError, match=r"2 of 4 rows .*NaN.*row 1.*diverged"
        ):
            evaluate([0, 1, 2, 3], probabilities)

    @pytest.mark.parametrize(
        "row", [[0.5] * 6, [0] * 6, [2, -1, 0, 0, 0, 0], [9, 1, -3, 0, 2, 1]]
    )
    def test_rows_that_are_no_probabilities(self, row):
        with pytest.raises(EvaluationError, match=r"1 of 2 rows .*row 1.*softmax"):
            evaluate([0, 1], np.vstack([_sure([0]), [row]]))

    def test_rounding_of_single_precision_is_tolerated(self):
        rng = np.random.default_rng(1)
        probabilities = rng.dirichlet(np.ones(6), 500).astype(np.float16)
        assert evaluate(np.zeros(500, int), probabilities).n == 500

    @pytest.mark.parametrize("label", [-1, 6, np.nan, 1.5])
    def test_labels_outside_the_six(self, label):
        with pytest.raises(EvaluationError, match=r"1 of 2 labels .*drop unlabelled"):
            evaluate([0, label], _sure([0, 1]))

    def test_nothing(self):
        with pytest.raises(EvaluationError, match="no images"):
            evaluate([], np.zeros((0, 6)))

    @pytest.mark.parametrize("shape", [(3, 6), (2, 7), (2,), (2, 6, 1)])
    def test_shapes_that_do_not_fit(self, shape):
        with pytest.raises(EvaluationError, match=r"\(n, 6\); received \(2,\)"):
            evaluate([0, 1], np.zeros(shape))

    def test_labels_as_one_hot_rows(self):
        with pytest.raises(EvaluationError, match=r"received \(2, 6\) and \(2, 6\)"):
            evaluate(_sure([0, 1]), _sure([0, 1]))

    def test_text_for_probabilities(self):
        with pytest.raises(EvaluationError, match="must be numbers"):
            evaluate([0], np.array([["a"] * 6]))

    def test_groups_of_another_length(self):
        with pytest.raises(EvaluationError, match=r"groups must have shape \(2,\)"):
            evaluate([0, 1], _sure([0, 1]), ["a"])

    def test_groups_that_are_missing(self):
        with pytest.raises(EvaluationError, match="1 of 2 groups are missing"):
            evaluate([0, 1], _sure([0, 1]), ["a", None])


class TestStorage:
    @pytest.fixture
    def result(self):
        return evaluate([0, 0, 1, 2], _sure([0, 1, 1, 0], 0.7), list("aabb"))

    def test_round_trip(self, result, tmp_path):
        path = result.save(tmp_path / "result.json")
        again = Evaluation.load(path)
        assert again.to_dict() == result.to_dict()
        pd.testing.assert_frame_equal(again.per_class, result.per_class)
        assert again.interval == result.interval
        assert str(again) == str(result)

    def test_is_strict_json(self, tmp_path):
        lone = evaluate([0], _sure([0]))
        text = lone.save(tmp_path / "result.json").read_text()
        assert "NaN" not in text
        assert json.loads(text)["interval"] == [None, None]
        assert np.isnan(Evaluation.load(tmp_path / "result.json").interval).all()

    def test_an_interruption_leaves_the_old_file(self, result, tmp_path, monkeypatch):
        path = tmp_path / "result.json"
        path.write_text("old")

        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("emolib.evaluation.metrics.os.replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            result.save(path)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("text", ["", "{", "{}", "[]", "7", '{"accuracy": 1}'])
    def test_a_damaged_file_is_named(self, tmp_path, text):
        path = tmp_path / "result.json"
        path.write_text(text)
        with pytest.raises(
            EvaluationError, match=r"result\.json is no saved evaluation"
        ):
            Evaluation.load(path)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(EvaluationError, match=r"none\.json cannot be read"):
            Evaluation.load(tmp_path / "none.json")


def test_text_is_a_table(clustered):
    text = str(evaluate(*clustered))
    assert "accuracy           0.500  [" in text
    assert "95 % over 20 groups" in text
    assert all(name in text for name in EMOTIONS)
    assert "optimistic" in str(evaluate(*clustered[:2]))


class TestAccuracyBy:
    def test_bins_of_numbers(self):
        values = [0.0, 0.1, 0.5, 0.69, 0.7, 1.0]
        y_true, y_pred = np.zeros(6, int), [0, 1, 0, 0, 0, 1]
        table = accuracy_by(values, y_true, _sure(y_pred), [0, 0.5, 0.7, 0.8, 1.0])
        assert list(table.columns) == ["bin", "n", "accuracy", "low", "high"]
        assert list(table["n"]) == [2, 2, 1, 1]
        assert list(table["accuracy"]) == [0.5, 1, 1, 0]
        assert table["bin"][1] == pd.Interval(0.5, 0.7, closed="left")

    def test_names(self):
        values = ["mask", "none", "none", "glasses"]
        table = accuracy_by(values, [0, 1, 2, 3], _sure([1, 1, 2, 3]))
        assert list(table["bin"]) == ["glasses", "mask", "none"]
        assert list(table["accuracy"]) == [1, 0, 1]

    def test_empty_bins_and_values_outside(self):
        values = [0.1, np.nan, 3.0, -1.0]
        table = accuracy_by(values, [0] * 4, _sure([0] * 4), [0, 0.5, 1])
        assert list(table["n"]) == [1, 0]
        assert table.iloc[1, 2:].isna().all()

    def test_interval_over_people(self, clustered):
        values = np.zeros(1000)
        table = accuracy_by(values, *clustered[:2], groups=clustered[2])
        assert (table["low"][0], table["high"][0]) == evaluate(*clustered).interval

    def test_values_of_another_length(self):
        with pytest.raises(EvaluationError, match=r"values must have shape \(2,\)"):
            accuracy_by([1.0], [0, 1], _sure([0, 1]))

    @pytest.mark.parametrize("bins", [[0.5], [1, 0], [0, 0], [[0, 1]]])
    def test_edges_that_do_not_ascend(self, bins):
        with pytest.raises(EvaluationError, match="ascending edges"):
            accuracy_by([0.5], [0], _sure([0]), bins)


def test_neither_plots_nor_networks_are_imported():
    code = (
        "import sys, emolib.evaluation;"
        "bad = {'tensorflow', 'keras', 'matplotlib', 'seaborn', 'emolib.plots'};"
        "print(*sorted(bad & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@pytest.fixture(scope="module")
def claims():
    """Labels drawn from stated probabilities, which are therefore honest."""
    rng = np.random.default_rng(4)
    scores = rng.normal(0, 2, (20_000, 6))
    honest = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y_true = (rng.random((len(honest), 1)) > honest.cumsum(axis=1)).sum(axis=1)
    return y_true.clip(0, 5), honest


class TestReliability:
    def test_by_hand(self):
        probabilities = _sure([0, 1, 2, 3], top=0.75)
        probabilities[3] = _sure([3], top=0.35)[0]
        table = reliability([0, 1, 0, 3], probabilities, bins=4)
        assert list(table["n"]) == [1, 3]  # bins without an image are left out
        assert table["confidence"].to_numpy() == pytest.approx([0.35, 0.75])
        assert table["accuracy"].to_numpy() == pytest.approx([1, 2 / 3])
        assert (table["bin"].iloc[1].left, table["bin"].iloc[1].right) == (0.75, 1)

    def test_honest_claims_lie_on_the_diagonal_and_boasting_below(self, claims):
        y_true, honest = claims
        table = reliability(y_true, honest)
        large = table[table["n"] > 500]
        assert np.abs(large["accuracy"] - large["confidence"]).max() < 0.03
        boasting = reliability(y_true, apply_temperature(honest, 0.5))
        large = boasting[(boasting["n"] > 500) & (boasting["confidence"] < 0.95)]
        assert (large["accuracy"] < large["confidence"] - 0.05).all()

    def test_certainty_belongs_to_the_last_bin(self):
        table = reliability([0, 1], _sure([0, 1]))
        assert list(table["n"]) == [2]
        assert table["confidence"].tolist() == [1]

    def test_intervals_draw_groups(self, clustered):
        y_true, probabilities, people = clustered
        alone = reliability(y_true, probabilities).iloc[0]
        grouped = reliability(y_true, probabilities, people).iloc[0]
        assert grouped["high"] - grouped["low"] > 3 * (alone["high"] - alone["low"])

    def test_no_bins(self):
        with pytest.raises(EvaluationError, match="bins must be 1 or more"):
            reliability([0], _sure([0]), bins=0)


class TestTemperature:
    @pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
    def test_the_hidden_temperature_is_found(self, claims, temperature):
        y_true, honest = claims
        given = apply_temperature(honest, 1 / temperature)
        found = fit_temperature(y_true, given)
        assert found == pytest.approx(temperature, rel=0.05)
        repaired = apply_temperature(given, found)
        assert calibration_error(y_true, repaired) < 0.02
        assert (repaired.argmax(axis=1) == given.argmax(axis=1)).all()

    def test_equals_dividing_the_scores(self):
        scores = np.random.default_rng(0).normal(0, 3, (50, 6))

        def softmax(z):
            return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

        assert apply_temperature(softmax(scores), 1.7) == pytest.approx(
            softmax(scores / 1.7)
        )

    def test_certainty_stays_finite(self):
        cooled = apply_temperature(_sure([0, 3]), 5.0)
        assert np.isfinite(cooled).all()
        assert cooled.sum(axis=1) == pytest.approx(1)
        assert 0.05 <= fit_temperature([0, 3], _sure([0, 3], 0.9)) <= 20

    @pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf])
    def test_impossible_temperatures(self, temperature):
        with pytest.raises(EvaluationError, match="above 0"):
            apply_temperature(_sure([0]), temperature)


class TestComparison:
    def test_mcnemar_by_hand(self):
        y_true = np.zeros(12, int)
        first = _sure([0] * 2 + [1] * 8 + [0] * 2)  # right, wrong, right
        second = _sure([1] * 2 + [0] * 8 + [0] * 2)
        found = mcnemar(y_true, first, second)
        assert (found.only_first, found.only_second) == (2, 8)
        tails = sum(math.comb(10, k) for k in (0, 1, 2)) * 2 / 2**10
        assert found.p_value == pytest.approx(tails)

    def test_mcnemar_of_a_model_with_itself(self):
        assert mcnemar([0, 1], _sure([0, 0]), _sure([0, 0])).p_value == 1

    def test_paired_bootstrap_by_hand(self, clustered):
        y_true, first, people = clustered
        second = _sure(y_true)
        found = paired_bootstrap(y_true, first, second, people)
        assert found.difference == pytest.approx(0.5)
        assert (found.n, found.n_groups, found.optimistic) == (1000, 20, False)
        low, high = found.interval
        assert low < 0.32 < 0.68 < high < 0.8
        assert low == pytest.approx(0.3, abs=0.05)  # 20 tosses of a fair coin
        images = paired_bootstrap(y_true, first, second)
        assert images.optimistic
        assert images.interval[1] - images.interval[0] < (high - low) / 3

    def test_what_is_hard_for_both_cancels(self, clustered):
        y_true, first, people = clustered
        second = first.copy()
        second[::50] = _sure(y_true[::50])  # one image of each person
        low, high = paired_bootstrap(y_true, first, second, people).interval
        assert 0 < low < high < 0.021
        alone = evaluate(y_true, first, people).interval
        assert high - low < (alone[1] - alone[0]) / 10

    def test_one_person_gives_no_interval(self):
        found = paired_bootstrap([0, 1], _sure([0, 0]), _sure([0, 1]), ["a", "a"])
        assert np.isnan(found.interval).all()

    def test_predictions_are_checked(self):
        with pytest.raises(EvaluationError, match="shape"):
            mcnemar([0, 1], _sure([0, 0]), _sure([0]))


class TestLearningCurve:
    def fit(self, part, seed):
        """A method that is right for the share of people it has seen."""
        self.seen.append((seed, sorted(np.unique(part.groups))))
        share = len(np.unique(part.groups)) / self.everybody

        def answer(images):
            right = np.arange(len(images)) < share * len(images)
            return _sure(np.where(right, self.labels, (self.labels + 1) % 6))

        return answer

    def test_samples_grow_and_are_scored(self, tiny):
        groups = np.unique(tiny.groups)
        learn = tiny.subset(np.isin(tiny.groups, groups[:-1]))
        test = tiny.subset(tiny.groups == groups[-1])
        self.seen, self.labels = [], test.labels
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
