"""Training, and what a trained network can do then."""

import json

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
    assert "choose a new --output" in err


def test_every_network_can_be_chosen():
    from emolib.cli import train
    from emolib.models import cnn

    assert tuple(cnn.NETWORKS) == train.NETWORKS
