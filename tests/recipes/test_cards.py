"""What cards and datasheet say of groups is what was measured, and counted."""

import json
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emolib.models import ModelCard, available, model_card
from emolib.models.registry import CARD, model_folder
from emolib.paths import data_folder
from emolib.recipes import cards
from emolib.recipes.cards import audited, complete_cards, with_people
from emolib.results import load_results

REMEDY = "run python scripts/complete_cards.py"


@pytest.fixture(scope="module")
def committed():
    return load_results("robustness")


@pytest.fixture
def card(entries):
    made = {"architecture": "plain_cnn", "parameters": 7, "sha256": "0" * 64}
    return ModelCard.from_dict(entries | made | {"audit": {}}, "card.json")


def point(value, accuracy, difference=0.0):
    """A row of a curve, with an interval of 0.02 on either side."""
    return {
        "severity": value,
        "accuracy": accuracy, "low": accuracy - 0.02, "high": accuracy + 0.02,
        "difference": difference,
    }  # fmt: skip


def group(name, measure, value, difference=None, p_holm=None):
    """A row of an audit; only those after the first have a difference."""
    ends = (None, None) if difference is None else (difference - 0.1, difference + 0.1)
    return {
        "group": name, "measure": measure,
        "value": value, "low": value - 0.02, "high": value + 0.02,
        "difference": difference, "difference_low": ends[0], "difference_high": ends[1],
        "p_holm": p_holm,
    }  # fmt: skip


@pytest.fixture
def measured():
    """Results in small, with what is told and what is not."""
    return {
        "images": 36,
        "people": 2,
        "factors": {"exposure": "stops", "rim": "strength", "yaw": "degrees"},
        "classifiers": {
            "mine": {
                "unsure_below": 0.4,
                "audits": {
                    "skin_tone": [
                        group(0.05, "accuracy", 0.9),
                        group(0.05, "unsure", 0.1),
                        group(0.5, "accuracy", 0.95, 0.05, 0.5),
                        group(0.5, "unsure", 0.2, 0.1, 0.04),
                        group(0.95, "accuracy", 0.8, -0.1, 0.03),
                        group(0.95, "unsure", 0.05, -0.05, 1.0),
                    ],
                    "sex": [
                        group("male", "accuracy", 0.9),
                        group("male", "unsure", 0.1),
                        group("female", "accuracy", 0.9, 0.0, 1.0),
                        group("female", "unsure", 0.1, 0.0, 1.0),
                    ],
                },
                "factors": {
                    "occluder": [point("none", 0.9), point("mask", 0.5, -0.4)],
                    "exposure": [point(0, 0.9), point(-3, 0.7, -0.2)],
                    "rim": [point(0, 0.9), point(2, 0.6, -0.3)],
                    "yaw": [point(0, 0.9), point(20, 0.95, 0.05)],
                    "roll": [point(0, 0.9), point(40, 0.1, -0.8)],
                },
            }
        },
    }


@pytest.mark.parametrize("name", ["plain-cnn", "small-cnn", "synthface", "real-faces"])
def test_shipped_cards_say_what_was_measured(name, committed):
    card = model_card(name)
    assert card.audit
    assert audited(card, name, committed) == card, REMEDY
    openings = [one.split(",")[0] for one in card.known_failures[-3:]]
    assert openings == ["Of occluders", "Of lights", "Of poses"]
    assert list(card.audit)[:5] == [
        "data", "note", "images", "subjects", "interval_over",
    ]  # fmt: skip
    assert [len(card.audit[key]) for key in ("accuracy", "calibration_error")] == [4, 4]
    assert ("unsure" in card.audit) == bool(card.unsure_below)
    assert len(card.audit["accuracy_behind"]) == 5


def test_every_shipped_network_is_audited(committed):
    assert set(available()) <= committed["classifiers"].keys()


@pytest.mark.parametrize(
    "place",
    [
        ("audits", "skin_tone", 0, "value"),
        ("audits", "intersection", 4, "value"),
        ("factors", "occluder", 3, "accuracy"),
        ("factors", "pitch", 1, "accuracy"),
    ],
)
def test_another_number_in_the_results_is_noticed(place, committed):
    changed = deepcopy(committed)
    kind, factor, row, key = place
    changed["classifiers"]["plain-cnn"][kind][factor][row][key] -= 0.3
    card = model_card("plain-cnn")
    if factor == "intersection":  # no reference: its difference is what is told
        changed["classifiers"]["plain-cnn"][kind][factor][row]["difference"] = -0.3
    assert audited(card, "plain-cnn", changed) != card


def test_an_edit_by_hand_is_noticed(committed):
    card = model_card("real-faces")
    kinder = deepcopy(card.audit)
    kinder["accuracy"][0]["difference"][0] = 0.0
    *others, last = card.known_failures
    for edited in (
        replace(card, audit=kinder),
        replace(card, audit={}),
        replace(card, known_failures=others),
        replace(card, known_failures=[*others, last.replace("costs", "cost")]),
    ):
        assert edited != card
        assert audited(edited, "real-faces", committed) != edited


def test_the_largest_difference_is_told_with_its_reference(card, measured):
    audit = audited(card, "mine", measured).audit
    assert (audit["images"], audit["subjects"]) == (36, 2)
    assert [row["change"] for row in audit["accuracy"]] == [
        "skin tone 0.05 to 0.95", "male to female",
    ]  # fmt: skip
    first = audit["accuracy"][0]
    assert first["reference"] == pytest.approx([0.9, 0.88, 0.92])
    assert first["difference"] == pytest.approx([-0.1, -0.2, 0.0])
    assert first["p_holm"] == 0.03
    assert audit["unsure"][0]["change"] == "skin tone 0.05 to 0.5"
    behind = audit["accuracy_behind"]
    assert [row["occluder"] for row in behind] == ["none", "mask"]
    assert behind[1]["value"] == pytest.approx([0.5, 0.48, 0.52])


def test_a_network_that_answers_every_face_has_no_rate_of_unsure(card, measured):
    measured["classifiers"]["mine"]["unsure_below"] = 0.0
    assert "unsure" not in audited(card, "mine", measured).audit


def test_what_costs_most_is_told_with_its_unit(card, measured):
    """Rim costs more than exposure, another yaw nothing; the crop undoes a roll."""
    assert audited(card, "mine", measured).known_failures == [
        "It fails.",
        "Of occluders, mask costs most: accuracy 0.50 (0.48 to 0.52), with none it is "
        "0.90.",
        "Of lights, rim 2 (strength) costs most: accuracy 0.60 (0.58 to 0.62), at 0 it "
        "is 0.90.",
    ]


def test_a_later_measurement_replaces_what_an_earlier_one_said(card, measured):
    once = audited(card, "mine", measured)
    assert audited(once, "mine", measured) == once
    del measured["classifiers"]["mine"]["factors"]["rim"]
    later = audited(once, "mine", measured)
    assert len(later.known_failures) == 3
    assert "exposure -3 (stops) costs most" in later.known_failures[2]
    assert "unsure" in once.audit


def test_cards_are_completed_whole_or_not_at_all(tmp_path, monkeypatch, committed):
    names = ("plain-cnn", "small-cnn")
    for name in names:
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        for path in model_folder(name).iterdir():
            (folder / path.name).symlink_to(path)
    before = {name: (model_folder(name) / CARD).read_bytes() for name in names}
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    for name in names:
        path = model_folder(name) / CARD
        path.unlink()
        bare = json.loads(before[name]) | {"audit": {}}
        bare["known_failures"] = bare["known_failures"][:2]
        path.write_text(json.dumps(bare))
        assert model_card(name).missing() == ["audit"]  # and it loads
    complete_cards(committed)
    for name in names:
        assert (model_folder(name) / CARD).read_bytes() == before[name]
        assert not model_card(name).missing()

    def full(path, record):
        raise OSError("no space left")

    monkeypatch.setattr(cards, "write_json", full)
    with pytest.raises(OSError, match="no space"):
        complete_cards(committed)
    assert {name: (model_folder(name) / CARD).read_bytes() for name in names} == before


class TestDatasheet:
    """Who is in SynthFace, as its README tells it."""

    def test_it_says_who_is_in_the_tables(self):
        folder = data_folder() / "synthface"
        text = (folder / "README.md").read_text("utf-8")
        people = pd.read_csv(folder / "subjects.csv")
        assert with_people(text, people) == text, REMEDY
        assert "| people | 72 | 12 | 24 | 108 |" in text
        fewer = people.assign(sex=np.where(people.index < 3, "female", people["sex"]))
        assert with_people(text, fewer) != text

    def test_by_hand(self):
        people = pd.DataFrame(
            [
                ("train", "female", 18.0, 0.0, True),
                ("train", "male", 29.9, 0.25, False),
                ("validation", "male", 30.0, 0.5, False),
                ("test", "female", 75.0, 1.0, True),
            ],
            columns=["split", "sex", "age", "skin_tone", "glasses"],
        )
        begin, end = cards._PEOPLE
        text = with_people(f"before\n{begin} old {end}\nafter\n", people)
        assert text.startswith(f"before\n{begin}\n\n|  | train | validation | test |")
        assert text.endswith(f"|\n\n{end}\nafter\n")
        lines = {
            row.split(" | ")[0].strip("| "): [
                int(n) for n in row.strip("| ").split(" | ")[1:]
            ]
            for row in text.splitlines()
            if row.startswith("| ") and "---" not in row and "train" not in row
        }
        assert lines["people"] == [2, 1, 1, 4]
        assert lines["female"] == [1, 0, 1, 2]
        assert lines["age 18 to 29"] == [2, 0, 0, 2]
        assert lines["age 30 to 44"] == [0, 1, 0, 1]
        assert lines["age 60 to 75"] == [0, 0, 1, 1]
        assert lines["skin tone 0 to 0.25"] == [1, 0, 0, 1]
        assert lines["skin tone 0.25 to 0.5"] == [1, 0, 0, 1]
        assert lines["skin tone 0.75 to 1"] == [0, 0, 1, 1]
        assert lines["male, skin tone below 0.5"] == [1, 0, 0, 1]
        assert lines["male, skin tone of 0.5 and more"] == [0, 1, 0, 1]
        assert lines["with glasses"] == [1, 0, 1, 2]
