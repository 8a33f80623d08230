"""Evaluation: what its words rest on, and what it builds by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from emolib.evaluation import fit_temperature, mcnemar
from emolib.recipes.plain import NETWORKS
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


def test_the_two_forecasts_of_chapter_1_are_the_first_two_pairs(shown):
    order = np.argsort(-shown.pairs.ravel())[:2]
    first, second = (
        {shown.EMOTIONS[k] for k in np.unravel_index(one, (6, 6))} for one in order
    )
    assert first == {"anger", "disgust"}
    assert second == {"fear", "surprise"}
    assert shown.pairs.ravel()[order].sum() > shown.mistakes.sum() / 2


def test_the_small_cnn_makes_the_same_mistake_the_other_way_round(shown):
    worst = []
    for given in shown.answers.values():
        counts = shown.evaluate(shown.test.labels, given).confusion
        np.fill_diagonal(counts := counts.copy(), 0)
        where = np.unravel_index(counts.argmax(), counts.shape)
        worst.append(tuple(shown.EMOTIONS[k] for k in where))
    assert worst == [("anger", "disgust"), ("disgust", "anger")]
    label, answer = (shown.EMOTIONS.index(one) for one in worst[0])
    called = [given.argmax(axis=1) == answer for given in shown.answers.values()]
    plain, small = (one & (shown.test.labels == label) for one in called)
    assert 0.1 < (plain & small).sum() / plain.sum() < 0.5  # most are other faces


def test_what_the_faces_behind_two_counts_have_in_common(shown):
    """Anger called disgust, and what the explorable asks about fear called surprise."""
    meta, emotion = shown.test.meta, shown.EMOTIONS.index
    labels, said = shown.test.labels, shown.said
    anger, disgust = emotion("anger"), emotion("disgust")
    found, missed = (meta[(labels == anger) & (said == k)] for k in (anger, disgust))
    assert missed["subject"].nunique() > 10
    assert abs(found["intensity"].mean() - missed["intensity"].mean()) < 0.03

    def share_of(rows, unit):
        return (rows[[f"au_{unit}Left", f"au_{unit}Right"]].mean(axis=1) > 0.1).mean()

    assert (
        share_of(missed, "mouthUpperUp") > 0.6 > 0.4 > share_of(found, "mouthUpperUp")
    )
    assert share_of(found, "mouthPress") > 0.6 > 0.4 > share_of(missed, "mouthPress")
    fear = labels == emotion("fear")
    startled = meta[fear & (said == emotion("surprise"))]
    covered = meta["occluder"].isin(["mask", "hand"])
    assert covered[startled.index].mean() > 0.7 > 0.2 > covered[fear].mean()


def test_on_the_street_only_accuracy_likes_one_answer(shown):
    always, _, balanced = shown.programs
    assert always[2] > 0.6 > 0.2 > always[3]
    assert np.ptp(balanced[2:]) < 0.01


def test_intervals_by_hand_are_those_of_the_package(shown):
    assert np.allclose(shown.ends["people"], shown.result.interval, atol=0.01)
    assert shown.widths["people"] > 1.2 * shown.widths["images"]
    theirs = shown.compared["small minus plain CNN"]
    mine = np.percentile(shown.differences, [2.5, 97.5])
    assert np.allclose(mine, theirs.interval, atol=0.01)


def test_who_beats_whom_over_people_and_with_each_seed(shown):
    assert shown.hog > shown.mean["pixel 1-NN"] + 0.2
    assert 0.02 < shown.plain_mean - shown.hog < 0.1  # the answer to the prediction
    accuracy = shown.measured.groupby("name")["accuracy"]
    assert accuracy.min()["plain CNN"] > shown.hog
    assert accuracy.min()["small CNN"] > accuracy.max()["plain CNN"]
    seeds = shown.measured[shown.measured["name"] == "plain CNN"]
    assert accuracy.max()["plain CNN"] == seeds.set_index("seed")["accuracy"][0]
    baseline = (shown.answers_of_hog.argmax(axis=1) == shown.test.labels).mean()
    assert np.isclose(baseline, shown.hog)
    of_hog, of_small = shown.compared.values()
    assert 0 < of_hog.interval[0] < 0.02  # only just
    assert of_small.interval[0] < 0 < of_small.interval[1]
    for pair in shown.contests.values():
        assert mcnemar(shown.test.labels, *pair).p_value < 0.05


def test_the_recipe_without_dropout_is_the_choice_of_the_validation_people():
    """And batch normalisation, not separated from it, was not adopted."""
    assert "network" not in NETWORKS["plain_cnn"]  # its defaults, without dropout
    tried = pd.DataFrame(load_results("training-choices")["rows"])
    accuracy = tried.groupby("name")["accuracy"]
    used = "as in this chapter"
    assert accuracy.min()[used] > accuracy.max()["dropout 0.5"]
    assert accuracy.min()[used] > accuracy.max()["no augmentation"]


def test_soft_targets_are_modest_about_faces_at_rest(shown):
    top = {
        name: one["neutral_median_top_probability"]
        for name, one in shown.by_intensity.items()
    }
    assert top["small-cnn"] < top["plain-cnn"] / 1.5


def test_one_temperature_mends_the_large_fault_only(shown):
    for name, given in shown.rehearsed.items():
        exact = fit_temperature(shown.validation.labels, given)
        assert abs(np.log(shown.chosen[name] / exact)) < 0.02
        cooled = shown.temper(shown.answers[name], shown.chosen[name])
        assert (cooled.argmax(axis=1) == shown.answers[name].argmax(axis=1)).all()
    raw, after = (shown.tempered[name].to_numpy() for name in ("error", "with T"))
    (low, high), small = shown.tempered["95 % of the change"]
    assert low < 0 < high
    assert small[1] < 0
    assert after[1] < raw[1] / 3
    plain = shown.rehearsed["plain-cnn"]
    right = (plain.argmax(axis=1) == shown.validation.labels).mean()
    assert plain.max(axis=1).mean() > right  # it claims too much there
    assert shown.chosen["plain-cnn"] > 1 > shown.chosen["small-cnn"]


def test_errors_of_the_draws_are_those_of_the_function(shown):
    given = shown.answers["small-cnn"]
    k = np.concatenate([np.flatnonzero(shown.person == one) for one in shown.drawn[7]])
    by_hand = shown.calibration_by_hand(shown.test.labels[k], given[k])
    assert np.isclose(shown.errors_drawn(given)[7], by_hand)


def test_mcnemar_cries_wolf_and_the_bootstrap_does_not(shown):
    found = mcnemar(shown.test.labels, *shown.answers.values())
    assert (found.only_first, found.only_second) == (shown.only_plain, shown.only_small)
    assert np.isclose(found.p_value, shown.p)
    images, people, bootstrap = shown.alarms.values()
    assert images < 0.08 < 0.2 < people
    assert bootstrap < 0.12


def test_only_the_near_copies_leak(shown):
    first, *others = (np.sign(one) for one in shown.steps.values())
    assert (first == -1).all()
    assert all(set(one) == {-1, 1} for one in others)
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


def test_a_leak_prefers_the_worse_recipe_with_each_seed(shown):
    on_frames, on_people = shown.brought.T
    assert max(on_frames) < 0 < min(on_people)
    gap = {name: np.subtract(*one.T) for name, one in shown.won.items()}
    assert min(gap["without"]) > max(gap["with"]) > min(gap["with"]) > 0


def test_a_small_leak_is_enough_and_the_interval_does_not_warn(shown):
    points, n_train = shown.leaked["points"], shown.leaked["training_images"]
    nothing, smallest, *_, everything = points
    assert smallest["share"] == 0.1
    assert max(smallest["leaked"]) < 0.02 * n_train
    assert 4 < 100 * smallest["flattered_by"][0] < 6  # the answer to the prediction
    assert smallest["flattered_by"][1] > 0
    assert smallest["flattered_by"][0] > shown.small_mean - shown.plain_mean
    for one in points[1:]:
        assert one["honest"]["accuracy"] < one["reported"]["interval"][0]
    assert nothing["reported"] == nothing["honest"]
    assert 0 < everything["honest"]["accuracy"] - nothing["honest"]["accuracy"] < 0.05
    assert everything["reported"]["accuracy"] > 0.95
    assert n_train == shown.n_train  # as many as in the four splits


def test_the_last_doubling_brings_more_than_seeds_or_another_network(shown):
    assert 2 < shown.last["plain CNN"] < 5  # the answer to the prediction
    assert shown.last["plain CNN"] > 100 * (shown.small_mean - shown.plain_mean)
    growth = shown.growth.pivot_table("accuracy", ["name", "seed"], "people")
    plain, hog = growth.loc["plain CNN"], growth.loc["HOG + logistic regression"]
    assert shown.last["plain CNN"] > 100 * np.ptp(plain, axis=0)[[36, 72]].max()
    assert (hog[9] > plain[9]).all()
    assert (plain[[36, 72]] > hog[[36, 72]]).to_numpy().all()
    steps = shown.by_people.diff().dropna()
    assert (steps.diff().dropna() < 0).to_numpy().all()


def test_the_two_reports_of_the_drawing_are_the_measured_ones(shown, project):
    drawing = (project / "book" / "diagrams" / "two-reports.svg").read_text("utf-8")
    for share in (shown.frame, shown.subject):
        assert f">{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%<") in drawing
    assert f"{shown.n_train:,} training images" in drawing
    page = project / "book" / "part-1-the-system" / "evaluation.ipynb"
    alt = f"accuracy of {shown.frame:.0%}, report B one of {shown.subject:.0%}"
    assert alt.replace("%", " %") in page.read_text("utf-8")
