"""The committed measurements, and the script that makes them."""

import hashlib
import importlib.util
import json
import shutil
from pathlib import Path

import pytest

from emolib.datasets import load
from emolib.datasets.stills import write_stills
from emolib.models import available, load_model, model_card
from emolib.paths import data_folder
from emolib.recognizer import EmotionRecognizer

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def script():
    path = ROOT / "scripts" / "make_results.py"
    spec = importlib.util.spec_from_file_location("make_results", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)  # for the scripts it imports
        spec.loader.exec_module(module)
    return module


STEPS = (
    "by-subject-apex", "four-splits", "four-splits-plain", "intensity-curve",
    "training-choices", "learning-curve", "synthface-model", "detection",
)  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_committed_results_are_those_of_this_code_and_corpus(script, step):
    record = json.loads((data_folder() / "results" / f"{step}.json").read_text())
    assert record["command"] == "make results"
    assert record["config_hash"] == script.config_hash(step), "run `make results`"
    assert set(record) == {"command", "config", "config_hash", "versions", "results"}


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("plain-cnn", "by-subject-apex"),
        ("small-cnn", "by-subject-apex"),
        ("synthface", "synthface-model"),
    ],
)
def test_shipped_weights_belong_to_the_results(script, name, step):
    digest = script.config_hash(step)
    assert model_card(name).config_hash == digest, "run `make results`"


def test_the_shipped_recogniser_does_what_its_results_say():
    record = json.loads(
        (data_folder() / "results" / "synthface-model.json").read_text()
    )
    chosen = record["results"]["rows"][record["results"]["chosen_seed"]]
    claimed = {one["bin"]: one["accuracy"] for one in chosen["by_occlusion"]}
    test = load("synthface").part("test").apex()
    read = EmotionRecognizer("synthface").predict_proba
    both = read(test.images) + read(test.images[:, :, ::-1])  # as it was measured
    right = both.argmax(axis=1) == test.labels
    free = (test.meta["occluder"] == "none").to_numpy()
    assert right[free].mean() == pytest.approx(claimed["nothing"], abs=0.005)
    assert right[~free].mean() == pytest.approx(claimed["anything"], abs=0.005)
    assert right[free].mean() >= 0.93
    assert right[~free].mean() >= 0.85
    assert chosen["neutral_median_top_probability"] <= 0.40


def test_steps_run_ship_weights_and_are_skipped_when_current(script, data, capsys):
    quick = ["--epochs", "1", "--seeds", "1"]
    assert script.main([*quick, "--only", "by-subject-apex"]) == 0
    assert script.main([*quick, "--only", "intensity-curve"]) == 0
    assert available() == ("plain-cnn", "small-cnn")
    assert load_model("small-cnn").name == "small_cnn"
    record = json.loads((data / "results" / "by-subject-apex.json").read_text())
    names = [row["name"] for row in record["results"]["rows"]]
    assert names[0] == "chance"
    assert len(names) == 6
    capsys.readouterr()
    assert script.main([*quick, "--only", "by-subject-apex"]) == 0
    assert "up to date" in capsys.readouterr().out
    other = ["--epochs", "2", "--seeds", "1", "--only", "intensity-curve"]
    assert script.main(other) == 2
    assert "by-subject-apex first" in capsys.readouterr().err


def test_choices_and_the_number_of_people_are_measured(script, data, monkeypatch):
    monkeypatch.setattr(script, "CURVE_PEOPLE", [1, 3])
    chosen = ("no dropout", "batch normalisation")
    choices = {name: script.CHOICES[name] for name in chosen}
    monkeypatch.setattr(script, "CHOICES", choices)
    quick = ["--epochs", "1", "--seeds", "2"]
    assert script.main([*quick, "--only", "training-choices"]) == 0
    record = json.loads((data / "results" / "training-choices.json").read_text())
    rows = record["results"]["rows"]
    assert [(one["name"], one["seed"]) for one in rows] == [
        (name, seed) for name in chosen for seed in (0, 1)
    ]
    assert all(0 <= one["train_accuracy"] <= 1 for one in rows)
    assert rows[0]["history"]["epoch"] == [1]
    assert record["results"]["validation_subjects"] == 1

    assert script.main([*quick, "--only", "learning-curve"]) == 0
    record = json.loads((data / "results" / "learning-curve.json").read_text())
    rows = record["results"]["rows"]
    assert [one["people"] for one in rows] == [1, 3] * 4
    assert rows[0]["name"] == "plain CNN"


@pytest.fixture
def large(data, tiny_corpus, tiny):
    """A large set as small as the tiny corpus, in `build`, and its plan."""
    (data / "synthface").unlink()  # a link to what all tests share
    shutil.copytree(tiny_corpus, data / "synthface")
    plan = data / "synthface" / "large.json"
    plan.write_text("{}")
    info = {"plan_sha256": hashlib.sha256(plan.read_bytes()).hexdigest()}
    part = tiny.subset((tiny.meta["split"] != "test").to_numpy())
    folder = data.parent / "build" / "synthface-large"
    folder.parent.mkdir()
    return write_stills(folder, part.images, part.meta, info)


QUICK_MODEL = ["--epochs", "1", "--seeds", "2", "--only", "synthface-model"]


def test_synthface_is_trained_on_the_large_set_and_ships(
    script, data, large, monkeypatch
):
    monkeypatch.setattr(script, "NEUTRAL_FACES", 2)
    assert script.main(QUICK_MODEL) == 0
    record = json.loads((data / "results" / "synthface-model.json").read_text())
    rows = record["results"]["rows"]
    assert [one["seed"] for one in rows] == [0, 1]
    losses = [one["validation_loss"] for one in rows]
    assert record["results"]["chosen_seed"] == int(losses[1] < losses[0])
    assert [one["bin"] for one in rows[0]["by_occlusion"]] == ["nothing"]
    card = model_card("synthface")
    assert card.recipe["seed"] == record["results"]["chosen_seed"]
    assert card.config_hash == record["config_hash"]
    assert len(card.results["seeds"]) == 2
    before = script.config_hash("synthface-model")
    (data / "synthface" / "large.json").write_text('{"stills": 2}')
    assert script.config_hash("synthface-model") != before


def test_a_large_set_of_another_plan_is_refused(script, data, large, capsys):
    (data / "synthface" / "large.json").write_text('{"stills": 2}')
    assert script.main(QUICK_MODEL) == 2
    assert "another plan" in capsys.readouterr().err
    shutil.rmtree(large)
    assert script.main(QUICK_MODEL) == 2
    assert "run `make data-large` first" in capsys.readouterr().err


def test_interruption_leaves_no_file_and_says_how_to_go_on(
    script, data, monkeypatch, capsys
):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setitem(script.STEPS, "four-splits", interrupt)
    assert script.main(["--only", "four-splits"]) == 130
    assert "run `make results` again" in capsys.readouterr().err
    assert list((data / "results").glob("*")) == []


def test_hash_ignores_words_and_notices_code(script, tmp_path):
    path = tmp_path / "module.py"

    def tree(text: str) -> str:
        path.write_text(text)
        return script.code_without_words(path)

    plain = tree('"""Words."""\ndef f():\n    """Say."""\n    return 1\n')
    reworded = tree('"""Other."""\n# why\ndef f():\n    """Tell."""\n    return 1\n')
    assert reworded == plain
    assert tree('"""Words."""\ndef f():\n    """Say."""\n    return 2\n') != plain


def test_hash_depends_on_the_settings(script):
    first, second = (script.config_hash("four-splits", {"seeds": n}) for n in (1, 2))
    assert first != second != script.config_hash("by-subject-apex", {"seeds": 2})


def test_detection_is_measured(script, data, tmp_path, monkeypatch):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    corpus = (data / "synthface").resolve()
    (data / "synthface").unlink()
    shutil.copytree(corpus, data / "synthface")
    plan = ROOT / "data" / "synthface" / "difficulty.json"
    shutil.copy(plan, data / "synthface")
    (data / "detector").symlink_to(ROOT / "data" / "detector")
    few = {"yaws": [0], "people": 2, "population": 4, "cascade_people": 1}
    for name, value in few.items():
        monkeypatch.setitem(script.DETECTION, name, value)
    monkeypatch.setenv("EMOLIB_FER2013", str(tmp_path / "none"))
    assert script.main(["--only", "detection"]) == 0
    results = json.loads((data / "results" / "detection.json").read_text())["results"]
    assert [one["occluder"] for one in results["cells"]][:2] == ["none", "glasses"]
    assert results["cells"][0]["found"] == 1
    assert 0 < results["cells"][0]["eye_error"] < 0.08
    assert results["population"]["everybody"]["faces"] == 4
    assert [one["name"] for one in results["comparison"]] == ["MTCNN", "LBP cascade"]
    assert results["comparison"][1]["time_relative_to_mtcnn"] > 1
    assert results["photographs"] is None


def test_detection_s_hash_depends_on_the_detector_alone(script, data, monkeypatch):
    (data / "synthface").unlink()
    shutil.copytree(ROOT / "data" / "synthface", data / "synthface")
    shutil.copytree(ROOT / "data" / "detector", data / "detector")
    before = {step: script.config_hash(step) for step in ("detection", "four-splits")}
    card = data / "detector" / "card.json"
    card.write_text(card.read_text() + " ")
    assert script.config_hash("detection") != before["detection"]
    assert script.config_hash("four-splits") == before["four-splits"]


def test_the_detector_keeps_what_it_promises():
    record = json.loads((data_folder() / "results" / "detection.json").read_text())
    results = record["results"]
    for cell in results["cells"]:
        if cell["occluder"] == "none" and cell["yaw"] <= 25:
            assert cell["found"] >= 0.99
            assert cell["eye_error"] < 0.05
    everybody = results["population"]["to_25_degrees"]
    assert everybody["found"] >= 0.98
    assert everybody["found"] + everybody["misplaced"] >= 0.99
    assert results["false_alarms_per_frame"] < 0.01
