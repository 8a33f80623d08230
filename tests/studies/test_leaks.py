"""A leak by degrees: what is tested never leaks, and both halves are treated alike."""

import numpy as np
import pytest

from emolib.datasets import load
from emolib.results import load_results
from studies import leaks


@pytest.fixture
def apex(data):
    return load("synthface").apex()


def test_one_frame_a_clip_is_tested_and_the_others_are_its_mates(apex):
    tested, mates = leaks.divided(apex.meta)
    theirs = np.flatnonzero(apex.meta["split"] == "test")
    assert sorted([*tested, *mates]) == list(theirs)
    clips = apex.meta["clip"].to_numpy()
    assert len(set(clips[tested])) == len(tested)
    assert set(clips[mates]) == set(clips[tested])


def test_a_clip_of_one_apex_frame_is_left_out(apex):
    meta = apex.meta
    (clip,) = meta["clip"][meta["split"] == "test"].iloc[:1]
    meta = meta.drop(meta.index[meta["clip"] == clip][1:]).reset_index(drop=True)
    tested, mates = leaks.divided(meta)
    assert clip not in set(meta["clip"].to_numpy()[[*tested, *mates]])


def test_halves_hold_everybody_once_and_depend_on_the_seed():
    people = np.repeat([f"p{k:02}" for k in range(24)], 3)
    first, second = leaks.in_halves(people, np.arange(60), 0)
    assert not (first & second).any()
    assert len(set(people[first])) == len(set(people[second])) == 10
    assert (first | second).sum() == 60  # the last four are not among those tested
    assert (leaks.in_halves(people, np.arange(60), 1)[0] != first).any()


def test_a_larger_leak_holds_the_smaller_one_and_replaces_as_many(apex):
    _, mates = leaks.divided(apex.meta)
    part = apex.meta["split"].to_numpy()
    few, many = (leaks.trained_on(apex, mates, k, 0, 60) for k in (6, 12))
    assert len(set(few)) == len(set(many)) == 60
    assert set(few[part[few] == "test"]) < set(many[part[many] == "test"])
    assert set(many[part[many] == "train"]) < set(few[part[few] == "train"])
    assert (part[few] == "test").sum() == 6
    assert (np.bincount(apex.labels[many[part[many] == "test"]]) == 2).all()


def test_each_person_is_met_by_one_network_and_new_to_the_other(data, idle, apex):
    settings = leaks.STUDY.settings | {"shares": [0, 1], "seeds": [3]}
    bench = idle(settings)
    results = leaks.measure(bench)
    tested, mates = leaks.divided(apex.meta)
    names = [name for name, *_ in bench.settings["trained"]]
    assert names == ["0 of half 0", "1 of half 0", "1 of half 1"]
    sets = [set(one.groups) for _, _, one, _ in bench.settings["trained"]]
    theirs = set(apex.groups[tested])
    assert [len(one & theirs) for one in sets] == [0, 1, 1]
    assert not sets[1] & sets[2] & theirs
    shown = {image.tobytes() for image in apex.images[tested]}
    for _, _, one, _ in bench.settings["trained"]:
        assert not shown & {image.tobytes() for image in one.images}
        assert len(one) == results["training_images"]
    assert results["points"][1]["leaked"] == [len(mates) // 2] * 2


def test_who_has_met_a_person_reports_and_who_has_not_is_honest(
    data, idle, apex, monkeypatch
):
    """A network that answers rightly for those it has met, and only for them."""
    bench, met = idle(leaks.STUDY.settings | {"shares": [0, 0.5], "seeds": [0]}), []
    tested, _ = leaks.divided(apex.meta)
    truth, people = apex.labels[tested], apex.groups[tested]

    def knows(model, images):
        met[:] = set(bench.settings["trained"][-1][2].groups)
        return np.eye(6)[np.where(np.isin(people, met), truth, (truth + 1) % 6)]

    monkeypatch.setattr(leaks, "predict", knows)
    nothing, half = leaks.measure(bench)["points"]
    assert nothing["reported"] == nothing["honest"]
    assert nothing["flattered_by"] == [0, 0, 0]
    assert half["reported"]["accuracy"] == 1
    assert half["honest"]["accuracy"] == 0
    assert half["flattered_by"] == [1, 1, 1]


def test_it_is_measured(quick, data):
    quick(leaks.STUDY, shares=[0, 1]).run()
    points = load_results("leaks")["points"]
    assert [one["share"] for one in points] == [0, 1]
    assert len(points[1]["reported"]["seeds"]) == 1
