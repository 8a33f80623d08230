"""Rendered faces: the options are the face."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def test_render_saves_a_picture(tmp_path, run):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    path = tmp_path / "face.png"
    code, _, err = run(
        "render", "--emotion", "happiness", "--identity", 7, "--yaw", 10,
        "--occluder", "mask", "--size", 96, "--colour", "-o", path,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert Image.open(path).size == (96, 96)
    assert [one.name for one in tmp_path.iterdir()] == ["face.png"]


def test_render_draws_what_the_options_name(tmp_path, run):
    synthesis = pytest.importorskip("emolib.synthesis")
    path = tmp_path / "face.png"
    code, _, err = run(
        "render", "--unit", "AU4=0.8", "--unit", "mouthSmileLeft=1",
        "--identity", 3, "--yaw", -12.5, "--pitch", 4, "--roll", 3,
        "--light-azimuth", 50, "--light-elevation", 10, "--light-contrast", 0.8,
        "--background", 9, "--occluder", "glasses", "-o", path,
    )  # fmt: skip
    assert (code, err) == (0, "")
    expected = synthesis.render(
        synthesis.random_identity(3),
        {"browDown": 0.8, "mouthSmileLeft": 1.0},
        synthesis.Scene(
            yaw=-12.5,
            pitch=4,
            roll=3,
            light_azimuth=50,
            light_elevation=10,
            light_contrast=0.8,
            background=9,
            occluder="glasses",
        ),
    )
    assert np.array_equal(np.asarray(Image.open(path)), expected)


def test_help_tells_the_limits_and_defaults():
    synthesis = pytest.importorskip("emolib.synthesis")
    from emolib.cli.render import ANGLES

    for name, told in ANGLES.items():
        low, high = map(int, re.search(r"(-?\d+) to (\d+)", told).groups())
        for value in (low, high):
            synthesis.Scene(**{name: value})
        for value in (low - 1, high + 1):
            with pytest.raises(ValueError, match=name):
                synthesis.Scene(**{name: value})
        default = float(told.rpartition("default: ")[2])
        assert getattr(synthesis.Scene(), name) == default


def test_expression_seed_chooses_the_way_and_not_the_person(tmp_path, run):
    synthesis = pytest.importorskip("emolib.synthesis")
    path = tmp_path / "face.png"
    run("render", "--emotion", "an", "--intensity", 0.7, "--identity", 3,
        "--expression-seed", 5, "-o", path,
    )  # fmt: skip
    expected = synthesis.render(
        synthesis.random_identity(3), synthesis.express("anger", 0.7, seed=5)
    )
    assert np.array_equal(np.asarray(Image.open(path)), expected)


def test_a_picture_that_cannot_be_written_leaves_nothing_behind(tmp_path, run):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    (tmp_path / "face.png").mkdir()
    code, out, err = run("render", "-o", tmp_path / "face.png")
    assert (code, out) == (2, "")
    assert "face.png cannot be written" in err
    assert err.count("\n") == 1
    assert [one.name for one in tmp_path.iterdir()] == ["face.png"]


def test_rendering_without_the_head_pack_names_the_remedy(tmp_path):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    done = subprocess.run(
        [sys.executable, "-m", "emolib.cli", "render", "-o", tmp_path / "face.png"],
        env=os.environ | {"EMOLIB_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "head.npz is missing" in done.stderr
    assert "git checkout data/head" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any(tmp_path.iterdir())


def test_a_face_of_the_lab_is_drawn(tmp_path, run):
    synthesis = pytest.importorskip("emolib.synthesis")
    face = synthesis.FaceState(
        synthesis.random_identity(3), {"jawOpen": 0.5}, synthesis.Scene(yaw=8)
    )
    saved, path = tmp_path / "face.json", tmp_path / "face.png"
    saved.write_text(json.dumps(face.to_dict()))
    code, _, err = run("render", "--from", saved, "-o", path)
    assert (code, err) == (0, "")
    expected = synthesis.render(face.identity, face.units, face.scene)
    assert np.array_equal(np.asarray(Image.open(path)), expected)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--yaw", 3], "drop --yaw"),
        (["--identity", 0], "drop --identity"),
        (["--unit", "AU4=1"], "drop --unit"),
        (["--expression-seed", 1], "drop --expression-seed"),
        ([], "face.json is not JSON"),
    ],
)
def test_a_face_of_the_lab_is_refused_in_one_line(tmp_path, run, options, words):
    pytest.importorskip("numba", reason="rendering needs the extra 'synthesis'")
    saved = tmp_path / "face.json"
    saved.write_text("no face")
    code, out, err = run("render", "--from", saved, *options, "-o", tmp_path / "a.png")
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "a.png").exists()
