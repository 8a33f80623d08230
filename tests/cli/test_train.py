"""Training, and what a trained network can do then."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emolib.emotions import EMOTIONS
from emolib.models import model_card


@pytest.fixture
def trained(data, tmp_path, run):
    folder = tmp_path / "my model"
    code, out, err = run(
        "train", "--model", "plain_cnn", "--epochs", 1, "--quiet",
        "--output", folder,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert "72 images" in out
    assert str(folder) in out
    return folder


def test_train_evaluate_predict(trained, tmp_path, run):
    report = tmp_path / "report.json"
    code, out, err = run("evaluate", "--model", trained, "--json", report)
    assert (code, err) == (0, "")
    assert "part test" in out
    assert "2 groups" in out
    assert json.loads(report.read_text())["n"] == 48

    picture = tmp_path / "face.png"
    Image.fromarray(np.full((48, 48), 120, np.uint8)).save(picture)
    code, out, err = run("predict", "--crops", "--model", trained, picture)
    assert (code, err) == (0, "")
    assert all(name in out for name in EMOTIONS)
    assert "not what the person feels" in out
    card = model_card(trained)
    assert card.recipe["epochs"] == 1


def contents(folder: Path) -> dict[str, str]:
    """Return the digests of the files of a folder by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
    }


@pytest.fixture
def no_work(monkeypatch):
    """Let whatever is long fail: what is refused is refused before it."""

    def fail(*_, **__):
        raise AssertionError("the work began")

    monkeypatch.setattr("emolib.datasets.load", fail)
    monkeypatch.setattr("emolib.export.onnx.to_onnx", fail)
    monkeypatch.setattr("emolib.synthesis.render", fail)


@pytest.fixture
def model(data, tmp_path) -> Path:
    """Return the folder of a shipped model, copied, as one's own."""
    import shutil

    from emolib.paths import data_folder

    shipped = Path(__file__).resolve().parents[2] / "data" / "models" / "plain-cnn"
    assert data_folder() == data
    return Path(shutil.copytree(shipped, tmp_path / "mine"))


def test_no_command_replaces_what_is_there(model, tmp_path, no_work, run):
    before, report = contents(model), tmp_path / "report.json"
    report.write_text("years of work")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "report.json").touch()
    corpus = ["datasets", "prepare", "enterface05"]
    for words, named in {
        ("train", "--output", model): "mine holds a model",
        ("recipe", "real-faces", "--fer2013", "x", "--output", model): "holds a model",
        ("export", model): "model.onnx exists",
        ("evaluate", "--model", model, "--json", report): "report.json exists",
        ("render", "-o", report.rename(tmp_path / "a.png")): "a.png exists",
        (*corpus, model, tmp_path / "set"): "set holds a finished data set",
    }.items():
        (tmp_path / "a.png").exists() and report.write_text("years of work")
        code, out, err = run(*words)
        assert (code, out) == (2, ""), words
        assert named in err
        assert "--force" in err
        assert err.count("\n") == 1
    assert contents(model) == before
    assert report.read_text() == (tmp_path / "a.png").read_text() == "years of work"


def test_not_even_force_replaces_what_is_read(model, tiny_corpus, no_work, run):
    before = contents(model)
    for name in before:
        code, _, err = run(
            "evaluate", "--model", model, "--force", "--json", model / name
        )
        assert (code, "is what is read" in err) == (2, True)
    assert contents(model) == before


def test_force_replaces(model, tmp_path, run):
    report, before = tmp_path / "report.json", contents(model)
    report.write_text("old")
    assert run("evaluate", "--model", model, "--json", report, "--force")[0] == 0
    assert json.loads(report.read_text())["n"] == 48
    (model / "model.onnx").write_bytes(b"old")
    assert run("export", model, "--force")[0] == 0
    assert (model / "model.onnx").stat().st_size > 100_000
    code, _, err = run(
        "train", "--model", "plain_cnn", "--epochs", 1, "--limit", 32, "--quiet",
        "--force", "--output", model,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert contents(model)["weights.weights.h5"] != before["weights.weights.h5"]


def test_a_place_that_cannot_be_written_is_found_before_the_work(
    model, tmp_path, no_work, run
):
    taken = tmp_path / "file.txt"
    taken.touch()
    (tmp_path / "new-stages").touch()
    recipe = ["recipe", "real-faces", "--fer2013", "x", "--output"]
    for words in (
        ["train", "--output", taken / "model"],
        ["train", "--output", "/proc/model"],
        ["train", "--output", tmp_path / ("x" * 250)],
        [*recipe, taken / "model"],
        [*recipe, tmp_path / "new"],
        ["evaluate", "--model", model, "--json", "/proc/report.json"],
        ["render", "-o", "/proc/face.png"],
        ["datasets", "prepare", "enterface05", model, "/proc/set"],
    ):
        code, out, err = run(*words)
        assert (code, out) == (2, ""), words
        assert "cannot be written" in err
        assert err.count("\n") == 1


def test_an_interruption_before_there_is_anything_saves_nothing(
    data, tmp_path, monkeypatch, run
):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("emolib.training.loop._Run.train", interrupt)
    code, _, err = run("train", "--quiet", "--output", tmp_path / "new")
    assert (code, err) == (130, "emolib: interrupted\n")
    assert not (tmp_path / "new").exists()


def test_no_encoding_and_no_name_loses_a_training(data, tmp_path, run_in):
    folder = tmp_path / os.fsdecode(b"jos\xe9 \xe9\xa1\x94")
    code, out, err = run_in(
        "ascii", "train", "--model", "plain_cnn", "--epochs", 1, "--limit", 32,
        "--output", folder,
    )  # fmt: skip
    assert code == 0
    assert "saved in" in out
    assert "1/1" in err
    report = tmp_path / "\u9854.json"
    code, out, _ = run_in("cp1252", "evaluate", "--model", folder, "--json", report)
    assert code == 0
    assert "accuracy" in out
    assert json.loads(report.read_text())["n"] == 48
    code, out, _ = run_in("cp932", "info", folder)
    assert code == 0
    assert "plain_cnn" in out


def test_train_on_a_folder_without_subjects_says_what_the_split_is(tiny, tmp_path, run):
    for k, name in enumerate(EMOTIONS):
        (tmp_path / "faces" / name).mkdir(parents=True)
        for i, image in enumerate(tiny.images[tiny.labels == k][:12]):
            Image.fromarray(image).save(tmp_path / "faces" / name / f"{i}.png")
    code, out, err = run(
        "train", "--data", "image_folder", "--path", tmp_path / "faces",
        "--model", "plain_cnn", "--epochs", 1, "--limit", 40, "--quiet",
        "--output", tmp_path / "out",
    )  # fmt: skip
    assert (code, err) == (0, f"{tmp_path / 'faces'}: pictures: 72 read\n")
    assert "40 images" in out
    assert "by image: subjects are unknown" in out


def test_the_crowd_s_labels_take_the_place_of_fer2013_s(tmp_path, run):
    rng = np.random.default_rng(2)
    names = (*EMOTIONS, "neutral", "contempt", "unknown", "NF")
    np.savez(
        tmp_path / "fer2013_train.npz", label_names=names[:7],
        images=rng.integers(0, 256, (70, 48, 48), dtype=np.uint8),
        labels=(np.arange(70) % 7).astype(np.int8),
    )  # fmt: skip
    votes = np.zeros((70, 10), np.int8)
    votes[:60, 3], votes[60:, 6] = 9, 9  # happy; neutral
    np.savez(tmp_path / "ferplus_train.npz", votes=votes, columns=names)
    source = ["--data", "fer2013", "--path", tmp_path]
    crowd = [*source, "--votes", tmp_path / "ferplus_train.npz"]
    train = ["train", "--model", "plain_cnn", "--epochs", 1, "--quiet"]
    code, out, err = run(*train, *crowd, "--output", tmp_path / "m")
    assert (code, err) == (0, "")
    assert "training on 54 images; 6 set aside" in out  # of 60 happy ones
    assert "crowd" in model_card(tmp_path / "m").training_data["name"]
    score = ["evaluate", "--model", tmp_path / "m", "--json", tmp_path / "r"]
    code, out, err = run(*score, *crowd, "--part", "all")
    assert (code, err) == (0, "")
    assert "fer2013, the crowd's labels, part all" in out
    assert json.loads((tmp_path / "r").read_text())["n"] == 60
    code, out, err = run(*train, "--votes", "x.csv", "--output", tmp_path / "n")
    assert code == 2
    assert "--votes goes with --data fer2013, not synthface" in err


def test_output_that_holds_other_files_is_refused_before_training(data, tmp_path, run):
    (tmp_path / "thesis.txt").write_text("years of work")
    code, out, err = run("train", "--output", tmp_path)
    assert (code, out) == (2, "")
    assert "choose a new folder" in err


def test_every_network_can_be_chosen():
    from emolib.cli import train
    from emolib.models import cnn

    assert tuple(cnn.NETWORKS) == train.NETWORKS
