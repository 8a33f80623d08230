"""Training: what its words rest on."""

from types import SimpleNamespace

import numpy as np
import pytest

from emolib.results import load_results


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


def test_validation_leads_at_first_and_its_loss_turns_at_the_end(shown):
    first, middle, last = (row for _, row in shown.run.frame.iterrows())
    assert first.val_accuracy > first.accuracy
    assert middle.val_accuracy < middle.accuracy
    assert last.val_loss > middle.val_loss
    assert last.loss < middle.loss
    assert last.val_accuracy > shown.dummy_accuracy + 0.3


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


@pytest.fixture(scope="module")
def choices():
    """Validation accuracies by seed, sorted by choice, from the committed results."""
    found = {}
    for row in load_results("training-choices")["rows"]:
        found.setdefault(row["name"], []).append(row["accuracy"])
    return {name: np.array(values) for name, values in found.items()}


def test_no_choice_is_separated_above_the_recipe(shown, choices):
    recipe = choices["as in this chapter"]
    above = [name for name, seeds in choices.items() if seeds.min() > recipe.max()]
    assert above == []  # or the rule of the chapter demands another recipe
    assert (shown.up, shown.down) == (0, 5)
    below = [name for name, seeds in choices.items() if seeds.max() < recipe.min()]
    assert below == [
        "no augmentation", "dropout 0.5", "dropout 0.5, no augmentation",
        "learning rate x 10", "learning rate / 10",
    ]  # fmt: skip
    assert shown.luck == pytest.approx(0.1)


def test_dropout_left_the_recipe_by_the_rule(choices):
    recipe, first = choices["as in this chapter"], choices["dropout 0.5"]
    assert recipe.min() > first.max()
    assert (recipe - first > 0.02).all()  # a few points with every seed
    assert (recipe - first < 0.06).all()


def test_without_augmentation_dropout_is_ahead_in_the_mean_only(choices):
    bare = choices["no augmentation"]
    braked = choices["dropout 0.5, no augmentation"]
    assert braked.mean() > bare.mean()
    assert braked.min() < bare.max()


def test_batch_normalisation_is_ahead_with_one_seed_within_the_luck(choices):
    recipe, normed = choices["as in this chapter"], choices["batch normalisation"]
    assert normed.mean() > recipe.mean()
    within = (recipe.min() <= normed) & (normed <= recipe.max())
    assert within.sum() == 1


def test_the_network_that_ships_has_the_recipe_of_the_chapter():
    from emolib.models import load_model
    from emolib.recipes.plain import NETWORKS

    layers = [type(layer).__name__ for layer in load_model("plain-cnn").layers]
    assert not {"Dropout", "BatchNormalization"} & set(layers)
    recipe = {"epochs": 14, "batch_size": 32, "learning_rate": 0.001}
    assert NETWORKS["plain_cnn"]["fit"] == recipe


def test_the_small_cnn_has_batch_normalisation(shown):
    layers = [type(layer).__name__ for layer in shown.build("small_cnn").layers]
    assert "BatchNormalization" in layers


def test_ten_times_the_rate_ends_at_guessing_with_every_seed(shown, choices):
    assert (choices["learning rate x 10"] < 1 / 6 + 0.02).all()
    known = shown.known["learning rate \N{MULTIPLICATION SIGN} 10"]
    assert known < 1 / 6 + 0.01
    losses = np.array([history["val_loss"] for history in shown.hot.history])
    assert np.allclose(losses, np.log(6), atol=0.01)


def test_too_long_steps_close_the_last_convolution(shown):
    assert shown.closed == shown.maps.shape[-1] == 64
    answers = shown.predict(shown.hasty, shown.validation.images)
    assert np.ptp(answers, axis=0).max() < 1e-4  # the same for everyone
    assert shown.best["adam"] == pytest.approx(0.01)  # of the softmax layer


def test_stopping_early_costs_less_than_half_a_point(shown):
    assert 0 <= shown.lost.mean() < 0.5
    assert shown.spent < 1
    assert shown.stopped_at([0.5, 0.6, 0.5, 0.6, 0.5, 0.9], patience=3) == 5
    assert shown.stopped_at([0.5, 0.6, 0.7], patience=3) == 3


def test_the_loss_turns_without_augmentation_and_the_accuracy_does_not(shown):
    def rise(runs):
        curves = np.array([history["val_loss"] for history in runs.history])
        return (curves[:, -1] / curves.min(axis=1) - 1).mean()

    assert rise(shown.free) > 5 * rise(shown.bound)
    assert shown.rises["no augmentation"] == pytest.approx(rise(shown.free))
    for history in shown.free.history:
        turn = np.argmin(history["val_loss"])
        assert 1 <= turn <= 3  # lowest after two to four epochs
        assert history["val_accuracy"][-1] > history["val_accuracy"][turn]
