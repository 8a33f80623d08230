"""Remedies: what an epoch shows, what a network sees, and what was won back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emolib.models import predict
from emolib.models.registry import build
from emolib.recipes.plain import NETWORKS
from emolib.robustness import FACTORS, PERTURBATIONS
from emolib.training import augment
from emolib.training.targets import targets_of
from studies import remedies
from studies.remedies import (
    RELIT,
    REMEDIES,
    STRANGE,
    TESTS,
    Remedied,
    asked,
    averaged,
    compared,
    recalls,
    recovered,
    with_local_contrast,
)

EPOCHS = 40


@pytest.fixture
def still(monkeypatch):
    """Nothing is augmented, so that pixels tell which picture is shown."""
    monkeypatch.setattr(remedies, "augment", lambda images, seed: images)


@pytest.fixture
def feed(numbered, faces_of):
    """Every picture k was also rendered as 100 + k and as 200 + k."""
    others = {str(base): faces_of(np.arange(50) + base) for base in (100, 200)}
    return Remedied(numbered, others, (), True, 3, 0.5)


def greys(feed, epoch):
    """Return the grey of every picture of an epoch, and its targets."""
    images, targets = feed(epoch)
    assert (images == images[:, :1, :1]).all()
    return images[:, 0, 0].astype(int), targets


class TestDeclared:
    """The remedies, and the tests that they must not have trained for."""

    def test_names_are_those_that_are_there(self):
        for remedy in REMEDIES.values():
            assert remedy.keys() <= {"spoil", "render", "share", "contrast", "views"}
            assert set(remedy.get("spoil", ())) <= PERTURBATIONS.keys()
            for change in remedy.get("render", ()):
                assert change.keys() <= FACTORS.keys()
        for change in TESTS.values():
            assert change.keys() <= FACTORS.keys()
        assert REMEDIES["no remedy"] == TESTS["as they were"] == {}

    def test_no_light_of_the_test_was_trained_with(self):
        assert not [change for change in RELIT if change in TESTS.values()]
        tried = {name for one in REMEDIES.values() for name in one.get("spoil", ())}
        assert not tried & set(STRANGE)
        assert set(STRANGE) <= PERTURBATIONS.keys()


@pytest.mark.usefixtures("still")
class TestWhatAnEpochShows:
    """The feed `Remedied`."""

    def test_half_is_rendered_otherwise_by_each_change_alike(self, feed):
        shown = np.concatenate([greys(feed, epoch)[0] for epoch in range(EPOCHS)])
        counts = np.bincount(shown // 100) / len(shown)
        assert counts == pytest.approx([0.5, 0.25, 0.25], abs=0.04)

    @pytest.mark.parametrize("share", [0, 0.2, 1])
    def test_the_share_is_the_one_that_is_asked_for(self, feed, share):
        feed = replace(feed, share=share)
        shown = np.concatenate([greys(feed, epoch)[0] for epoch in range(EPOCHS)])
        within = 0 if share in (0, 1) else 0.04
        assert (shown >= 100).mean() == pytest.approx(share, abs=within)

    def test_every_frame_is_shown_once_with_its_own_target(self, feed, numbered):
        own = targets_of(numbered, soft=True)
        for epoch in range(3):
            shown, targets = greys(feed, epoch)
            assert sorted(shown % 100) == list(range(50))
            assert (targets == own[shown % 100]).all()

    def test_hard_labels_where_the_recipe_has_them(self, feed, numbered):
        shown, targets = greys(replace(feed, soft=False), 0)
        assert (targets == np.eye(6)[numbered.labels[shown % 100]]).all()

    def test_without_a_remedy_nothing_is_changed(self, feed):
        shown, _ = greys(replace(feed, others={}), 0)
        assert sorted(shown) == list(range(50))
        assert list(shown) != list(range(50))

    def test_half_is_spoilt_with_every_severity_alike(self, feed, faces_of):
        plain = faces_of(np.full(50, 120))
        spoilt = replace(feed, faces=plain, others={}, spoil=("underexposure",))
        shown = np.concatenate([greys(spoilt, epoch)[0] for epoch in range(EPOCHS)])
        levels, counts = np.unique(shown, return_counts=True)
        assert len(levels) == 1 + 4  # the darkest is at severity 1
        expected = [0.125] * 4 + [0.5]
        assert counts / len(shown) == pytest.approx(expected, abs=0.04)

    def test_several_ways_to_spoil_are_drawn_alike(self, feed, faces_of, monkeypatch):
        ways = {"gamma": 1, "blur": 2}
        monkeypatch.setattr(
            remedies,
            "perturb",
            lambda images, name, severity, seed: images + ways[name],
        )
        plain = faces_of(np.full(50, 120))
        spoilt = replace(feed, faces=plain, others={}, spoil=tuple(ways))
        shown = np.concatenate([greys(spoilt, epoch)[0] for epoch in range(EPOCHS)])
        counts = np.bincount(shown - 120) / len(shown)
        assert counts == pytest.approx([0.5, 0.25, 0.25], abs=0.04)


def test_each_epoch_differs_and_repeats_exactly(feed, check_epochs):
    targets = check_epochs(replace(feed, spoil=("patch anywhere", "noise")))
    assert targets.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_a_feed_leaves_its_faces_as_they_were(feed, numbered):
    before = numbered.images.copy()
    replace(feed, spoil=("noise",))(0)
    assert (numbered.images == before).all()


def test_identity_tells_feeds_apart(feed, numbered, faces_of):
    (name, first), (second, last) = feed.others.items()
    variants = [
        feed,
        replace(feed, faces=faces_of(np.arange(50) + 1)),
        replace(feed, others={name: first}),
        replace(feed, others={name: last, second: first}),
        replace(feed, spoil=("noise",)),
        replace(feed, spoil=("noise", "blur")),
        replace(feed, soft=False),
        replace(feed, seed=4),
        replace(feed, share=0.4),
    ]
    assert len({json.dumps(one.identity()) for one in variants}) == len(variants)
    assert replace(feed, faces=faces_of(np.arange(50))).identity() == feed.identity()


class TestWhatANetworkSees:
    """Local contrast, and several views."""

    @pytest.mark.parametrize("name", NETWORKS)
    def test_contrast_takes_a_lamp_at_the_side_away(self, name, tiny):
        """What the first convolution is handed moves less when one side is lit."""
        faces = tiny.images[:24].astype(np.float32)
        lit = faces * np.linspace(0.4, 1.2, 64, dtype=np.float32)
        plain = build(name, 0)

        def moved(model):
            seen, now = (
                np.asarray(model.layers[1](one[..., None])) for one in (faces, lit)
            )
            return np.linalg.norm(now - seen) / np.linalg.norm(seen)

        contrast = with_local_contrast(plain)
        assert moved(contrast) < 0.6 * moved(plain)
        answered = predict(contrast, tiny.images[:24])
        assert answered.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert np.abs(answered - predict(plain, tiny.images[:24])).max() > 1e-3

    @pytest.mark.parametrize("name", NETWORKS)
    def test_contrast_begins_with_the_weights_of_its_seed(self, name):
        model = build(name, 1)
        twice = [with_local_contrast(build(name, 1)) for _ in range(2)]
        own, *others = ([one.numpy() for one in m.trainable_variables]
                        for m in (model, *twice))  # fmt: skip
        for weights in others:
            assert len(weights) == len(own)
            assert all((a == b).all() for a, b in zip(own, weights, strict=True))

    def test_views_are_averaged_beginning_with_the_picture_itself(
        self, tiny, monkeypatch
    ):
        monkeypatch.setattr(remedies, "predict", shares)
        images = tiny.images[:10]
        assert (averaged(None, 1, images) == shares(None, images)).all()
        by_hand = [images, augment(images, [0, 1]), augment(images, [0, 2])]
        expected = sum(shares(None, one) for one in by_hand) / 3
        assert averaged(None, 3, images) == pytest.approx(expected)
        assert averaged(None, 3, images) != pytest.approx(shares(None, images))


def shares(model, images):
    """Answer from how bright six stripes of a picture are."""
    stripes = images[:, :60].reshape(len(images), 6, -1).mean(axis=2)
    return stripes / stripes.sum(axis=1, keepdims=True)


# --- what was won back ----------------------------------------------------------------

LABELS = np.tile(np.arange(4), 8)  # 32 pictures
PEOPLE = np.repeat(["a", "b", "c", "d"], 8)


def answers(right):
    """Return answers that are right where `right`, bool (32,), says so."""
    return np.eye(6)[np.where(right, LABELS, 5)]


def first(count):
    """Say that each person's first pictures are right: so many, or as many for each."""
    place = np.tile(np.arange(8), 4)
    return place < np.repeat(np.broadcast_to(count, 4), 8)


def seeds(*counts):
    """Return the answers of one seed for each of these counts."""
    return [answers(first(count)) for count in counts]


WITHOUT = {"nothing worn": seeds(8, 8), "mask": seeds(4, 4), "hand": seeds(6, 6)}


class TestRecovered:
    """The share of lost accuracy that a remedy wins back."""

    def share(self, found, worn=("mask", "hand")):
        return recovered(LABELS, PEOPLE, found, WITHOUT, worn)

    def test_exactly_half_of_everybody(self):
        found = self.share({"mask": seeds(6, 6), "hand": seeds(7, 7)})
        assert found == {name: [0.5] * 3 for name in ("mask", "hand", "both")}

    def test_all_and_nothing(self):
        found = self.share({"mask": seeds(8, 8), "hand": seeds(6, 6)})
        assert found["mask"] == [1, 1, 1]
        assert found["hand"] == [0, 0, 0]
        # 4 and 2 of 8 were lost, 4 and 0 won back
        assert found["both"] == pytest.approx([4 / 6] * 3, abs=1e-5)

    def test_half_on_average_is_less_sure(self):
        """Two people win back all that they lost, two nothing."""
        found = self.share({"mask": seeds([8, 8, 4, 4], [8, 8, 4, 4])}, ("mask",))
        share, low, high = found["mask"]
        assert share == 0.5
        assert 0 <= low < 0.2
        assert 0.8 < high <= 1
        assert found["both"] == found["mask"]

    def test_seeds_count_alike(self):
        found = self.share({"mask": seeds(8, 4)}, ("mask",))
        assert found["mask"] == [0.5] * 3

    def test_a_remedy_that_harms(self):
        assert self.share({"mask": seeds(2, 2)}, ("mask",))["mask"] == [-0.5] * 3

    def test_loss_and_gain_of_the_same_people_are_drawn_together(self):
        """Everybody wins back half of a loss that is not everybody's."""
        without = WITHOUT | {"mask": seeds([0, 2, 4, 6], [0, 2, 4, 6])}
        found = {"mask": seeds([4, 5, 6, 7], [4, 5, 6, 7])}
        won = recovered(LABELS, PEOPLE, found, without, ("mask",))
        assert won["mask"] == [0.5] * 3


def test_compared_by_hand():
    reference = {"mask": seeds(4, 4), "none": seeds(8, 8)}
    found = {"mask": seeds(6, [4, 6, 6, 8]), "none": seeds(8, 8)}
    result = compared(LABELS, PEOPLE, found, reference)
    assert list(result) == ["mask", "none"]
    mask = result["mask"]
    assert mask["seeds"] == [0.75, 0.75]
    assert mask["accuracy"] == 0.75
    low, high = mask["interval"]
    assert 5 / 8 <= low < 0.75 < high <= 7 / 8
    gain, low, high = mask["better_by"]
    assert gain == 0.25
    assert 1 / 8 <= low < gain < high <= 3 / 8
    assert result["none"] == {
        "seeds": [1, 1], "accuracy": 1, "interval": [1, 1], "better_by": [0, 0, 0],
    }  # fmt: skip


def test_compared_with_itself_is_no_better():
    found = {"mask": seeds(3, 5)}
    (row,) = compared(LABELS, PEOPLE, found, found).values()
    assert row["seeds"] == [3 / 8, 5 / 8]
    assert (row["accuracy"], row["better_by"]) == (0.5, [0, 0, 0])


def test_a_seed_more_is_no_person_more():
    """The same answers again leave the interval over people as it was."""
    uneven = [2, 8, 4, 6]
    reference = {n: {"mask": seeds(*[4] * n)} for n in (1, 3)}
    rows = [
        compared(LABELS, PEOPLE, {"mask": seeds(*[uneven] * n)}, reference[n])["mask"]
        for n in (1, 3)
    ]
    for key in ("accuracy", "interval", "better_by"):
        assert rows[0][key] == rows[1][key]


def test_recalls_are_means_over_seeds():
    labels = np.arange(12) % 6
    right, wrong = np.eye(6)[labels], np.eye(6)[(labels + 1) % 6]
    half = np.where(np.arange(12)[:, None] < 6, right, wrong)
    only_anger = np.where((labels == 0)[:, None], right, wrong)
    assert set(recalls(labels, [right, half]).values()) == {0.75}
    found = recalls(labels, [right, only_anger])
    assert list(found.items())[:2] == [("anger", 1.0), ("disgust", 0.5)]


def test_everybody_is_asked_about_everything():
    answer = {"a": [lambda images: images + 1, lambda images: images + 2], "b": []}
    found = asked(answer, {"dark": np.zeros(2), "bright": np.ones(2)})
    assert found["b"] == {"dark": [], "bright": []}
    assert [one.tolist() for one in found["a"]["bright"]] == [[2, 2], [3, 3]]


# --- the studies, without training and rendering --------------------------------------

FEW = {
    "no remedy": {},
    "occluders, local contrast": {"render": [{"occluder": "mask"}], "contrast": True},
    "averaging 2 views": {"views": 2},
}


@pytest.fixture
def stubs(monkeypatch, bar, hidden):
    """Renderings that hide a face, and a network that reads what is not hidden."""
    monkeypatch.setattr(remedies, "predict", bar)
    monkeypatch.setattr(remedies, "rendered", hidden)


def test_remedies_are_trained_and_tested(stubs, data, idle):
    settings = remedies.STUDY.settings | {"remedies": FEW, "seeds": [0, 1]}
    bench = idle(settings)
    found = remedies.measure(bench)
    json.dumps(found)
    assert (found["images"], found["people"]) == (2 * 12, 2)
    assert list(found["networks"]) == ["plain CNN", "small CNN"]
    rows = found["networks"]["plain CNN"]
    assert list(rows) == list(FEW)
    assert rows["no remedy"]["accuracy"].keys() == {*TESTS, *STRANGE}
    accuracy = {
        name: row["accuracy"] for name, row in rows["no remedy"]["accuracy"].items()
    }
    assert accuracy["nothing worn"] == 1
    assert accuracy["mask"] == accuracy["hand"] == pytest.approx(1 / 6, abs=1e-4)
    assert rows["no remedy"]["recovered"]["both"] == [0, 0, 0]
    assert rows["no remedy"]["recalls"]["mask"]["anger"] == 1  # all that is said
    trained = {(name, seed) for name, seed, *_ in bench.settings["trained"]}
    assert trained == {
        (f"{network} {remedy}", seed)
        for network in NETWORKS
        for remedy in ("no remedy", "occluders local contrast")
        for seed in (0, 1)
    }  # averaging asks a network that was trained without a remedy
    sizes = {name: len(feed.faces) for name, _, feed, _ in bench.settings["trained"]}
    assert sizes["plain_cnn no remedy"] < sizes["small_cnn no remedy"] == 3 * 48
    for name, seed, feed, recipe in bench.settings["trained"]:
        assert (feed.seed, feed.share) == (seed, 0.5)
        assert feed.soft == name.startswith("small")
        assert len(feed.others) == ("contrast" in name)
        assert all(len(one) == len(feed.faces) for one in feed.others.values())
        assert recipe == NETWORKS[name.split()[0]]["fit"]


def test_photographs_are_asked_about(stubs, data, idle, noise):
    settings = remedies.PHOTOGRAPHS.settings | {"remedies": FEW, "seeds": [0]}
    found = remedies.on_photographs(idle(settings, noise))
    json.dumps(found)
    assert 0 < found["images"] < 30
    row = found["networks"]["small CNN"]["no remedy"]
    assert list(row) == ["as they were", *settings["spoilt"]]
    assert row["gamma"]["better_by"] == [0, 0, 0]
