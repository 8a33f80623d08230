"""Scores of one model."""

import json
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
    calibration_error,
    evaluate,
)


class TestMetrics:
    def test_by_hand(self, sure):
        #  anger 2 of 3, disgust 1 of 1, fear 0 of 1; the others do not occur
        result = evaluate([0, 0, 0, 1, 2], sure([0, 0, 1, 1, 0]))
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

    def test_agrees_with_scikit_learn(self, sure):
        rng = np.random.default_rng(6)
        y_true, y_pred = rng.integers(0, 6, (2, 500))
        y_pred = np.where(rng.random(500) < 0.5, y_true, y_pred)
        result = evaluate(y_true, sure(y_pred))
        expected = metrics.precision_recall_fscore_support(y_true, y_pred)
        assert np.allclose(result.per_class.to_numpy().T, expected)
        balanced = metrics.balanced_accuracy_score(y_true, y_pred)
        assert result.balanced_accuracy == pytest.approx(balanced)
        macro = metrics.f1_score(y_true, y_pred, average="macro")
        assert result.macro_f1 == pytest.approx(macro)

    def test_confusion_has_true_classes_in_rows(self, sure):
        result = evaluate([0, 0, 5], sure([0, 3, 5]))
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
    def test_honest_and_boastful(self, sure):
        y_true = np.zeros(100, int)
        predicted = np.repeat([0, 1], [80, 20])
        assert calibration_error(y_true, sure(predicted, 0.8)) == pytest.approx(0)
        assert calibration_error(y_true, sure(predicted, 1.0)) == pytest.approx(0.2)

    def test_errors_in_two_bins_do_not_cancel(self, sure):
        # bin of .5: right always (gap .5); bin of .9: right in 4 of 10 (gap .5)
        y_true = np.zeros(20, int)
        predicted = np.repeat([0, 0, 1], [10, 4, 6])
        probabilities = np.vstack(
            [sure(predicted[:10], 0.5), sure(predicted[10:], 0.9)]
        )
        assert calibration_error(y_true, probabilities) == pytest.approx(0.5)


class TestBadInput:
    def test_nan_says_how_many_rows(self, sure):
        probabilities = sure([0, 1, 2, 3])
        probabilities[1:3, 0] = np.nan, np.inf
        with pytest.raises(
            EvaluationError, match=r"2 of 4 rows .*NaN.*row 1.*diverged"
        ):
            evaluate([0, 1, 2, 3], probabilities)

    @pytest.mark.parametrize(
        "row", [[0.5] * 6, [0] * 6, [2, -1, 0, 0, 0, 0], [9, 1, -3, 0, 2, 1]]
    )
    def test_rows_that_are_no_probabilities(self, sure, row):
        with pytest.raises(EvaluationError, match=r"1 of 2 rows .*row 1.*softmax"):
            evaluate([0, 1], np.vstack([sure([0]), [row]]))

    def test_rounding_of_single_precision_is_tolerated(self):
        rng = np.random.default_rng(1)
        probabilities = rng.dirichlet(np.ones(6), 500).astype(np.float16)
        assert evaluate(np.zeros(500, int), probabilities).n == 500

    @pytest.mark.parametrize("label", [-1, 6, np.nan, 1.5])
    def test_labels_outside_the_six(self, sure, label):
        with pytest.raises(EvaluationError, match=r"1 of 2 labels .*drop unlabelled"):
            evaluate([0, label], sure([0, 1]))

    def test_nothing(self):
        with pytest.raises(EvaluationError, match="no images"):
            evaluate([], np.zeros((0, 6)))

    @pytest.mark.parametrize("shape", [(3, 6), (2, 7), (2,), (2, 6, 1)])
    def test_shapes_that_do_not_fit(self, shape):
        with pytest.raises(EvaluationError, match=r"\(n, 6\); received \(2,\)"):
            evaluate([0, 1], np.zeros(shape))

    def test_labels_as_one_hot_rows(self, sure):
        with pytest.raises(EvaluationError, match=r"received \(2, 6\) and \(2, 6\)"):
            evaluate(sure([0, 1]), sure([0, 1]))

    def test_text_for_probabilities(self):
        with pytest.raises(EvaluationError, match="must be numbers"):
            evaluate([0], np.array([["a"] * 6]))

    def test_groups_of_another_length(self, sure):
        with pytest.raises(EvaluationError, match=r"groups must have shape \(2,\)"):
            evaluate([0, 1], sure([0, 1]), ["a"])

    def test_groups_that_are_missing(self, sure):
        with pytest.raises(EvaluationError, match="1 of 2 groups are missing"):
            evaluate([0, 1], sure([0, 1]), ["a", None])


class TestStorage:
    @pytest.fixture
    def result(self, sure):
        return evaluate([0, 0, 1, 2], sure([0, 1, 1, 0], 0.7), list("aabb"))

    def test_round_trip(self, result, tmp_path):
        path = result.save(tmp_path / "result.json")
        again = Evaluation.from_dict(json.loads(path.read_text()))
        assert again.to_dict() == result.to_dict()
        pd.testing.assert_frame_equal(again.per_class, result.per_class)
        assert again.interval == result.interval
        assert str(again) == str(result)

    def test_is_strict_json(self, sure, tmp_path):
        lone = evaluate([0], sure([0]))
        text = lone.save(tmp_path / "result.json").read_text()
        assert "NaN" not in text
        record = json.loads(text)
        assert record["interval"] == [None, None]
        assert np.isnan(Evaluation.from_dict(record).interval).all()

    def test_an_interruption_leaves_the_old_file(self, result, tmp_path, monkeypatch):
        path = tmp_path / "result.json"
        path.write_text("old")

        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("emolib.files.os.replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            result.save(path)
        assert path.read_text() == "old"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("record", [{}, [], 7, {"accuracy": 1}])
    def test_another_record_is_refused(self, record):
        with pytest.raises(EvaluationError, match="Not the record of an evaluation"):
            Evaluation.from_dict(record)


def test_text_is_a_table(clustered):
    text = str(evaluate(*clustered))
    assert "accuracy           0.500  [" in text
    assert "95 % over 20 groups" in text
    assert all(name in text for name in EMOTIONS)
    assert "optimistic" in str(evaluate(*clustered[:2]))


class TestAccuracyBy:
    def test_bins_of_numbers(self, sure):
        values = [0.0, 0.1, 0.5, 0.69, 0.7, 1.0]
        y_true, y_pred = np.zeros(6, int), [0, 1, 0, 0, 0, 1]
        table = accuracy_by(values, y_true, sure(y_pred), [0, 0.5, 0.7, 0.8, 1.0])
        assert list(table.columns) == ["bin", "n", "accuracy", "low", "high"]
        assert list(table["n"]) == [2, 2, 1, 1]
        assert list(table["accuracy"]) == [0.5, 1, 1, 0]
        assert table["bin"][1] == pd.Interval(0.5, 0.7, closed="left")

    def test_names(self, sure):
        values = ["mask", "none", "none", "glasses"]
        table = accuracy_by(values, [0, 1, 2, 3], sure([1, 1, 2, 3]))
        assert list(table["bin"]) == ["glasses", "mask", "none"]
        assert list(table["accuracy"]) == [1, 0, 1]

    def test_empty_bins_and_values_outside(self, sure):
        values = [0.1, np.nan, 3.0, -1.0]
        table = accuracy_by(values, [0] * 4, sure([0] * 4), [0, 0.5, 1])
        assert list(table["n"]) == [1, 0]
        assert table.iloc[1, 2:].isna().all()

    def test_interval_over_people(self, clustered):
        values = np.zeros(1000)
        table = accuracy_by(values, *clustered[:2], groups=clustered[2])
        assert (table["low"][0], table["high"][0]) == evaluate(*clustered).interval

    def test_values_of_another_length(self, sure):
        with pytest.raises(EvaluationError, match=r"values must have shape \(2,\)"):
            accuracy_by([1.0], [0, 1], sure([0, 1]))

    @pytest.mark.parametrize("bins", [[0.5], [1, 0], [0, 0], [[0, 1]]])
    def test_edges_that_do_not_ascend(self, sure, bins):
        with pytest.raises(EvaluationError, match="ascending edges"):
            accuracy_by([0.5], [0], sure([0]), bins)


def test_neither_plots_nor_networks_are_imported():
    code = (
        "import sys, emolib.evaluation;"
        "bad = {'tensorflow', 'keras', 'matplotlib', 'seaborn', 'emolib.plots'};"
        "print(*sorted(bad & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_names_cannot_be_put_into_bins_and_edges_are_numbers():
    shares = np.full((2, 6), 1 / 6)
    with pytest.raises(EvaluationError, match=r"must be numbers .*leave bins out"):
        accuracy_by(["mask", "hand"], np.array([0, 1]), shares, [0, 1])
    with pytest.raises(EvaluationError, match="ascending edges"):
        accuracy_by([1, 2], np.array([0, 1]), shares, [0, np.nan, 3])


def test_true_and_false_are_no_labels():
    with pytest.raises(EvaluationError, match="2 of 2 labels are not 0 to 5"):
        evaluate(np.array([True, False]), np.full((2, 6), 1 / 6))


@pytest.mark.parametrize("record", [[], None, {"accuracy": 1}, 7])
def test_a_record_of_another_kind_is_refused(record):
    with pytest.raises(EvaluationError, match=r"Not the record.*to_dict"):
        Evaluation.from_dict(record)
