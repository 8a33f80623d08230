"""Whether probabilities can be believed."""

import numpy as np
import pytest

from emolib.evaluation import (
    EvaluationError,
    apply_temperature,
    build_in_temperature,
    calibration_error,
    fit_temperature,
    reliability,
)
from emolib.evaluation.calibration import unsure_threshold
from emolib.models import build, plain_cnn, predict
from emolib.models._backend import keras


@pytest.fixture(scope="module")
def claims():
    """Return labels drawn from stated probabilities, which are therefore honest."""
    rng = np.random.default_rng(4)
    scores = rng.normal(0, 2, (20_000, 6))
    honest = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y_true = (rng.random((len(honest), 1)) > honest.cumsum(axis=1)).sum(axis=1)
    return y_true.clip(0, 5), honest


class TestReliability:
    def test_by_hand(self, sure):
        probabilities = sure([0, 1, 2, 3], top=0.75)
        probabilities[3] = sure([3], top=0.35)[0]
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

    def test_certainty_belongs_to_the_last_bin(self, sure):
        table = reliability([0, 1], sure([0, 1]))
        assert list(table["n"]) == [2]
        assert table["confidence"].tolist() == [1]

    def test_intervals_draw_groups(self, clustered):
        y_true, probabilities, people = clustered
        alone = reliability(y_true, probabilities).iloc[0]
        grouped = reliability(y_true, probabilities, people).iloc[0]
        assert grouped["high"] - grouped["low"] > 3 * (alone["high"] - alone["low"])

    def test_no_bins(self, sure):
        with pytest.raises(EvaluationError, match="bins must be 1 or more"):
            reliability([0], sure([0]), bins=0)


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

    def test_certainty_stays_finite(self, sure):
        cooled = apply_temperature(sure([0, 3]), 5.0)
        assert np.isfinite(cooled).all()
        assert cooled.sum(axis=1) == pytest.approx(1)
        assert 0.05 <= fit_temperature([0, 3], sure([0, 3], 0.9)) <= 20

    @pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf])
    def test_impossible_temperatures(self, sure, temperature):
        with pytest.raises(EvaluationError, match="above 0"):
            apply_temperature(sure([0]), temperature)


def test_the_threshold_gives_four_of_five_an_answer():
    rng = np.random.default_rng(2)
    shares = rng.dirichlet(np.full(6, 0.3), 500)
    labels = np.where(rng.random(500) < 0.2, -1, shares.argmax(axis=1))
    threshold = unsure_threshold(labels, shares)
    answered = shares.max(axis=1)[labels >= 0] >= threshold
    assert answered.mean() == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("name", ["real_cnn", "plain_cnn"])
def test_a_temperature_built_in_is_one_applied_afterwards(name):
    faces = np.random.default_rng(1).integers(0, 256, (5, 64, 64), dtype=np.uint8)
    model = build(name, seed=2)
    expected = apply_temperature(predict(model, faces), 0.6)
    build_in_temperature(model, 0.6)
    np.testing.assert_allclose(predict(model, faces), expected, atol=1e-5)


EVEN = np.full((2, 6), 1 / 6)


@pytest.mark.parametrize(
    "temperature", [0, -1, float("nan"), float("inf"), "hot", None]
)
def test_a_temperature_that_is_none_is_refused_wherever_it_is_taken(temperature):
    with pytest.raises(EvaluationError, match="temperature must be a finite number"):
        apply_temperature(EVEN, temperature)
    model = plain_cnn()
    with pytest.raises(EvaluationError, match="temperature must be a finite number"):
        build_in_temperature(model, temperature)


@pytest.mark.parametrize("shares", [EVEN * 2, EVEN * np.nan, EVEN[0], EVEN[:, :5]])
def test_what_are_no_probabilities_get_no_temperature_and_no_threshold(shares):
    with pytest.raises(EvaluationError, match=r"probabilities|shape \(n, 6\)"):
        apply_temperature(shares, 2.0)
    with pytest.raises(EvaluationError, match=r"probabilities|shape \(n, 6\)"):
        unsure_threshold(np.array([0, 1]), shares)


def test_a_threshold_needs_images_with_an_emotion():
    with pytest.raises(EvaluationError, match="no images with an emotion"):
        unsure_threshold(np.array([-1, -1]), EVEN)


def test_a_temperature_is_built_into_nothing_but_a_dense_softmax():
    body = keras.Sequential([keras.Input((64, 64, 1)), keras.layers.Flatten()])
    logits = keras.Sequential([body, keras.layers.Dense(6)])
    for model, told in ((body, "Flatten with None"), (logits, "Dense with linear")):
        with pytest.raises(EvaluationError, match=rf"ends in {told}"):
            build_in_temperature(model, 2.0)


@pytest.mark.parametrize("bins", [0, -3, 2.5, None])
def test_bins_are_whole_numbers(bins):
    with pytest.raises(EvaluationError, match="bins must be 1 or more"):
        reliability(np.array([0, 1]), EVEN, bins=bins)
