"""Each study measures, ships and resumes; here on few faces, for one epoch."""

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from emolib.datasets import load
from emolib.datasets.stills import write_stills
from emolib.models import available, load_model, model_card
from emolib.recipes.cards import audited
from emolib.recognizer import EmotionRecognizer
from emolib.results import load_results
from studies import (
    by_subject_apex,
    detection,
    four_splits,
    intensity_curve,
    learning_curve,
    robustness,
    synthface_model,
    training_choices,
)
from studies.catalogue import STUDIES
from studies.study import StudyError, state

ROOT = Path(__file__).resolve().parents[2]


def test_networks_are_measured_and_ship(quick, data):
    first = quick(by_subject_apex.STUDY)
    record = first.run()
    assert available() == ("plain-cnn", "small-cnn")
    assert load_model("small-cnn").name == "small_cnn"
    names = [row["name"] for row in load_results("by-subject-apex")["rows"]]
    assert names[0] == "chance"
    assert len(names) == 6
    assert set(record["ships"]) == {"plain-cnn", "small-cnn"}
    curve = quick(intensity_curve.STUDY, resting_faces=2)
    curve.run()
    networks = load_results("intensity-curve")["networks"]
    assert list(networks) == ["plain-cnn", "small-cnn"]
    others = {first.name: replace(first, version=2)}
    assert state(curve, None, others) == ("stale", "by-subject-apex comes first")


def test_splits_are_compared_with_equally_many_images(quick, data):
    study = quick(four_splits.PLAIN, splits=["random frame", "by subject"])
    study.run()
    results = load_results("four-splits-plain")
    assert [row["name"] for row in results["rows"]] == [
        "random frame (leaks)", "by subject",
    ]  # fmt: skip
    assert results["rows"][0]["leaks"] == ["clip", "subject"]


def test_choices_are_measured_on_validation_people(quick, data):
    chosen = ("dropout 0.5", "batch normalisation")
    choices = {name: training_choices.CHOICES[name] for name in chosen}
    quick(training_choices.STUDY, choices=choices, seeds=[0, 1]).run()
    results = load_results("training-choices")
    rows = results["rows"]
    assert [(one["name"], one["seed"]) for one in rows] == [
        (name, seed) for name in chosen for seed in (0, 1)
    ]
    assert all(0 <= one["train_accuracy"] <= 1 for one in rows)
    assert rows[0]["history"]["epoch"] == [1]
    assert results["validation_subjects"] == 1


def test_more_people_are_measured(quick, data):
    quick(learning_curve.STUDY, people=[1, 3], seeds=[0, 1]).run()
    rows = load_results("learning-curve")["rows"]
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


def test_synthface_is_trained_on_the_large_set_and_ships(quick, data, large):
    study = quick(synthface_model.STUDY, resting_faces=2, seeds=[0, 1])
    study.run()
    results = load_results("synthface-model")
    rows = results["rows"]
    assert [one["seed"] for one in rows] == [0, 1]
    losses = [one["validation_loss"] for one in rows]
    assert results["chosen_seed"] == int(losses[1] < losses[0])
    assert [one["bin"] for one in rows[0]["by_occlusion"]] == ["nothing"]
    assert EmotionRecognizer("synthface").card
    assert state(study)[0] == "unverified"
    (data / "synthface" / "large.json").write_text('{"stills": 2}')
    assert state(study)[0] == "stale"


def test_a_large_set_of_another_plan_is_refused(quick, data, large):
    (data / "synthface" / "large.json").write_text('{"stills": 2}')
    study = quick(synthface_model.STUDY)
    with pytest.raises(StudyError, match="another plan"):
        study.run()
    shutil.rmtree(large)
    with pytest.raises(StudyError, match="run `make data-large` first"):
        study.run()


def test_detection_is_measured(quick, data, tmp_path, monkeypatch):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    corpus = (data / "synthface").resolve()
    (data / "synthface").unlink()
    shutil.copytree(corpus, data / "synthface")
    plan = ROOT / "data" / "synthface" / "difficulty.json"
    shutil.copy(plan, data / "synthface")
    (data / "detector").symlink_to(ROOT / "data" / "detector")
    few = {"yaws": [0], "people": 2, "population": 4, "cascade_people": 1}
    for name, value in few.items():
        monkeypatch.setitem(detection.DETECTION, name, value)
    quick(detection.STUDY).run(tmp_path / "none")
    results = load_results("detection")
    assert [one["occluder"] for one in results["cells"]][:2] == ["none", "glasses"]
    assert results["cells"][0]["found"] == 1
    assert 0 < results["cells"][0]["eye_error"] < 0.08
    assert results["population"]["everybody"]["faces"] == 4
    assert [one["name"] for one in results["comparison"]] == ["MTCNN", "LBP cascade"]
    assert results["comparison"][1]["time_relative_to_mtcnn"] > 1
    assert results["photographs"] is None


def test_robustness_is_measured_and_resumes(quick, own_results, monkeypatch):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    (own_results / "results").mkdir()
    models = (own_results / "models").resolve()
    (own_results / "models").unlink()  # the study writes into the cards
    shutil.copytree(models, own_results / "models")
    before = {name: model_card(name) for name in available()}
    few = robustness.STUDY.settings["factors"]
    chosen = {name: few[name][:2] for name in ("occluder", "yaw", "sex")}
    changes = {"people": 2, "networks": ["small-cnn"], "severities": [0, 1]}
    changes |= {"factors": chosen, "perturbations": ["blur"], "baselines": ["majority"]}
    study = quick(robustness.STUDY, **changes)
    study.run()
    results = load_results("robustness")
    assert (results["images"], results["people"]) == (36, 2)
    assert results["covered"]["none"] == 0 < results["covered"]["glasses"]
    network = results["classifiers"]["small-cnn"]
    assert network["unsure_below"] == 0
    assert [one["severity"] for one in network["factors"]["yaw"]] == [0, -40]
    assert network["factors"]["yaw"][0]["difference"] == 0
    assert results["meanings"]["blur"][1].startswith("blurred over 4.0 pixels")
    groups = {one["group"] for one in network["audits"]["intersection"]}
    assert groups == {"light male", "light female", "dark male", "dark female"}
    assert len(network["recalls"]["glasses"]) == 6
    cards = {name: model_card(name) for name in available()}
    changed = cards.pop("small-cnn")
    assert changed == audited(before.pop("small-cnn"), "small-cnn", results)
    assert (changed.audit["images"], cards) == (36, before)
    yaws = results["classifiers"]["majority"]["factors"]["yaw"]
    assert [one["accuracy"] for one in yaws] == pytest.approx([1 / 6, 1 / 6], abs=1e-4)
    monkeypatch.setattr(robustness, "counterfactuals", None)  # nothing is left to draw
    study.run()
    assert load_results("robustness") == results


def test_detection_rests_on_the_detector_alone(data):
    (data / "synthface").unlink()
    shutil.copytree(ROOT / "data" / "synthface", data / "synthface")
    shutil.copytree(ROOT / "data" / "detector", data / "detector")
    names = ("detection", "four-splits")
    before = {name: STUDIES[name].key() for name in names}
    card = data / "detector" / "card.json"
    card.write_text(card.read_text() + " ")
    assert STUDIES["detection"].key() != before["detection"]
    assert STUDIES["four-splits"].key() == before["four-splits"]


def test_the_shipped_network_does_what_its_results_say():
    results = load_results("synthface-model")
    chosen = results["rows"][results["chosen_seed"]]
    claimed = {one["bin"]: one["accuracy"] for one in chosen["by_occlusion"]}
    test = load("synthface").part("test").apex()
    shares = EmotionRecognizer("synthface").predict_proba(test.images)
    right = shares.argmax(axis=1) == test.labels
    free = (test.meta["occluder"] == "none").to_numpy()
    assert right[free].mean() == pytest.approx(claimed["nothing"], abs=0.005)
    assert right[~free].mean() == pytest.approx(claimed["anything"], abs=0.005)
    assert right[free].mean() >= 0.93
    assert right[~free].mean() >= 0.85
    assert chosen["neutral_median_top_probability"] <= 0.40


def test_the_detector_keeps_what_it_promises():
    results = load_results("detection")
    for cell in results["cells"]:
        if cell["occluder"] == "none" and cell["yaw"] <= 25:
            assert cell["found"] >= 0.99
            assert cell["eye_error"] < 0.05
    everybody = results["population"]["to_25_degrees"]
    assert everybody["found"] >= 0.98
    assert everybody["found"] + everybody["misplaced"] >= 0.99
    assert results["false_alarms_per_frame"] < 0.01


def test_the_networks_cards_say_what_was_measured():
    rows = load_results("by-subject-apex")["rows"]
    for title, name in (("plain CNN", "plain-cnn"), ("small CNN", "small-cnn")):
        first = next(row for row in rows if (row["name"], row["seed"]) == (title, 0))
        assert model_card(name).results["accuracy"] == first["accuracy"]
