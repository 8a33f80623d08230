"""Keras to ONNX: the same answers, to 1e-4."""

import sys

import numpy as np
import onnxruntime
import pytest

from emolib import cli
from emolib.export import ExportError, add_onnx, to_onnx
from emolib.models import ModelFileError, model_card, predict, save_model
from emolib.models.registry import ARCHITECTURES, build
from emolib.synthesis import Scene, express, random_identity, render


def answers(path, faces: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(path)
    assert [one.name for one in session.get_inputs()] == ["face"]
    images = faces[..., None].astype(np.float32)
    return session.run(["probabilities"], {"face": images})[0]


def rendered() -> np.ndarray:
    """Eight rendered faces, uint8 (8, 64, 64)."""
    return np.stack(
        [
            render(
                random_identity(k), express("fear", 0.8, seed=k), Scene(background=k)
            )
            for k in range(8)
        ]
    )


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_exported_network_answers_the_same(name, tmp_path):
    model = build(name, seed=4)
    path = to_onnx(model, tmp_path / "model.onnx")
    noise = np.random.default_rng(1).integers(0, 256, (20, 64, 64), dtype=np.uint8)
    blank = np.zeros((1, 64, 64), np.uint8)
    for faces in (noise, rendered(), blank):
        found = answers(path, faces)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, predict(model, faces), atol=1e-4)
    assert [one.name for one in tmp_path.iterdir()] == ["model.onnx"]


def test_a_graph_that_answers_otherwise_is_not_written(tmp_path, monkeypatch):
    from emolib import export

    wrong = export._graph(build("plain_cnn", seed=1))
    monkeypatch.setattr(export, "_graph", lambda model: wrong)
    with pytest.raises(ExportError, match=r"'plain_cnn' answers otherwise"):
        to_onnx(build("plain_cnn", seed=2), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_the_command_adds_it_to_a_model_folder(tmp_path, capsys):
    folder = save_model(build("plain_cnn"), tmp_path / "my model", {"licence": "x"})
    assert cli.main(["export", str(folder)]) == 0
    assert "model.onnx" in capsys.readouterr().out
    card = model_card(folder)
    assert card["licence"] == "x"
    assert len(card["onnx_sha256"]) == 64


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    with pytest.raises(ModelFileError, match="No model 'nothing'"):
        add_onnx("nothing")
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ExportError, match=r"tf2onnx.*pip install"):
        to_onnx(build("plain_cnn"), tmp_path / "model.onnx")
