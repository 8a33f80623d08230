"""The detector's three networks say what they said when its results were measured.

As in ``tests/models/test_shipped.py``: a checksum proves only that card and file belong
together. If one is replaced on purpose, the failing test prints what to put into
``detector_answers.json``.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from emolib.faces import FaceDetector
from emolib.faces.detection import NETWORKS
from emolib.files import sha256
from emolib.paths import data_folder

ANSWERS = json.loads(Path(__file__).with_name("detector_answers.json").read_text())
SIDES = {"pnet": 12, "rnet": 24, "onet": 48}


def windows(side: int) -> np.ndarray:
    """Return eight coloured windows, uint8 (8, side, side, 3): waves, drawn anew."""
    y, x = np.mgrid[:side, :side] * (2 * np.pi / side)
    rng = np.random.default_rng(side)
    waves, shift = rng.uniform(0, 3, (8, 2, 3, 1, 1)), rng.uniform(0, 6, (8, 3, 1, 1))
    image = np.sin(waves[:, 0] * y + waves[:, 1] * x + shift)  # (8, 3, side, side)
    return np.uint8(np.rint(127.5 + 127.5 * image)).transpose(0, 2, 3, 1)


def face(side: int) -> np.ndarray:
    """Return a drawing that the networks take for a face, uint8 (1, side, side, 3)."""
    y, x = np.mgrid[:96, :96] / 96
    oval = np.hypot((x - 0.5) / 0.42, (y - 0.5) / 0.55) < 1
    grey = np.where(oval, 190 - 60 * np.abs(x - 0.5), 70)
    for cx, cy, wide, high in (
        (0.32, 0.4, 0.08, 0.04), (0.68, 0.4, 0.08, 0.04),
        (0.5, 0.6, 0.05, 0.05), (0.5, 0.78, 0.16, 0.04),
    ):  # fmt: skip
        grey = grey - 110 * np.exp(-(((x - cx) / wide) ** 2) - ((y - cy) / high) ** 2)
    colour = np.stack([grey, 0.8 * grey, 0.7 * grey], axis=-1).clip(0, 255)
    picture = Image.fromarray(np.uint8(np.rint(colour)))
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX))[None]


def hold(name: str) -> None:
    """Hold a network's answers against its committed ones."""
    images = np.concatenate([windows(SIDES[name]), face(SIDES[name])])
    found = FaceDetector()._run(name, images)
    given = [one.reshape(len(images), -1).round(6).tolist() for one in found]
    wanted = ANSWERS.get(name, [])
    assert len(given) == len(wanted), json.dumps({name: given})
    away = max(
        np.abs(np.subtract(a, b)).max() for a, b in zip(given, wanted, strict=True)
    )
    assert away < 1e-4, json.dumps({name: given})


@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks_give_the_committed_answers(name):
    hold(name)


def test_answers_tell_windows_outputs_and_networks_apart():
    assert sorted(ANSWERS) == sorted(NETWORKS)
    for outputs in ANSWERS.values():
        for output in outputs:
            assert np.ptp(output, axis=0).max() > 0.05  # they depend on the window
    faces = {name: np.array(outputs[-1])[-1, 1] for name, outputs in ANSWERS.items()}
    assert min(faces.values()) > 0.5  # and a face is one, to all three


# --- that the tests above would fail --------------------------------------------------


def mirrored_planes(graph: onnx.ModelProto) -> None:
    """Take blue for red: the first convolution's kernels in another order."""
    first = next(one for one in graph.graph.initializer if len(one.dims) == 4)
    values = onnx.numpy_helper.to_array(first)[:, ::-1].copy()
    first.CopyFrom(onnx.numpy_helper.from_array(values, first.name))


def last_bias_moved(graph: onnx.ModelProto) -> None:
    """Move one of the last numbers of the network a little."""
    last = [one for one in graph.graph.initializer if len(one.dims) == 1][-1]
    values = onnx.numpy_helper.to_array(last).copy()
    values[0] += 0.01
    last.CopyFrom(onnx.numpy_helper.from_array(values, last.name))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("plant", [mirrored_planes, last_bias_moved])
def test_a_fault_planted_in_a_copy_is_found(name, plant, tmp_path, monkeypatch):
    shutil.copytree(data_folder() / "detector", tmp_path / "detector")
    monkeypatch.setenv("EMOLIB_DATA", str(tmp_path))
    path = tmp_path / "detector" / f"{name}.onnx"
    graph = onnx.load(path)
    plant(graph)
    onnx.save(graph, path)
    card = json.loads(path.with_name("card.json").read_text(encoding="utf-8"))
    card["sha256"][path.name] = sha256(path)
    path.with_name("card.json").write_text(json.dumps(card))
    with pytest.raises(AssertionError):
        hold(name)
