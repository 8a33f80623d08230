"""The network for photographs, and what was measured of it."""

import json
import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from emolib.datasets import DatasetError
from emolib.evaluation import evaluate
from emolib.models import load_model, model_card
from emolib.paths import data_folder
from emolib.recipes.real_faces import photographs
from emolib.recognizer import EmotionRecognizer
from emolib.results import load_results
from emolib.training import TrainingError
from studies import photographs as study
from studies import transfer

ROOT = Path(__file__).resolve().parents[2]


def test_the_network_is_small_and_knows_when_not_to_answer():
    card, model = model_card("real-faces"), load_model("real-faces")
    assert model.count_params() < 200_000
    assert 1 / 6 < card.unsure_below < 0.9
    assert "unresolved" in card.training_data["terms"]


def test_the_figures_belong_to_the_weights_that_ship():
    sha256 = model_card("real-faces").sha256
    rows = load_results("peers")["rows"]
    assert rows[0]["name"] == "ours"
    assert all(row["against_ours"]["weights"] == sha256 for row in rows[1:])
    path = data_folder() / "results" / "public-test.jsonl"
    lines = map(json.loads, path.read_text().splitlines())
    assert sum(one["weights"] == sha256 for one in lines) >= 1


def test_it_does_on_photographs_what_its_card_says():
    default = ROOT.parent / "shared" / "data"
    path = Path(os.environ.get("EMOLIB_FER2013", default))
    if not path.exists():
        pytest.skip(f"no FER2013 at {path}; set EMOLIB_FER2013 to its file or folder")
    known = photographs(path)[1].labelled()
    result = evaluate(
        known.labels, EmotionRecognizer().predict_proba(known.images)
    )  # fmt: skip
    card = model_card("real-faces").results
    assert result.accuracy == pytest.approx(card["accuracy"], abs=0.002)
    assert result.calibration_error < 0.05


def test_the_figures_are_made_from_any_copy(noise, own_results, quick, monkeypatch):
    monkeypatch.setattr(study, "EACH", 4)
    quick(study.STUDY).run(noise)
    found = load_results("photographs")
    assert [one["name"] for one in found["gap"]] == ["synthface", "real-faces"]
    for one in found["gap"]:
        assert len(one["points"]["rendered"]["places"]) == 24
        assert 0 <= one["told_apart"] <= 1
    for one in found["mirror"].values():
        gain, low, high = one["better_by"]
        assert gain == pytest.approx(one["mean"] - one["alone"])
        assert low <= gain <= high
        assert 0 < one["same"] <= 1
    alone = found["mirror"]["photographs"]["alone"]
    assert alone == found["gap"][1]["accuracy"]["photographs"]
    labels = found["labels"]
    assert labels["training_images"] == 210
    assert labels["pictures_several_times"] == 2
    assert labels["of_these_with_two_labels"] == 1
    shares = [one["coverage"] for one in found["doubt"]["curve"]]
    assert shares == sorted(shares, reverse=True)
    with pytest.raises(DatasetError, match="nowhere does not exist"):
        study.STUDY.run(Path("nowhere"))


def test_short_trainings_are_compared_on_both_kinds_of_faces(
    noise, own_results, quick, monkeypatch
):
    monkeypatch.setattr(transfer, "FEW", (50,))
    monkeypatch.setattr(transfer, "BASE", transfer.Stage("plain_cnn", rendered=20))
    monkeypatch.setattr(transfer, "CHOICES", {"no mixup": {"mixup": 0.0}})
    monkeypatch.setattr(transfer, "_body", lambda model: model)
    short = quick(transfer.STUDY, pictures=64)
    short.run(noise)
    rows = load_results("transfer")["rows"]
    names = [(row["name"], row["photographs"]) for row in rows]
    assert len(set(names)) == len(names)
    assert names[0] == ("rendered only", 0)
    assert names[-1] == ("no mixup", len(photographs(noise)[0]))
    for row in rows:
        low, high = row["real_interval"]
        assert low <= row["real"] <= high
    fit = Mock(side_effect=TrainingError("trained again"))
    monkeypatch.setattr(transfer.School, "fit", fit)
    short.run(noise)  # all is known
    assert load_results("transfer")["rows"] == rows
    with pytest.raises(TrainingError, match="trained again"):
        quick(transfer.STUDY, pictures=65).run(noise)  # other settings: all anew
