"""Keras to ONNX: the same answers, to 1e-4."""

import sys

import numpy as np
import pytest

from emolib import cli
from emolib.errors import ArgumentError
from emolib.export import ExportError, add_onnx, to_onnx
from emolib.files import sha256
from emolib.models import ModelFileError, model_card, predict, save_model
from emolib.models._backend import keras, tf
from emolib.models.cnn import NETWORKS
from emolib.models.registry import ONNX, build
from emolib.onnx_session import open_session
from emolib.synthesis import Scene, express, random_identity, render

layers = keras.layers


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
    from emolib.export import onnx

    folder = save_model(build("plain_cnn", seed=2), tmp_path / "mine", {})
    wrong = onnx.to_onnx(build("plain_cnn", seed=1))
    monkeypatch.setattr(onnx, "_graph", lambda *of_another: wrong)
    with pytest.raises(ExportError, match=r"'plain_cnn' does not agree"):
        add_onnx(folder)
    assert not (folder / ONNX).exists()
    assert model_card(folder).onnx_sha256 is None


def own(*ends, shape=(64, 64, 1)) -> keras.Model:
    parts = [layers.Conv2D(4, 5, strides=4), layers.GlobalAveragePooling2D(), *ends]
    return keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 255), *parts])


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = layers.Dense(6, activation="softmax")

    def call(self, images):
        return self.last(keras.ops.mean(images, (1, 2)) / 255)


@pytest.mark.parametrize(
    "build", [lambda: own(layers.Dense(6, activation="softmax")), Subclassed]
)
def test_networks_of_one_s_own_are_exported(build):
    model = build()
    faces = rendered()[:2]
    found = answers(to_onnx(model), faces)
    np.testing.assert_allclose(found, predict(model, faces), atol=1e-4)


def broken() -> keras.Model:
    model = build("plain_cnn")
    model.set_weights([np.full_like(one, np.nan) for one in model.get_weights()])
    return model


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: own(layers.Dense(6)), "no probabilities.*softmax"),
        (lambda: own(layers.Dense(7, activation="softmax")), "7 classes; expected 6"),
        (lambda: own(), "4 classes; expected 6"),
        (lambda: own(layers.Dense(6), shape=(48, 48, 1)), r"takes \(None, 48, 48, 1\)"),
        (broken, "NaN or infinity to 8 of 8 images.*diverged"),
    ],
)
def test_networks_that_take_or_answer_something_else_are_not_exported(build, told):
    with pytest.raises(ArgumentError, match=told):
        to_onnx(build())


def test_a_layer_that_onnx_does_not_know_is_named():
    class Python(layers.Layer):
        def call(self, faces):
            return tf.ensure_shape(
                tf.py_function(lambda x: x, [faces], tf.float32), faces.shape
            )

    faces = keras.Input((64, 64, 1))
    model = build("plain_cnn")
    end = keras.Sequential([faces, Python(), model], name="of_mine")
    with pytest.raises(ExportError, match="'of_mine' cannot be turned into ONNX"):
        to_onnx(end)


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
