"""Unbalanced training sets: who is in them, how they are drawn, and the gap."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emolib.recipes.plain import NETWORKS
from emolib.robustness import FACTORS
from emolib.training.targets import targets_of
from studies import imbalance
from studies.imbalance import DIVISIONS, MIXTURES, Drawn, compared, mixed

EPOCHS = 40


@pytest.fixture
def still(monkeypatch):
    """Nothing is augmented, so that pixels tell which picture is shown."""
    monkeypatch.setattr(imbalance, "augment", lambda images, seed: images)


@pytest.fixture
def feed(numbered):
    """Of the ten people the last one, with five of the fifty pictures, is second."""
    return Drawn(numbered, np.arange(50) >= 45, False, True, 3)


def numbers(feed, epoch):
    """Return which pictures an epoch shows, and their targets."""
    images, targets = feed(epoch)
    return images[:, 0, 0].astype(int), targets


@pytest.mark.usefixtures("still")
class TestWhatAnEpochShows:
    """The feed `Drawn`."""

    def test_every_picture_is_shown_once_with_its_own_target(self, feed, numbered):
        own = targets_of(numbered, soft=True)
        for epoch in range(3):
            shown, targets = numbers(feed, epoch)
            assert sorted(shown) == list(range(50))
            assert (targets == own[shown]).all()

    def test_drawn_evenly_half_is_of_either_group(self, feed, numbered):
        even = replace(feed, evenly=True)
        own = targets_of(numbered, soft=True)
        few = []
        for epoch in range(EPOCHS):
            shown, targets = numbers(even, epoch)
            assert len(shown) == 50
            assert (targets == own[shown]).all()
            few.append((shown >= 45).mean())
        assert np.mean(few) == pytest.approx(0.5, abs=0.04)
        assert min(few) > 0.2

    def test_drawn_evenly_pictures_of_a_group_are_shown_alike(self, feed):
        for epoch in range(3):
            shown, _ = numbers(replace(feed, evenly=True), epoch)
            times = np.bincount(shown, minlength=50)
            for group in (times[:45], times[45:]):
                assert np.ptp(group) <= 1
            assert times[:45].max() == 1

    def test_hard_labels_where_the_recipe_has_them(self, feed, numbered):
        shown, targets = numbers(replace(feed, soft=False), 0)
        assert (targets == np.eye(6)[numbered.labels[shown]]).all()


@pytest.mark.parametrize("evenly", [False, True])
def test_each_epoch_differs_and_repeats_exactly(feed, evenly, check_epochs):
    check_epochs(replace(feed, evenly=evenly))


def test_identity_tells_feeds_apart(feed, faces_of):
    variants = [
        feed,
        replace(feed, faces=faces_of(np.arange(50) + 1)),
        replace(feed, second=np.arange(50) < 5),
        replace(feed, evenly=True),
        replace(feed, soft=False),
        replace(feed, seed=4),
    ]
    assert len({json.dumps(one.identity()) for one in variants}) == len(variants)
    assert replace(feed, faces=faces_of(np.arange(50))).identity() == feed.identity()


# --- who is in a training set ---------------------------------------------------------

GROUPS = DIVISIONS["skin"]
CHANGES = [str(change) for group in GROUPS.values() for change in group["train"]]
PEOPLE = np.repeat(np.arange(30), 5)


@pytest.fixture
def sets(faces_of):
    """150 pictures of 30 people; the grey says which of six changes was made."""
    return {change: faces_of(np.full(150, k)) for k, change in enumerate(CHANGES)}


def ways(faces):
    """Return as what each picture was rendered, 0 to 5, and check it is one."""
    assert (faces.images == faces.images[:, :1, :1]).all()
    return faces.images[:, 0, 0].astype(int)


class TestMixed:
    """Two groups of people in one training set."""

    @pytest.mark.parametrize(
        ("share", "seconds"), [(0, 30), (0.1, 27), (0.5, 15), (0.81, 6), (1, 0)]
    )
    def test_the_share_is_one_of_people(self, sets, share, seconds):
        faces, second = mixed(sets, GROUPS, share, 0)
        assert len(np.unique(faces.groups[second])) == seconds
        assert len(np.unique(faces.groups)) == 30
        assert ((ways(faces) >= 3) == second).all()

    def test_a_person_is_of_one_group_and_rendered_in_one_way(self, sets):
        faces, second = mixed(sets, GROUPS, 0.5, 1)
        for person in range(30):
            own = person == PEOPLE
            assert len(set(second[own])) == len(set(ways(faces)[own])) == 1

    def test_every_way_has_as_many_people(self, sets):
        faces, _ = mixed(sets, GROUPS, 0.5, 2)
        assert np.bincount(ways(faces)).tolist() == [5 * 5] * 6

    def test_pictures_differ_by_the_change_only(self, numbered, faces_of):
        """Each is the frame at its place in the set that its person is taken from."""
        both = {
            str(change): faces_of(np.arange(50) + 100 * k)
            for k, change in enumerate([{"sex": "male"}, {"sex": "female"}])
        }
        faces, second = mixed(both, DIVISIONS["sex"], 0.5, 0)
        shown = faces.images[:, 0, 0].astype(int)
        assert (shown == np.arange(50) + 100 * second).all()
        assert (faces.labels == numbered.labels).all()
        assert faces.meta.equals(numbered.meta)

    def test_chance_says_who_by_the_seed(self, sets):
        first, again, other = (mixed(sets, GROUPS, 0.5, seed)[1] for seed in (0, 0, 1))
        assert (first == again).all()
        assert (first != other).any()

    def test_the_few_are_among_the_many(self, sets):
        """More people change group from one mixture to the next, and none back."""
        few, half, many = (mixed(sets, GROUPS, s, 0)[1] for s in (0.9, 0.5, 0.1))
        assert (few <= half).all()
        assert (half <= many).all()


# --- how much better one group is served ----------------------------------------------


def test_the_gap_by_hand(faces_of):
    """Of 20 pictures of four people the first group's are all right, but two."""
    sets = {"light": faces_of(np.full(20, 50)), "dark": faces_of(np.full(20, 200))}
    labels = sets["light"].labels

    def ask(wrong_light, wrong_dark):
        def answer(images):
            wrong = np.isin(
                np.arange(20), wrong_light if images[0, 0, 0] == 50 else wrong_dark
            )
            return np.eye(6)[(labels + wrong) % 6]

        return answer

    gap, row = compared(sets, [ask([0, 1], [1, 2, 3, 7, 8]), ask([], [0])])
    assert gap.shape == (40,)
    assert [int(k) for k in np.flatnonzero(gap)] == [0, 2, 3, 7, 8, 20]
    assert gap[[0, 2, 3, 7, 8, 20]].tolist() == [-1, 1, 1, 1, 1, 1]
    assert row["gaps"] == [3 / 20, 1 / 20]
    mean, low, high = row["gap"]
    assert mean == 0.1
    # the people have 2, 2, 0 and 0 of 10
    assert (low, high) == (0, 0.2)
    assert list(row["groups"]) == ["light", "dark"]
    accuracy, low, high = row["groups"]["light"]
    assert (accuracy, low, high) == (0.95, 0.85, 1)
    assert row["groups"]["dark"][0] == 0.85


def test_a_network_that_is_fair_has_no_gap(faces_of):
    both = {"male": faces_of(np.arange(50)), "female": faces_of(np.arange(50) + 100)}
    gap, row = compared(both, [lambda images: np.eye(6)[images[:, 0, 0] % 5]] * 2)
    assert not gap.any()
    assert row["gap"] == [0, 0, 0]
    assert row["gaps"] == [0, 0]


# --- the study, without training and rendering ----------------------------------------


def test_declared_changes_are_some_that_can_be_made():
    assert imbalance.UNBALANCED.keys() == DIVISIONS.keys()
    for groups in DIVISIONS.values():
        assert len(groups) == 2
        for group in groups.values():
            for change in (*group["train"], group["test"]):
                assert change.keys() <= FACTORS.keys()
    assert MIXTURES["balanced"] == {"tilt": 0, "evenly": False}


def test_mixtures_are_trained_and_tested(data, idle, monkeypatch, bar, hidden):
    """All men are read rightly, and of women, who are grey, one in six."""
    monkeypatch.setattr(imbalance, "predict", bar)
    monkeypatch.setattr(imbalance, "rendered", hidden)
    changes = {"seeds": [0, 1], "unbalanced": {"sex": 2 / 3}}
    changes["divisions"] = {"sex": DIVISIONS["sex"]}
    bench = idle(imbalance.STUDY.settings | changes)
    found = imbalance.measure(bench)
    json.dumps(found)
    sizes = [found[key] for key in ("images", "people", "training_people")]
    assert sizes == [24, 2, 3]
    division = found["divisions"]["sex"]
    assert division["unbalanced"] == 2 / 3
    assert list(division["networks"]) == ["plain CNN", "small CNN"]
    rows = division["networks"]["small CNN"]
    assert list(rows) == list(MIXTURES)
    seconds = {name: row["second_people"] for name, row in rows.items()}
    assert seconds["unbalanced"] == seconds["unbalanced, drawn evenly"] == 1
    assert seconds["unbalanced the other way"] == 2
    for row in rows.values():
        assert row["groups"]["male"] == [1, 1, 1]
        assert row["groups"]["female"] == pytest.approx([1 / 6] * 3, abs=1e-4)
        assert row["gap"] == pytest.approx([5 / 6] * 3, abs=1e-4)
        assert row["gap_against_balanced"] == [0, 0, 0]
    trained = bench.settings["trained"]
    assert len({(name, seed) for name, seed, *_ in trained}) == len(trained) == 16
    for name, seed, feed, recipe in trained:
        _, network, *mixture = name.split()
        assert feed.seed == seed
        assert feed.evenly == ("evenly" in mixture)
        assert recipe == NETWORKS[network]["fit"]
        assert feed.soft == recipe.get("soft_targets", False)
        grey = (feed.faces.images == 128).all(axis=(1, 2))
        assert (grey == feed.second).all()
    frames = {name.split()[1]: len(feed.faces) for name, _, feed, _ in trained}
    assert frames["plain_cnn"] < frames["small_cnn"] == 3 * 48
