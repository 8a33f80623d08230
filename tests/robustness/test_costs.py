"""Curves and audits: against the library, against scipy, and with biases planted."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import permutation_test

from emolib.datasets import FaceDataset
from emolib.errors import ArgumentError
from emolib.evaluation import calibration_error, evaluate, paired_bootstrap
from emolib.robustness import accuracy_curve, audit, perturb

PEOPLE, EACH = 24, 12


def faces(brightness=150, people=PEOPLE, each=EACH):
    """Faces that carry their label in one pixel and their number in two others."""
    n = people * each
    images = np.full((n, 64, 64), brightness, np.uint8)
    labels = np.arange(n) % 6
    images[:, 0, 0], images[:, 0, 1], images[:, 0, 2] = (
        labels, np.arange(n) // 200, np.arange(n) % 200,
    )  # fmt: skip
    meta = pd.DataFrame({"subject": [f"p{k // each:02d}" for k in range(n)]})
    return FaceDataset("planted", images, labels, meta)


def answers_right(rate, seed):
    """A network that reads the label, as often as `rate` of the brightness says."""

    def predict(images):
        found = np.zeros((len(images), 6))
        for row, image in zip(found, images, strict=True):
            label, high, low, light = (int(one) for one in (*image[0, :3], image[9, 9]))
            rng = np.random.default_rng([seed, high, low, light])
            said = label if rng.random() < rate(light) else (label + 1) % 6
            row[:] = 0.04
            row[said] = 0.8 if rng.random() < 0.7 else 0.5
            row /= row.sum()
        return found

    return predict


def test_a_curve_is_made_of_the_scores_of_the_library(middle):
    few = middle.subset(np.arange(0, 432, 9))

    def predict(images):  # another emotion for every eight levels of the right half
        said = (images[:, :, 32:].mean(axis=(1, 2)) // 8).astype(int) % 6
        return np.full((len(images), 6), 0.02) + 0.88 * np.eye(6)[said]

    table = accuracy_curve(predict, few, "side light", [0, 0.5, 1])
    assert list(table["severity"]) == [0, 0.5, 1]
    assert table["meaning"][1] == "2.5 stops between the halves of the face"
    lit = predict(perturb(few.images, "side light", 1))
    result = evaluate(few.labels, lit, few.groups)
    gain = paired_bootstrap(few.labels, predict(few.images), lit, few.groups)
    last = table.iloc[-1]
    assert (last["accuracy"], last["low"], last["high"]) == (
        result.accuracy, *result.interval,
    )  # fmt: skip
    assert last["difference"] == gain.difference != 0
    assert (last["difference_low"], last["difference_high"]) == gain.interval
    assert list(table.iloc[0, 6:]) == [0, 0, 0]


def test_a_curve_over_sets_compares_the_same_frames():
    light, dark = faces(150), faces(40)
    predict = answers_right(lambda grey: 0.9 if grey > 100 else 0.5, 1)
    table = accuracy_curve(predict, light, {"light": light, 40: dark})
    assert list(table["meaning"]) == ["light", "40"]
    assert table["difference"][0] == 0
    assert table["difference_high"][1] < -0.3
    with pytest.raises(ArgumentError, match="'short' holds other frames"):
        accuracy_curve(predict, light, {"short": dark.subset(np.arange(6))})


def test_an_audit_is_made_of_the_scores_of_the_library():
    groups = {"light": faces(150), "dark": faces(40), "grey": faces(90)}
    predict = answers_right(lambda grey: 0.6 + grey / 500, 2)
    table = audit(predict, groups, "light", unsure_below=0.7)
    assert len(table) == 9
    both = {name: predict(one.images) for name, one in groups.items()}
    truth, people = groups["light"].labels, groups["light"].groups
    values = table.pivot(index="group", columns="measure", values="value")
    for name, answers in both.items():
        assert values["accuracy"][name] == (answers.argmax(axis=1) == truth).mean()
        error = calibration_error(truth, answers)
        assert values["calibration error"][name] == pytest.approx(error)
        assert values["unsure"][name] == (answers.max(axis=1) < 0.7).mean()
    gain = paired_bootstrap(truth, both["light"], both["dark"], people)
    dark = table[(table["group"] == "dark") & (table["measure"] == "accuracy")].iloc[0]
    assert dark["difference"] == pytest.approx(gain.difference)
    ends = dark["difference_low"], dark["difference_high"]
    assert ends == pytest.approx(gain.interval, abs=0.01)
    assert table[table["group"] == "light"]["p_value"].isna().all()
    assert (table["p_holm"].dropna() >= table["p_value"].dropna()).all()


def test_p_values_are_those_of_scipy():
    groups = {"light": faces(150), "dark": faces(120)}
    predict = answers_right(lambda grey: 0.75 if grey > 130 else 0.69, 3)
    table = audit(predict, groups, "light")
    right = [
        (predict(one.images).argmax(axis=1) == one.labels).reshape(PEOPLE, EACH)
        for one in groups.values()
    ]
    means = [one.mean(axis=1) for one in right]
    expected = permutation_test(
        means,
        lambda a, b: b.mean() - a.mean(),
        permutation_type="samples",
        n_resamples=20_000,
        rng=np.random.default_rng(0),
    ).pvalue
    found = table.set_index(["group", "measure"])["p_value"]["dark", "accuracy"]
    assert 0.001 < expected < 0.9
    assert found == pytest.approx(expected, abs=0.02)


def test_a_planted_bias_is_found_and_a_fair_network_is_acquitted():
    groups = {"light": faces(150), "dark": faces(40)}
    found = {"biased": 0, "fair": 0}
    for seed in range(20):
        for name, loss in (("biased", 0.15), ("fair", 0.0)):
            predict = answers_right(lambda g, x=loss: 0.85 - x * (g < 100), seed)
            table = audit(predict, groups, "light", unsure_below=0.6)
            sure = table[(table["p_holm"] < 0.05) & (table["measure"] == "accuracy")]
            assert (sure["difference"] < 0).all() or name == "fair"
            found[name] += len(sure)
    assert found["biased"] >= 19
    assert found["fair"] <= 2


def test_intersections_are_groups_like_others():
    groups = {
        (light, kind): faces(light + (kind == "b"))
        for light in (150, 40)
        for kind in "ab"
    }
    predict = answers_right(lambda grey: 0.5 if grey == 41 else 0.9, 5)
    table = audit(predict, groups, (150, "a"))
    accuracy = table[table["measure"] == "accuracy"].set_index("group")
    assert accuracy["p_holm"][[(40, "b")]].item() < 0.01
    others = [(40, "a"), (150, "b")]
    assert min(accuracy["p_holm"][[one]].item() for one in others) > 0.05


def test_one_person_says_nothing_about_others():
    groups = {"light": faces(150, people=1), "dark": faces(40, people=1)}
    predict = answers_right(lambda _: 0.7, 6)
    table = audit(predict, groups, "light")
    assert table["value"].notna().all()
    assert table["people"].eq(1).all()
    known = ["low", "high", "difference_low", "difference_high", "p_value", "p_holm"]
    assert table[known].isna().all(axis=None)
    curve = accuracy_curve(predict, groups["light"], groups)
    assert curve[["low", "high", "difference_low"]].isna().all(axis=None)
    assert curve["accuracy"].notna().all()


def test_what_cannot_be_compared_is_refused():
    predict, some = answers_right(lambda _: 0.7, 7), faces()
    none = some.subset(np.arange(0))
    with pytest.raises(ArgumentError, match="no faces in 'planted'; give some"):
        accuracy_curve(predict, none, "blur")
    with pytest.raises(ArgumentError, match="no faces"):
        audit(predict, {"a": none, "b": none}, "a")
    with pytest.raises(ArgumentError, match="Did you mean 'light'"):
        audit(predict, {"light": some}, "lihgt")
    with pytest.raises(ArgumentError, match="unsure_below must be a number from 0"):
        audit(predict, {"light": some}, "light", unsure_below=40)
    strangers = FaceDataset("web", some.images, some.labels)
    with pytest.raises(ArgumentError, match="does not say who"):
        audit(predict, {"a": strangers, "b": strangers}, "a")
    with pytest.raises(ArgumentError, match="severity"):
        accuracy_curve(predict, some, "blur", [2])
