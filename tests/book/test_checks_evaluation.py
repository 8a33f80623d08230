"""Evaluation: what its words rest on, and what it builds by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emolib.evaluation import fit_temperature, mcnemar, paired_bootstrap
from emolib.results import load_results


@pytest.fixture(scope="module")
def shown(chapter):
    return SimpleNamespace(**chapter("evaluation"))


def test_nobody_in_the_test_was_met_before(shown):
    parts = (shown.faces.part(name) for name in ("train", "validation"))
    assert not {one for part in parts for one in part.groups} & set(shown.test.groups)


def test_the_stored_accuracy_is_that_of_the_shipped_network(shown):
    rows = shown.measured[shown.measured["name"] == "plain CNN"]
    assert abs(rows["accuracy"].iloc[0] - shown.result.accuracy) < 0.01


def test_counts_by_hand_are_those_of_the_package(shown):
    scores = shown.result.per_class[["precision", "recall", "f1"]].to_numpy()
    mine = np.stack([shown.precision, shown.recall, shown.f1], axis=1)
    assert (shown.result.confusion == shown.confusion).all()
    assert np.allclose(scores, mine)
    assert np.isclose(shown.result.balanced_accuracy, shown.recall.mean())
    assert np.isclose(shown.result.macro_f1, shown.f1.mean())


def test_intervals_by_hand_are_those_of_the_package(shown):
    assert np.allclose(shown.ends["people"], shown.result.interval, atol=0.01)
    assert shown.widths["people"] > 1.2 * shown.widths["images"]
    theirs = paired_bootstrap(
        shown.test.labels, *shown.answers.values(), shown.test.groups
    )
    mine = np.percentile(shown.differences, [2.5, 97.5])
    assert np.allclose(mine, theirs.interval, atol=0.01)
    assert theirs.interval[0] > 0


def test_the_plain_cnn_is_level_with_hog_and_the_small_one_above(shown):
    assert shown.hog > shown.mean["pixel 1-NN"] + 0.2
    accuracy = shown.measured.groupby("name")["accuracy"]
    assert accuracy.min()["small CNN"] > accuracy.max()["plain CNN"]
    for name, most in (("plain CNN", 3), ("small CNN", 0)):
        rows = shown.measured[shown.measured["name"] == name]
        inside = (rows["low"] < shown.hog) & (shown.hog < rows["high"])
        assert inside.sum() == most


def test_dropout_is_a_handicap_on_validation_people():
    tried = pd.DataFrame(load_results("training-choices")["rows"])
    accuracy = tried.groupby("name")["accuracy"]
    assert accuracy.min()["no dropout"] > accuracy.max()["as in this chapter"]


def test_soft_targets_are_modest_about_faces_at_rest(shown):
    top = {
        name: one["neutral_median_top_probability"]
        for name, one in shown.by_intensity.items()
    }
    assert top["small-cnn"] < top["plain-cnn"] / 1.5


def test_one_temperature_helps_one_network_and_hurts_the_other(shown):
    for name, given in shown.rehearsed.items():
        exact = fit_temperature(shown.validation.labels, given)
        assert abs(np.log(shown.chosen[name] / exact)) < 0.02
    accuracy = [
        (one.argmax(axis=1) == shown.test.labels).mean()
        for one in shown.answers.values()
    ]
    assert np.allclose(shown.tempered["accuracy with T"], accuracy)
    raw, after = (
        shown.tempered[name].to_numpy() for name in ("error on test people", "with T")
    )
    validation = shown.tempered["error on validation people"]
    assert after[0] > raw[0]
    assert after[1] < raw[1] / 3
    assert validation[0] > 2 * raw[0]


def test_mcnemar_cries_wolf_and_the_bootstrap_does_not(shown):
    found = mcnemar(shown.test.labels, *shown.answers.values())
    assert (found.only_first, found.only_second) == (shown.only_plain, shown.only_small)
    assert np.isclose(found.p_value, shown.p)
    images, people, bootstrap = shown.alarms.values()
    assert images < 0.08 < 0.2 < people
    assert bootstrap < 0.12


def test_only_the_near_copies_leak(shown):
    assert min(shown.gap(shown.plain)) > 0
    size = np.abs(list(shown.steps.values()))
    assert size[0] > shown.luck > size[1:].max()
    by_clip = {name: set(split.leaks) for name, split in leaks(shown).items()}
    assert by_clip == {
        "random_frame": {"clip", "subject"},
        "random_clip": {"subject"},
        "by_subject": set(),
        "by_subject_and_sentence": set(),
    }


def leaks(shown) -> dict:
    """Return the four splits of the table."""
    names = ("random_frame", "random_clip", "by_subject", "by_subject_and_sentence")
    with shown.warnings.catch_warnings():
        shown.warnings.simplefilter("ignore")
        return {name: getattr(shown.splits, name)(shown.faces) for name in names}


def test_who_remembers_gains(shown):
    most, some, least = shown.average.values()
    assert most > some > least
    assert min(shown.gains["plain CNN, augmented"]) < 0


def test_the_last_doubling_brings_less_than_the_small_cnn(shown):
    assert 0.5 < shown.last["plain CNN"] < 3  # the answer to the prediction
    assert shown.small_mean - shown.plain_mean > shown.last["plain CNN"] / 100


def test_the_two_reports_of_the_drawing_are_the_measured_ones(shown, project):
    drawing = (project / "book" / "diagrams" / "two-reports.svg").read_text("utf-8")
    for share in (shown.frame, shown.subject):
        assert f">{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%<") in drawing
    assert f"{shown.n_train:,} training images" in drawing
