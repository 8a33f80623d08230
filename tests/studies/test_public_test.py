"""Evaluations on real photographs: counted, written down, and no more."""

import json
import shutil

import numpy as np
import pytest

from emolib.datasets import DatasetError
from emolib.datasets.fer2013 import CLASSES
from emolib.export import add_onnx
from emolib.models import save_model
from emolib.models.cnn import contrast_cnn
from studies import public_test


@pytest.fixture
def photographs(tmp_path):
    """Two files like FER2013's, of noise; two of the second's occur in the first."""
    folder = tmp_path / "fer"
    folder.mkdir()
    rng = np.random.default_rng(0)
    train, test = rng.integers(0, 256, (2, 21, 48, 48), dtype=np.uint8)
    test[:2] = train[5:7]
    for name, images in (("train", train), ("public_test", test)):
        np.savez(
            folder / f"fer2013_{name}.npz",
            images=images,
            labels=(np.arange(21) % 7).astype(np.int8),
            label_names=np.array(CLASSES),
        )
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory, entries):
    """Folder of an untrained network in ONNX form."""
    folder = save_model(contrast_cnn(), tmp_path_factory.mktemp("untrained"), entries)
    add_onnx(folder)
    return folder


@pytest.fixture
def data(tmp_path, model, monkeypatch):
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    shutil.copytree(model, tmp_path / "models" / "synthface")
    return tmp_path


def test_an_evaluation_is_shown_and_written_down(photographs, data, capsys):
    path = photographs / "fer2013_public_test.npz"
    assert public_test.main([str(path), "--model", "synthface"]) == 0
    shown = capsys.readouterr().out
    assert "evaluation 1 of 3" in shown
    assert "optimistic" in shown
    record = json.loads((data / "results" / "public-test.jsonl").read_text())
    assert record["images"] == 21 - 3 - 2  # without neutral ones and duplicates
    assert f"{record['accuracy']:.3f}" in shown
    assert {"date", "commit", "model", "weights", "recall"} <= record.keys()
    assert 0 <= record["calibration_error"] <= 1


def test_the_surest_answers_are_the_ones_that_count():
    labels = np.arange(10) % 6
    answers = np.full((10, 6), 0.1)
    answers[np.arange(10), labels] = 0.5
    answers[:2] = np.roll(np.eye(6) * 0.1 + 0.15, 1, axis=1)[:2]  # unsure, and wrong
    assert public_test.surest(labels, answers) == 1
    answers[:2] = np.roll(np.eye(6), 1, axis=1)[:2]  # sure, and wrong
    assert public_test.surest(labels, answers) == 6 / 8


def test_the_fourth_is_refused(photographs, data, capsys):
    for _ in range(3):
        assert public_test.main([str(photographs)]) == 0
    assert public_test.main([str(photographs)]) == 2
    assert "all 3 evaluations" in capsys.readouterr().err
    assert len((data / "results" / "public-test.jsonl").read_text().splitlines()) == 3


def test_another_name_for_the_same_weights_gives_no_more(data):
    labels, answers = np.arange(6), np.eye(6)
    for name in ("one", "two", "two"):
        public_test.evaluate_once(name, "weights", labels, answers)
    assert public_test.evaluations_left("two", "others") == 1
    with pytest.raises(public_test.BudgetError, match="three has had all 3"):
        public_test.evaluate_once("three", "weights", labels, answers)
    assert public_test.evaluations_left("three", "others") == 3


def test_duplicates_cannot_be_left_out_without_training(photographs, data):
    (photographs / "fer2013_train.npz").unlink()
    with pytest.raises(DatasetError, match="no train images"):
        public_test.main([str(photographs)])
    assert not (data / "results" / "public-test.jsonl").exists()
