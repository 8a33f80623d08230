"""Keras to ONNX: the same answers, to 1e-4."""

import sys

import numpy as np
import pytest

from emolib import cli
from emolib.export import ExportError, add_onnx, to_onnx
from emolib.files import sha256
from emolib.models import ModelFileError, model_card, predict, save_model
from emolib.models.cnn import NETWORKS
from emolib.models.registry import ONNX, build
from emolib.onnx_session import open_session
from emolib.synthesis import Scene, express, random_identity, render


def answers(graph: bytes, faces: np.ndarray) -> np.ndarray:
    session = open_session(graph)
    assert [one.name for one in session.get_inputs()] == ["face"]
    images = faces[..., None].astype(np.float32)
    return session.run(["probabilities"], {"face": images})[0]


def rendered() -> np.ndarray:
    """Render eight faces, uint8 (8, 64, 64)."""
    return np.stack(
        [
            render(
                random_identity(k), express("fear", 0.8, seed=k), Scene(background=k)
            )
            for k in range(8)
        ]
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_the_exported_network_answers_the_same(name):
    model = build(name, seed=4)
    graph = to_onnx(model)
    noise = np.random.default_rng(1).integers(0, 256, (20, 64, 64), dtype=np.uint8)
    blank = np.zeros((1, 64, 64), np.uint8)
    for faces in (noise, rendered(), blank):
        found = answers(graph, faces)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, predict(model, faces), atol=1e-4)


def test_a_graph_that_does_not_agree_is_not_written(tmp_path, monkeypatch):
    from emolib import export

    folder = save_model(build("plain_cnn", seed=2), tmp_path / "mine", {})
    wrong = export._graph(build("plain_cnn", seed=1))
    monkeypatch.setattr(export, "_graph", lambda model: wrong)
    with pytest.raises(ExportError, match=r"'plain_cnn' does not agree"):
        add_onnx(folder)
    assert not (folder / ONNX).exists()
    assert model_card(folder).onnx_sha256 is None


def test_the_command_adds_it_to_a_model_folder(tmp_path, capsys):
    folder = save_model(build("plain_cnn"), tmp_path / "my model", {"licence": "x"})
    assert cli.main(["export", str(folder)]) == 0
    assert "model.onnx" in capsys.readouterr().out
    card = model_card(folder)
    assert card.licence == "x"
    assert card.onnx_sha256 == sha256(folder / ONNX)


def test_what_is_missing_is_named(monkeypatch):
    with pytest.raises(ModelFileError, match="No model 'nothing'"):
        add_onnx("nothing")
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ExportError, match=r"tf2onnx.*pip install"):
        to_onnx(build("plain_cnn"))
