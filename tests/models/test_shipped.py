"""The networks that ship say what they said when they were measured.

A checksum in a card proves only that file and card belong together; here a network that
takes the place of another, with a card that fits, does not pass. If one is replaced on
purpose, the failing test prints what to put into ``shipped_answers.json``.
"""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest

from emolib.datasets import load
from emolib.files import sha256
from emolib.models import available, load_model, model_card, predict
from emolib.models.registry import CARD, ONNX, WEIGHTS, onnx_graph
from emolib.onnx_session import open_session
from emolib.paths import data_folder

ANSWERS = json.loads(Path(__file__).with_name("shipped_answers.json").read_text())


@pytest.fixture(scope="module")
def crops():
    """Return the first apex frame of each emotion of SynthFace's test people."""
    test = load("synthface").part("test").apex()
    return test.images[[np.flatnonzero(test.labels == k)[0] for k in range(6)]]


def hold_weights(name: str, crops: np.ndarray) -> None:
    """Hold a network's weights against its committed answers."""
    found = predict(load_model(name), crops)
    away = np.abs(found - ANSWERS[name]).max()
    assert away < 1e-4, json.dumps({name: found.round(6).tolist()})


def hold_onnx(name: str, crops: np.ndarray) -> None:
    """Hold a network's ONNX form against its weights and its committed answers."""
    inputs = {"face": crops[..., None].astype(np.float32)}
    (found,) = open_session(onnx_graph(name)[0]).run(["probabilities"], inputs)
    np.testing.assert_allclose(found, predict(load_model(name), crops), atol=1e-4)
    np.testing.assert_allclose(found, ANSWERS[name], atol=1e-4)


def test_every_network_is_held_to_its_answers():
    assert tuple(sorted(ANSWERS)) == available()


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_weights_give_the_committed_answers(name, crops):
    hold_weights(name, crops)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_onnx_form_gives_the_same_answers(name, crops):
    hold_onnx(name, crops)


def test_answers_of_different_networks_and_classes_are_told_apart():
    shares = np.array([ANSWERS[name] for name in sorted(ANSWERS)])  # (4, 6, 6)
    for k, one in enumerate(shares):
        for other in (*np.delete(shares, k, axis=0), np.roll(one, 1, axis=1)):
            assert np.abs(one - other).max() > 0.01


# --- that the tests above would fail --------------------------------------------------


@pytest.fixture
def copy(crops, tmp_path, monkeypatch):
    """Return a copy of the shipped networks, which `load_model` reads, to be damaged.

    `crops` are read before.
    """
    shutil.copytree(data_folder() / "models", tmp_path / "models")
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    return tmp_path / "models"


def adapt(folder: Path, **entries) -> None:
    """Make a card fit the files beside it, as an export of something else would."""
    card = json.loads((folder / CARD).read_text()) | entries
    card["sha256"], card["onnx_sha256"] = (
        sha256(folder / WEIGHTS),
        sha256(folder / ONNX),
    )
    (folder / CARD).write_text(json.dumps(card))


def change_last_layer(folder: Path, change) -> None:
    """Apply `change` to the last weights, (80, 6) and (6,), of an ONNX form."""
    graph = onnx.load(folder / ONNX)
    inside = graph.graph.initializer
    last = [one for one in inside if list(one.dims) in ([80, 6], [6])]
    assert len(last) == 2
    for one in last:
        values = np.ascontiguousarray(change(onnx.numpy_helper.to_array(one)))
        one.CopyFrom(onnx.numpy_helper.from_array(values, one.name))
    onnx.save(graph, folder / ONNX)


def onnx_of_another(models: Path) -> None:
    shutil.copy(models / "synthface" / ONNX, models / "real-faces" / ONNX)


def onnx_with_classes_rolled(models: Path) -> None:
    change_last_layer(models / "real-faces", lambda values: np.roll(values, 1, axis=-1))


def onnx_without_temperature(models: Path) -> None:
    temperature = model_card("real-faces").temperature
    assert abs(temperature - 1) > 0.1
    change_last_layer(models / "real-faces", lambda values: values * temperature)


def onnx_of_images_of_0_to_1(models: Path) -> None:
    graph = onnx.load(models / "real-faces" / ONNX)
    for node in graph.graph.node:
        node.input[:] = ["scaled" if one == "face" else one for one in node.input]
    share = onnx.numpy_helper.from_array(np.float32(255), "share")
    graph.graph.initializer.append(share)
    graph.graph.node.insert(
        0, onnx.helper.make_node("Div", ["face", "share"], ["scaled"])
    )
    onnx.save(graph, models / "real-faces" / ONNX)


def weights_of_another(models: Path) -> None:
    shutil.copy(models / "synthface" / WEIGHTS, models / "real-faces" / WEIGHTS)
    adapt(models / "real-faces", architecture="contrast_cnn")


def weights_with_classes_rolled(models: Path) -> None:
    def roll(name, values):
        if isinstance(values, h5py.Dataset) and values.shape[-1:] == (6,):
            values[...] = np.roll(values[...], 1, axis=-1)

    with h5py.File(models / "real-faces" / WEIGHTS, "a") as file:
        file.visititems(roll)


def both_of_another(models: Path) -> None:
    onnx_of_another(models)
    weights_of_another(models)


@pytest.mark.parametrize(
    ("plant", "hold"),
    [
        (onnx_of_another, hold_onnx),
        (onnx_with_classes_rolled, hold_onnx),
        (onnx_without_temperature, hold_onnx),
        (onnx_of_images_of_0_to_1, hold_onnx),
        (weights_of_another, hold_weights),
        (weights_with_classes_rolled, hold_weights),
        (both_of_another, hold_weights),
        (both_of_another, hold_onnx),
    ],
)
def test_a_fault_planted_in_a_copy_is_found(plant, hold, copy, crops):
    hold("real-faces", crops)
    plant(copy)
    adapt(copy / "real-faces")
    with pytest.raises(AssertionError):
        hold("real-faces", crops)
