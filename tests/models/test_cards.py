"""Model cards: what is required, what they look like, and whether they are true."""

import json

import numpy as np
import pytest

from emolib import cli
from emolib.emotions import EMOTIONS
from emolib.evaluation import Evaluation, evaluate
from emolib.models import ModelCard, ModelFileError, available, model_card
from emolib.models.cards import REQUIRED
from emolib.recipes.cards import failures
from emolib.recognizer import EmotionRecognizer
from emolib.results import load_results

MADE = {"architecture": "plain_cnn", "parameters": 7, "sha256": "0" * 64}


@pytest.fixture
def record(entries):
    return json.loads(json.dumps(entries | MADE))  # a deep copy


def test_what_is_written_is_what_was_read(record):
    record |= {"unsure_below": 0.4, "mood": "an entry of a later version"}
    card = ModelCard.from_dict(record, "card.json")
    assert card.to_dict() == record
    assert card.missing() == []
    assert ModelCard.from_dict(card.to_dict(), "again") == card


@pytest.mark.parametrize("name", REQUIRED)
def test_a_gap_is_found_wherever_it_is(record, name):
    *outer, last = name.split(".")
    place = record[outer[0]] if outer else record
    empties = (None, "", [], {}) if outer else (None, type(place[last])())
    for empty in empties:
        place[last] = empty
        assert ModelCard.from_dict(record, "card.json").missing() == [name]
    del place[last]
    assert ModelCard.from_dict(record, "card.json").missing() == [name]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": 7},
        {"known_failures": "none"},
        {"results": []},
        {"parameters": "7"},
        {"unsure_below": "0.4"},
        {"temperature": float("nan")},
        {"parameters": True},
        {"known_failures": [1]},
        {"audit": ["fair"]},
    ],
)
def test_an_entry_of_another_type_is_named(record, wrong):
    (name,) = wrong
    with pytest.raises(ModelFileError, match=rf"my\.json: '{name}' has to be of type"):
        ModelCard.from_dict(record | wrong, "my.json")


def test_no_sentence_ends_twice_and_lines_are_short(record):
    record["known_failures"] = ["The first fails.", "The second " + "fails " * 30]
    text = str(ModelCard.from_dict(record, "card.json"))
    assert "- **Known failures**\n  - The first fails.\n  - The second fails" in text
    for name in available():
        text = str(model_card(name))
        assert not any(twice in text for twice in (".;", "..", ".:", ";;"))
        assert max(map(len, text.splitlines())) <= 88
        assert text.startswith(f"**{model_card(name).title}**\n\n- ")


def test_numbers_are_short_and_what_is_too_long_is_left_out(record):
    record["recipe"] = {"curve": [{"epoch": 1}], "stage": {"epochs": 3, "curve": [{}]}}
    record["results"] |= {"accuracy": 2 / 3, "images": 1263, "interval": [0.5, 0.75]}
    text = str(ModelCard.from_dict(record, "card.json"))
    for part in ("accuracy: 0.667", "images: 1,263", "interval: 0.5 to 0.75"):
        assert part in text
    assert "stage: epochs 3\n" in text
    assert "curve" not in text
    assert "not stated" not in text


def test_an_audit_is_printed_as_tables_in_percent(record):
    rows = [
        {"change": "light to dark", "reference": [0.9, 0.85, 0.95],
         "difference": [0.015, -0.02, 0.05], "p_holm": 0.21},
        {"change": "age 45 to 20", "reference": [1.0, 1.0, 1.0],
         "difference": [-0.125, -0.2, -0.05], "p_holm": 1.0},
    ]  # fmt: skip
    record["audit"] = {"data": "noise", "images": 1263, "calibration_error": rows}
    text = str(ModelCard.from_dict(record, "card.json"))
    assert text.endswith(
        "- **Audit**\n  - data: noise\n  - images: 1,263\n\n"
        "| calibration error, % | reference              | difference            "
        "| p holm |\n"
        "| -------------------- | ---------------------- | --------------------- "
        "| ------ |\n"
        "| light to dark        | 90.0 (85.0 to 95.0)    | +1.5 (-2.0 to +5.0)   "
        "| 0.21   |\n"
        "| age 45 to 20         | 100.0 (100.0 to 100.0) | -12.5 (-20.0 to -5.0) "
        "| 1      |"
    )


def test_an_audit_of_a_reader_is_printed_whatever_it_holds(record):
    record["audit"] = {"a": [], "b": [1], "c": [{}], "d": [{"x": None}, {"y": [1]}]}
    assert "- **Audit**" in str(ModelCard.from_dict(record, "card.json"))


def test_a_bare_card_says_what_is_not_stated():
    text = str(ModelCard.from_dict(MADE, "card.json"))
    assert text.startswith("**A network without a title**")
    assert text.count("not stated") == 9


def test_a_notebook_and_the_command_line_show_the_same_card(capsys):
    card = model_card("plain-cnn")
    assert card._repr_markdown_() == str(card) == repr(card)
    assert cli.main(["info", "plain-cnn"]) == 0
    assert capsys.readouterr().out == f"{card}\n"


@pytest.mark.parametrize("name", ["plain-cnn", "real-faces", "small-cnn", "synthface"])
def test_shipped_cards_are_complete_and_careful(name):
    card = model_card(name)
    assert not card.missing()
    assert card.other is None
    assert "work or in education" in card.prohibited_use
    assert "does not tell what a person feels" in card.limits
    assert card.results["images"] > 1000
    low, high = card.results["interval"]
    assert low < card.results["accuracy"] < high
    assert all(one.endswith(".") for one in card.known_failures)
    assert EmotionRecognizer(name).card == card


def rows():
    """Yield each network on rendered test people, and the row of its weights."""
    measured = load_results("by-subject-apex")["rows"]
    for name, title in (("plain-cnn", "plain CNN"), ("small-cnn", "small CNN")):
        card = model_card(name)
        assert card.title.startswith(f"{title}: ")
        seed = card.recipe["seed"]
        (row,) = (r for r in measured if (r["name"], r["seed"]) == (title, seed))
        yield card, row
    measured = load_results("synthface-model")
    yield model_card("synthface"), measured["rows"][measured["chosen_seed"]]


def test_cards_say_what_was_measured():
    for card, row in rows():
        result = Evaluation.from_dict(row["evaluation"])
        assert card.results["accuracy"] == result.accuracy
        assert card.results["interval"] == list(result.interval)
        assert card.results["images"] == result.n
        assert card.results["subjects"] == result.n_groups
        assert card.results["recall"] == result.per_class["recall"].round(4).to_dict()
        assert card.known_failures[:2] == failures(result)


def test_failures_of_real_faces_are_those_of_its_confusion():
    labels = load_results("photographs")["labels"]
    confusion = np.array(labels["confusion"])
    card = model_card("real-faces")
    recall = dict(zip(EMOTIONS, confusion.diagonal() / confusion.sum(1), strict=True))
    worst = min(recall, key=recall.get)
    assert card.known_failures[0] == (
        f"{worst.capitalize()} is recognised least often: recall {recall[worst]:.2f}."
    )
    most = (confusion - np.diag(confusion.diagonal())).max()
    assert f"mistake: {most} of {confusion.sum():,} valid" in card.known_failures[1]
    assert card.results["recall"] == {k: round(v, 4) for k, v in recall.items()}


def test_failures_by_hand():
    confusion = np.diag([9, 9, 9, 9, 9, 9])
    confusion[2, 4], confusion[4, 2] = 5, 3
    answers = np.repeat(np.arange(36), confusion.ravel())
    assert failures(evaluate(answers // 6, np.eye(6)[answers % 6]), "faces") == [
        "Fear is recognised least often: recall 0.64.",
        "Fear read as sadness is the most frequent mistake: 5 of 62 faces.",
    ]
