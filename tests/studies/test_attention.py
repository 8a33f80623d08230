"""What attention brings: maps, replaced attention, costs, and crowds of people."""

import json
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr

from emolib.models.registry import build
from emolib.robustness import FACTORS
from emolib.training.targets import targets_of
from studies import attention
from studies.attention import (
    AS_LONG,
    ATTENTION,
    OVER_PLACES,
    REGIONS,
    REPLACEABLE,
    TESTS,
    Crowd,
    answered,
    attended,
    likeness,
    multiply_adds,
    other_attention,
    replaced,
    shrunk,
    timed_training,
)


@pytest.fixture(scope="module")
def networks():
    """One of each, new."""
    return {kind: build(kind, 0) for kind in {*OVER_PLACES, *REPLACEABLE}}


@pytest.fixture
def noise_images():
    """Five pictures of noise, uint8."""
    return np.random.default_rng(0).integers(0, 256, (5, 64, 64), dtype=np.uint8)


def test_what_is_declared_is_there(networks):
    assert AS_LONG.keys() < ATTENTION.keys()
    for change in TESTS.values():
        assert change.keys() <= FACTORS.keys()
    for kind, names in REPLACEABLE.items():
        assert all(networks[kind].get_layer(name).attention for name in names)
    rows = [row for ends in REGIONS.values() for row in range(*ends)]
    assert rows == sorted(set(rows))


class TestMaps:
    """Where networks attend, and how alike two maps are."""

    @pytest.mark.parametrize("kind", OVER_PLACES)
    def test_attention_is_a_share_of_each_place(self, kind, networks, noise_images):
        found = attended(networks[kind], OVER_PLACES[kind], noise_images)
        assert found.shape == (5, 8, 8)
        assert (found >= 0).all()
        assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-5)

    def test_a_place_looked_at_by_all_has_all_attention(self, noise_images):
        """Eight by eight places look at the last one, whichever head."""
        picture = keras.Input((64, 64, 1))
        place = keras.layers.AveragePooling2D(8, name="look")
        model = keras.Model(picture, place(picture))
        weights = np.zeros((5, 2, 64, 64), np.float32)
        weights[..., -1] = 1
        model.get_layer("look").attention = lambda features: weights
        expected = np.zeros((5, 8, 8))
        expected[:, 7, 7] = 1
        assert_array_equal(attended(model, "look", noise_images), expected)

    def test_a_map_is_shrunk_to_means_of_its_blocks(self, noise_images):
        small = shrunk(noise_images.astype(float))
        assert small.shape == (5, 8, 8)
        assert small[2, 1, 3] == pytest.approx(noise_images[2, 8:16, 24:32].mean())

    def test_likeness_is_the_median_rank_correlation(self):
        one, other = np.random.default_rng(1).normal(size=(2, 7, 8, 8))
        expected = [
            spearmanr(a.ravel(), b.ravel()).statistic
            for a, b in zip(one, other, strict=True)
        ]
        assert likeness(one, other) == pytest.approx(np.median(expected))
        assert likeness(one, np.exp(one)) == pytest.approx(1)
        assert likeness(one, -one) == pytest.approx(-1)

    def test_a_map_that_is_flat_is_like_nothing(self):
        one = np.random.default_rng(1).normal(size=(3, 8, 8))
        assert likeness(one, np.ones((3, 8, 8))) == 0


class TestReplaced:
    """Other weights in the place of attention."""

    @pytest.mark.parametrize("kind", REPLACEABLE)
    def test_the_same_weights_change_nothing(self, kind, networks, noise_images):
        model, shown = networks[kind], noise_images[..., None].astype(np.float32)
        before = np.asarray(model(shown))
        with other_attention(model, REPLACEABLE[kind], lambda weights: weights):
            assert_allclose(np.asarray(model(shown)), before, atol=1e-6)

    @pytest.mark.parametrize("kind", REPLACEABLE)
    def test_other_weights_do_and_the_own_come_back(self, kind, networks, noise_images):
        model, shown = networks[kind], noise_images[..., None].astype(np.float32)
        before = np.asarray(model(shown))
        with other_attention(model, REPLACEABLE[kind], lambda weights: 0 * weights):
            assert np.abs(np.asarray(model(shown)) - before).max() > 1e-4
        assert_array_equal(np.asarray(model(shown)), before)

    def test_they_come_back_after_an_error_too(self, networks):
        model = networks["attention_pooling_cnn"]
        with pytest.raises(KeyError), other_attention(model, ["average"], dict):
            raise KeyError
        assert "attention" not in vars(model.get_layer("average"))

    def test_of_another_face_is_that_of_the_mirrored_place(self, faces_of, monkeypatch):
        """A network that answers with its attention answers with the other face's."""
        told = np.array([0, 1, 2, 3, 4])
        layer = SimpleNamespace(attention=lambda: np.eye(6)[told])
        model = SimpleNamespace(get_layer=lambda name: layer)
        monkeypatch.setattr(
            attention, "answered", lambda *_: np.asarray(layer.attention()).argmax(1)
        )
        monkeypatch.setattr(attention, "other_attention", _swapped(layer))
        faces = faces_of(np.arange(5))  # labels 0 to 4
        found = replaced([model], ["x"], faces)
        assert found["of another face"] == {"accuracy": [0.2], "same": [0.2]}
        assert found["even"]["accuracy"] == [0.2]  # all alike: the first class
        assert set(found) == {"even", "the mean of all faces", "of another face"}


def _swapped(layer):
    """Stand in for `other_attention` where layers are none of Keras'."""
    from contextlib import contextmanager

    @contextmanager
    def other(model, names, change):
        own = layer.attention
        layer.attention = lambda: change(own())
        yield
        layer.attention = own

    return other


def test_answers_are_the_most_probable_classes(networks, noise_images):
    model = networks["se_cnn"]
    shown = noise_images[..., None].astype(np.float32)
    expected = np.asarray(model(shown)).argmax(axis=1)
    assert_array_equal(answered(model, noise_images), expected)


def test_multiply_adds_by_hand():
    """A convolution of 3 x 3 on 64 x 64 places and a dense layer, without biases."""
    picture = keras.Input((64, 64, 1))
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(picture)
    x = keras.layers.Dense(6, use_bias=False)(keras.layers.Flatten()(x))
    expected = 64 * 64 * 9 * 4 + 64 * 64 * 4 * 6
    assert multiply_adds(keras.Model(picture, x)) == expected


def test_networks_take_turns_in_training(numbered, monkeypatch):
    """The second epoch counts; the median is over the turns."""
    turns = []

    def learn(model, train, validation, *, epochs, batch_size, seed, progress):
        turns.append((model.name, seed))
        assert epochs == 2
        assert train is numbered
        seconds = [99.0, 50e-3 * (seed + 1) ** 2]
        return SimpleNamespace(frame=pd.DataFrame({"seconds": seconds}))

    monkeypatch.setattr(attention, "fit", learn)
    networks = {"a": "se_cnn", "b": "small_cnn"}
    recipe = {"epochs": 12, "batch_size": 8}
    found = timed_training(networks, recipe, numbered, times=3)
    names = ["se_cnn", "small_cnn"] * 3
    assert turns == list(zip(names, [0, 0, 1, 1, 2, 2], strict=True))
    assert found == {"a": 4, "b": 4}  # milliseconds for each of 50 faces


class TestCrowd:
    """As many pictures an epoch, of however many people."""

    @pytest.fixture
    def feed(self, numbered):
        return Crowd(numbered, 50, 3)

    def test_each_epoch_differs_and_repeats_exactly(self, feed, check_epochs):
        check_epochs(feed)

    @pytest.mark.parametrize("pictures", [20, 50, 120])
    def test_pictures_are_shown_alike_often(
        self, feed, numbered, monkeypatch, pictures
    ):
        monkeypatch.setattr(attention, "augment", lambda images, seed: images)
        images, targets = replace(feed, pictures=pictures)(2)
        shown = images[:, 0, 0].astype(int)
        assert len(shown) == pictures
        assert np.ptp(np.bincount(shown, minlength=50)) <= 1
        assert_array_equal(targets, targets_of(numbered, soft=True)[shown])

    def test_identity_tells_feeds_apart(self, feed, faces_of):
        variants = [
            feed,
            replace(feed, faces=faces_of(np.arange(50) + 1)),
            replace(feed, pictures=51),
            replace(feed, seed=4),
        ]
        assert len({json.dumps(one.identity()) for one in variants}) == 4


# --- the studies, without training and rendering --------------------------------------


def untrained(bench, model, seed, sets, recipe, name):
    """Stand in for `Bench.train`: nothing is learnt, and what was to be is written."""
    trained = bench.settings.setdefault("trained", [])
    trained.append((name, seed, sets[0], recipe))
    return SimpleNamespace(
        frame=pd.DataFrame({"val_accuracy": [0.5, 0.25], "accuracy": [0.3, 0.9]})
    )


def test_networks_are_compared(data, idle, monkeypatch, hidden):
    monkeypatch.setattr(attention, "rendered", hidden)
    monkeypatch.setattr(attention, "timed", lambda models: dict.fromkeys(models, 1.0))
    monkeypatch.setattr(
        attention, "timed_training", lambda names, *_, times: dict.fromkeys(names, 2.0)
    )
    names = ("small CNN", "CBAM", "attention pooling")
    networks = {name: ATTENTION[name] for name in names}
    settings = {"seeds": [0, 1], "networks": networks, "as_long": {"CBAM": 9}}
    bench = idle(attention.STUDY.settings | settings | {"people_shown": 2})
    monkeypatch.setattr(type(bench), "train", untrained)
    found = attention.measure(bench)
    json.dumps(found)
    about = found["networks"]
    assert list(about) == ["small CNN", "CBAM", "CBAM, as long", "attention pooling"]
    assert [one["epochs"] for one in about.values()] == [12, 12, 9, 12]
    base = about["small CNN"]["accuracy"]
    assert set(base) == {"as they come", *TESTS}
    assert all(one["better_by"] == [0, 0, 0] for one in base.values())
    assert about["CBAM"]["validation_accuracy"] == [0.5, 0.5]
    assert len(about["CBAM"]["accuracy"]["mask"]["seeds"]) == 2
    for name in ("CBAM", "attention pooling"):
        maps = about[name]["maps"]
        assert len(maps["agreement"]["Grad-CAM"]) == 2
        assert np.shape(maps["mean"]) == (2, 8, 8)
        assert np.shape(maps["faces"]["attention"]) == (2, 8, 8)
        assert about[name]["replaced"]["even"].keys() == {"accuracy", "same"}
    assert "maps" not in about["small CNN"]
    assert about["attention pooling"]["milliseconds"] == 1
    assert about["attention pooling"]["training_milliseconds"] == 2
    assert "training_milliseconds" not in about["CBAM, as long"]
    assert [row[0] for row in bench.settings["trained"]] == [
        name for name in ("small CNN", "CBAM", "CBAM as long", "attention pooling")
        for _ in range(2)
    ]  # fmt: skip


def test_more_people_are_added_to_the_same(data, idle, monkeypatch, tiny):
    monkeypatch.setattr(attention, "large_set", lambda: tiny)
    how = {"architecture": "small_cnn", "people": [1, 2, 3], "seeds": [0, 1]}
    trainings = {"small CNN, longer": how | {"fit": {"epochs": 3}}}
    bench = idle({"trainings": trainings, "pictures": 7})
    monkeypatch.setattr(type(bench), "train", untrained)
    found = attention.by_people(bench)
    json.dumps(found)
    assert found["pictures_a_person"] == 48
    counts = [(row["training_people"], row["seed"]) for row in found["rows"]]
    assert counts == [(n, seed) for n in (1, 2, 3) for seed in (0, 1)]
    assert {row["learnt"] for row in found["rows"]} == {0.3}  # in the epoch kept
    trained = bench.settings["trained"]
    assert {recipe["epochs"] for *_, recipe in trained} == {3}
    assert trained[0][0] == "small CNN longer 1"
    feeds = [feed for _, _, feed, _ in trained]
    who = [set(feed.faces.groups) for feed in feeds]
    assert [len(one) for one in who] == [1, 1, 2, 2, 3, 3]
    assert who[0] == who[1] < who[2] == who[3] < who[4]
    assert {feed.pictures for feed in feeds} == {7}
