"""The network for photographs, and what was measured of it."""

import importlib.util
import json
import os
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from emolib.datasets.fer2013 import CLASSES
from emolib.evaluation import evaluate
from emolib.models import load_model, model_card
from emolib.paths import data_folder
from emolib.recipes.real_faces import photographs
from emolib.recognizer import EmotionRecognizer
from emolib.results import load_results
from emolib.training.loop import TrainingError

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"


def script(name, monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)  # for the scripts it imports
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def noise(tmp_path):
    """A Training part like FER2013's, of noise; two pictures are there twice."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (210, 48, 48), dtype=np.uint8)
    labels = (np.arange(210) % 7).astype(np.int8)
    images[1], images[9] = images[0], images[2]  # with other labels, with the same
    folder = tmp_path / "fer"
    folder.mkdir()
    np.savez(
        folder / "fer2013_train.npz",
        images=images, labels=labels, label_names=np.array(CLASSES),
    )  # fmt: skip
    return folder


@pytest.fixture
def own_results(tmp_path, monkeypatch):
    """A data folder whose results are its own, and the rest is the project's."""
    folder = tmp_path / "data"
    folder.mkdir()
    for part in data_folder().iterdir():
        if part.name != "results":
            (folder / part.name).symlink_to(part)
    monkeypatch.setenv("EMOLIB_DATA", str(folder))
    return folder


def test_the_network_is_small_and_knows_when_not_to_answer():
    card, model = model_card("real-faces"), load_model("real-faces")
    assert model.count_params() < 200_000
    assert 1 / 6 < card.unsure_below < 0.9
    assert "unresolved" in card.training_data["terms"]


def test_the_figures_belong_to_the_weights_that_ship():
    sha256 = model_card("real-faces").sha256
    record = json.loads((data_folder() / "results" / "photographs.json").read_text())
    assert record["config"]["weights"]["real-faces"] == sha256, (
        "run `make results-photographs`"
    )
    rows = load_results("peers")["rows"]
    assert rows[0]["name"] == "ours"
    assert all(row["against_ours"]["weights"] == sha256 for row in rows[1:])
    looks = (data_folder() / "results" / "looks.jsonl").read_text().splitlines()
    assert sum(json.loads(look)["weights"] == sha256 for look in looks) >= 1


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


def test_the_figures_are_made_from_any_copy(noise, own_results, monkeypatch, capsys):
    module = script("measure_photographs", monkeypatch)
    monkeypatch.setattr(module, "EACH", 4)
    assert module.main(["--fer2013", str(noise)]) == 0
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
    assert module.main(["--fer2013", "nowhere"]) == 2
    assert "nowhere does not exist" in capsys.readouterr().err


def test_short_trainings_are_compared_on_both_kinds_of_faces(
    noise, own_results, monkeypatch
):
    module = script("measure_transfer", monkeypatch)
    monkeypatch.setattr(module, "FEW", (50,))
    monkeypatch.setattr(module, "BASE", module.Stage("plain_cnn", rendered=20))
    monkeypatch.setattr(module, "CHOICES", {"no mixup": {"mixup": 0.0}})
    monkeypatch.setattr(module, "_body", lambda model: model)
    command = ["--fer2013", str(noise), "--pictures", "64", "--seeds", "1"]
    assert module.main(command) == 0
    rows = load_results("transfer")["rows"]
    names = [(row["name"], row["photographs"]) for row in rows]
    assert len(set(names)) == len(names)
    assert names[0] == ("rendered only", 0)
    assert names[-1] == ("no mixup", len(photographs(noise)[0]))
    for row in rows:
        low, high = row["real_interval"]
        assert low <= row["real"] <= high
    fit = Mock(side_effect=TrainingError("trained again"))
    monkeypatch.setattr(module.Bench, "fit", fit)
    assert module.main(command) == 0  # all is known
    assert load_results("transfer")["rows"] == rows
    assert module.main([*command[:3], "65"]) == 2  # other settings: all anew
    assert fit.call_count == 1
    assert module.main(["--fer2013", "nowhere"]) == 2
