"""Training: what its words rest on."""

from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="module")
def shown(chapter):
    return SimpleNamespace(**chapter("training"))


def test_people_who_teach_and_people_who_judge_are_others(shown):
    assert not set(shown.train.groups) & set(shown.validation.groups)


def test_the_dummy_is_right_once_in_six(shown):
    assert shown.dummy_accuracy == pytest.approx(1 / 6, abs=0.005)


def test_an_even_guess_costs_the_logarithm_of_six(shown):
    assert shown.loss(np.zeros((256, 6))) == pytest.approx(np.log(6))
    assert shown.by_hand > np.log(6)


def test_a_step_against_the_gradient_lowers_the_loss(shown):
    w = np.zeros((256, 6))
    assert shown.loss(w - 0.5 * shown.gradient(w)) < shown.loss(w)


def test_saved_weights_give_the_same_answers(shown, tmp_path):
    shown.network.save_weights(tmp_path / "plain.weights.h5")
    restored = shown.build("plain_cnn", seed=1)
    restored.load_weights(tmp_path / "plain.weights.h5")
    images = shown.validation.images[:50]
    again, once = (shown.predict(one, images) for one in (restored, shown.network))
    assert np.allclose(again, once, atol=1e-6)


def test_the_second_layer_helps_on_its_own_images_only(shown):
    one, two = shown.compared.iloc[0], shown.compared.iloc[1]
    assert two["training loss"] < 0.7 * one["training loss"]
    assert two["loss on new people"] > one["loss on new people"]
    assert two["right on new people"] - one["right on new people"] < 0.05


def test_momentum_gets_furthest_and_the_lowest_point_is_an_edge(shown):
    assert min(shown.left, key=shown.left.get) == "momentum"
    upper, lower = shown.lowest
    assert upper < 0 < lower


def test_adam_is_ahead_at_all_rates_but_the_largest(shown):
    adam, sgd = (shown.ends[name].mean(axis=1) for name in ("adam", "sgd"))
    assert (adam[:-1] < sgd[:-1]).all()
    assert adam[-1] > np.log(6) > sgd[-1]


def test_training_rises_above_the_dummy_and_validation_leads_at_first(shown):
    first = shown.run.frame.iloc[0]
    assert first.val_accuracy > first.accuracy
    assert shown.run.frame.val_loss.is_monotonic_decreasing


def test_twelve_people_are_learnt_by_heart(shown):
    assert len(shown.chosen) == 12
    assert shown.learnt - shown.checked > 0.3


def test_dropout_keeps_the_sum_on_average(shown):
    rng, units = np.random.default_rng(0), np.linspace(0, 1, 32)
    draws = np.stack([shown.drop(units, 0.5, rng) for _ in range(5000)])
    assert np.allclose(draws.mean(axis=0), units, atol=0.06)


def test_batch_normalisation_minds_the_company_in_training_only(shown):
    here, there = (shown.layer(m, training=True)[0] for m in shown.company)
    assert np.abs(np.array(here) - np.array(there)).max() > 1
    here, there = (shown.layer(m, training=False)[0] for m in shown.company)
    assert np.allclose(here, there, atol=1e-5)


def test_of_all_changes_only_no_dropout_helps(shown):
    means = shown.changes.mean(axis=1)
    assert [name for name in shown.others if means[name] > 0] == ["no dropout"]
    assert shown.sure["no dropout"]
    assert not shown.sure["no augmentation"]
    assert shown.luck == pytest.approx(0.1)


def test_the_network_that_ships_has_the_dropout_of_the_recipe():
    """When this fails, rewrite "What we found about dropout", and chapters 5 and 7."""
    from emolib.models import load_model

    rates = [
        layer.rate
        for layer in load_model("plain-cnn").layers
        if type(layer).__name__ == "Dropout"
    ]
    assert rates == [0.5]


def test_a_high_rate_can_leave_a_run_where_it_began(shown):
    assert shown.accuracy.loc["learning rate x 10"].min() < 1 / 6 + 0.05


def test_stopping_early_costs_less_than_half_a_point(shown):
    assert 0 <= shown.lost.mean() < 0.5
    assert shown.spent < 1
    assert shown.stopped_at([0.5, 0.6, 0.5, 0.6, 0.5, 0.9], patience=3) == 5
    assert shown.stopped_at([0.5, 0.6, 0.7], patience=3) == 3


def test_the_loss_turns_where_both_brakes_are_off(shown):
    def rise(runs):
        curves = np.array([history["val_loss"] for history in runs.history])
        return (curves[:, -1] / curves.min(axis=1) - 1).mean()

    assert rise(shown.free) > 5 * rise(shown.bound)
