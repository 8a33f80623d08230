"""What "Responsible use" says in words about numbers that are measured elsewhere.

If one of these fails after a new measurement, the sentence it quotes has to change.
Findings of the chapter's own audits are read from its stored tables.
"""

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from chapters import PROJECT
from scipy.stats import norm

from emolib.results import load_results

CHAPTER = PROJECT / "book" / "part-2-beyond" / "responsible-use.ipynb"


@pytest.fixture(scope="module")
def audits() -> pd.DataFrame:
    """Return all rows of all audits of the committed measurement."""
    rows = [
        line | {"name": name, "factor": factor}
        for name, one in load_results("robustness")["classifiers"].items()
        for factor, lines in one["audits"].items()
        for line in lines
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def darkest(audits) -> pd.DataFrame:
    """Return the losses of accuracy from the lightest to the darkest skin."""
    chosen = (audits["group"] == 0.95) & (audits["measure"] == "accuracy")
    return audits[chosen].set_index("name")


@pytest.fixture(scope="module")
def outputs() -> list:
    """Return what the chapter showed in its run."""
    cells = nbformat.read(CHAPTER, as_version=4).cells
    return [one for cell in cells for one in cell.get("outputs", ())]


@pytest.fixture(scope="module")
def tables(outputs) -> dict[str, list[list[str]]]:
    """Return the words of the chapter's tables by their captions, a row each."""
    found = {}
    for one in outputs:
        if "text/html" in one.get("data", {}):
            page = BeautifulSoup(one["data"]["text/html"], "html.parser")
            if page.caption:
                found[page.caption.get_text()] = [
                    [cell.get_text(strip=True) for cell in row("td")]
                    for row in page("tr")
                    if row("td")
                ]
    return found


def test_all_five_lose_on_the_darkest_skin_and_three_intervals_exclude_zero(darkest):
    assert len(darkest) == 5
    assert darkest["difference"].between(-0.075, -0.015).all()
    apart = darkest["difference_high"] < 0
    assert apart.sum() == 3
    assert (darkest["p_value"] < 0.05).equals(apart)


def test_of_180_comparisons_only_a_calibration_error_by_age_survives_holm(audits):
    compared = audits[audits["p_holm"].notna()]
    skin = compared[compared["factor"] == "skin_tone"]
    assert (skin.groupby("name").size() == 12).all()
    kept = compared[compared["p_holm"] < 0.05]
    assert set(kept["name"]) == {"synthface"}
    assert set(kept["factor"]) == {"age"}
    assert set(kept["measure"]) == {"calibration error"}
    assert (kept["difference"] > 0).all()
    assert (kept["group"] < 45).all()  # "the young"


def test_synthface_is_right_as_often_about_young_faces_and_too_modest(audits):
    ages = audits[(audits["name"] == "synthface") & (audits["factor"] == "age")]
    ages = ages.pivot(index="group", columns="measure", values="value")
    assert ages["accuracy"].loc[[20.0, 32.5]].min() > ages.loc[45.0, "accuracy"] - 0.01
    # an error larger than that of the share of wrong answers can only be modesty
    assert (ages["calibration error"] > 2 * (1 - ages["accuracy"])).all()


def test_age_and_sex_are_a_cloud_around_zero(audits):
    right = audits[audits["measure"] == "accuracy"]
    cloud = right[right["factor"].isin(["age", "sex"])]["difference"].dropna()
    assert cloud.abs().max() < 0.04
    assert abs(cloud.mean()) < 0.01


def test_24_people_show_about_nine_points_and_not_six(darkest):
    row = darkest.loc["plain-cnn"]
    error = (row["difference_high"] - row["difference_low"]) / 2 / 1.96
    beyond = norm.isf(0.05 / 2 / 12)
    assert 0.08 < (beyond + norm.ppf(0.8)) * error < 0.09
    power = norm.sf(beyond + row["difference"] / error)
    assert power < 0.5  # "missed more often than found"
    one = norm.isf(0.025) + norm.ppf(0.8)
    assert 0.7 < one / (beyond + norm.ppf(0.8)) < 0.8  # "a quarter smaller"


def test_without_a_threshold_four_of_twelve_questions_are_wasted(audits):
    unsure = audits[
        (audits["measure"] == "unsure") & (audits["factor"] == "skin_tone")
    ].groupby("name")["value"]
    assert set(unsure.max().index[unsure.max() > 0]) == {"real-faces"}


def test_the_small_cnn_is_right_least_and_calibrated_best_on_the_darkest(audits):
    skin = audits[(audits["name"] == "small-cnn") & (audits["factor"] == "skin_tone")]
    skin = skin.pivot(index="group", columns="measure", values="value")
    assert skin["accuracy"].idxmin() == skin["calibration error"].idxmin() == 0.95
    assert (skin["calibration error"] > 1 - skin["accuracy"]).all()  # too modest


def test_dark_groups_are_below_the_mean_of_the_four_in_all_classifiers(audits):
    crossed = audits[
        (audits["factor"] == "intersection") & (audits["measure"] == "accuracy")
    ].pivot(index="name", columns="group", values="value")
    below = crossed.lt(crossed.mean(axis=1), axis=0)
    assert below[["dark male", "dark female"]].all(axis=None)
    assert not below[["light male", "light female"]].any(axis=None)


def test_unsure_survives_the_small_audit_and_not_the_large_one(tables):
    small = tables["real-faces, dark minus light skin: 144 pairs"]
    holm = {row[0]: float(row[-1]) for row in small}
    assert [name for name, p in holm.items() if p < 0.05] == ["unsure"]
    both = tables["real-faces, unsure, dark minus light skin"]
    assert [row[0] for row in both] == ["144", "432"]
    few, many = (float(row[1].replace("−", "-")) for row in both)
    assert many < few / 2  # "most of it is gone"
    assert float(both[1][-1]) > 0.05


def test_the_checklist_stops_all_three_cases(outputs):
    said = next(one["text"] for one in outputs if "A. waiting" in one.get("text", ""))
    ends = [line.split("  ")[-1] for line in said.strip().splitlines()]
    assert ends == ["do not build: ask", "do not build", "not yet: measure"]


def test_glasses_on_dark_skin_are_worst_everywhere_and_survive_holm_once(tables):
    rows = tables["Points against light skin without glasses"]
    values, unsure = (
        {
            name: [float(one.replace("−", "-")) for one in numbers]
            for name, about, *numbers in rows
            if about == measure
        }
        for measure in ("accuracy", "unsure")
    )
    assert len(values) == 4
    # real-faces does not lose more answers: it is more often unsure
    assert list(unsure) == ["real-faces"]
    dark, glasses, both, p_value = unsure["real-faces"]
    assert both > dark + glasses
    assert p_value < 0.05
    for dark, glasses, both, _ in values.values():
        assert both < min(dark, glasses)
    assert sum(abs(one[0]) < 2 for one in values.values()) == 3
    assert [name for name, one in values.items() if one[-1] < 0.05] == ["small-cnn"]


def test_seven_dark_skinned_people_are_shown_as_often_as_the_65_others():
    study = load_results("imbalance")
    assert study["training_people"] == 72
    assert study["divisions"]["sex"]["unbalanced"] == 0.81
    assert study["divisions"]["skin"]["unbalanced"] == 0.9
    for rows in study["divisions"]["skin"]["networks"].values():
        assert len(rows["unbalanced"]["gaps"]) == 3  # seeds
        for name in ("unbalanced", "unbalanced, drawn evenly"):
            assert rows[name]["second_people"] == 7
        # five points or more, in every seed; drawn evenly, the gap gets smaller
        assert rows["unbalanced"]["gap_against_balanced"][0] > 0.05
        assert min(rows["unbalanced"]["gaps"]) - max(rows["balanced"]["gaps"]) > 0
        light, dark = (
            rows["unbalanced, drawn evenly"]["groups"][group][0]
            - rows["unbalanced"]["groups"][group][0]
            for group in ("light", "dark")
        )
        assert light < -0.01  # levelled down: light faces are read worse,
        assert abs(dark) < 0.01  # dark ones no better
        assert rows["balanced"]["groups"]["dark"][0] > max(
            rows[name]["groups"]["dark"][0]
            for name in ("unbalanced", "unbalanced, drawn evenly")
        )
    for rows in study["divisions"]["sex"]["networks"].values():
        for name in ("unbalanced", "unbalanced, drawn evenly"):
            _, low, high = rows[name]["gap_against_balanced"]
            assert low < 0 < high
